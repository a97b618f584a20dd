"""The invisible mark: a faint pattern in the brightness of every frame that says "made by us".

The pattern is a square tile of `TILE` pixels, repeated over the frame. Every 8x8 block of the tile
is a sum of the lowest DCT patterns, each with a sign; the signs are the bits of a SHA-256 stream of
`KEY`, which is public and the same for everybody: the mark names the program, never a person or a
machine. The blocks pass softly into one another. It is spread-spectrum marking (Cox, Kilian,
Leighton and Shamoon, "Secure spread spectrum watermarking for multimedia", 1997) without a payload.

All frames of a video get the same pattern, so nothing flickers, and a reader can average frames.
How strong it is follows the texture of the first frame: half as strong where a picture is flat.

A mark that anybody can read, anybody can remove who wants to; it is for honest people and their
tools, whose uploads lose metadata.
"""

from __future__ import annotations

import hashlib
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

    from sadtalker_ext.planes import Planes
    from sadtalker_ext.types import FloatArray, ImageArray

KEY = b"sadtalker-ext invisible mark 1"
TILE = 128
BLOCK = 8
PATTERNS = ((0, 1), (1, 0), (1, 1), (0, 2), (2, 0))
"""DCT coefficients (row, column) that carry a sign: coarse enough for half the size and CRF 28."""

_BLEND_SIGMA = 0.9
"""Pixels over which the blocks pass into one another: with sharp edges, whose steps were four times
those inside a block, a grid was seen where a flat part was enlarged."""
_TEXTURE_SIGMA = 4.0
_SPREAD_SIGMA = 8.0
_FLAT, _TEXTURED = 0.8, 1.8
"""Grey levels (root mean square) of the pattern in flat and in textured parts."""
_MOST = 1.35
"""Root mean square over the whole frame that is never exceeded: a PSNR of 45.3 dB, rounded."""
_EVEN = 1.2
"""Grey levels (root mean square) of the pattern in filmed frames."""
_FULL_TEXTURE = 6.0
"""Standard deviation of the brightness, in grey levels, from which a part counts as textured."""
_DARK = 48.0
"""Grey level below which the pattern fades, to `_IN_BLACK` of itself."""
_IN_BLACK = 0.5


