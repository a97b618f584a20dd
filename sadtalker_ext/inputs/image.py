"""Pictures: from a file, a Pillow picture or an array to a `Picture`."""

from __future__ import annotations

import mmap
import struct
from collections.abc import Callable
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, cast

import numpy as np
import numpy.typing as npt

from sadtalker_ext.errors import InputTooLarge, UnreadableImage
from sadtalker_ext.inputs.animation import show_portrait
from sadtalker_ext.inputs.content import describe_content, require_file
from sadtalker_ext.inputs.heif import is_heif, open_heif
from sadtalker_ext.inputs.infotext import find_parameters
from sadtalker_ext.inputs.no_picture import EXPECTED, no_picture
from sadtalker_ext.inputs.pixels import alpha_of, grey_to_rgb, to_bytes, to_rgb, turn_upright
from sadtalker_ext.types import ImageArray, Picture

if TYPE_CHECKING:
    from PIL import Image
    from PIL.ImageFile import ImageFile

MAX_PIXELS = 64_000_000
"""Most pixels of a picture: 64 megapixels, 192 MB once decoded."""

MIN_SIDE = 32
"""Fewest pixels along each side; a face in less cannot be found."""

MOST_SCANS = 500
"""Of a progressive JPEG; encoders use about 10, and each could hold a bit of each coefficient."""
_SCAN = b"\xff\xda"

_FORMATS = ("PNG", "JPEG", "MPO", "WEBP", "BMP", "DIB", "AVIF", "TIFF", "GIF", "PPM")
_ORIENTATION, _EXIF_FOLDER, _USER_COMMENT = 0x0112, 0x8769, 0x9286

# what Pillow's plugins raise on broken files; Warning because a host may turn those into errors
_BROKEN = (OSError, SyntaxError, ValueError, TypeError, IndexError, KeyError, EOFError)
_DECODING = (
    *_BROKEN,
    struct.error,
    OverflowError,
    AttributeError,
    MemoryError,
    RuntimeError,  # of damaged AVIF files
    Warning,
)


def read_picture(path: Path | str) -> Picture:
    """Read a picture file as upright 8-bit RGB; the content decides, not the extension.

    Raises:
        UnreadableImage: Missing, a folder, empty, truncated, not a picture, or too small.
        InputTooLarge: More than `MAX_PIXELS`; seen in the header, before anything is decoded.
    """
    path = Path(path)
    require_file(path, EXPECTED, UnreadableImage)
    if is_heif(path):
        with open_heif(path) as image:
            _check_size(image.size, path.name)
            return _decode(image, path)
    with path.open("rb") as file:
        image = _open_header(file, path.name)
        if image is None:
            raise no_picture(path)
        _check_size(image.size, path.name)
        if image.format in ("JPEG", "MPO"):
            _check_scans(path)
        return _decode(image, path)


def picture_extent(path: Path) -> tuple[int, int] | None:
    """Return width and height by a file's header alone; None where there is no such header.

    Raises:
        UnreadableImage: Missing, a folder or empty.
        InputTooLarge: The header promises far too much.
    """
    require_file(path, EXPECTED, UnreadableImage)
    if is_heif(path):
        with open_heif(path) as image:
            return image.size[0], image.size[1]
    with path.open("rb") as file:
        image = _open_header(file, path.name)
        return None if image is None else (image.size[0], image.size[1])


def from_pil(image: Image.Image, name: str = "picture") -> Picture:
    """Make a `Picture` of a Pillow picture, as hosts and gradio hand them over.

    Raises:
        UnreadableImage: It cannot be decoded or is too small.
        InputTooLarge: More than `MAX_PIXELS`.
    """
    _check_size(image.size, name)
    try:
        orientation, comment = _exif(image)
        pixels = turn_upright(to_rgb(image), orientation)
        alpha = alpha_of(image)
        alpha = None if alpha is None else turn_upright(alpha, orientation)
    except _DECODING as problem:
        raise UnreadableImage(f"{name} cannot be decoded: {problem}.") from problem
    parameters = find_parameters(cast("dict[object, object]", image.info), comment)
    return Picture(pixels=pixels, name=name, parameters=parameters, alpha=alpha)


