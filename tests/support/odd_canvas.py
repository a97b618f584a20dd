"""What odd faces are drawn with: a plan of where things are, and a smooth canvas."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

SIDE = 512
"""Of a finished picture, in pixels."""
Point = tuple[float, float]


@dataclass(frozen=True, kw_only=True)
class FacePlan:
    """Where things are, in pixels: eyes by centre and half sizes, everything else by points."""

    eye: Point  # way of each eye from the middle, and its height
    eye_size: Point
    brow: Point
    nose: float
    mouth: tuple[float, float, float, float]  # half width, height of seam, of upper and lower lip
    chin: float
    cheek: Point
    forehead: float
    middle: float = 256

    def points(self) -> dict[str, Point]:
        (ex, ey), (ew, eh), m = self.eye, self.eye_size, self.middle
        half, seam, upper, lower = self.mouth
        found = {
            "left_eye_outer": (m - ex - ew, ey),
            "left_eye_top": (m - ex, ey - eh),
            "left_eye_inner": (m - ex + ew, ey),
            "left_eye_bottom": (m - ex, ey + eh),
            "right_eye_inner": (m + ex - ew, ey),
            "right_eye_top": (m + ex, ey - eh),
            "right_eye_outer": (m + ex + ew, ey),
            "right_eye_bottom": (m + ex, ey + eh),
            "left_brow": (m - self.brow[0], self.brow[1]),
            "right_brow": (m + self.brow[0], self.brow[1]),
            "nose_tip": (m, self.nose),
            "mouth_left": (m - half, seam),
            "upper_lip": (m, upper),
            "mouth_right": (m + half, seam),
            "lower_lip": (m, lower),
            "mouth_middle": (m, seam),
            "left_cheek": (m - self.cheek[0], self.cheek[1]),
            "chin": (m, self.chin),
            "right_cheek": (m + self.cheek[0], self.cheek[1]),
            "forehead": (m, self.forehead),
        }
        return {name: ((x + 0.5) / SIDE, (y + 0.5) / SIDE) for name, (x, y) in found.items()}


class Canvas:
    """A picture to draw on, at twice its size, so that edges are smooth."""

    def __init__(self, colour, seed=0):
        self.pixels = np.full((2 * SIDE, 2 * SIDE, 3), colour, np.uint8)
        self._noise = np.random.default_rng(seed)

    def oval(self, middle, size, colour, turn=0.0):
        centre, axes = [round(2 * one) for one in middle], [round(2 * one) for one in size]
        cv2.ellipse(self.pixels, centre, axes, turn, 0, 360, colour, -1, cv2.LINE_AA)

    def shape(self, corners, colour):
        table = np.round(2 * np.array(corners)).astype(np.int32)
        cv2.fillPoly(self.pixels, [table], colour, cv2.LINE_AA)

    def line(self, corners, colour, wide=2.0):
        table = np.round(2 * np.array(corners)).astype(np.int32)
        cv2.polylines(self.pixels, [table], False, colour, round(2 * wide), cv2.LINE_AA)

    def arc(self, middle, size, first, last, colour, wide=2.0):
        centre, axes = [round(2 * one) for one in middle], [round(2 * one) for one in size]
        cv2.ellipse(self.pixels, centre, axes, 0, first, last, colour, round(2 * wide), cv2.LINE_AA)

    def eyes(self, plan, white, iris, pupil=(15, 15, 20), *, slit=False, share=0.8):
        (ex, ey), (ew, eh) = plan.eye, plan.eye_size
        for side in (-1, 1):
            at = (plan.middle + side * ex, ey)
            self.oval(at, (ew, eh), white)
            size = min(share * eh, 0.8 * ew)
            self.oval(at, (size, size), iris)
            self.oval(
                at,
                (0.25 * size if slit else 0.5 * size, 0.85 * size if slit else 0.5 * size),
                pupil,
            )
            self.oval((at[0] - 0.3 * size, ey - 0.4 * size), (0.2 * size, 0.2 * size), (250,) * 3)

    def rough(self, amount):
        grain = self._noise.normal(0, amount, (SIDE, SIDE, 1))
        small = cv2.resize(self.pixels, (SIDE, SIDE), interpolation=cv2.INTER_AREA)
        return np.clip(small + grain, 0, 255).astype(np.uint8)
