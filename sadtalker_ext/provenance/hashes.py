"""Fingerprints of what a video was made from: they name an input without showing it."""

from __future__ import annotations

import hashlib
from pathlib import Path

from sadtalker_ext.types import Picture

_BLOCK = 1 << 20


def picture_hash(picture: Picture, salt: bytes = b"") -> str:
    """Return SHA-256 of salt, "WIDTHxHEIGHT" and the RGB bytes of a picture, as hexadecimal."""
    width, height = picture.size
    state = hashlib.sha256(salt + f"{width}x{height}".encode("ascii"))
    state.update(picture.pixels.tobytes())
    return state.hexdigest()


def file_hash(path: Path, salt: bytes = b"") -> str:
    """Return SHA-256 of salt and the content of a file, as hexadecimal."""
    state = hashlib.sha256(salt)
    with path.open("rb") as file:
        while block := file.read(_BLOCK):
            state.update(block)
    return state.hexdigest()
