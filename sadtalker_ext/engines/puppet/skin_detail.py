"""The fine texture of a picture's skin, for skin that the picture does not show: closed lids.

The texture is taken from the calmest piece of cheek of the same picture, so pores, brush strokes or
the blocks of a compressed file look like the rest; its strength is measured near the eye, band by
band, because lids are smoother than cheeks.
"""

from __future__ import annotations

import itertools

import numpy as np

from sadtalker_ext.engines.puppet.eye_shape import EyeShape
from sadtalker_ext.engines.puppet.soft_fields import blur, luma
from sadtalker_ext.types import FloatArray, ImageArray

_CHEEKS = (50, 280, 205, 425, 101, 330, 118, 347)  # mesh points
_SIDE = 0.7  # of the piece of skin, in eye sizes
_COARSEST = 0.07  # larger structures belong to the shading, in eye sizes
_SHARE = 0.65  # how much of the texture found near the eye a stretched lid keeps
_COARSE_SHARE = 0.5  # of structures wider than about two pixels
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
    source = _tiled(_calm_skin(picture, points, shape.size), bright.shape)
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


def _calm_skin(picture: ImageArray, points: FloatArray, size: float) -> FloatArray:
    """Cut out the texture of the calmest piece of skin, (n, n); noise when there is none."""
    side = max(12, round(_SIDE * size))
    height, width = picture.shape[:2]
    pieces = []
    for x, y in np.round(points[list(_CHEEKS), :2]).astype(int) - side // 2:
        if min(x, y) >= 0 and x + side <= width and y + side <= height:
            bright = luma(picture[y : y + side, x : x + side])
            fine = bright - blur(bright, max(2.0, _COARSEST * size))
            # the same strength everywhere: no mole or hair stands out
            even = fine / (blur(np.abs(fine), side / 6) + 0.5)
            pieces.append((float(np.quantile(np.abs(fine), 0.98)), even))
    if not pieces:
        noise = np.random.default_rng(11).normal(size=(side, side))
        return np.asarray(noise, dtype=np.float32)
    return min(pieces, key=lambda piece: piece[0])[1]


def _tiled(piece: FloatArray, size: tuple[int, ...]) -> FloatArray:
    """Continue a piece over (h, w) by mirroring it at its edges."""
    down, right = (max(0, wanted - have) for wanted, have in zip(size, piece.shape, strict=True))
    wide = np.pad(piece, ((0, down), (0, right)), mode="symmetric")
    return np.ascontiguousarray(wide[: size[0], : size[1]])
