"""HEIC pictures of telephones, where the optional reader is installed (``pillow-heif``)."""

from __future__ import annotations

import importlib
import importlib.util
from pathlib import Path
from typing import Any

from sadtalker_ext.errors import UnreadableImage
from sadtalker_ext.installing import how_to_add

BRANDS = (b"heic", b"heix", b"hevc", b"heim", b"heis", b"mif1", b"msf1")
"""Of the ISO base media format; AVIF, which has other brands, Pillow reads itself."""
EXTRA = "heic"


def is_heif(path: Path) -> bool:
    """Tell by its first bytes whether a file is a HEIF picture."""
    with path.open("rb") as file:
        head = file.read(12)
    return head[4:8] == b"ftyp" and head[8:12] in BRANDS


def open_heif(path: Path) -> Any:
    """Return a HEIF picture as Pillow knows pictures, not decoded yet.

    The reader turns such pictures upright by itself, and says so in their EXIF.

    Raises:
        UnreadableImage: The reader is not installed, or cannot read the file.
    """
    if importlib.util.find_spec("pillow_heif") is None:
        raise UnreadableImage(
            f"{path.name} is a HEIC picture, which needs a package that is not installed here.",
            hint=f"{how_to_add(EXTRA)} Or save the picture as JPEG or PNG.",
        )
    plugin: Any = importlib.import_module("pillow_heif.as_plugin")
    try:
        return plugin.HeifImageFile(str(path))
    except (OSError, SyntaxError, ValueError, RuntimeError, EOFError) as problem:
        raise UnreadableImage(
            f"{path.name} looks like a HEIC picture but is damaged or truncated: "
            f"{str(problem).rstrip('.')}.",
            hint="Export it again, as JPEG or PNG.",
        ) from problem
