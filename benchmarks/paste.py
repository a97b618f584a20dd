"""Putting one frame back into a 1024-pixel picture: OpenCV's seamlessClone against ours.

Both sides start from the rendered frame and end with the whole picture; they take turns in one
run, so that other work on the machine slows both. Frames show the picture's own area with the head
moved by a few pixels, from frame to frame elsewhere, so that the soft blend has to follow it.
"""

from __future__ import annotations

import os
import statistics
import time
from collections.abc import Callable
from typing import Any

import cv2
import numpy as np

from sadtalker_ext.compositor.paste_back import Blend, Placer
from sadtalker_ext.types import Box, ImageArray

SIDE = 1024
AREAS = (409, 512, 700, 900)
ROUNDS = 41
FRAMES = 8


def run() -> dict[str, Any]:
    """Measure every area; times are milliseconds per frame."""
    picture = _smooth(SIDE, 5, 1)
    result: dict[str, Any] = {f"{area} x {area}": _area(picture, area) for area in AREAS}
    result["load"] = os.getloadavg()[0] if hasattr(os, "getloadavg") else None
    return result


def _area(picture: ImageArray, area: int) -> dict[str, Any]:
    corner = (SIDE - area) // 2
    box = (corner, corner, corner + area, corner + area)
    began = time.perf_counter()
    poisson = Placer(picture, box, blend=Blend.POISSON)
    setup = time.perf_counter() - began
    soft = Placer(picture, box, blend=Blend.SOFT)
    ways: dict[str, Callable[[ImageArray], ImageArray]] = {
        "opencv": lambda frame: _clone(picture, frame, box),
        "poisson": poisson.place,
        "soft": soft.place,
    }
    frames = [_frame(picture, box, number) for number in range(FRAMES)]
    difference = max(
        int(np.abs(ways["opencv"](one).astype(int) - ways["poisson"](one)).max()) for one in frames
    )
    times: dict[str, list[float]] = {name: [] for name in ways}
    for number in range(ROUNDS):
        for name, way in ways.items():
            began = time.perf_counter()
            way(frames[number % FRAMES])
            times[name].append(1000 * (time.perf_counter() - began))
    result: dict[str, Any] = {name: _summary(values) for name, values in times.items()}
    result["setup_ms"] = round(1000 * setup, 1)
    result["largest_difference"] = difference
    result["times_faster"] = {
        name: round(result["opencv"]["median"] / result[name]["median"], 1)
        for name in ("poisson", "soft")
    }
    return result


def _frame(picture: ImageArray, box: Box, number: int) -> ImageArray:
    """Return a frame of 256 pixels, a little brighter, with everything moved."""
    left, top, right, bottom = box
    angle = 2 * np.pi * number / FRAMES
    motion = np.array([[1, 0.01, 6 * np.cos(angle)], [-0.01, 1, 4 * np.sin(angle)]])
    moved = cv2.warpAffine(picture, motion, (SIDE, SIDE), borderMode=cv2.BORDER_REFLECT)
    small = cv2.resize(moved[top:bottom, left:right], (256, 256), interpolation=cv2.INTER_AREA)
    frame: ImageArray = cv2.convertScaleAbs(small, alpha=1.05, beta=4)
    return frame


def _clone(picture: ImageArray, frame: ImageArray, box: Box) -> ImageArray:
    left, top, right, bottom = box
    sized = cv2.resize(frame, (right - left, bottom - top))
    centre = ((left + right) // 2, (top + bottom) // 2)
    mask = np.full_like(sized, 255)
    cloned: ImageArray = cv2.seamlessClone(sized, picture, mask, centre, cv2.NORMAL_CLONE)
    return cloned


def _smooth(side: int, sigma: float, seed: int) -> ImageArray:
    pixels = np.random.default_rng(seed).integers(0, 256, (side, side, 3), dtype=np.uint8)
    blurred: ImageArray = cv2.GaussianBlur(pixels, (0, 0), sigma)
    return blurred


def _summary(values: list[float]) -> dict[str, float]:
    low, middle, high = statistics.quantiles(values, n=4)
    return {"median": round(middle, 2), "quartile_range": round(high - low, 2)}
