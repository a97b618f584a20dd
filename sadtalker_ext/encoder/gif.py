"""Frames to an animated GIF, streamed: one palette for the whole film, no sound.

The palette comes from the first second, in which a speaking face has usually shown its teeth. The
dither pattern is fixed to the picture (Bayer), so that what stands still does not flicker and the
file stays small.
"""

from __future__ import annotations

import contextlib
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, cast

import numpy as np
import numpy.typing as npt

from sadtalker_ext.encoder.metadata import VideoMetadata
from sadtalker_ext.types import ImageArray

if TYPE_CHECKING:
    from av.container import OutputContainer

_TICKS = 100
"""GIF counts time in hundredths of a second."""
_SHORTEST = 2
"""Browsers slow frames that last less than two ticks down to ten."""
_COLOURS = 255
"""One of the 256 is needed for "as before"."""
_SAMPLE_SIDE = 128
_SAMPLE_BYTES = 48 << 20
_DITHER = 10.0
"""Amplitude of the pattern in grey levels, about the distance of neighbouring palette colours."""
_BITS = 5
"""Colours are looked up in a cube of 2^5 steps per channel."""


class GifEncoder:
    """An open GIF; see `FrameEncoder`.

    Args:
        path: The file.
        size: Width and height.
        rate: Frames per second; above 50 some frames are left out.
        metadata: Goes into a comment and an XMP block.
    """

    def __init__(
        self, path: Path, *, size: tuple[int, int], rate: Fraction, metadata: VideoMetadata | None
    ) -> None:
        import av

        self._path = path
        self._rate = rate
        self._metadata = metadata
        self._frames = 0
        self._last = -_SHORTEST
        self._waiting: list[tuple[int, ImageArray]] = []
        self._hold = min(round(rate), max(1, _SAMPLE_BYTES // (3 * size[0] * size[1])))
        self._palette: Palette | None = None
        self._container: OutputContainer = av.open(
            str(path),
            "w",
            format="gif",
            # without it the last frame flashes by
            options={"final_delay": str(max(round(_TICKS / rate), _SHORTEST))},
        )
        try:
            self._stream = self._container.add_stream("gif", rate=_TICKS)
            context = self._stream.codec_context
            context.width, context.height = size
            context.pix_fmt = "pal8"
            context.time_base = Fraction(1, _TICKS)
        except BaseException:
            self.close()
            raise

    def encode(self, frame: ImageArray) -> None:
        """Add one RGB frame."""
        tick = round(self._frames * _TICKS / self._rate)
        self._frames += 1
        if tick - self._last < _SHORTEST:
            return
        self._last = tick
        if self._palette is not None:
            self._write(tick, frame, self._palette)
            return
        self._waiting.append((tick, frame))
        if len(self._waiting) >= self._hold:
            self._flush()

    def finish(self) -> None:
        """Complete the file."""
        self._flush()
        self._container.mux(self._stream.encode(None))
        self._container.close()
        if self._metadata is not None:
            _append(self._path, self._metadata)

    def close(self) -> None:
        """Close the file."""
        self._waiting = []
        with contextlib.suppress(Exception):  # the file is about to be removed
            self._container.close()

    def _flush(self) -> None:
        if not self._waiting:
            return
        palette = self._palette = Palette([pixels for _, pixels in self._waiting])
        for tick, pixels in self._waiting:
            self._write(tick, pixels, palette)
        self._waiting = []

    def _write(self, tick: int, pixels: ImageArray, palette: Palette) -> None:
        from av.video.frame import VideoFrame

        # the library's annotations leave out that this format takes a pair
        pair = cast("ImageArray", (palette.indices(pixels), palette.table))
        frame = VideoFrame.from_ndarray(pair, format="pal8")
        frame.pts = tick
        frame.time_base = Fraction(1, _TICKS)
        self._container.mux(self._stream.encode(frame))


class Palette:
    """255 colours and the way to them.

    Args:
        frames: (H, W, 3) uint8 RGB frames whose colours it should have.

    Attributes:
        table: (256, 4) uint8 alpha, red, green, blue, as the media library wants it.
    """

    def __init__(self, frames: list[ImageArray]) -> None:
        from PIL import Image

        strips = [_sample(frame) for frame in frames]
        width = max(strip.shape[1] for strip in strips)
        tall = np.concatenate([strip[:, :width] for strip in strips])
        reduced = Image.fromarray(tall).quantize(
            _COLOURS, method=Image.Quantize.MEDIANCUT, kmeans=1, dither=Image.Dither.NONE
        )
        colours = np.array(reduced.getpalette() or [0, 0, 0], np.uint8).reshape(-1, 3)[:_COLOURS]
        self.table = np.zeros((256, 4), np.uint8)
        self.table[: len(colours), 0] = 255
        self.table[: len(colours), 1:] = colours
        self._cube = _nearest(colours)
        self._pattern: npt.NDArray[np.int16] | None = None

    def indices(self, pixels: ImageArray) -> npt.NDArray[np.uint8]:
        """Return the (H, W) uint8 palette numbers of a frame, dithered."""
        height, width = pixels.shape[:2]
        if self._pattern is None or self._pattern.shape[:2] != (height, width):
            tile = np.round((_bayer(8) - 0.5) * _DITHER).astype(np.int16)
            repeats = (height // 8 + 1, width // 8 + 1)
            self._pattern = np.tile(tile, repeats)[:height, :width, None]
        shifted = np.clip(pixels + self._pattern, 0, 255) >> (8 - _BITS)
        place = (shifted[..., 0] << (2 * _BITS)) | (shifted[..., 1] << _BITS) | shifted[..., 2]
        found: npt.NDArray[np.uint8] = self._cube[place]
        return found


def _sample(frame: ImageArray) -> ImageArray:
    step = max(1, max(frame.shape[:2]) // _SAMPLE_SIDE)
    return np.ascontiguousarray(frame[::step, ::step])


def _nearest(colours: ImageArray) -> npt.NDArray[np.uint8]:
    """Return for every cell of the colour cube the nearest palette number, (2^15,) uint8."""
    steps = (np.arange(1 << _BITS, dtype=np.float32) + 0.5) * (1 << (8 - _BITS))
    cube = np.stack(np.meshgrid(steps, steps, steps, indexing="ij"), axis=-1).reshape(-1, 3)
    table = colours.astype(np.float32)
    distance = (table**2).sum(axis=1) - 2 * cube @ table.T
    return np.asarray(np.argmin(distance, axis=1), np.uint8)


def _bayer(side: int) -> npt.NDArray[np.float64]:
    """Return the (side, side) threshold matrix in 0..1; side is a power of two."""
    matrix = np.zeros((1, 1))
    while len(matrix) < side:
        matrix = np.block([[4 * matrix, 4 * matrix + 2], [4 * matrix + 3, 4 * matrix + 1]])
    return (matrix + 0.5) / matrix.size


def _append(path: Path, metadata: VideoMetadata) -> None:
    """Put a comment and an XMP block before the trailer (GIF89a; XMP Specification Part 3)."""
    line = " ".join(text for text in (metadata.line, metadata.disclosure) if text)
    blocks = b""
    if line:
        text = line.encode("utf-8")
        parts = [text[i : i + 255] for i in range(0, len(text), 255)]
        blocks += b"!\xfe" + b"".join(bytes([len(part)]) + part for part in parts) + b"\0"
    if metadata.xmp:
        # a reader of length-prefixed blocks runs through the text onto this ramp and out of it
        ramp = b"\x01" + bytes(range(255, -1, -1)) + b"\0"
        blocks += b"!\xff\x0bXMP DataXMP" + metadata.xmp.encode("utf-8") + ramp
    with path.open("r+b") as file:
        file.seek(-1, 2)
        file.write(blocks + b";")
