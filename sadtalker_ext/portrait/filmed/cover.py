"""What lies before the mouth: hands, microphones, hair. It stays in front.

The lower face is looked at in its own coordinates, as a small picture in which the head always
looks at the viewer. From frames spread over the video its usual colours are known, and how much
they change as the person speaks; what is far from them in a frame, over more than a speck, is
something else.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from sadtalker_ext.curves import smoothstep
from sadtalker_ext.pixels import remap
from sadtalker_ext.planes import Planes
from sadtalker_ext.portrait import topology
from sadtalker_ext.portrait.filmed.habits import Habits
from sadtalker_ext.portrait.filmed.pose import WIDTH, Pose
from sadtalker_ext.portrait.thin_plate import through
from sadtalker_ext.types import Box, FloatArray

_LEARNED_FRAMES = 40
"""Frames from which the usual colours of the lower face are learned."""
_COLUMNS, _ROWS = 40, 40
_ACROSS = 0.36
"""Half width of the small picture, in face widths."""
_FLOOR = 0.10
"""Change of colour, as a share of the skin's, that is always usual."""
_USUAL = (2.6, 4.2)
"""Times the usual change from which something may lie before, and surely does."""
_LEAST_SHARE = 0.015
"""Smaller parts of the small picture are specks: a shadow, a fold."""
_HIDDEN = (0.45, 0.7)
"""Share of the lips that must be covered for the frame to stay as it is, beginning and wholly."""