def picture_from_array(
    values: npt.NDArray[Any], name: str = "picture", *, parameters: str = ""
) -> Picture:
    """Make a `Picture` of an (H, W), (H, W, 1), (H, W, 3) or (H, W, 4) array.

    Convention: channels are R, G, B and alpha; integers span their type's range, floats 0..1. A
    copy is made, so the caller may go on using the array.

    Raises:
        UnreadableImage: The array has another shape or is too small.
        InputTooLarge: More than `MAX_PIXELS`.
    """
    channels = values.shape[2] if values.ndim == 3 else 1
    if values.ndim not in (2, 3) or channels not in (1, 3, 4):
        raise UnreadableImage(
            f"{name} should be an array of height x width with 1, 3 or 4 channels, "
            f"found the shape {values.shape}."
        )
    _check_size((values.shape[1], values.shape[0]), name)
    transparent: ImageArray | None = None
    if channels == 1:
        pixels = grey_to_rgb(values.reshape(values.shape[:2]))
    else:
        pixels = to_bytes(values)
        if channels == 4:
            transparent = pixels[:, :, 3].copy()
            alpha = pixels[:, :, 3:].astype(np.uint16)
            blended = pixels[:, :, :3] * alpha + 255 * (255 - alpha)
            pixels = ((blended + 127) // 255).astype(np.uint8)
    return Picture(pixels=np.array(pixels), name=name, parameters=parameters, alpha=transparent)


def _open_header(file: IO[bytes], name: str) -> ImageFile | None:
    """Let Pillow's plugins read the header.

    `Image.open` is not used because it warns about, or refuses, large pictures before their
    size can be told, and both depend on process-wide switches that belong to the host. The plugin
    for GIF asks it all the same about a frame that is larger than its canvas.

    Raises:
        InputTooLarge: A plugin refused the size.
    """
    from PIL import Image

    head = file.read(16)
    # the usual formats first: all plugins take longer to load than a picture to read
    for load in (Image.preinit, Image.init):
        load()
        for kind in _FORMATS:
            if (image := _opened(file, head, kind, name)) is not None:
                return image
    return None


def _opened(file: IO[bytes], head: bytes, kind: str, name: str) -> ImageFile | None:
    """Let one plugin read the header; None where it is not loaded, or the file is not its kind."""
    from PIL import Image

    plugin = Image.OPEN.get(kind)
    if plugin is None:
        return None
    factory = cast("Callable[..., ImageFile]", plugin[0])
    accept = plugin[1]
    try:
        # even the look at the first bytes fails where there are only two or three
        if accept is None or accept(head) is not True:
            return None
        file.seek(0)
        return factory(file, "")
    except Image.DecompressionBombError as problem:
        raise InputTooLarge(
            f"{name} should have at most {MAX_PIXELS // 1_000_000} megapixels, found more than "
            "twice as many.",
            hint="Scale it down first.",
        ) from problem
    except _DECODING:
        return None


def _decode(image: ImageFile, path: Path) -> Picture:
    try:
        image.load()
        notes = show_portrait(image)
        orientation, comment = _exif(image)
        pixels = turn_upright(to_rgb(image), orientation)
        alpha = alpha_of(image)
        alpha = None if alpha is None else turn_upright(alpha, orientation)
    except _DECODING as problem:
        raise UnreadableImage(
            f"{path.name} looks like {describe_content(path)} but is damaged or truncated: "
            f"{_words(problem)}.",
            hint="Download or export it again.",
        ) from problem
    parameters = find_parameters(cast("dict[object, object]", image.info), comment)
    return Picture(pixels=pixels, name=path.name, parameters=parameters, alpha=alpha, notes=notes)


def _exif(image: Image.Image) -> tuple[int, object]:
    """Return orientation and UserComment; damaged EXIF counts as absent."""
    try:
        exif = image.getexif()
        orientation = exif.get(_ORIENTATION, 1)
        comment = exif.get_ifd(_EXIF_FOLDER).get(_USER_COMMENT)
    except _DECODING:
        return 1, None
    # Pillow turns TIFF files upright while loading; old versions leave the tag as it was
    turned = image.format == "TIFF" or not isinstance(orientation, int)
    return (1 if turned else orientation), comment


def _check_size(size: tuple[int, int], name: str) -> None:
    width, height = size
    if width * height > MAX_PIXELS:
        raise InputTooLarge(
            f"{name} should have at most {MAX_PIXELS // 1_000_000} megapixels, "
            f"found {width} x {height} = {width * height / 1e6:.0f} megapixels.",
            hint="Scale it down first.",
        )
    if min(width, height) < MIN_SIDE:
        raise UnreadableImage(
            f"{name} should be at least {MIN_SIDE} x {MIN_SIDE} pixels, found {width} x {height}.",
            hint="Use a larger picture.",
        )


def _check_scans(path: Path) -> None:
    """Refuse a JPEG with so many scans that it can only be meant to waste time.

    Each is a pass over the whole picture. The two bytes that begin one stand nowhere in its data.
    """
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        scans, place = 0, data.find(_SCAN)
        while place >= 0 and scans <= MOST_SCANS:
            scans, place = scans + 1, data.find(_SCAN, place + 2)
    if scans > MOST_SCANS:
        raise UnreadableImage(
            f"{path.name} should be a JPEG of at most {MOST_SCANS} scans, found more.",
            hint="Save it again, as PNG or JPEG.",
        )


def _words(problem: BaseException) -> str:
    return str(problem).rstrip(".") or type(problem).__name__
