"""Frames of a directed face: one short encoded video per portrait, one direction after another."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from benchmarks.measure import decode
from benchmarks.subject import PORTRAIT, puppet_video
from sadtalker_ext.errors import InputError
from sadtalker_ext.inputs.image import read_picture
from sadtalker_ext.options import GenerateOptions
from sadtalker_ext.portrait.models import FaceModels
from sadtalker_ext.types import ImageArray

PICTURES = (".png", ".jpg", ".jpeg", ".webp")
_FPS = 10.0
_EACH, _COMES, _LOOKED_AT = 0.8, 0.3, 0.7
"""Seconds that a direction has, in which it comes, and after which its frame is taken."""
_SIDE = 512


def portraits_of(folder: Path | None, half: str) -> list[Path]:
    """Return the pictures of a folder by name, or the example.

    Args:
        folder: None for the example alone.
        half: "all", "first" (every second picture from the first on) or "second" (the others).
    """
    if folder is None:
        return [PORTRAIT]
    found = sorted(one for one in folder.rglob("*") if one.suffix.lower() in PICTURES)
    found.sort(key=lambda one: one.name)
    return found[
        {"all": slice(None), "first": slice(0, None, 2), "second": slice(1, None, 2)}[half]
    ]


def directed_frames(
    portrait: Path,
    directions: Mapping[str, Mapping[str, Any]],
    models: FaceModels,
    *,
    still: bool = False,
) -> dict[str, ImageArray]:
    """Make one video and return its frames by label, (h, w, 3) uint8, at most 512 pixels wide.

    Args:
        portrait: A picture; its first face is directed.
        directions: For each label an entry of the timeline without its times; an empty one is the
            face that nobody directs.
        models: The small face models.
        still: Nothing moves but what is directed: no head, no glance, and no brow by itself.

    Raises:
        InputError: There is no face in the picture.
    """
    entries = [
        {"at": round(number * _EACH, 3), "transition": _COMES, **entry}
        | ({"until": round((number + 1) * _EACH - 0.1, 3)} if "control" in entry else {})
        for number, entry in enumerate(directions.values())
        if entry
    ]
    options = GenerateOptions(
        preprocess="crop",
        timeline=json.dumps(entries),
        idle_seconds=len(directions) * _EACH,
        fps=_FPS,
        blink="off",
        still=still,
        gaze="fixed" if still else "natural",
        expression_scale=0.0 if still else 1.0,
        acting="off" if still else "subtle",
        seed=7,
        provenance="none",
        quality=8,
    )
    picture = read_picture(portrait)
    with puppet_video(options, picture=picture, models=models, silent=True) as (video, _):
        frames = list(decode(video.path))
    wanted = [round((number * _EACH + _LOOKED_AT) * _FPS) for number in range(len(directions))]
    return {
        label: _smaller(frames[min(row, len(frames) - 1)])
        for label, row in zip(directions, wanted, strict=True)
    }


def all_frames(
    portraits: Sequence[Path],
    directions: Mapping[str, Mapping[str, Any]],
    models: FaceModels,
    *,
    still: bool = False,
) -> Iterator[tuple[str, dict[str, ImageArray]]]:
    """Yield the name of every portrait that has a face, and its frames by label."""
    for portrait in portraits:
        try:
            yield portrait.stem, directed_frames(portrait, directions, models, still=still)
        except InputError as error:
            print(f"{portrait.stem} is left out: {error.message}", flush=True)


def sheet(frames: Mapping[str, ImageArray], side: int = 256) -> ImageArray:
    """Lay frames side by side, (side, n side, 3), each with its label."""
    tiles = []
    for label, frame in frames.items():
        height, width = frame.shape[:2]
        scale = side / max(height, width)
        tile = np.zeros((side, side, 3), np.uint8)
        small = cv2.resize(frame, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
        tile[: small.shape[0], : small.shape[1]] = small
        cv2.putText(tile, label, (4, 14), cv2.FONT_HERSHEY_SIMPLEX, 0.42, (255, 255, 0), 1)
        tiles.append(tile)
    return np.hstack(tiles)


def _smaller(frame: ImageArray) -> ImageArray:
    scale = min(1.0, _SIDE / max(frame.shape[:2]))
    if scale == 1.0:
        return frame
    small = cv2.resize(frame, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    return np.asarray(small, np.uint8)
