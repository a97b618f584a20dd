"""What a process is told: the picture and its person once, then what the face does in each row."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

import numpy as np

from sadtalker_ext.engines.puppet.head.hair import Poses
from sadtalker_ext.engines.puppet.processes.exchange import Message
from sadtalker_ext.engines.puppet.stage import StageView
from sadtalker_ext.types import FloatArray, Motion


def scene(view: StageView, mask: FloatArray) -> Message:
    """Say what a rig is prepared from.

    Args:
        view: The stage and the frame on it.
        mask: (H, W) float32 person on the stage, 0..1.
    """
    words = {"face": view.face, "frame": view.frame, "scale": view.scale}
    return Message(words=words, arrays={"pixels": view.pixels, "points": view.points, "mask": mask})


def scene_of(message: Message) -> tuple[StageView, FloatArray]:
    """Return view and mask as they were before `scene`."""
    words, arrays = message.words, message.arrays
    left, top, right, bottom = words["frame"]
    view = StageView(
        pixels=arrays["pixels"],
        points=arrays["points"],
        face=tuple(words["face"]),
        frame=(left, top, right, bottom),
        scale=words["scale"],
    )
    return view, arrays["mask"]


def order(motion: Motion, row: int, poses: Poses, *, planes: bool = False) -> Message:
    """Say what the face does in one row of a motion, and how head and hair are turned.

    Args:
        motion: All rows of the block.
        row: The one to draw.
        poses: Those of the block.
        planes: Whether the frame's planes are wanted, see `PuppetRig.draw_planes`.
    """
    one = motion.rows(row, row + 1)
    tracks = {field.name: getattr(one, field.name) for field in fields(one)}
    arrays = {name: value for name, value in tracks.items() if isinstance(value, np.ndarray)}
    arrays |= {f"{name} pose": turn[row : row + 1] for name, turn in poses._asdict().items()}
    return Message(words={"fps": one.fps, "names": one.names, "planes": planes}, arrays=arrays)


def order_of(message: Message) -> tuple[Motion, Poses]:
    """Return a motion of one row and its poses as they were before `order`."""
    arrays: dict[str, Any] = dict(message.arrays)
    poses = Poses(*(arrays.pop(f"{name} pose") for name in Poses._fields))
    words = message.words
    return Motion(fps=words["fps"], names=tuple(words["names"]), **arrays), poses
