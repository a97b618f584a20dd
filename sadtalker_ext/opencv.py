"""A short test of the installed OpenCV, run once, before the first picture is drawn.

Some builds of OpenCV calculate garbage or stand still in calls that other builds do well: in
5.0.0.93 a mirrored border makes `remap` take seconds, and in 5.0 and 5.1 a map of x, y pairs gives
other pixels. `sadtalker_ext.pixels` keeps clear of both. This test looks at the calls that are
left, so that the next such build is named instead of drawing specks or never ending a video.
"""

from __future__ import annotations

import functools
import threading
import time
from collections.abc import Callable

import cv2
import numpy as np

from sadtalker_ext.errors import PackageBroken
from sadtalker_ext.types import FloatArray

OLDEST = (4, 8)
ADVICE = "opencv-python-headless==4.14.0.94"
"""A build that passes, for the hint."""

_PATIENCE = 10.0
"""Seconds to wait for calls that take milliseconds: a busy machine must not look broken."""

_SLOW = 1.0
"""Seconds of processor time, which a busy machine does not lengthen, that mean a fault."""

_ALLOWED = 1.01
"""Grey levels: remap of 8-bit pictures may round, and the ramps are whole numbers."""


def require_sound_opencv() -> None:
    """Test OpenCV at the first call of the process; later calls know the answer.

    Raises:
        PackageBroken: The build is too old, wrong or far too slow.
    """
    if fault := opencv_fault():
        raise PackageBroken(
            f"The installed OpenCV {cv2.__version__} {fault}.",
            hint=f"Install another version into this Python, for example {ADVICE}.",
        )


@functools.lru_cache(maxsize=1)
def opencv_fault() -> str:
    """Return what is wrong with the installed OpenCV, as the end of a sentence, or nothing."""
    version = tuple(int(part) for part in cv2.__version__.split(".")[:2])
    if version < OLDEST:
        return "is too old: 4.8 or newer is needed"
    return find_fault(_CHECKS)


def find_fault(checks: dict[str, Callable[[], float]]) -> str:
    """Run checks, each of which returns its error in grey levels, and describe the first fault.

    They run in a thread of their own, because a call that stands still cannot be ended.
    """
    found: list[str] = []
    at = [""]

    def work() -> None:
        for name, check in checks.items():
            at[0] = name
            began = time.thread_time()
            try:
                error = check()
            except cv2.error as problem:
                found.append(f"cannot do {name} ({problem.err or problem})")
                return
            if not error <= _ALLOWED:  # also when it is not a number
                found.append(f"calculates wrong pixels in {name}")
                return
            if time.thread_time() - began > _SLOW:
                found.append(f"takes seconds instead of microseconds for {name}")
                return

    thread = threading.Thread(target=work, name="sadtalker-opencv-test", daemon=True)
    thread.start()
    thread.join(_PATIENCE)
    if thread.is_alive():
        return f"stands still in {at[0]}"
    return found[0] if found else ""


def _ramp(x: FloatArray, y: FloatArray, kind: type) -> FloatArray:
    """Return whole-numbered planes, which every interpolation continues between the pixels."""
    layers = [2 * x + y, 100 - x + y, 20 + x + 2 * y]
    return np.dstack(layers).astype(kind)


_Y, _X = (axis.astype(np.float32) for axis in np.mgrid[:24, :32])
_INNER_Y, _INNER_X = (axis.astype(np.float32) + 4.5 for axis in np.mgrid[:14, :22])
"""Places half way between pixels, far enough from the border for cubic interpolation."""


def _worst(got: object, x: FloatArray, y: FloatArray) -> float:
    values = np.asarray(got, np.float64)
    wanted = _ramp(x, y, np.float64)
    if values.shape != wanted.shape:
        return float("inf")
    return float(np.max(np.abs(values - wanted)))


def _remapped(kind: type, method: int, border: int) -> Callable[[], float]:
    def check() -> float:
        got = cv2.remap(_ramp(_X, _Y, kind), _INNER_X, _INNER_Y, method, borderMode=border)
        return _worst(got, _INNER_X, _INNER_Y)

    return check


def _four_channels() -> float:
    four = np.dstack([_ramp(_X, _Y, np.uint8), np.full(_X.shape, 7, np.uint8)])
    got = cv2.remap(four, _INNER_X, _INNER_Y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return max(_worst(got[..., :3], _INNER_X, _INNER_Y), float(np.abs(got[..., 3] - 7.0).max()))


def _beyond_the_edge() -> float:
    places = np.array([[-3.0, -0.5, 31.5, 40.0]], np.float32)
    got = cv2.remap(
        _ramp(_X, _Y, np.float32), places, places * 0, cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_REPLICATE,
    )  # fmt: skip
    return _worst(got, np.clip(places, 0, 31), places * 0)


def _shifted(kind: type, border: int) -> Callable[[], float]:
    def check() -> float:
        way = np.array([[1, 0, 4.5], [0, 1, 4.5]])
        flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
        got = cv2.warpAffine(_ramp(_X, _Y, kind), way, (22, 14), flags=flags, borderMode=border)
        return _worst(got, _INNER_X, _INNER_Y)

    return check


def _doubled() -> float:
    got = cv2.resize(_ramp(_X, _Y, np.float32), (64, 48), interpolation=cv2.INTER_LINEAR)
    y, x = (axis[2:-2, 2:-2] / 2 - 0.25 for axis in np.mgrid[:48, :64])
    return _worst(got[2:-2, 2:-2], x, y)


def _blurred() -> float:
    got = cv2.GaussianBlur(_ramp(_X, _Y, np.float32), (0, 0), 1.0)
    return _worst(got[6:-6, 6:-6], _X[6:-6, 6:-6], _Y[6:-6, 6:-6])


_CHECKS: dict[str, Callable[[], float]] = {
    "remap of a uint8 picture": _remapped(np.uint8, cv2.INTER_LINEAR, cv2.BORDER_REPLICATE),
    "remap of four channels": _four_channels,
    "remap of a float picture": _remapped(np.float32, cv2.INTER_LINEAR, cv2.BORDER_REPLICATE),
    "cubic remap": _remapped(np.uint8, cv2.INTER_CUBIC, cv2.BORDER_REFLECT_101),
    "remap beyond the border": _beyond_the_edge,
    "warpAffine of a uint8 picture": _shifted(np.uint8, cv2.BORDER_REFLECT_101),
    "warpAffine of a float picture": _shifted(np.float32, cv2.BORDER_CONSTANT),
    "resize": _doubled,
    "GaussianBlur": _blurred,
}
