"""Finding the invisible mark in frames: which size, which place, and how sure.

The mean brightness of some frames is flattened (its coarse content subtracted, and divided by its
own local contrast, so that a contrasty place does not outweigh all others), folded onto one tile,
and compared with the tile at every shift by a Fourier correlation. A video may have been scaled and
cut, so this is done for many sizes of the tile.

How sure: the signs of the tile are bits of SHA-256, as good as tosses of a coin that were made
before the picture was known. For any picture without the mark, with D the block coefficients at
one place and s the signs, Hoeffding's inequality bounds z = sum(s D) / |D| whatever D is:
P(z >= t) <= exp(-t^2 / 2). A search looks where videos usually end up first (whole frames at usual
sizes), then for cut and mirrored frames at those sizes, then everywhere. Each `Stage` may raise a
share of the false alarms, so of its M comparisons the best counts as M / share exp(-z^2 / 2); the
chance that any stage says "found" by mistake is at most `ALARM`.
(Hoeffding, "Probability inequalities for sums of bounded random variables", 1963.)
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from sadtalker_ext.provenance.mark import BLOCK, PATTERNS, TILE, luma, signs, tile

if TYPE_CHECKING:
    from sadtalker_ext.types import FloatArray, ImageArray

ALARM = 1e-6
"""Highest probability that a file without the mark is said to have it."""

_SMALLEST, _LARGEST = 0.38, 2.2
"""Sizes that are searched, of a marked frame after and before scaling."""
_COARSE_STEP = 0.006
"""Relative step of the sizes: the pattern slips by 1.5 pixels over the window."""
_FINE_STEP = 0.001
_FINE_STEPS = 5
"""Steps to either side around a candidate."""
_UNEQUAL_STEPS = 2
"""Steps to either side of the ratio of width and height: rounding to even sides changes it."""
_CANDIDATES = 8
_WINDOW = 640
"""Longest side in which candidates are looked for."""
_SHORTEST_SIDE = 48
_CONTENT_SIGMA, _CONTRAST_SIGMA = 1.4, 4.0
_NOISE = 2.0
"""Added to the local variance: grey levels squared that coding alone makes."""
_CLIP = 1.5
_FILTERS_PER_OCTAVE = 6

_COARSE = np.exp(np.arange(math.log(_SMALLEST), math.log(_LARGEST), _COARSE_STEP))
USUAL_SIZES = (1.0, 1 / 2, 2 / 3, 3 / 4, 0.9, 5 / 6, 0.8, 0.6, 0.4, 1.25, 4 / 3, 1.5, 2.0)
"""Sizes that people and platforms choose, the usual ones first."""
_SIZES = len(_COARSE) + _CANDIDATES * (2 * _FINE_STEPS + 1) + 2 * (2 * _UNEQUAL_STEPS + 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """A part of a search.

    Attributes:
        tests: How many comparisons it makes at most.
        share: Share of the false alarms that it may raise.
    """

    tests: int
    share: float

    @property
    def threshold(self) -> float:
        """Score from which it says that the mark is there."""
        return math.sqrt(2 * math.log(self.tests / (self.share * ALARM)))


WHOLE = Stage(tests=len(USUAL_SIZES), share=0.3)
CUT = Stage(tests=len(USUAL_SIZES) * TILE * TILE, share=0.3)
MIRRORED = Stage(tests=len(USUAL_SIZES) * TILE * TILE, share=0.03)
ANY = Stage(tests=_SIZES * TILE * TILE, share=0.37)
"""Whole frames at usual sizes; any shift at usual sizes; the same of frames that were turned left
to right; any shift at any size."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MarkSearch:
    """What a search found.

    Attributes:
        score: The z of the likeliest place.
        scale: Size of the frames relative to the marked ones there.
        stage: In which part of the search it was found.
    """

    score: float
    scale: float
    stage: Stage = ANY

    @property
    def found(self) -> bool:
        """Whether the mark is there."""
        return self.score >= self.stage.threshold

    @property
    def mirrored(self) -> bool:
        """Whether it is there in frames that were turned left to right."""
        return self.found and self.stage is MIRRORED

    @property
    def probability(self) -> float:
        """Highest chance of such a score in a file without the mark, 0 to 1."""
        chance = math.exp(-(max(self.score, 0.0) ** 2) / 2)
        return min(1.0, self.stage.tests / self.stage.share * chance)

    @property
    def _doubt(self) -> float:
        """What the smaller is, the surer the mark is there; it does not end at 1."""
        return math.log(self.stage.tests / self.stage.share) - max(self.score, 0.0) ** 2 / 2


