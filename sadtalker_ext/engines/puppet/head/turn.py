"""The turn of the head: one smooth field for the whole head, over a background that stays.

Convention
    Yaw positive turns towards the right edge of the picture, pitch positive nods down, roll
    positive tilts clockwise as the viewer sees it; degrees. The projection is parallel, so a point
    moves by ``w (R - 1) (p - pivot)``, with the rotation R, and w from 1 (head) to 0 (torso).
    Collar and shoulders take a little of the turn; a breath lifts head, shoulders and chest, and
    broadens the chest. Hair takes the rotation of a pose that trails behind the head's.
"""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

from sadtalker_ext.engines.puppet.fields import grid, sample, sample_cubic
from sadtalker_ext.engines.puppet.head.depth import (
    HeadFrame,
    chest_weight,
    fade_weight,
    follow_weight,
    head_depth,
    shoulder_weight,
)
from sadtalker_ext.engines.puppet.head.hair import hair_weight
from sadtalker_ext.engines.puppet.head.matte import Layers, split_layers
from sadtalker_ext.engines.puppet.head.region import face_core, moving_box, usable
from sadtalker_ext.pixels import halves
from sadtalker_ext.types import FloatArray, ImageArray

_INVERSE_STEPS = 4
_SHOULDERS_FOLLOW = 0.18
"""Share of the head's turn and tilt that collar and shoulders take."""
_BROADENS = 0.7
"""By this share of its lift a breath moves the chest outwards, a face height beside its middle."""
_PIVOT = 0.10
"""The head rolls about a point this many face heights below the chin."""
_STRETCH = 0.5
"""How much the person may be stretched where they touch the border of the picture."""
_OPAQUE = 4096
"""A matte of 1 in the whole numbers used for speed."""
_STILL = 1e-3
"""A pose below this (degrees, or face heights for the lift) moves nothing."""
ShortArray = npt.NDArray[np.int16]


