"""Any Pillow picture or array to upright 8-bit RGB."""

from __future__ import annotations

import io
import logging
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from sadtalker_ext.types import ImageArray

if TYPE_CHECKING:
    from PIL import Image

_log = logging.getLogger(__name__)

_ALPHA_MODES = ("RGBA", "LA", "PA", "La", "RGBa")
_STRIP_PIXELS = 1 << 22
_WIDE_MODES = ("I", "I;16", "I;16B", "I;16L", "I;16N", "F")


def to_rgb(image: Image.Image) -> ImageArray:
    """Return a loaded Pillow picture as (H, W, 3) uint8 RGB, transparency laid over white.

    Grey values of more than 8 bits are scaled (Pillow's own conversion would clip them); an
    embedded colour profile is converted to sRGB. Orientation is not applied here.

    A large picture is converted in strips: besides the picture and the result little is in memory.
    """
    if image.mode in _WIDE_MODES:
        return grey_to_rgb(np.asarray(image))
    over_white = image.mode in _ALPHA_MODES or "transparency" in image.info
    convert = _over_white if over_white else _flat
    width, height = image.size
    rows = max(1, _STRIP_PIXELS // max(width, 1))
    if height <= rows:
        return convert(image)
    result: ImageArray = np.empty((height, width, 3), np.uint8)
    for top in range(0, height, rows):
        strip = image.crop((0, top, width, min(top + rows, height)))
        result[top : top + rows] = convert(strip)
    return result


def _flat(image: Image.Image) -> ImageArray:
    return np.array(_to_srgb(image))


def alpha_of(image: Image.Image) -> ImageArray | None:
    """Return a loaded Pillow picture's (H, W) uint8 alpha; None where it is opaque."""
    if image.mode not in _ALPHA_MODES and "transparency" not in image.info:
        return None
    channel = image if image.mode in ("RGBA", "LA") else image.convert("RGBA")
    alpha: ImageArray = np.array(channel.getchannel("A"))
    return alpha if alpha.min(initial=255) < 255 else None


def grey_to_rgb(values: npt.NDArray[Any]) -> ImageArray:
    """Scale (H, W) grey values of any number type to 8 bits and repeat them in R, G and B."""
    return np.repeat(to_bytes(values)[:, :, None], 3, axis=2)


def to_bytes(values: npt.NDArray[Any]) -> ImageArray:
    """Scale numbers to 0..255.

    Convention: unsigned integers span their whole range; wider or signed integers are 16-bit values
    if any is above 255; floats span 0..1, or 0..255 if any is above 1. Not-a-number becomes 0.
    """
    if values.dtype == np.uint8:
        same: ImageArray = values
        return same
    if values.dtype == np.bool_:
        return np.where(values, np.uint8(255), np.uint8(0))
    if values.dtype == np.uint16:
        # 65535 / 255 = 257, so this rounds to the nearest 8-bit level without floats
        scaled: ImageArray = ((values.astype(np.uint32) + 128) // 257).astype(np.uint8)
        return scaled
    if np.issubdtype(values.dtype, np.integer):
        if values.size and values.max() > 255:
            return to_bytes(np.clip(values, 0, 65535).astype(np.uint16))
        small: ImageArray = np.clip(values, 0, 255).astype(np.uint8)
        return small
    finite = np.nan_to_num(values.astype(np.float32), nan=0.0, posinf=0.0, neginf=0.0)
    scale = 255.0 if not finite.size or finite.max() <= 1.0 else 1.0
    rounded: ImageArray = np.clip(finite * scale + 0.5, 0, 255).astype(np.uint8)
    return rounded


def turn_upright(pixels: ImageArray, orientation: int) -> ImageArray:
    """Undo the rotation or mirroring that an EXIF orientation of 1 to 8 stands for.

    Source of the numbers: Exif 2.3, tag 0x0112. Unknown values change nothing.
    """
    if orientation in (5, 6, 7, 8):
        pixels = pixels.swapaxes(0, 1)
    if orientation in (2, 3, 6, 7):
        pixels = pixels[:, ::-1]
    if orientation in (3, 4, 7, 8):
        pixels = pixels[::-1]
    return np.ascontiguousarray(pixels)


def _over_white(image: Image.Image) -> ImageArray:
    from PIL import Image

    colour = image.convert("RGBA")
    alpha = colour.getchannel("A")
    flat = Image.new("RGB", image.size, (255, 255, 255))
    solid = colour.convert("RGB")
    if "icc_profile" in image.info and image.mode not in ("LA", "La"):
        solid.info["icc_profile"] = image.info["icc_profile"]
        solid = _to_srgb(solid)
    flat.paste(solid, mask=alpha)
    return np.array(flat)


def _to_srgb(image: Image.Image) -> Image.Image:
    """Convert to RGB through the embedded profile when it fits, else by the usual formula."""
    profile = image.info.get("icc_profile")
    if profile and image.mode == "P":  # the profile is that of the palette's colours
        image = image.convert("RGB")
    if profile and image.mode in ("RGB", "CMYK", "L", "LAB"):
        converted = _through_profile(image, profile)
        if converted is not None:
            return converted
    return image.convert("RGB")


def _through_profile(image: Image.Image, profile: bytes) -> Image.Image | None:
    try:
        from PIL import ImageCms
    except ImportError:  # Pillow built without LittleCMS
        return None
    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        if "sRGB" in (ImageCms.getProfileDescription(source) or ""):
            return None
        target = ImageCms.createProfile("sRGB")
        return ImageCms.profileToProfile(image, source, target, outputMode="RGB")
    except (ImageCms.PyCMSError, OSError, ValueError, TypeError) as problem:
        _log.debug("colour profile ignored: %s", problem)
        return None
