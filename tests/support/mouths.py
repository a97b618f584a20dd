"""A face of flat colours whose mouth is open by so many pixels; no models needed."""

import cv2
import numpy as np

from sadtalker_ext.portrait import topology
from sadtalker_ext.portrait.filmed.places import CHIN_POINTS, LOWER_LIP
from sadtalker_ext.portrait.mean_face import mean_face

SKIN, LIP = (205, 160, 140), (180, 70, 80)
SCALE = 90


def painted(*, opening, inside, lip=LIP):
    """Return (H, W, 3) uint8 RGB and (478, 3) points of a face that looks at the viewer.

    Args:
        opening: How far the middle of the lower lip is below the upper one, in pixels.
        inside: Colour of what is between the lips.
        lip: Colour of the lips.
    """
    points = SCALE * mean_face() + np.array([160, 150, 0], np.float32)
    left, right = points[78, 0], points[308, 0]
    aside = np.clip(2 * (points[LOWER_LIP, 0] - left) / (right - left) - 1, -1, 1)
    points[LOWER_LIP, 1] += opening * (1 - aside**2)
    points[list(CHIN_POINTS), 1] += opening
    picture = np.full((400, 320, 3), SKIN, np.uint8)
    for chains, colour in (
        ((topology.LIPS_OUTER_UPPER, topology.LIPS_OUTER_LOWER), lip),
        ((topology.LIPS_INNER_UPPER, topology.LIPS_INNER_LOWER), inside),
    ):
        ring = [*chains[0], *chains[1][-2:0:-1]]
        cv2.fillPoly(picture, [points[ring, :2].round().astype(np.int32)], colour)
    return picture, points.astype(np.float32)
