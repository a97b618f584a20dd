"""The kinds of files a video can become."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

from sadtalker_ext.encoder.gif import GifEncoder
from sadtalker_ext.encoder.metadata import VideoMetadata
from sadtalker_ext.encoder.muxer import MOV_CODECS, MP4_CODECS, WEBM_CODECS, Encoder, FrameEncoder
from sadtalker_ext.encoder.png_frames import PngEncoder
from sadtalker_ext.encoder.xmp import append_xmp, insert_xmp
from sadtalker_ext.errors import OutputUnwritable
from sadtalker_ext.options import SUFFIXES
from sadtalker_ext.types import Speech, Word


@dataclass(frozen=True, slots=True, kw_only=True)
class VideoFormat:
    """One kind of file.

    Attributes:
        name: Value of the option `format`.
        suffix: Extension of its files.
        even_sides: Whether sides must be even, because colour is stored at half the resolution.
        transparent: Whether frames may have an alpha channel.
        planar: Whether frames may be planes, see `planes.CodedFrame`.
    """

    name: str
    suffix: str
    even_sides: bool = False
    transparent: bool = False
    planar: bool = False

    def open(
        self,
        path: Path,
        *,
        size: tuple[int, int],
        rate: Fraction,
        quality: int,
        speech: Speech | None,
        metadata: VideoMetadata | None,
        captions: tuple[Word, ...] = (),
        alpha: bool = False,
    ) -> FrameEncoder:
        """Open a new file of this kind for frames of this width and height.

        Captions become a track of an mp4; other kinds leave them out.
        """
        if self.name == "gif":
            return GifEncoder(path, size=size, rate=rate, metadata=metadata)
        if self.name == "png":
            return PngEncoder(path, rate=rate, speech=speech, metadata=metadata, alpha=alpha)
        return Encoder(
            path,
            size=size,
            rate=rate,
            quality=quality,
            speech=speech,
            tags=metadata.tags() if metadata else {},
            codecs=_CODECS[self.name],
            captions=captions if self.name == "mp4" else (),
            alpha=alpha,
        )

    def complete(self, path: Path, metadata: VideoMetadata | None) -> None:
        """Add to a closed file what its encoder could not."""
        if metadata is None or not metadata.xmp:
            return
        if self.name == "mp4":
            append_xmp(path, metadata.xmp)
        elif self.name == "mov":
            insert_xmp(path, metadata.xmp)


_CODECS = {"mp4": MP4_CODECS, "webm": WEBM_CODECS, "mov": MOV_CODECS}

FORMATS = {
    one.name: one
    for one in (
        VideoFormat(name="mp4", suffix=SUFFIXES["mp4"], even_sides=True, planar=True),
        VideoFormat(
            name="webm", suffix=SUFFIXES["webm"], even_sides=True, transparent=True, planar=True
        ),
        VideoFormat(name="mov", suffix=SUFFIXES["mov"], transparent=True),
        VideoFormat(name="gif", suffix=SUFFIXES["gif"]),
        VideoFormat(name="png", suffix=SUFFIXES["png"], transparent=True),
    )
}
"""By name, the usual one first."""

TRANSPARENT = tuple(one.name for one in FORMATS.values() if one.transparent)


def format_of(path: Path) -> VideoFormat:
    """Return the format of a file name.

    Raises:
        OutputUnwritable: No format has this extension.
    """
    for one in FORMATS.values():
        if path.suffix.lower() == one.suffix:
            return one
    known = ", ".join(one.suffix for one in FORMATS.values())
    raise OutputUnwritable(
        f"The output {path.name} should end in one of {known}.", hint=f"Use {path.stem}.mp4."
    )
