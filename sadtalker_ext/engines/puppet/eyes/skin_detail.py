"""The fine texture of a picture's skin, for skin that the picture does not show: closed lids.

Its grain is that of a calm piece of cheek of the same picture, so it suits pores, brush strokes and
compressed files; its strength is measured near the eye, band by band, because lids are smoother
than cheeks.
"""

from __future__ import annotations

import itertools

import numpy as np
import numpy.typing as npt

from sadtalker_ext.engines.puppet.eyes.eye_shape import EyeShape
from sadtalker_ext.engines.puppet.soft_fields import blur, luma
from sadtalker_ext.types import FloatArray, ImageArray

_CHEEKS = (50, 280, 205, 425, 101, 330, 118, 347)  # mesh points
_SIDE = 0.7  # of the piece of skin, in eye sizes
_COARSEST = 0.07  # larger structures belong to the shading, in eye sizes
_SHARE = 0.72  # how much of the texture found near the eye a stretched lid keeps
_COARSE_SHARE = 0.35  # of structures wider than about two pixels
_LIMIT = 6.0  # grey levels per band


def lid_detail(
    picture: ImageArray, points: FloatArray, shape: EyeShape, weight: FloatArray
) -> FloatArray:
    """Make texture for the patch of one eye, (h, w) float32 grey levels around 0.

    Args:
        picture: (H, W, 3) uint8 RGB.
        points: (478, 3) mesh points.
        shape: The eye.
        weight: (h, w) 0..1 which pixels of the patch are clean skin.
    """
    left, top, right, bottom = shape.box
    bright = luma(picture[top:bottom, left:right])
    clean = weight > 0.3
    detail = np.zeros_like(bright)
    if clean.sum() < 12:
        return detail
    source = _tiled(_skin_like(picture, points, shape.size), bright.shape)
    for fine, coarse in _bands(shape.size):
        found = np.abs(blur(bright, fine) - blur(bright, coarse))[clean]
        made = blur(source, fine) - blur(source, coarse)
        # low quantiles keep moles, hairs and lines out of the measure;
        # 0.52: the 40 % quantile of |x| of a normal distribution with deviation 1
        wanted = float(np.quantile(found, 0.4)) / 0.52
        share = _SHARE if coarse <= 1.5 else _COARSE_SHARE
        has = float(np.quantile(np.abs(made), 0.4)) / 0.52
        level = min(share * wanted, _LIMIT)
        detail += np.clip(made * (level / max(has, 0.02)), -2.2 * level, 2.2 * level)
    return np.asarray(detail, dtype=np.float32)


def _bands(size: float) -> list[tuple[float, float]]:
    """Return the standard deviations of the blurs between which the bands of texture lie."""
    edges = [0.0, 0.7, 1.5]
    if _COARSEST * size > 2.0:
        edges.append(_COARSEST * size)
    return list(itertools.pairwise(edges))


def _skin_like(picture: ImageArray, points: FloatArray, size: float) -> FloatArray:
    """Make a tile of texture, (n, n), with the spectrum of a calm piece of cheek.

    Random phases keep the coarseness of the grain, but no mole, hair or block edge, and the tile
    fits to itself (Galerne, Gousseau and Morel, "Random phase textures", 2011).
    White noise when no cheek is in the picture.
    """
    side = max(12, round(_SIDE * size))
    height, width = picture.shape[:2]
    pieces = []
    for x, y in np.round(points[list(_CHEEKS), :2]).astype(int) - side // 2:
        if min(x, y) >= 0 and x + side <= width and y + side <= height:
            bright = luma(picture[y : y + side, x : x + side])
            fine = bright - blur(bright, max(2.0, _COARSEST * size))
            pieces.append((float(np.quantile(np.abs(fine), 0.98)), fine))
    noise = np.random.default_rng(11).normal(size=(side, side))
    if not pieces:
        return np.asarray(noise, dtype=np.float32)
    piece = sorted(pieces, key=lambda piece: piece[0])[len(pieces) // 3][1]
    window = np.hanning(side + 2)[1:-1]
    strength = np.abs(np.fft.rfft2(piece * window[:, None] * window))
    strength = _same_in_all_directions(strength, side)
    phases = np.fft.rfft2(noise)
    phases /= np.maximum(np.abs(phases), 1e-9)
    return np.asarray(np.fft.irfft2(strength * phases, s=(side, side)), dtype=np.float32)


def _same_in_all_directions(
    strength: npt.NDArray[np.float64], side: int
) -> npt.NDArray[np.float64]:
    """Average a spectrum (side, side // 2 + 1) over circles: a lid has no stripes of a cheek."""
    radius = np.hypot(np.fft.fftfreq(side)[:, None], np.fft.rfftfreq(side)) * side
    ring = np.round(radius).astype(int)
    mean = np.bincount(ring.ravel(), strength.ravel()) / np.bincount(ring.ravel())
    return np.asarray(mean[ring])


def _tiled(tile: FloatArray, size: tuple[int, ...]) -> FloatArray:
    """Repeat a tile over (h, w)."""
    times = [-(-wanted // have) for wanted, have in zip(size, tile.shape, strict=True)]
    return np.ascontiguousarray(np.tile(tile, times)[: size[0], : size[1]])
