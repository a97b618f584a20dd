"""A drawn face with two eyes and the mesh points that belong to it."""

from __future__ import annotations

import cv2
import numpy as np

from sadtalker_ext.engines.puppet.eyes.eye_shape import LEFT_EYE, RIGHT_EYE

SKIN = np.array([205, 160, 135], dtype=np.float32)
BROW = (45, 30, 25)


def eye_points(width: float, opening: float, *, picture: int, roll_deg: float = 0.0):
    """Place (478, 3) points: two almond eyes of the given corner distance and opening in pixels."""
    points = np.zeros((478, 3), dtype=np.float32)
    points[:, :2] = picture / 2
    middle = picture / 2
    for eye, side in ((LEFT_EYE, -1.0), (RIGHT_EYE, 1.0)):
        centre = np.array([middle + side * width, middle])
        along = np.linspace(0.5, -0.5, 9) * side  # outer corner to inner corner
        arch = 1 - (2 * along) ** 2
        points[list(eye.upper), 0] = centre[0] + along * width
        points[list(eye.lower), 0] = centre[0] + along * width
        points[list(eye.upper), 1] = centre[1] - 0.6 * opening * arch
        points[list(eye.lower), 1] = centre[1] + 0.4 * opening * arch
        ends = np.linspace(0.6, -0.55, 5) * side
        points[list(eye.brow_bottom), 0] = centre[0] + ends * width
        points[list(eye.brow_top), 0] = centre[0] + ends * width
        points[list(eye.brow_bottom), 1] = centre[1] - 0.6 * opening - 0.38 * width
        points[list(eye.brow_top), 1] = centre[1] - 0.6 * opening - 0.55 * width
        radius = 0.21 * width
        rim = [(0, 0), (radius, 0), (0, -radius), (-radius, 0), (0, radius)]
        points[list(eye.iris), :2] = centre + np.array(rim) - [0, 0.1 * opening]
    turn = np.deg2rad(roll_deg)
    matrix = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    points[:, :2] = (points[:, :2] - middle) @ matrix.T + middle
    return points


def draw_face(points, *, picture: int, seed: int = 3, lashes=(40, 25, 25)):
    """Draw skin with grain, brows, eye whites, irises and upper lashes, (H, W, 3) uint8."""
    noise = np.random.default_rng(seed).normal(0, 1.5, (picture, picture, 1))
    image = np.clip(SKIN + noise, 0, 255).astype(np.uint8)
    for eye in (LEFT_EYE, RIGHT_EYE):
        ring = points[[*eye.upper, *eye.lower[-2:0:-1]], :2]
        brow = points[[*eye.brow_bottom, *eye.brow_top[::-1]], :2]
        thickness = max(1, round(0.03 * float(np.linalg.norm(ring[0] - ring[8]))))
        inside = np.zeros((picture, picture), np.uint8)
        cv2.fillPoly(inside, [_fixed(ring)], 255, cv2.LINE_8, 4)
        eyeball = np.full_like(image, 238)
        iris = points[list(eye.iris), :2]
        radius = float(np.linalg.norm(iris[1] - iris[0]))
        centre = tuple(int(value) for value in _fixed(iris[:1])[0])
        cv2.circle(eyeball, centre, int(radius * 16), (70, 95, 140), -1, cv2.LINE_AA, 4)
        cv2.circle(eyeball, centre, int(radius * 7), (12, 10, 10), -1, cv2.LINE_AA, 4)
        image[inside > 0] = eyeball[inside > 0]
        upper = [_fixed(points[list(eye.upper), :2])]
        cv2.polylines(image, upper, False, lashes, thickness, cv2.LINE_AA, 4)
        cv2.fillPoly(image, [_fixed(brow)], BROW, cv2.LINE_AA, 4)
    return image


def _fixed(points):
    """Convert to OpenCV's fixed-point coordinates with 4 fractional bits."""
    return np.round(np.asarray(points) * 16).astype(np.int32)
