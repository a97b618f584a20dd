"""A motion track as a picture: head, mouth and blinks over time, above the sound."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from sadtalker_ext.types import FloatArray, Motion, Speech

if TYPE_CHECKING:
    from PIL import Image

SIZE = (1040, 520)
_SCALE = 2
"""Drawn at twice the size and made smaller, for smooth lines."""
_LEFT, _RIGHT, _TOP, _BOTTOM, _GAP = 76, 18, 14, 30, 12

_RATE_HZ = 8000
_MOST_BINS, _BINS_PER_SECOND = 900, 40
"""How finely the sound is looked at."""

BACK = (24, 26, 32)
LANE = (33, 36, 44)
GRID = (58, 62, 74)
TEXT = (176, 182, 196)
YAW, PITCH, ROLL = (98, 181, 255), (255, 170, 92), (146, 222, 138)
MOUTH, LIDS, SOUND = (255, 122, 140), (196, 160, 255), (112, 120, 140)

Colour = tuple[int, int, int]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Curve:
    """One line: (T,) values between `low` and `high`, drawn over the full width."""

    values: FloatArray
    low: float
    high: float
    colour: Colour
    filled: bool = False


def sound_envelope(blocks: Sequence[FloatArray], bins: int) -> FloatArray:
    """Return the loudest absolute sample of each of `bins` equal parts of a sound, (bins,)."""
    samples = np.abs(np.concatenate([*blocks, np.zeros(0, np.float32)]))
    if not len(samples):
        return np.zeros(bins, np.float32)
    edges = np.linspace(0, len(samples), bins + 1).astype(int)
    loudest = [samples[a : max(b, a + 1)].max() for a, b in itertools.pairwise(edges)]
    return np.asarray(loudest, np.float32)


def plot_with_sound(motion: Motion, speech: Speech | None) -> Image.Image:
    """Draw a video's motion above the sound it is about; see `plot_motion`."""
    envelope = None
    if speech is not None:
        bins = min(_MOST_BINS, max(1, round(speech.total_seconds * _BINS_PER_SECOND)))
        said = round(bins * speech.seconds / max(speech.total_seconds, 1e-9))
        heard = sound_envelope(list(speech.read(_RATE_HZ)), max(said, 1))
        envelope = np.pad(heard, (0, bins - len(heard)))
    return plot_motion(motion, envelope)


def plot_motion(motion: Motion, envelope: FloatArray | None = None) -> Image.Image:
    """Draw a motion track.

    Args:
        motion: At least one frame.
        envelope: (B,) loudness of the sound over the same time, 0..1; None leaves the lane empty.

    Returns:
        A picture of `SIZE` with four lanes over one axis of time in seconds: head angles in
        degrees, mouth opening, closure of the lids, and the sound.
    """
    from PIL import Image, ImageDraw

    width, height = SIZE
    image = Image.new("RGB", (width * _SCALE, height * _SCALE), BACK)
    draw = ImageDraw.Draw(image)
    seconds = len(motion) / motion.fps
    reach = max(5.0, float(np.abs(motion.pose).max(initial=0.0)))
    lanes: list[tuple[str, float, list[_Curve]]] = [
        ("head", 2.0, _head_curves(motion, reach)),
        ("mouth", 1.2, [_unit_curve(motion.jaw, MOUTH)]),
        ("lids", 0.8, [_unit_curve(motion.lids.max(axis=1), LIDS)]),
        ("sound", 0.9, _sound_curves(envelope)),
    ]
    shares = sum(share for _, share, _ in lanes)
    room = height - _TOP - _BOTTOM - _GAP * (len(lanes) - 1)
    top = float(_TOP)
    for name, share, curves in lanes:
        bottom = top + room * share / shares
        _draw_lane(draw, (top, bottom), name, curves, seconds)
        if name == "head":
            _draw_key(draw, top, reach)
        top = bottom + _GAP
    _draw_seconds(draw, seconds)
    return image.resize(SIZE, Image.Resampling.LANCZOS)


def _head_curves(motion: Motion, reach: float) -> list[_Curve]:
    return [
        _Curve(values=motion.pose[:, axis], low=-reach, high=reach, colour=colour)
        for axis, colour in enumerate((YAW, PITCH, ROLL))
    ]


