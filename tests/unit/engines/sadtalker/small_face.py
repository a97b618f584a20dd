"""Coefficients of a face that begins to speak, and its two ends."""

import numpy as np
import torch

from tests.golden.keyed_weights import unit_values

SIDE = 128


FRAMES = 60


def coefficient_rows():
    """A face at rest whose expression alone changes in the middle, by a tenth of its range."""
    row = (0.4 * unit_values("test", "row", 70)).astype(np.float32)
    rows = np.repeat(row[None], FRAMES, axis=0)
    rows[FRAMES // 2 :, :64] += (0.1 * unit_values("test", "speech", 64)).astype(np.float32)
    return row, rows


def ends(renderer, face, points):
    """Render silence and speech as floats, (2, 3, S, S)."""
    with torch.inference_mode():
        pair = [renderer._draw(face.source, points[[place]]) for place in (0, -1)]
    return torch.cat(pair)
