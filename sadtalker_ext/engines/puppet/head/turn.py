"""The turn of the head: one smooth field for the whole head, over a background that stays.

The light of the person moves, and what shines through from behind is made anew (see `matte`): a
picture I with the matte a over the background B becomes ``I' - S' + (1 - a') B``, where S is
``(1 - a) B`` and a dash means moved. Where the person is opaque this is I' alone, and where nothing
moves, or nobody is, it is I: only what is left is computed, in rows of tiles.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence

import cv2
import numpy as np

from sadtalker_ext.engines.puppet.fine import FinePicture, reading_scale
from sadtalker_ext.engines.puppet.head.depth import HeadFrame
from sadtalker_ext.engines.puppet.head.field import Angles, HeadField, Pose, Sources
from sadtalker_ext.engines.puppet.head.matte import split_layers
from sadtalker_ext.engines.puppet.head.region import content_box, face_core, moving_box, usable
from sadtalker_ext.engines.puppet.head.tiles import Strip, Tiles
from sadtalker_ext.types import Box, FloatArray, ImageArray

_STILL = 1e-3
"""A pose below this (degrees, or face heights for the lift) moves nothing."""


class HeadTurn:
    """Turns the head of one picture. Safe to use from several threads.

    Args:
        picture: (H, W, 3) uint8.
        points: (478, 3) mesh points in the picture.
        mask: (H, W) float32 person 0..1; a mask that misses the face or covers everything is not
            used, and the turn then fades out around the head.
        content: The part of the picture that shows something; None: what `content_box` says.

    Attributes:
        box: The only part of a frame that can differ from the canvas.
        content: The part of the picture that shows something.
        layered: Whether the background is held still behind the head.
        field: Where the pixels of the box come from.
    """

    def __init__(
        self,
        picture: ImageArray,
        points: FloatArray,
        mask: FloatArray,
        content: Box | None = None,
    ) -> None:
        core = face_core(points, mask.shape[:2])
        self.layered = usable(mask, core)
        rough = mask if self.layered else np.ones_like(mask)
        content = content or content_box(picture)
        self.content = content
        frame = HeadFrame.from_points(points)
        self.box = moving_box(frame, rough, layered=self.layered, within=content)
        left, top, right, bottom = self.box
        window = np.s_[top:bottom, left:right]
        source = np.ascontiguousarray(picture[window])
        local_points = points - np.array([left, top, 0], np.float32)
        matte: FloatArray | None = None
        if self.layered:
            reach = max(2.0, 0.03 * HeadFrame.from_points(local_points).width)
            layers = split_layers(source, mask[window], core[window], reach)
            matte, self._behind = layers.matte, _four(layers.background)
        self.field = HeadField(local_points, self.box, content, matte)
        scale = reading_scale(picture, self.box)
        if matte is None:
            self._tiles = Tiles(self.field)
        else:
            clear = np.asarray(np.rint(255.0 - 255.0 * matte), np.uint8)
            bare = (source == self._behind[..., :3]).all(-1) & (clear == 255)
            self._tiles = Tiles(self.field, bare, clear == 0)
            shining = _share_of(self._behind, clear)
            shining[..., 3] = clear
            self._shining = FinePicture(shining, scale)
        self._picture = FinePicture(source, scale)
        self._own = threading.local()

    def apply(
        self,
        canvas: ImageArray,
        yaw: float,
        pitch: float,
        roll: float,
        lift: float = 0.0,
        trailing: Angles | None = None,
        *,
        changed: Sequence[Box] | None = None,
        within: Box | None = None,
    ) -> ImageArray:
        """Return a new frame with the head of the canvas turned.

        Args:
            canvas: (H, W, 3) uint8, the picture with the face's expression painted in.
            yaw: Degrees.
            pitch: Degrees.
            roll: Degrees.
            lift: Upwards movement in face heights.
            trailing: Yaw, pitch and roll of the hair, in degrees; None: those of the head.
            changed: Where the canvas differs from the constructor's picture; None: anywhere.
            within: The part of the canvas that is wanted; None: all of it.
        """
        shown = within or (0, 0, canvas.shape[1], canvas.shape[0])
        frame = canvas[shown[1] : shown[3], shown[0] : shown[2]].copy()
        pose = Pose((yaw, pitch, roll), lift, (yaw, pitch, roll) if trailing is None else trailing)
        self.draw(frame, canvas, pose, changed, shown)
        return frame

    def draw(
        self,
        frame: ImageArray,
        canvas: ImageArray,
        pose: Pose,
        changed: Sequence[Box] | None,
        within: Box,
    ) -> list[Box]:
        """Turn the head in a frame that shows a part of the canvas.

        Args:
            frame: (h, w, 3) uint8, the part `within` of the canvas as it is; drawn into.
            canvas: As for `apply`.
            pose: Of head and hair.
            changed: As for `apply`.
            within: Where the frame lies in the canvas.

        Returns:
            Everything that was drawn, in pixels of the frame.
        """
        turned = max(abs(angle) for angle in (*pose.head, *pose.hair))
        if turned < _STILL and abs(pose.lift) < _STILL:
            return []
        left, top, right, bottom = self.box
        fine = self._fine(canvas[top:bottom, left:right], changed)
        sources = self.field.sources(*pose.head, pose.lift, pose.hair, scale=fine.scale)
        # where the frame lies, in pixels of the box
        seen = (within[0] - left, within[1] - top, within[2] - left, within[3] - top)
        strips = (
            self._draw_strip(frame, fine, sources, strip, seen)
            for strip in self._tiles.strips(sources)
        )
        return [box for box in strips if box is not None]

    def _draw_strip(
        self, frame: ImageArray, fine: FinePicture, sources: Sources, strip: Strip, seen: Box
    ) -> Box | None:
        """Draw one strip into a frame that lies at `seen` in the box; return where in the frame."""
        pixels = self.field.pixels
        rows, columns = pixels(strip.cells[0], 1), pixels(strip.cells[1], 0)
        low, first = rows.start, columns.start
        rows, columns = _cut(rows, seen[1], seen[3]), _cut(columns, seen[0], seen[2])
        if rows.start >= rows.stop or columns.start >= columns.stop:
            return None
        here = _moved(rows, -low), _moved(columns, -first)
        x, y = (axis[here] for axis in self.field.places(sources, strip.cells))
        moved = fine.read(x, y)
        first, target = columns.start, frame[_moved(rows, -seen[1])]
        for run in strip.runs:
            part = _cut(pixels(run.columns, 0), columns.start, columns.stop)
            if part.start >= part.stop:
                continue
            across = np.s_[:, part.start - first : part.stop - first]
            if not run.opaque:
                self._over_background(moved[across], (x[across], y[across]), (rows, part))
            there = _moved(part, -seen[0])
            cv2.cvtColor(moved[across], cv2.COLOR_RGBA2RGB, dst=target[:, there])
        down, along = _moved(rows, -seen[1]), _moved(columns, -seen[0])
        return along.start, down.start, along.stop, down.stop

    def _over_background(
        self, moved: ImageArray, places: tuple[FloatArray, FloatArray], part: tuple[slice, ...]
    ) -> None:
        """Lay the moved person over what shines through from behind, in a part of the box."""
        shone = self._shining.read(*places)
        clear = np.asarray(cv2.extractChannel(shone, 3), np.uint8)
        shines = _share_of(self._behind[part], clear)
        # In bytes that stop at 0 and 255: what the person adds to the background, or takes from it.
        added, taken = cv2.subtract(moved, shone), cv2.subtract(shone, moved)
        cv2.subtract(cv2.add(shines, added, dst=shines), taken, dst=moved)

    def _fine(self, window: ImageArray, changed: Sequence[Box] | None) -> FinePicture:
        """Return this thread's own fine picture of the canvas."""
        own = self._own
        if not hasattr(own, "fine"):
            own.fine, own.changed = self._picture.copy(), ()
        height, width = window.shape[:2]
        boxes = [(0, 0, width, height)] if changed is None else self._inside(changed)
        # What the frame before has drawn elsewhere goes back to the picture.
        fine: FinePicture = own.fine
        for box in _joined([*boxes, *own.changed]):
            fine.draw(window, box)
        own.changed = tuple(boxes)
        return fine

    def _inside(self, boxes: Sequence[Box]) -> list[Box]:
        """Return the parts of boxes in the picture that lie in the head's box, in its pixels."""
        left, top, right, bottom = self.box
        cut = [
            (max(box[0], left), max(box[1], top), min(box[2], right), min(box[3], bottom))
            for box in boxes
        ]
        return [
            (box[0] - left, box[1] - top, box[2] - left, box[3] - top)
            for box in cut
            if box[0] < box[2] and box[1] < box[3]
        ]


