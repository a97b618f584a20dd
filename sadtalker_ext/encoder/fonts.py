"""Fonts of this machine for words that need more than the letters of English."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from PIL.ImageFont import FreeTypeFont

_FILES = (
    "DejaVuSans.ttf", "NotoSans-Regular.ttf", "LiberationSans-Regular.ttf", "Ubuntu-R.ttf",
    "Arial.ttf", "arial.ttf", "segoeui.ttf", "Helvetica.ttc", "Arial Unicode.ttf",
    "NotoSansCJK-Regular.ttc", "NotoSansCJKjp-Regular.otf", "NotoSansJP-Regular.otf",
    "NotoSansKR-Regular.otf", "wqy-microhei.ttc", "wqy-zenhei.ttc", "DroidSansFallbackFull.ttf",
    "NanumGothic.ttf", "msyh.ttc", "meiryo.ttc", "YuGothR.ttc", "malgun.ttf",
    "Hiragino Sans GB.ttc", "AppleSDGothicNeo.ttc", "PingFang.ttc",
)  # fmt: skip
"""What Linux distributions, Windows and macOS bring; Pillow knows where they keep fonts."""
_NO_LETTERS = "\uffff\U0010ffff"
"""Code points that no font has a letter for (Unicode, "Noncharacters")."""


@functools.lru_cache(maxsize=16)
def font_for(text: str, size: int) -> FreeTypeFont | None:
    """Return a font with every letter of a text, or None where this machine has none.

    Looking through a machine's fonts takes a while, so answers are kept.

    Args:
        text: The words.
        size: Pixels of an em.
    """
    from PIL import ImageFont

    for name in _FILES:
        try:
            font = ImageFont.truetype(name, size)
        except (OSError, ImportError):  # not here, or Pillow without FreeType
            continue
        if _has_all(font, text):
            return font
    return None


def _has_all(font: FreeTypeFont, text: str) -> bool:
    """Tell whether a font draws no letter as it draws one that it lacks."""
    lacking = {_drawn(font, sign) for sign in _NO_LETTERS}
    return all(_drawn(font, sign) not in lacking for sign in set(text) if not sign.isspace())


def _drawn(font: FreeTypeFont, sign: str) -> tuple[tuple[int, int], bytes]:
    mask: Any = font.getmask(sign)  # Pillow leaves it untyped that these are bytes
    return mask.size, bytes(mask)