@lru_cache(maxsize=1)
def signs() -> FloatArray:
    """Return the signs of one tile, (blocks down, blocks across, patterns) float32 of -1 and 1."""
    blocks = TILE // BLOCK
    count = blocks * blocks * len(PATTERNS)
    stream = b"".join(
        hashlib.sha256(KEY + number.to_bytes(4, "big")).digest()
        for number in range(-(-count // 256))
    )
    bits = np.unpackbits(np.frombuffer(stream, np.uint8))[:count]
    found: FloatArray = (bits.astype(np.float32) * 2 - 1).reshape(blocks, blocks, len(PATTERNS))
    return found


@lru_cache(maxsize=1)
def tile() -> FloatArray:
    """Return the tile, (128, 128) float32, with a mean square of 1."""
    import cv2

    marks = signs()
    made = np.zeros((TILE, TILE), np.float32)
    for row, column in np.ndindex(marks.shape[:2]):
        block = np.zeros((BLOCK, BLOCK), np.float32)
        for sign, place in zip(marks[row, column], PATTERNS, strict=True):
            block[place] = sign
        down, across = row * BLOCK, column * BLOCK
        made[down : down + BLOCK, across : across + BLOCK] = cv2.idct(block)
    around = cv2.GaussianBlur(np.pad(made, BLOCK, mode="wrap"), (0, 0), _BLEND_SIGMA)
    soft = np.asarray(around[BLOCK:-BLOCK, BLOCK:-BLOCK], np.float32)
    return np.ascontiguousarray(soft / np.sqrt(np.mean(soft**2)))


def luma(frame: ImageArray) -> FloatArray:
    """Return the brightness of an (H, W, 3) uint8 RGB frame, (H, W) float32 in 0..255."""
    import cv2

    grey: FloatArray = cv2.cvtColor(frame, cv2.COLOR_RGB2GRAY).astype(np.float32)
    return grey


def strength(frame: ImageArray) -> FloatArray:
    """Return how strong the pattern is at each pixel of a frame, (H, W) float32 grey levels."""
    import cv2

    grey = luma(frame)
    fine = grey - cv2.GaussianBlur(grey, (0, 0), _TEXTURE_SIGMA)
    texture = np.sqrt(cv2.GaussianBlur(fine * fine, (0, 0), _SPREAD_SIGMA))
    share = np.minimum(texture / _FULL_TEXTURE, 1.0)
    light = np.clip(cv2.GaussianBlur(grey, (0, 0), _TEXTURE_SIGMA) / _DARK, _IN_BLACK, 1.0)
    wanted = (_FLAT + (_TEXTURED - _FLAT) * share) * light
    overall = float(np.sqrt(np.mean(wanted**2)))
    found: FloatArray = (wanted * min(1.0, _MOST / overall)).astype(np.float32)
    return found


class InvisibleMark:
    """Draws the pattern into the frames of one video.

    The pattern of a frame size is made once, from the first frame of that size; after that a frame
    costs one addition and one subtraction of bytes.
    """

    def __init__(self) -> None:
        self._more: ImageArray = np.zeros((0, 0, 3), np.uint8)
        self._less: ImageArray = self._more

    def draw(self, frame: ImageArray) -> ImageArray:
        """Return a copy of an (H, W, 3) uint8 RGB frame with the mark.

        In planes (`planes.CodedFrame`) it is drawn in place, into the brightness alone: but for
        rounding the same as in RGB, where colours are not as bright or dark as can be.
        """
        import cv2

        if frame.ndim == 2:
            return self._drawn_into(frame)
        if frame.shape != self._more.shape:
            self._make(frame)
        marked = np.asarray(cv2.add(frame, self._more), np.uint8)
        cv2.subtract(marked, self._less, dst=marked)
        return marked

    def _drawn_into(self, planes: ImageArray) -> ImageArray:
        import cv2

        luma = planes[: planes.shape[0] * 2 // 3]
        if luma.shape != self._more.shape:
            from sadtalker_ext.planes import planes_of

            # the levels of an RGB frame, as they change brightness of limited range
            levels = _levels(planes_of(planes).picture()) * np.float32(219 / 255)
            self._more, self._less = (
                np.rint(np.maximum(sign * levels, 0)).astype(np.uint8) for sign in (1, -1)
            )
        cv2.add(luma, self._more, dst=luma)
        cv2.subtract(luma, self._less, dst=luma)
        return planes

    def _make(self, frame: ImageArray) -> None:
        levels = _levels(frame)
        self._more = _in_all_channels(np.maximum(levels, 0))
        self._less = _in_all_channels(np.maximum(-levels, 0))


class PlaneMark:
    """Draws the pattern into the brightness of filmed frames, in place.

    A film has many pictures, so that its strength follows none of them: it is the same everywhere.
    """

    def __init__(self) -> None:
        self._pattern: npt.NDArray[np.int16] = np.zeros((0, 0), np.int16)

    def draw(self, planes: Planes) -> None:
        """Mark one frame."""
        bits, full = planes.colours.bits, planes.colours.full
        if planes.y.shape != self._pattern.shape:
            level = (1.0 if full else 219 / 255) * (1 << (bits - 8))
            pattern = _tiled(planes.y.shape) * np.float32(_EVEN * level)
            self._pattern = np.rint(pattern).astype(np.int16)
        if bits == 8:
            import cv2

            planes.y[:] = cv2.add(planes.y, self._pattern, dtype=cv2.CV_8U)
        else:
            planes.y[:] = np.clip(planes.y.astype(np.int32) + self._pattern, 0, (1 << bits) - 1)


def _levels(frame: ImageArray) -> FloatArray:
    """Return the pattern for frames like this one, (H, W) float32 of whole grey levels."""
    return np.asarray(np.rint(_tiled(frame.shape) * strength(frame)), np.float32)


def _tiled(shape: tuple[int, ...]) -> FloatArray:
    """Return the tile over and over, for an array of this height and width, (H, W) float32."""
    height, width = shape[:2]
    repeats = (-(-height // TILE), -(-width // TILE))
    return np.tile(tile(), repeats)[:height, :width]


def _in_all_channels(levels: np.ndarray) -> ImageArray:
    return np.ascontiguousarray(np.repeat(levels.astype(np.uint8)[:, :, None], 3, axis=2))