def surest(*found: MarkSearch) -> MarkSearch:
    """Return what is least likely by chance."""
    return min(found, key=lambda one: one._doubt)


def mean_luma(frames: Iterable[ImageArray]) -> FloatArray:
    """Return the mean brightness of (H, W, 3) uint8 RGB frames of one size, (H, W) float32.

    Frames of another size than the first are left out.
    """
    total: FloatArray | None = None
    count = 0
    for frame in frames:
        grey = luma(frame)
        if total is None:
            total, count = grey, 1
        elif grey.shape == total.shape:
            total += grey
            count += 1
    if total is None:
        raise ValueError("there should be at least one frame")
    mean: FloatArray = total / np.float32(count)
    return mean


def find_mark(grey: FloatArray) -> MarkSearch:
    """Search the mark in a mean brightness, (H, W) float32 in 0..255.

    The usual sizes are tried first, then those of mirrored frames, then all others.
    """
    if min(grey.shape) < _SHORTEST_SIDE:
        return MarkSearch(score=0.0, scale=1.0)
    whole = _Flattened(grey)
    best = MarkSearch(score=0.0, scale=1.0)
    for size in USUAL_SIZES:
        folded = whole.folded(size, size)
        _, shift = _place(folded)
        corner = MarkSearch(score=_score(folded, (0, 0)), scale=size, stage=WHOLE)
        anywhere = MarkSearch(score=_score(folded, shift), scale=size, stage=CUT)
        best = surest(best, corner, anywhere)
        if best.found:
            return best
    turned = _mirrored(grey)
    if turned.found:
        return turned
    for candidate in _candidates(_Flattened(_middle(grey))):
        for step in range(-_FINE_STEPS, _FINE_STEPS + 1):
            size = candidate * (1 + step * _FINE_STEP)
            best = surest(best, _at(whole, size, size))
    if best.found:
        return best
    return _with_unequal_sides(whole, best)


def _mirrored(grey: FloatArray) -> MarkSearch:
    """Search at usual sizes in frames that were turned left to right."""
    turned = _Flattened(np.ascontiguousarray(grey[:, ::-1]))
    best = MarkSearch(score=0.0, scale=1.0, stage=MIRRORED)
    for size in USUAL_SIZES:
        folded = turned.folded(size, size)
        _, shift = _place(folded)
        found = MarkSearch(score=_score(folded, shift), scale=size, stage=MIRRORED)
        best = surest(best, found)
        if best.found:
            break
    return best


