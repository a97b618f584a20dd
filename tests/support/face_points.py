"""A 478-point mesh with the proportions of a real face, placed anywhere; no models needed."""

import numpy as np

from sadtalker_ext.compositor.face_align import TEMPLATE
from sadtalker_ext.portrait.topology import OVAL


def placed_mesh(*, scale, turn_rad=0.0, at=(0, 0), mouth_open=0.0):
    """Return (478, 3) points of a face like the aligned template.

    Args:
        scale: Frame pixels per template pixel.
        turn_rad: Roll, clockwise.
        at: Where the middle of the five template points lies.
        mouth_open: Way of the chin, in template pixels.
    """
    points = np.tile(TEMPLATE.mean(axis=0), (478, 1))
    angle = np.linspace(0, 2 * np.pi, len(OVAL), endpoint=False)
    points[list(OVAL), 0] = 256 + 130 * np.sin(angle)
    points[list(OVAL), 1] = 290 - 165 * np.cos(angle)
    points[152, 1] += mouth_open
    for place, pair in enumerate([(33, 133), (362, 263)]):
        points[list(pair)] = TEMPLATE[place]
        points[pair[0], 0] -= 22
        points[pair[1], 0] += 22
    points[4] = TEMPLATE[2]
    points[61], points[291] = TEMPLATE[3], TEMPLATE[4]
    cosine, sine = np.cos(turn_rad), np.sin(turn_rad)
    turned = (points - TEMPLATE.mean(axis=0)) @ np.array([[cosine, sine], [-sine, cosine]])
    return np.concatenate([turned * scale + at, np.zeros((478, 1))], axis=1).astype(np.float32)
