"""One video from coded segments: pictures are copied, the sound is coded once for the whole."""

from __future__ import annotations

import itertools
from fractions import Fraction
from pathlib import Path
from typing import Any

from sadtalker_ext.encoder.reel import ReelLook, join_reel
from sadtalker_ext.encoder.video import VideoWriter
from sadtalker_ext.local_media import open_local

_FINEST = 10_000
"""Units of a second that time stamps have at least: where parts meet, their order may need some."""
_FORMATS = "mov,mp4,m4a,3gp,3g2,mj2"


class SegmentJoiner(VideoWriter):
    """Writes one mp4 from files that `VideoWriter` wrote; use it as a context manager.

    Everything but the frames is that of the joined file: sound, captions, metadata and signature.
    A label and a stamp are on the frames already.
    """

    def add(self, part: Path, frames: int) -> None:
        """Add a segment without sound; the file must stay until the block is left.

        Args:
            part: An mp4 of the same rate, size and quality as the others.
            frames: How many it has.
        """
        join = self._worker
        if not isinstance(join, _Join):
            with open_local(part, _FORMATS) as container:
                context: Any = container.streams.video[0].codec_context
                self.size = (context.width, context.height)
            self._worker = join = _Join(self)
        join.parts.append(part)
        join.begins.append(self.frames)
        self.frames += frames


class _Join:
    """Stands where `VideoWriter` has its encoder."""

    failed = False

    def __init__(self, writer: SegmentJoiner) -> None:
        self._writer = writer
        self.parts: list[Path] = []
        self.begins: list[int] = []

    def finish(self) -> None:
        """Join what is there."""
        writer = self._writer
        rate = writer._rate
        finer = next(2**n for n in itertools.count() if rate.numerator * 2**n >= _FINEST)
        look = ReelLook(
            size=writer.size,
            time_base=1 / rate / finer,
            rate=rate,
            bits=8,
            tags=(1, 1, 1, 1),
            aspect=Fraction(1),
            quality=writer._quality,
        )
        join_reel(
            self.parts,
            writer._part,
            look,
            begins=[finer * begin for begin in self.begins],
            seconds=writer.frames / rate,
            sound=writer._speech,
            tags=writer._metadata.tags() if writer._metadata else {},
            captions=writer._captions,
        )

    def abandon(self) -> None:
        """Nothing was begun."""

    def put(self, _: object) -> None:
        """Refuse single frames."""
        raise TypeError("A joined video takes segments only.")
