"""A few frames of any file: a video, a picture, or a zip of pictures."""

from __future__ import annotations

import io
import itertools
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path

from sadtalker_ext.errors import UnreadableVideo
from sadtalker_ext.inputs.image import from_pil
from sadtalker_ext.inputs.video import open_driving
from sadtalker_ext.types import ImageArray

COUNT = 24
_EVERY = 5
"""Frames apart: neighbours differ too little to be worth decoding further."""
_PICTURES = (".png", ".jpg", ".jpeg", ".webp")
_MOST_BYTES = 64 << 20


def some_frames(path: Path) -> Iterator[ImageArray]:
    """Yield up to `COUNT` frames of a file, (H, W, 3) uint8 RGB each.

    Raises:
        UnreadableVideo: It holds no pictures.
        InputTooLarge: They are too large.
    """
    if zipfile.is_zipfile(path):
        try:
            yield from _of_zip(path)
        except (zipfile.BadZipFile, zlib.error, RuntimeError, OSError) as problem:
            raise UnreadableVideo(
                f"{path.name} is a zip whose pictures cannot be read: {str(problem).rstrip('.')}.",
                hint="Give one that is whole and needs no password.",
            ) from problem
        return
    frames = (frame for _, frame in open_driving(path).read())
    yield from itertools.islice(frames, 0, COUNT * _EVERY, _EVERY)


def _of_zip(path: Path) -> Iterator[ImageArray]:
    from PIL import Image

    with zipfile.ZipFile(path) as packed:
        names = [
            entry.filename
            for entry in packed.infolist()
            if entry.filename.lower().endswith(_PICTURES) and entry.file_size <= _MOST_BYTES
        ]
        if not names:
            raise UnreadableVideo(
                f"{path.name} should hold pictures, but there are none in it.",
                hint="Give a video, a picture, or a zip of pictures.",
            )
        for name in sorted(names)[: COUNT * _EVERY : _EVERY]:
            with Image.open(io.BytesIO(packed.read(name))) as image:
                yield from_pil(image, name).pixels
