"""Which frame of an animation is the portrait: many begin with black, or fade in."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from PIL import Image

PLAIN_LEVELS = 6.0
"""Standard deviation of grey levels; pictures with less show nothing (0 to 2 where an animation
begins with one colour), portraits have 25 to 90."""
ENOUGH = 0.8
"""A frame with this part of the strongest contrast has faded in."""
MOST_FRAMES = 100
_SMALL = 64
_STILLS = ("TIFF", "MPO", "HEIF")
"""Formats whose further pictures are pages, views of a camera, or stills of a telephone."""


def show_portrait(image: Image.Image) -> tuple[str, ...]:
    """Go to the first frame that has faded in, if the very first one shows nothing.

    Args:
        image: A loaded picture; nothing happens where it is no animation.

    Returns:
        A sentence about what of an animation is the portrait.
    """
    if not getattr(image, "is_animated", False) or image.format in _STILLS:
        return ()
    if _contrast(image) >= PLAIN_LEVELS:
        return (_told(0),)
    levels = [_contrast(image)]
    # a damaged frame ends the animation
    with contextlib.suppress(EOFError, OSError, ValueError, SyntaxError):
        for number in range(1, min(getattr(image, "n_frames", 1), MOST_FRAMES)):
            image.seek(number)
            levels.append(_contrast(image))
    strongest = max(levels)
    chosen = next(at for at, level in enumerate(levels) if level >= ENOUGH * strongest)
    image.seek(chosen)
    image.load()
    return (_told(chosen),)


def _told(frame: int) -> str:
    which = "first frame" if frame == 0 else f"frame {frame + 1} (the first that is not plain)"
    return f"The picture is an animation, of which the {which} is the portrait."


def _contrast(image: Image.Image) -> float:
    small = image.convert("L").resize((_SMALL, _SMALL))
    return float(np.asarray(small, np.float32).std())
