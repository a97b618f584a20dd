"""Colours of a rendered frame brought to those of the picture it goes back into."""

from __future__ import annotations

import numpy as np

from sadtalker_ext.types import FloatArray, ImageArray

_COLOUR_REACH = 0.22
"""Standard deviation of the blur that carries colours from the soft edge inwards."""
_COARSER = 2
"""Cells of the mask's grid, in each direction, per cell on which colours are compared."""
_MATCH_ROUNDS = 2
_LARGEST_GAIN = 1.5
_LARGEST_SHIFT = 48.0
"""Grey levels; cells that still differ by more show other things, such as an opened mouth."""


def matched_colours(
    frame: ImageArray, picture: ImageArray, mask: FloatArray, face_size: float
) -> tuple[FloatArray, FloatArray]:
    """Return the gain (3,) and the smooth offset (h, w, 3) that give the picture's colours.

    Gain and constant offset give the frame's face the picture's mean and contrast. Means and
    deviations, unlike a fit cell by cell, do not suffer when the head has moved. What is left
    along the soft edge is carried inwards by a wide blur.

    Args:
        frame: (h, w, 3) uint8, the frame on the grid of the mask.
        picture: (h, w, 3) uint8, what lies behind it.
        mask: (h, w) float32, how much of the frame shows.
        face_size: Side of the face in cells of the grid.
    """
    import cv2

    grid = (mask.shape[1], mask.shape[0])
    cells = tuple(-(-side // _COARSER) for side in grid)
    shown, wanted, mask = (
        np.asarray(cv2.resize(one, cells, interpolation=cv2.INTER_AREA), np.float32)
        for one in (frame, picture, mask)
    )
    gain, offset = np.ones(3, np.float32), np.zeros(3, np.float32)
    same = np.ones(mask.shape, bool)
    for _ in range(_MATCH_ROUNDS):
        gain, offset = _matched(shown, wanted, mask * same)
        difference = np.asarray(wanted - (shown * gain + offset), np.float32)
        # channel by channel: a reduction along so short an axis takes ten times longer
        red, green, blue = (np.abs(difference[:, :, channel]) for channel in range(3))
        same = np.maximum(np.maximum(red, green), blue) < _LARGEST_SHIFT
    weight = (4 * mask * (1 - mask) * same + 1e-6).astype(np.float32)
    sigma = _COLOUR_REACH * face_size / _COARSER
    carried = cv2.GaussianBlur(difference * weight[:, :, None], (0, 0), sigma)
    total = cv2.GaussianBlur(weight, (0, 0), sigma)[:, :, None]
    shift = np.asarray(carried / total + offset, np.float32)
    return gain, np.asarray(cv2.resize(shift, grid), np.float32)


def _matched(
    frame: FloatArray, picture: FloatArray, weight: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Return gain and offset (3,) that match mean and deviation of the weighted cells."""
    share = weight / max(float(weight.sum()), 1e-6)
    (frame_mean, frame_spread), (picture_mean, picture_spread) = (
        _mean_and_spread(one, share) for one in (frame, picture)
    )
    ratio = np.sqrt((picture_spread + 1) / (frame_spread + 1))
    gain: FloatArray = np.clip(ratio, 1 / _LARGEST_GAIN, _LARGEST_GAIN).astype(np.float32)
    return gain, picture_mean - gain * frame_mean


def _mean_and_spread(cells: FloatArray, share: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return the weighted mean and variance of every channel (3,); the weights sum up to 1."""
    # not by matrix products, see `spread.py`
    mean: FloatArray = np.einsum("ij,ijc->c", share, cells)
    from_mean = cells - mean
    return mean, np.einsum("ij,ijc->c", share, from_mean * from_mean)
