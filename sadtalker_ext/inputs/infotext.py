"""The generation parameters ("infotext") that Stable Diffusion tools leave in pictures."""

from __future__ import annotations

import re
from collections.abc import Mapping

MAX_CHARACTERS = 65536
"""Longer texts are cut: nobody writes such prompts, and they travel into the video's metadata."""

_STEPS = re.compile(r"(?:^|[\n,])[^\S\n]*Steps: \d+\s*(?:,|$)")
"""Stands in the parameters that all tools of the family write; cameras and people write others.
The word is looked for in each line alone: from every one of many empty lines the rest was read."""

_CHARSETS: dict[bytes, tuple[str, ...]] = {
    b"ASCII\0\0\0": ("utf-8", "latin-1"),
    b"JIS\0\0\0\0\0": ("iso2022_jp", "shift_jis"),
    b"\0\0\0\0\0\0\0\0": ("utf-8", "latin-1"),
}


def find_parameters(info: Mapping[object, object], user_comment: object = None) -> str:
    """Return the generation parameters of a picture, or an empty text.

    PNG files carry them as the text chunk ``parameters``; JPEG, WebP and AVIF files as the EXIF
    field UserComment; GIF files as their comment. The latter two hold anything in files of cameras
    and people, so they count only when they read like parameters.

    Args:
        info: Text entries of the picture, as Pillow's ``Image.info``.
        user_comment: Raw value of EXIF UserComment, if there is one.
    """
    text = _as_text(info.get("parameters"))
    if not text and user_comment is not None:
        text = _if_parameters(decode_user_comment(user_comment))
    if not text:
        text = _if_parameters(_as_text(info.get("comment")))
    return text.strip().strip("\0").strip()[:MAX_CHARACTERS]


def decode_user_comment(value: object) -> str:
    """Decode EXIF UserComment: eight bytes name the character code, the text follows.

    The code ``UNICODE`` means UTF-16 without saying in which byte order; the order is taken from
    the position of the zero bytes, which Latin text always has.
    """
    if isinstance(value, str):
        return value
    if not isinstance(value, (bytes, bytearray)):
        return ""
    code, body = bytes(value[:8]), bytes(value[8:])
    if code == b"UNICODE\0":
        little = body[1::2].count(0) > body[0::2].count(0)
        codecs: tuple[str, ...] = ("utf-16-le",) if little else ("utf-16-be",)
        if body[:2] in (b"\xff\xfe", b"\xfe\xff"):
            codecs = ("utf-16",)
    elif code in _CHARSETS:
        codecs = _CHARSETS[code]
    else:
        codecs, body = ("utf-8", "latin-1"), bytes(value)
    try:
        return body.decode(codecs[0])
    except UnicodeDecodeError:
        return body.decode(codecs[-1], errors="replace")


def _if_parameters(text: str) -> str:
    return text if _STEPS.search(text[:MAX_CHARACTERS]) else ""


def _as_text(value: object) -> str:
    if isinstance(value, bytes):
        return value.decode("utf-8", errors="replace")
    return str(value) if isinstance(value, str) else ""