def _unit_curve(values: FloatArray, colour: Colour) -> _Curve:
    return _Curve(values=np.clip(values, 0, 1), low=0, high=1, colour=colour, filled=True)


def _sound_curves(envelope: FloatArray | None) -> list[_Curve]:
    if envelope is None or not len(envelope):
        return []
    top = max(0.05, float(envelope.max()))
    return [_Curve(values=envelope, low=0, high=top, colour=SOUND, filled=True)]


def _draw_lane(
    draw: Any, rows: tuple[float, float], name: str, curves: Sequence[_Curve], seconds: float
) -> None:
    top, bottom = rows
    left, right = _LEFT, SIZE[0] - _RIGHT
    draw.rectangle([v * _SCALE for v in (left, top, right, bottom)], fill=LANE)
    for second in _ticks(seconds):
        x = left + (right - left) * second / seconds
        draw.line([v * _SCALE for v in (x, top, x, bottom)], fill=GRID, width=1)
    if any(curve.low < 0 for curve in curves):
        middle = (top + bottom) / 2
        draw.line([v * _SCALE for v in (left, middle, right, middle)], fill=GRID, width=_SCALE)
    for curve in curves:
        _draw_curve(draw, curve, (left, top + 3, right, bottom - 3))
    _write(draw, (_LEFT - 12, (top + bottom) / 2), name, TEXT, "rm")


def _draw_curve(draw: Any, curve: _Curve, box: tuple[float, float, float, float]) -> None:
    left, top, right, bottom = box
    count = len(curve.values)
    x = left + (right - left) * (np.arange(count) + 0.5) / count
    share = (curve.values - curve.low) / (curve.high - curve.low)
    y = bottom - (bottom - top) * np.clip(share, 0, 1)
    points = [(float(a) * _SCALE, float(b) * _SCALE) for a, b in zip(x, y, strict=True)]
    if count == 1:
        points = [(left * _SCALE, points[0][1]), (right * _SCALE, points[0][1])]
    if curve.filled:
        base = bottom * _SCALE
        faint = tuple(
            (3 * back + front) // 4 for back, front in zip(LANE, curve.colour, strict=True)
        )
        draw.polygon([(points[0][0], base), *points, (points[-1][0], base)], fill=faint)
    draw.line(points, fill=curve.colour, width=round(1.5 * _SCALE), joint="curve")


def _draw_key(draw: Any, top: float, reach: float) -> None:
    x = float(_LEFT + 10)
    for word, colour in (("yaw", YAW), ("pitch", PITCH), ("roll", ROLL)):
        _write(draw, (x, top + 12), word, colour, "lm")
        x += 44
    _write(draw, (SIZE[0] - _RIGHT - 8, top + 12), f"±{reach:.0f}°", TEXT, "rm")


def _draw_seconds(draw: Any, seconds: float) -> None:
    width = SIZE[0] - _LEFT - _RIGHT
    for second in _ticks(seconds):
        x = _LEFT + width * second / seconds
        _write(draw, (x, SIZE[1] - _BOTTOM / 2), f"{second:g} s", TEXT, "mm")


def _ticks(seconds: float) -> list[float]:
    """Return round moments in time, at most ten."""
    for step in (0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 1800):
        if seconds / step <= 10:
            break
    return [round(step * index, 1) for index in range(int(seconds / step) + 1)]


def _write(draw: Any, place: tuple[float, float], text: str, colour: Colour, anchor: str) -> None:
    from PIL import ImageFont

    x, y = place[0] * _SCALE, place[1] * _SCALE
    try:
        font = ImageFont.load_default(size=13 * _SCALE)
    except TypeError:
        # Pillow before 10.1 has one small bitmap font, which knows no anchors and only Latin-1
        font = ImageFont.load_default()
        left, top, right, bottom = draw.textbbox((0, 0), text, font=font)
        x -= (right - left) * {"l": 0.0, "m": 0.5, "r": 1.0}[anchor[0]]
        draw.text((x, y - (bottom - top) / 2), text, fill=colour, font=font)
        return
    draw.text((x, y), text, fill=colour, font=font, anchor=anchor)
