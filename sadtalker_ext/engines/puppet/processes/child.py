"""The process that `drawer` starts: prepares a rig once, then draws one row after the other."""

from __future__ import annotations

import gc
import os
import sys
import traceback
from typing import IO, NoReturn

import cv2

from sadtalker_ext.engines.puppet.building import build_rig
from sadtalker_ext.engines.puppet.processes.exchange import planes_in, receive, send, shared_frames
from sadtalker_ext.engines.puppet.processes.orders import order_of, scene_of
from sadtalker_ext.types import Face


def serve() -> None:
    """Draw until the parent closes the line."""
    # whatever a library prints must not be taken for an answer
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    # every core has a process of its own
    cv2.setNumThreads(1)
    gc.freeze()  # modules do not go away: the collector need not look at them again and again
    try:
        _serve(sys.stdin.buffer, answers)
    except BrokenPipeError:
        return  # nobody waits any more
    except Exception:  # noqa: BLE001 - the border of the process; the parent logs it
        send(answers, {"trace": traceback.format_exc(limit=-12)})


def _serve(orders: IO[bytes], answers: IO[bytes]) -> None:
    scene = receive(orders)
    if scene is None:
        return
    width, height = scene.words["size"]
    frames = shared_frames(scene.words["place"], (scene.words["slots"], height, width, 3))
    view, mask = scene_of(scene)
    # only what is drawn is asked for: no face in a picture, and none in a video
    rig = build_rig(view, mask, Face(points=view.points, box=view.face, score=1.0), _follow)
    send(answers, {})
    while (order := receive(orders)) is not None:
        motion, poses = order_of(order)
        frame = frames[order.words["slot"]]
        if order.words["planes"]:
            planes_in(frame)[:] = rig.draw_row_planes(motion, 0, poses)
        else:
            frame[:] = rig.draw_row(motion, 0, poses)
        send(answers, {})


def _follow(*_: object) -> NoReturn:
    raise RuntimeError("A process that draws follows no face.")
