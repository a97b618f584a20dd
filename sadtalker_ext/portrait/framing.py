"""Which part of the picture the video shows, for engines that can animate any part of it."""

from __future__ import annotations

from typing import Final

from sadtalker_ext.errors import InvalidOption
from sadtalker_ext.types import Box, Face

FRAMINGS: Final = ("auto", "crop", "extcrop", "resize", "full", "extfull")

_CLOSE_UP_SHARE: Final = 0.5
"""From this part of the picture's height on, a face is a close-up and `auto` crops to it."""
_FACES_PER_CROP: Final = {"crop": 2.2, "extcrop": 3.2}
"""Side of the crop in face heights; the wider one shows the shoulders too."""
_HEADROOM: Final = 0.06
"""The crop is moved up by this part of its side: hair needs more room than the neck."""


def resolve_framing(preprocess: str, face: Face, size: tuple[int, int]) -> str:
    """Return the framing that `auto` stands for; any other is returned unchanged.

    Args:
        preprocess: One of `FRAMINGS`.
        face: The face to animate.
        size: Width and height of the picture.

    Raises:
        InvalidOption: The word is not a framing.
    """
    if preprocess not in FRAMINGS:
        raise InvalidOption(
            f"preprocess should be one of {', '.join(FRAMINGS)}, found {preprocess!r}."
        )
    if preprocess != "auto":
        return preprocess
    _, top, _, bottom = face.box
    return "full" if bottom - top < _CLOSE_UP_SHARE * size[1] else "crop"


def frame_box(preprocess: str, face: Face, size: tuple[int, int]) -> Box:
    """Return the part of the picture that the video shows.

    The whole picture for `full`, `extfull` and `resize`; a square around the face for `crop` and
    `extcrop`, smaller or less square where the picture ends. Sides are even, as video needs.

    Args:
        preprocess: One of `FRAMINGS`.
        face: The face to animate.
        size: Width and height of the picture, at least 2 each.

    Raises:
        InvalidOption: The word is not a framing.
    """
    width, height = size
    framing = resolve_framing(preprocess, face, size)
    if framing not in _FACES_PER_CROP:
        return 0, 0, width - width % 2, height - height % 2
    left, top, right, bottom = face.box
    side = max(right - left, bottom - top) * _FACES_PER_CROP[framing]
    x_low, x_high = _span((left + right) / 2, side, width)
    y_low, y_high = _span((top + bottom) / 2 - _HEADROOM * side, side, height)
    return x_low, y_low, x_high, y_high


def _span(centre: float, wanted: float, length: int) -> tuple[int, int]:
    """Return an even span around a centre, moved to lie inside 0..length."""
    span = min(round(wanted), length)
    span -= span % 2
    low = min(max(round(centre - span / 2), 0), length - span)
    return low, low + span