class _Flattened:
    """A mean brightness with its content and contrast taken out, for every size of the tile."""

    def __init__(self, grey: FloatArray) -> None:
        self._grey = grey
        self._made: dict[int, FloatArray] = {}

    def folded(self, across: float, down: float) -> FloatArray:
        """Return it at the tile's size, summed over all tiles, (128, 128) float32."""
        import cv2

        flat = self._for(math.sqrt(across * down))
        if (across, down) != (1.0, 1.0):
            method = cv2.INTER_LINEAR if across > 1 else cv2.INTER_CUBIC
            resized = cv2.resize(flat, None, fx=1 / across, fy=1 / down, interpolation=method)
            flat = np.asarray(resized, np.float32)
        height, width = flat.shape
        rows, columns = -(-height // TILE), -(-width // TILE)
        padded = np.zeros((rows * TILE, columns * TILE), np.float32)
        padded[:height, :width] = flat
        folded: FloatArray = padded.reshape(rows, TILE, columns, TILE).sum((0, 2))
        return folded

    def _for(self, size: float) -> FloatArray:
        """Return it for about this size: widths of filters in steps of a sixth of an octave."""
        import cv2

        step = round(math.log2(size) * _FILTERS_PER_OCTAVE)
        if step not in self._made:
            scale = 2 ** (step / _FILTERS_PER_OCTAVE)
            fine = self._grey - cv2.GaussianBlur(self._grey, (0, 0), _CONTENT_SIGMA * scale)
            variance = cv2.GaussianBlur(fine * fine, (0, 0), _CONTRAST_SIGMA * scale) + _NOISE
            contrast = np.sqrt(variance)
            flat = np.clip(fine / contrast, -_CLIP, _CLIP) / contrast
            self._made[step] = np.asarray(flat, np.float32)
        return self._made[step]


def _with_unequal_sides(flat: _Flattened, best: MarkSearch) -> MarkSearch:
    size = best.scale
    for step in range(-_UNEQUAL_STEPS, _UNEQUAL_STEPS + 1):
        other = size * (1 + step * _FINE_STEP)
        for across, down in ((size, other), (other, size)):
            best = surest(best, _at(flat, across, down))
    return best


def _middle(grey: FloatArray) -> FloatArray:
    height, width = grey.shape
    top, left = max(height - _WINDOW, 0) // 2, max(width - _WINDOW, 0) // 2
    return grey[top : top + _WINDOW, left : left + _WINDOW]


def _candidates(flat: _Flattened) -> list[float]:
    """Return the sizes at which the tile stands out most, best first."""
    ranked = [(_place(flat.folded(size, size))[0], float(size)) for size in _COARSE]
    chosen: list[float] = []
    for _, size in sorted(ranked, reverse=True):
        if all(abs(math.log(size / other)) > 1.5 * _COARSE_STEP for other in chosen):
            chosen.append(size)
        if len(chosen) == _CANDIDATES:
            break
    return chosen


def _at(flat: _Flattened, across: float, down: float) -> MarkSearch:
    folded = flat.folded(across, down)
    _, shift = _place(folded)
    return MarkSearch(score=_score(folded, shift), scale=across)


def _place(folded: FloatArray) -> tuple[float, tuple[int, int]]:
    """Return how far the best shift stands out, and that shift (down, across)."""
    found = np.fft.irfft2(np.fft.rfft2(folded) * _tile_spectrum(), s=(TILE, TILE))
    down, across = np.unravel_index(int(np.argmax(found)), found.shape)
    spread = float(found.std())
    return (float(found.max()) / spread if spread else 0.0), (int(down), int(across))


def _score(folded: FloatArray, shift: tuple[int, int]) -> float:
    """Return z at one shift; what all blocks have in common (a coding grid) counts for nothing."""
    moved = np.roll(folded, (-shift[0], -shift[1]), (0, 1))
    blocks = moved.reshape(TILE // BLOCK, BLOCK, TILE // BLOCK, BLOCK)
    basis = _basis()
    found = np.stack(
        [
            np.einsum("x,ixjy,y->ij", basis[down], blocks, basis[across])
            for down, across in PATTERNS
        ],
        axis=-1,
    )
    found -= found.mean((0, 1))
    length = float(np.sqrt((found**2).sum()))
    return float((signs() * found).sum()) / length if length else 0.0


@lru_cache(maxsize=1)
def _tile_spectrum() -> npt.NDArray[np.complex128]:
    return np.conj(np.fft.rfft2(tile()))


@lru_cache(maxsize=1)
def _basis() -> FloatArray:
    """Return the DCT's basis vectors as rows, (8, 8) float32."""
    import cv2

    rows = cv2.dct(np.eye(BLOCK, dtype=np.float32), flags=cv2.DCT_ROWS).T
    return np.asarray(rows, np.float32)
