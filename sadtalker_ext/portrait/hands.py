"""Hands in a part of a picture: where they are, and what they hide.

Two networks of MediaPipe's hands (arXiv:2006.10214): one finds palms as the face detector finds
faces, the other places 21 joints in a turned square around one palm, and says whether there is a
hand at all. Palms alone are not enough: an open mouth or a bright cheek passes for one now and
then, and the second network knows better.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

from sadtalker_ext.portrait.graph import Graph
from sadtalker_ext.portrait.network import Network
from sadtalker_ext.portrait.region import Region
from sadtalker_ext.types import FloatArray, ImageArray

PALM_SIZE: Final = 192
JOINTS_SIZE: Final = 224
JOINTS: Final = 21
_LEAST_PALM: Final = 0.3
"""Low, for the second network has the last word."""
SURE: Final = 0.8
"""Score of a hand from which on it counts. What was no hand and lay over lips had at most 0.66 (44
portraits, and 61 frames of eight films)."""
_LOOKS: Final = (2.0, 3.0)
"""Sides of the squares around a part of a face in which hands are looked for, in face heights."""
_ENOUGH: Final = 0.5
"""A part of the area that needs no second look."""
_SAME_PALM: Final = 0.3
"""Boxes that share more than this part of their union are the same palm."""
_MOST_PALMS: Final = 4
_HAND_SIDE: Final = 2.6
"""Side of the square around a hand, in sizes of its palm's box."""
_HAND_AHEAD: Final = 0.5
"""How far from the palm towards the fingers its centre lies, in the same unit."""
_WRIST, _MIDDLE = 0, 2
"""Points of a palm: the wrist, and the knuckle of the middle finger."""
_PALM: Final = (0, 1, 5, 9, 13, 17)
_FINGERS: Final = ((1, 2, 3, 4), (5, 6, 7, 8), (9, 10, 11, 12), (13, 14, 15, 16), (17, 18, 19, 20))
_FINGER_WIDTH: Final = 0.3
"""Of the width of the knuckles, or 0.6 of the palm's length if that is more (a hand seen from its
edge)."""
_GRID: Final = 64


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Hand:
    """One hand.

    Attributes:
        points: (21, 2) float32 joints in picture pixels: wrist, then four of each finger from the
            thumb on, roots first.
        score: How sure the network is that there is a hand, 0 to 1.
    """

    points: FloatArray
    score: float

    def share_of(self, outline: FloatArray) -> float:
        """Return the part of the area inside an outline that the hand lies over, 0 to 1.

        Args:
            outline: (N, 2) picture pixels.
        """
        low = outline.min(axis=0)
        scale = _GRID / max(float(np.ptp(outline, axis=0).max()), 1e-6)
        area, hand = (np.zeros((_GRID + 1, _GRID + 1), np.uint8) for _ in range(2))
        cv2.fillPoly(area, [np.round((outline - low) * scale).astype(np.int32)], 1)
        points = np.clip((self.points - low) * scale, -1e4, 1e4)
        knuckles = float(np.linalg.norm(points[5] - points[17]))
        palm = float(np.linalg.norm(points[0] - points[9]))
        width = max(1, round(_FINGER_WIDTH * max(knuckles, 0.6 * palm)))
        places = np.round(points).astype(np.int32)
        cv2.fillPoly(hand, [places[list(_PALM)]], 1)
        for finger in _FINGERS:
            cv2.polylines(hand, [places[list(finger)]], isClosed=False, color=1, thickness=width)
        return float(hand[area > 0].mean())


@dataclass(frozen=True, slots=True)
class _Palm:
    """A palm: centre, size of its box, and seven points, in picture pixels."""

    score: float
    centre: npt.NDArray[np.float32]
    size: npt.NDArray[np.float64]
    points: FloatArray