def _joined(boxes: Sequence[Box]) -> list[Box]:
    """Return boxes that hold all of these, joined where that makes no more pixels."""
    apart: list[Box] = []
    for box in boxes:
        for index, other in enumerate(apart):
            both = (
                min(box[0], other[0]),
                min(box[1], other[1]),
                max(box[2], other[2]),
                max(box[3], other[3]),
            )
            if _area(both) <= _area(box) + _area(other):
                apart[index] = both
                break
        else:
            apart.append(box)
    return apart


def _area(box: Box) -> int:
    return (box[2] - box[0]) * (box[3] - box[1])


def _cut(part: slice, low: int, high: int) -> slice:
    return slice(max(part.start, low), min(part.stop, high))


def _moved(part: slice, by: int) -> slice:
    return slice(part.start + by, part.stop + by)


def _four(picture: ImageArray) -> ImageArray:
    return np.asarray(cv2.cvtColor(picture, cv2.COLOR_RGB2RGBA), np.uint8)


def _share_of(behind: ImageArray, clear: ImageArray) -> ImageArray:
    """Return the colours of (h, w, 4) times clear (h, w) / 255."""
    every = cv2.cvtColor(clear, cv2.COLOR_GRAY2RGBA)
    return np.asarray(cv2.multiply(behind, every, scale=1.0 / 255.0), np.uint8)