class HeadTurn:
    """Turns the head of one picture.

    Args:
        picture: (H, W, 3) uint8.
        points: (478, 3) mesh points in the picture.
        mask: (H, W) float32 person 0..1; a mask that misses the face or covers everything is not
            used, and the turn then fades out around the head.

    Attributes:
        box: The only part of a frame that can differ from the canvas.
        layered: Whether the background is held still behind the head.
    """

    def __init__(self, picture: ImageArray, points: FloatArray, mask: FloatArray) -> None:
        self._frame = HeadFrame.from_points(points)
        core = face_core(points, mask.shape[:2])
        self.layered = usable(mask, core)
        rough = mask if self.layered else np.ones_like(mask)
        self.box = moving_box(self._frame, rough, layered=self.layered)
        left, top, right, bottom = self.box
        window = np.s_[top:bottom, left:right]
        self._source = np.ascontiguousarray(picture[window])
        local_points = points - np.array([left, top, 0], np.float32)
        self._frame = HeadFrame.from_points(local_points)
        self._layers: Layers | None = None
        if self.layered:
            reach = max(2.0, 0.03 * self._frame.width)
            self._layers = split_layers(self._source, mask[window], core[window], reach)
            self._opaque = np.rint(self._layers.matte * _OPAQUE).astype(np.int16)
            self._behind = _planes(self._layers.background)
            clear = np.asarray(_OPAQUE - self._opaque, np.int16)
            self._shining = [_shining_through(plane, clear) for plane in self._behind]
        self._prepare_field(local_points, picture.shape[:2])

    def apply(
        self,
        canvas: ImageArray,
        yaw: float,
        pitch: float,
        roll: float,
        lift: float = 0.0,
        trailing: tuple[float, float, float] | None = None,
    ) -> ImageArray:
        """Return a new frame with the head of the canvas turned.

        Args:
            canvas: (H, W, 3) uint8, the picture with the face's expression painted in.
            yaw: Degrees.
            pitch: Degrees.
            roll: Degrees.
            lift: Upwards movement in face heights.
            trailing: Yaw, pitch and roll of the hair, in degrees; None: those of the head.
        """
        frame = canvas.copy()
        turned = max(abs(angle) for angle in (yaw, pitch, roll, *(trailing or ())))
        if turned < _STILL and abs(lift) < _STILL:
            return frame
        places = halves(self._places(yaw, pitch, roll, lift, trailing))
        left, top, right, bottom = self.box
        window = frame[top:bottom, left:right]
        layers = self._layers
        if layers is None:
            window[:] = sample_cubic(window, places)
            return frame
        # The light of the person moves, what shines through from behind is made anew. Plane by
        # plane: OpenCV interpolates one channel five times as fast as three.
        opaque = sample_cubic(self._opaque, places)
        clear = np.asarray(_OPAQUE - opaque, np.int16)
        planes = [
            _moved_plane(plane, own, behind, clear, places)
            for plane, own, behind in zip(_planes(window), self._shining, self._behind, strict=True)
        ]
        cv2.merge(planes, dst=window)
        return frame

    def _prepare_field(self, points: FloatArray, picture_size: tuple[int, ...]) -> None:
        """Compute the parts of the field that do not depend on the pose, on the reduced grid."""
        frame = self._frame
        height, width = self._source.shape[:2]
        self._step = step = max(1, round(frame.width / 50))
        rows, columns = -(-height // step), -(-width // step)
        self._cells = grid(rows, columns)
        self._pixels = grid(height, width)
        places = self._cells * step + np.float32((step - 1) / 2)
        x, y = places[..., 0], places[..., 1]
        weight, shoulders = follow_weight(frame, x, y), shoulder_weight(frame, x, y)
        chest = chest_weight(frame, x, y)
        hair = np.zeros_like(weight)
        if self._layers is None:
            fade = fade_weight(frame, x, y)
            weight, shoulders, chest = weight * fade, shoulders * fade, chest * fade
            inside = np.asarray(fade > 0.9, np.float32)
        else:
            inside = _reduce(self._layers.matte, step, rows, columns)
            hair = hair_weight(frame, points, x, y)
        depth = head_depth(frame, points, inside, step)
        pivot = frame.chin + _PIVOT * frame.height * frame.down
        across = (x - pivot[0]) * frame.across[0] + (y - pivot[1]) * frame.across[1]
        down = (x - pivot[0]) * frame.down[0] + (y - pivot[1]) * frame.down[1]
        one = np.ones_like(across)
        arm = np.stack([across, down, depth - frame.axis_depth, one, across / frame.height], -1)
        turns = np.maximum(weight, _SHOULDERS_FOLLOW * shoulders)
        share = np.dstack([turns, turns, turns, np.maximum(weight, chest), chest])
        # From the left and top border, and from the right and bottom one, at least half a pixel.
        ends = np.array(picture_size[::-1], np.float32) - 1.0 - np.array(self.box[:2], np.float32)
        self._room = (
            np.maximum(places + np.array(self.box[:2], np.float32), 0.5),
            np.maximum(ends - places, 0.5),
        )
        self._arm = np.ascontiguousarray(arm * share, np.float32)
        # Clothes on the shoulders follow, but do not swing.
        self._hair = np.ascontiguousarray(arm[..., :3] * (weight * hair)[..., None], np.float32)

    def _places(
        self,
        yaw: float,
        pitch: float,
        roll: float,
        lift: float,
        trailing: tuple[float, float, float] | None = None,
    ) -> FloatArray:
        """Return, for every pixel of the box, the place in the canvas it comes from (h, w, 2)."""
        motion = self._motion(yaw, pitch, roll, lift)
        forward = np.asarray(cv2.transform(self._arm, motion), np.float32)
        if trailing is not None:
            behind = self._motion(*trailing, lift) - motion
            forward += np.asarray(cv2.transform(self._hair, behind[:, :3]), np.float32)
        forward = self._held_at_border(forward)
        # What lands at q came from p with p + forward(p) = q: p = q - forward(p), repeated.
        shift = forward
        for _ in range(_INVERSE_STEPS):
            cells = self._cells - shift / np.float32(self._step)
            shift = sample(forward, cells, clamp=True)
        height, width = self._pixels.shape[:2]
        rows, columns = shift.shape[:2]
        full = cv2.resize(shift, (columns * self._step, rows * self._step))[:height, :width]
        return np.asarray(self._pixels - full, np.float32)

    def _held_at_border(self, shift: FloatArray) -> FloatArray:
        """Limit movement away from the picture's border, so that nothing unknown is revealed.

        A point at distance d moves inwards by at most a share of d: hair cut off by the border is
        stretched a little instead of torn off.
        """
        inward = np.maximum(shift, 0.0), np.maximum(-shift, 0.0)
        low, high = (
            part / np.sqrt(np.sqrt(1.0 + (part / (_STRETCH * room)) ** 4))
            for part, room in zip(inward, self._room, strict=True)
        )
        return np.asarray(low - high, np.float32)

    def _motion(self, yaw: float, pitch: float, roll: float, lift: float) -> FloatArray:
        """Return the (2, 5) matrix from the arm's values to the shift in x and y.

        An arm is (across, down, depth, 1, across in face heights), each with its weight.
        """
        a, b, c = np.deg2rad([yaw, pitch, roll])
        turn = np.array(
            [[np.cos(a), 0, -np.sin(a)], [0, 1, 0], [np.sin(a), 0, np.cos(a)]], np.float64
        )
        nod = np.array(
            [[1, 0, 0], [0, np.cos(b), -np.sin(b)], [0, np.sin(b), np.cos(b)]], np.float64
        )
        tilt = np.array([[np.cos(c), -np.sin(c), 0], [np.sin(c), np.cos(c), 0], [0, 0, 1]])
        rotation = (tilt @ nod @ turn - np.eye(3))[:2]
        raised = lift * self._frame.height
        local = np.concatenate([rotation, [[0.0, _BROADENS * raised], [-raised, 0.0]]], axis=1)
        axes = np.stack([self._frame.across, self._frame.down], axis=1)
        return np.asarray(axes @ local, np.float32)


def _planes(image: ImageArray) -> list[ImageArray]:
    """Return the channels of an (H, W, 3) picture."""
    return [np.asarray(plane, np.uint8) for plane in cv2.split(image)]


def _moved_plane(
    canvas: ImageArray,
    shining: ShortArray,
    behind: ImageArray,
    clear: ShortArray,
    places: tuple[FloatArray, FloatArray],
) -> ImageArray:
    """Move the person in one channel.

    Args:
        canvas: (H, W) the picture with the face's expression.
        shining: (H, W) what shines through in the picture.
        behind: (H, W) the background.
        clear: (H, W) 1 - a where the person is now.
        places: (H, W) x and y where each pixel comes from.
    """
    person = np.asarray(cv2.subtract(canvas, shining, dtype=cv2.CV_16S), np.int16)
    moved = sample_cubic(person, places)
    return np.asarray(cv2.add(moved, _shining_through(behind, clear), dtype=cv2.CV_8U), np.uint8)


def _shining_through(behind: ImageArray, clear: ShortArray) -> ShortArray:
    """Return (1 - a) B of one channel as (H, W) int16, with 1 - a = clear / `_OPAQUE`."""
    parts = cv2.multiply(behind, clear, scale=1.0 / _OPAQUE, dtype=cv2.CV_16S)
    return np.asarray(parts, np.int16)


def _reduce(values: FloatArray, step: int, rows: int, columns: int) -> FloatArray:
    """Average (H, W) values over the cells of the reduced grid."""
    height, width = values.shape
    padded = cv2.copyMakeBorder(
        values, 0, rows * step - height, 0, columns * step - width, cv2.BORDER_REPLICATE
    )
    reduced = cv2.resize(padded, (columns, rows), interpolation=cv2.INTER_AREA)
    return np.asarray(reduced, np.float32)