class CoverFinder:
    """Finds what lies before one person's mouth.

    Args:
        habits: The face.
        looks: Frames with (478, 3) points and the (3,) colour of the skin.
    """

    def __init__(
        self, habits: Habits, looks: Iterable[tuple[Planes, FloatArray, FloatArray]]
    ) -> None:
        self._habits = habits
        own = habits.own
        base, chin = own[topology.NOSE_BASE[3], 1], own[topology.CHIN, 1]
        self._low = np.array([-_ACROSS * WIDTH, base + 0.02 * WIDTH], np.float32)
        self._high = np.array([_ACROSS * WIDTH, chin - 0.03 * WIDTH], np.float32)
        x = np.linspace(self._low[0], self._high[0], _COLUMNS, dtype=np.float32)
        y = np.linspace(self._low[1], self._high[1], _ROWS, dtype=np.float32)
        flat = np.dstack(np.meshgrid(x, y)).astype(np.float32)
        anchors = own[[*topology.OVAL, *topology.NOSE_BASE, *topology.LIPS_OUTER_UPPER, 17, 200]]
        depth = through(anchors[:, :2], anchors[:, 2:], flat, WIDTH)
        self._places: FloatArray = np.dstack([flat, depth]).astype(np.float32)
        self._lips = _inside(
            flat, own[[*topology.LIPS_OUTER_UPPER, *topology.LIPS_OUTER_LOWER[-2:0:-1]], :2]
        )
        self._mouth = cv2.dilate(self._lips.astype(np.uint8), np.ones((7, 7), np.uint8)) > 0
        stack = [self._seen(planes, habits.pose(points), skin) for planes, points, skin in looks]
        known = np.stack(stack)
        self._middle: FloatArray = np.median(known, 0).astype(np.float32)
        spread = 1.48 * np.median(np.abs(known - self._middle), 0)
        # a cell may have the colours of its neighbours: chin and lips move
        high = cv2.dilate(self._middle, np.ones((5, 5), np.uint8))
        low = cv2.erode(self._middle, np.ones((5, 5), np.uint8))
        self._top, self._bottom = high, low
        self._spread: FloatArray = (spread + _FLOOR).astype(np.float32)

    def pose(self, points: FloatArray) -> Pose:
        """Return the pose of the face in a frame, from its (478, 3) mesh points."""
        return self._habits.pose(points)

    def cover(self, planes: Planes, pose: Pose, skin: FloatArray, box: Box) -> FloatArray | None:
        """Return (h, w) how far something lies before the face in a box, 0..1; None for nothing.

        Args:
            planes: The frame.
            pose: Of the head in it.
            skin: (3,) colour of the skin in it.
            box: Part of the frame.
        """
        mask = self._covered(self._seen(planes, pose, skin))
        if mask is None:
            return None
        flat = pose.flat(float(self._places[..., 2].mean()))
        step = (self._high - self._low) / np.array([_COLUMNS - 1, _ROWS - 1], np.float32)
        matrix = flat.copy()
        matrix[:, :2] = flat[:, :2] * step
        matrix[:, 2] = flat[:, :2] @ self._low + flat[:, 2] - np.array(box[:2], np.float32)
        size = (box[2] - box[0], box[3] - box[1])
        large = cv2.warpAffine(
            mask, matrix, size, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
        )
        hidden = float(smoothstep(*_HIDDEN, mask[self._lips].mean()))
        cover: FloatArray = np.maximum(large, hidden).astype(np.float32)
        return cover

    def _covered(self, seen: FloatArray) -> FloatArray | None:
        beyond = np.maximum(seen - self._top, self._bottom - seen)
        unusual = (np.maximum(beyond, 0) / self._spread).max(-1)
        soft = cv2.blur(unusual, (3, 3))
        found = (soft > _USUAL[0]).astype(np.uint8)
        count, labels, facts, _ = cv2.connectedComponentsWithStats(found, connectivity=8)
        keep = np.zeros(count, bool)
        for label in range(1, count):
            strong = float(soft[labels == label].max()) > _USUAL[1]
            keep[label] = strong and facts[label, cv2.CC_STAT_AREA] > _LEAST_SHARE * found.size
        if not keep.any():
            return None
        solid: npt.NDArray[Any] = keep[labels].astype(np.uint8)
        solid = cv2.morphologyEx(solid, cv2.MORPH_CLOSE, np.ones((5, 5), np.uint8))
        # what crosses the lips hides them, too, though they may have any colour
        for kernel in (np.ones((_ROWS // 2, 1), np.uint8), np.ones((1, _COLUMNS // 2), np.uint8)):
            crossing = cv2.morphologyEx(solid, cv2.MORPH_CLOSE, kernel)
            solid = np.where(self._mouth, crossing, solid)
        wide = cv2.dilate(solid, np.ones((3, 3), np.uint8)).astype(np.float32)
        return np.asarray(cv2.GaussianBlur(wide, (0, 0), 1.0), np.float32)

    def _seen(self, planes: Planes, pose: Pose, skin: FloatArray) -> FloatArray:
        """Return (rows, columns, 3) the lower face from the front, in shares of the skin."""
        where = pose.place(self._places)[..., :2]
        low, high = np.floor(where.min((0, 1))).astype(int), np.ceil(where.max((0, 1))).astype(int)
        box = planes.inside((int(low[0]) - 2, int(low[1]) - 2, int(high[0]) + 3, int(high[1]) + 3))
        picture, scale = planes.look(box, 3 * _COLUMNS)
        soft = cv2.blur(picture, (3, 3)).astype(np.float32)
        x = (where[..., 0] - box[0] + 0.5) * scale - 0.5
        y = (where[..., 1] - box[1] + 0.5) * scale - 0.5
        taken = remap(soft, x, y, cv2.INTER_LINEAR, border=cv2.BORDER_REPLICATE)
        shares = np.asarray(taken, np.float32) / np.maximum(skin, np.float32(20.0))
        return np.asarray(shares, np.float32)


def learn_covers(
    habits: Habits,
    seen: npt.NDArray[Any],
    frames_of: Callable[[Sequence[int]], Iterable[tuple[int, Planes]]],
    face_in: Callable[[int], tuple[FloatArray, FloatArray] | None],
) -> CoverFinder:
    """Learn the usual colours of the lower face from frames spread over a video.

    Args:
        habits: The face.
        seen: (n,) numbers of the frames that show it.
        frames_of: Gives frames by their numbers, which rise.
        face_in: Gives the (478, 3) mesh points and the (3,) colour of the skin in a frame.
    """
    spread = np.unique(np.linspace(0, len(seen) - 1, _LEARNED_FRAMES).astype(int))

    def looks() -> Iterator[tuple[Planes, FloatArray, FloatArray]]:
        for number, planes in frames_of(seen[spread].tolist()):
            face = face_in(number)
            if face is not None:
                yield planes, *face

    return CoverFinder(habits, looks())


def _inside(places: FloatArray, outline: FloatArray) -> npt.NDArray[np.bool_]:
    """Tell which (h, w, 2) places of a regular grid lie inside an outline (K, 2)."""
    low = places[0, 0]
    step = places[1, 1] - low
    mask = np.zeros(places.shape[:2], np.uint8)
    cv2.fillPoly(mask, [np.rint((outline - low) / step).astype(np.int32)], 1)
    return np.asarray(mask > 0)
