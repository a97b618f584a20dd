"""What is said of a file that should be a picture and is none."""

from __future__ import annotations

import struct
from pathlib import Path

from sadtalker_ext.errors import DUB_IT, UnreadableImage
from sadtalker_ext.inputs.content import FILM, SOUND, describe_content, media_kind

EXPECTED = "a picture (PNG, JPEG, WebP, BMP, AVIF, TIFF or GIF)"

_COMPRESSION, _LOG_LUV = 259, (34676, 34677)
"""TIFF's compression, and its values for colours kept as logarithms, which older OpenCV writes."""
_SAMPLE_FORMAT, _FLOATS = 339, 3  # TIFF 6.0, section 19
_DAMAGED_IF_SEEN = (
    "a PNG picture",
    "a JPEG picture",
    "a GIF picture",
    "a TIFF picture",
    "a WebP picture",
    "a BMP picture",
)


def no_picture(path: Path) -> UnreadableImage:
    """Return the error of a file that no reader of pictures knows."""
    found = describe_content(path)
    if found == "a TIFF picture" and _holds_floats(path):
        return UnreadableImage(
            f"{path.name} is a TIFF picture of floating-point colours, which cannot be read.",
            hint="Save it with 8 or 16 bits per colour, as TIFF or PNG.",
        )
    if found in _DAMAGED_IF_SEEN:
        return UnreadableImage(
            f"{path.name} looks like {found} but is damaged or truncated: "
            "its header cannot be read.",
            hint="Download or export it again.",
        )
    hint, remedy = _next_step(path, found)
    return UnreadableImage(
        f"{path.name} should be {EXPECTED}, but it is {found}.", hint=hint, remedy=remedy
    )


def _next_step(path: Path, found: str) -> tuple[str, str]:
    """Return hint and remedy of an error."""
    kind = media_kind(path, found)
    if kind == SOUND:
        return "A sound is what the picture says: give it as the speech, beside a picture.", ""
    if kind == FILM:
        return "To give the people of a video other words, dub it.", DUB_IT
    return "Save the portrait as PNG or JPEG and try again.", ""


_DAMAGED = (
    OSError,
    SyntaxError,
    ValueError,
    TypeError,
    LookupError,
    struct.error,
    OverflowError,
    Warning,  # where whoever runs us wants warnings to be errors
)


def _holds_floats(path: Path) -> bool:
    """Tell whether a TIFF file that Pillow does not read says its samples are floats."""
    from PIL import TiffImagePlugin

    try:
        with path.open("rb") as file:
            tags = TiffImagePlugin.ImageFileDirectory_v2(file.read(8))
            file.seek(tags.next)
            tags.load(file)
            floats = _FLOATS in tags.get(_SAMPLE_FORMAT, ())
            return floats or tags.get(_COMPRESSION) in _LOG_LUV
    except _DAMAGED:
        return False