class HandFinder:
    """Finds hands. Safe to call from several threads.

    Args:
        palms: The model file that finds palms.
        joints: The model file that places the joints of a hand.
    """

    def __init__(self, palms: Path, joints: Path) -> None:
        self._palms = Network(palms, ("Identity", "Identity_1"))
        self._joints = Graph(joints)
        self._anchors = _anchors()

    def __call__(self, picture: ImageArray, region: Region) -> list[Hand]:
        """Return the likely hands in a square of a picture, surest palm first.

        Not every one of them is a hand: `Hand.score` tells.

        Args:
            picture: (H, W, 3) uint8 RGB.
            region: Where to look; hands of a tenth to a half of its side are found.
        """
        return [self._hand(picture, palm) for palm in self._found(picture, region)]

    def share_hidden(self, picture: ImageArray, outline: FloatArray, face_height: float) -> float:
        """Return the part of an area on a face that a hand lies over, 0 to 1.

        Args:
            picture: (H, W, 3) uint8 RGB.
            outline: (N, 2) of the area, in picture pixels.
            face_height: Of the face, in the same unit: a hand is about as long.
        """
        x, y = outline.mean(axis=0)
        most = 0.0
        for side in _LOOKS:
            around = Region(x=float(x), y=float(y), side=side * face_height)
            sure = [hand for hand in self(picture, around) if hand.score > SURE]
            most = max([most, *(hand.share_of(outline) for hand in sure)])
            if most > _ENOUGH:
                break
        return most

    def _found(self, picture: ImageArray, region: Region) -> list[_Palm]:
        boxes, logits = self._palms(region.cut(picture, PALM_SIZE, fill=0) / 255.0)
        scores = 1.0 / (1.0 + np.exp(-np.clip(logits.reshape(-1), -50, 50)))
        chosen = np.flatnonzero(scores > _LEAST_PALM)
        # per anchor: centre, size, then seven points, all relative to the anchor but the size
        values = boxes.reshape(-1, 9, 2)[chosen].astype(np.float64)
        values[:, 0] += self._anchors[chosen]
        values[:, 2:] += self._anchors[chosen][:, None]
        palms: list[_Palm] = []
        for place in np.argsort(-scores[chosen]):
            value = values[place]
            points = region.to_picture(value[[0, *range(2, 9)]].astype(np.float32), PALM_SIZE)
            size = value[1] * (region.side / PALM_SIZE)
            palm = _Palm(float(scores[chosen][place]), points[0], size, points[1:])
            if all(_shared(palm, other) < _SAME_PALM for other in palms):
                palms.append(palm)
        return palms[:_MOST_PALMS]

    def _hand(self, picture: ImageArray, palm: _Palm) -> Hand:
        up = palm.points[_MIDDLE] - palm.points[_WRIST]
        length = max(float(np.hypot(*up)), 1e-6)
        size = float(palm.size.max())
        x, y = palm.centre + up / length * _HAND_AHEAD * size
        region = Region(
            x=float(x),
            y=float(y),
            side=_HAND_SIDE * size,
            angle_rad=math.atan2(float(up[0]), -float(up[1])),
        )
        answer = self._joints((region.cut(picture, JOINTS_SIZE, fill=0) / 255.0)[None])
        points = answer["Identity"].reshape(JOINTS, 3)[:, :2]
        return Hand(
            points=region.to_picture(points, JOINTS_SIZE),
            score=float(answer["Identity_1"].reshape(-1)[0]),
        )


def _shared(a: _Palm, b: _Palm) -> float:
    """Return the part of the union of two boxes that both cover."""
    low = np.maximum(a.centre - a.size / 2, b.centre - b.size / 2)
    high = np.minimum(a.centre + a.size / 2, b.centre + b.size / 2)
    both = float(np.prod(np.maximum(high - low, 0)))
    return both / max(float(np.prod(a.size) + np.prod(b.size)) - both, 1e-6)


def _anchors() -> npt.NDArray[np.float64]:
    """Return the (2016, 2) anchor centres in pixels: two per cell of 24x24, six per one of 12x12.

    They are those of one layer with a stride of 8 pixels and of three with one of 16, two per cell
    and layer, all of one size.
    """
    rows = []
    for cells, repeats in ((24, 2), (12, 6)):
        line = (np.arange(cells) + 0.5) * (PALM_SIZE / cells)
        y, x = np.meshgrid(line, line, indexing="ij")
        rows.append(np.repeat(np.stack([x, y], axis=-1).reshape(-1, 2), repeats, axis=0))
    return np.concatenate(rows)
