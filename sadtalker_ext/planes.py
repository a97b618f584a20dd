"""Frames as decoders give them: brightness and colour planes, and parts of them as RGB.

A dubbed video keeps every pixel that is not drawn anew: only the part round a mouth becomes RGB,
and only the difference that was drawn goes back. So whatever the colour matrix, range or depth,
what is not touched stays as it was, bit by bit.

*Convention.* 4:2:0 planes: Y (H, W), U and V of half that size, rounded up; uint8, or uint16 with
10 bits. RGB is float32 on the scale 0..255, whatever the depth; it is not linear light.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from sadtalker_ext.types import Box, FloatArray, ImageArray

Plane = npt.NDArray[Any]
"""uint8, or uint16 with 10 bits."""

_WEIGHTS = {"601": (0.299, 0.114), "709": (0.2126, 0.0722), "2020": (0.2627, 0.0593)}
"""Weights of red and blue in the brightness (ITU-R BT.601, BT.709, BT.2020)."""
_MATRICES = {1: "709", 4: "601", 5: "601", 6: "601", 9: "2020", 10: "2020"}
"""By the code of the matrix (ITU-T H.273)."""
_CELL = 6
"""Least side in pixels of what becomes one pixel of a thumbnail in the last step."""
_HD_HEIGHT = 720
"""Videos that do not tell their matrix use that of HD from this height on, as players take it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Colours:
    """How the planes of a video mean colours.

    Attributes:
        matrix: "601", "709" or "2020".
        full: Whether values use the full range; usually Y is 16..235.
        bits: 8 or 10.
    """

    matrix: str = "709"
    full: bool = False
    bits: int = 8

    @staticmethod
    def of(matrix: int, *, full: bool, bits: int, height: int) -> Colours:
        """Return the meaning for the codes of a stream (ITU-T H.273) and its height."""
        guess = "709" if height >= _HD_HEIGHT else "601"
        return Colours(matrix=_MATRICES.get(matrix, guess), full=full, bits=bits)

    @property
    def to_rgb(self) -> FloatArray:
        """(3, 3) from Y and centred U, V in plane units to RGB 0..255."""
        red, blue = _WEIGHTS[self.matrix]
        green = 1 - red - blue
        unit = 255.0 / ((1 << self.bits) - 1)
        luma = unit if self.full else 255.0 / (219 << (self.bits - 8))
        chroma = unit if self.full else 255.0 / (224 << (self.bits - 8))
        v, u = 2 * (1 - red) * chroma, 2 * (1 - blue) * chroma
        rows = [
            [luma, 0.0, v],
            [luma, -u * blue / green, -v * red / green],
            [luma, u, 0.0],
        ]
        return np.array(rows, np.float32)

    @property
    def black(self) -> float:
        """Y of black."""
        return 0.0 if self.full else float(16 << (self.bits - 8))

    @property
    def middle(self) -> float:
        """U and V of grey."""
        return float(1 << (self.bits - 1))


@dataclass(frozen=True, slots=True, eq=False)
class Planes:
    """One frame; `draw` changes it.

    Attributes:
        y: (H, W).
        u: (ceil(H / 2), ceil(W / 2)).
        v: The same.
        colours: What the values mean.
    """

    y: Plane
    u: Plane
    v: Plane
    colours: Colours

    @property
    def size(self) -> tuple[int, int]:
        """Width and height in pixels."""
        return self.y.shape[1], self.y.shape[0]

    def copy(self) -> Planes:
        """Return the same frame, to be changed on its own."""
        return Planes(self.y.copy(), self.u.copy(), self.v.copy(), self.colours)

    def inside(self, box: Box) -> Box:
        """Return a box cut to the frame and grown to even edges; never empty."""
        width, height = self.size
        left = min(max(box[0], 0), width - 1) & ~1
        top = min(max(box[1], 0), height - 1) & ~1
        right = min(max(box[2], left + 2) + 1 & ~1, width)
        bottom = min(max(box[3], top + 2) + 1 & ~1, height)
        return left, top, right, bottom

    def rgb(self, box: Box) -> FloatArray:
        """Return a part, a box as `inside` gives it, as (h, w, 3) float32 RGB 0..255."""
        left, top, right, bottom = box
        size = (right - left, bottom - top)
        chroma = np.s_[top // 2 : (bottom + 1) // 2, left // 2 : (right + 1) // 2]
        luma = self.y[top:bottom, left:right].astype(np.float32) - self.colours.black
        middle = self.colours.middle
        u, v = (
            cv2.resize(plane[chroma].astype(np.float32), size, interpolation=cv2.INTER_LINEAR)
            - middle
            for plane in (self.u, self.v)
        )
        rgb = cv2.transform(cv2.merge([luma, u, v]), self.colours.to_rgb)
        return np.asarray(np.clip(rgb, 0, 255, out=rgb), np.float32)

    def look(self, box: Box, most_px: int) -> tuple[ImageArray, float]:
        """Return a part as uint8 RGB, averaged down so that no side is longer than `most_px`.

        Returns:
            (h, w, 3) and by how much it was scaled, at most 1; the part is one `inside` gives.
        """
        left, top, right, bottom = box
        scale = min(1.0, most_px / max(right - left, bottom - top))
        if scale == 1.0:
            return np.asarray(np.rint(self.rgb(box)), np.uint8), 1.0
        size = (max(2, round((right - left) * scale)), max(2, round((bottom - top) * scale)))
        half = np.s_[top // 2 : (bottom + 1) // 2, left // 2 : (right + 1) // 2]
        parts = (self.y[top:bottom, left:right], self.u[half], self.v[half])
        small = [cv2.resize(part, size, interpolation=cv2.INTER_AREA) for part in parts]
        to_rgb, middle = self.colours.to_rgb, self.colours.middle
        nothing = np.array([[self.colours.black], [middle], [middle]], np.float32)
        whole = np.hstack([to_rgb, -to_rgb @ nothing])
        rgb = cv2.transform(cv2.merge(small).astype(np.float32), whole)
        # OpenCV rounds and limits on the way to bytes; its stubs know no scalars
        bytes_of = cv2.add(rgb, (0, 0, 0, 0), dtype=cv2.CV_8U)  # type: ignore[call-overload]
        return np.asarray(bytes_of, np.uint8), scale

    def draw(self, box: Box, change: FloatArray) -> None:
        """Add a change (h, w, 3) of RGB to a part, a box as `inside` gives it."""
        left, top, right, bottom = box
        back = np.linalg.inv(self.colours.to_rgb.astype(np.float64)).astype(np.float32)
        y, u, v = cv2.split(cv2.transform(np.ascontiguousarray(change), back))
        _add(self.y[top:bottom, left:right], y, self.colours.bits)
        chroma = np.s_[top // 2 : (bottom + 1) // 2, left // 2 : (right + 1) // 2]
        for plane, values in ((self.u, u), (self.v, v)):
            part = plane[chroma]
            half = cv2.resize(values, part.shape[::-1], interpolation=cv2.INTER_AREA)
            _add(part, half, self.colours.bits)

    def thumbnail(self, width: int, height: int) -> FloatArray:
        """Return the brightness (height, width) float32, 0..255, averaged."""
        scale = 1 << (self.colours.bits - 8)
        small = self.y
        # by halves, which is quick, as long as that rounds next to nothing
        while min(small.shape[0] // height, small.shape[1] // width) >= 2 * _CELL:
            half = (small.shape[1] // 2, small.shape[0] // 2)
            small = cv2.resize(
                small[: 2 * half[1], : 2 * half[0]], half, interpolation=cv2.INTER_AREA
            )
        small = cv2.resize(small, (width, height), interpolation=cv2.INTER_AREA)
        return np.asarray(small, np.float32) / np.float32(scale)

    def picture(self) -> ImageArray:
        """Return the whole frame as (H, W, 3) uint8 RGB."""
        width, height = self.size
        return np.asarray(np.rint(self.rgb((0, 0, width, height))), np.uint8)


class CodedFrame:
    """The planes of one RGB frame as encoders take them: BT.709, limited range, 8 bits.

    Args:
        height: Of the frame, an even number.
        width: The same.

    Attributes:
        values: (height * 3 / 2, width) uint8: Y, and below it U and V, each of half the height
            and width, without gaps; this is what PyAV calls yuv420p. Changed by `convert`.
    """

    def __init__(self, height: int, width: int) -> None:
        colours = Colours(matrix="709", full=False, bits=8)
        back = np.linalg.inv(colours.to_rgb.astype(np.float64))
        offsets = [[colours.black], [colours.middle], [colours.middle]]
        self._matrix: FloatArray = np.hstack([back, offsets]).astype(np.float32)
        self.values: ImageArray = np.empty((height * 3 // 2, width), np.uint8)
        self._luma = self.values[:height]
        self._chroma = self.values[height:].reshape(2, height // 2, width // 2)

    def convert(self, part: ImageArray, rows: slice, columns: slice) -> None:
        """Take over a part of the frame, (h, w, 3) uint8 RGB with even sides at even places.

        A quarter of the media library's own time; parts that fit into the cache are the quickest.
        """
        cv2.extractChannel(cv2.transform(part, self._matrix), 0, self._luma[rows, columns])
        size = (part.shape[1] // 2, part.shape[0] // 2)
        half = cv2.resize(part, size, interpolation=cv2.INTER_AREA)
        colours = cv2.transform(half, self._matrix)
        down, across = (slice(one.start // 2, one.stop // 2) for one in (rows, columns))
        for plane, channel in zip(self._chroma, (1, 2), strict=True):
            cv2.extractChannel(colours, channel, plane[down, across])


def planes_of(values: ImageArray) -> Planes:
    """Return the planes of `CodedFrame.values`, which they share."""
    height, width = values.shape[0] * 2 // 3, values.shape[1]
    u, v = values[height:].reshape(2, height // 2, width // 2)
    return Planes(values[:height], u, v, Colours(matrix="709", full=False, bits=8))


@dataclass(frozen=True, slots=True, eq=False)
class Drawn:
    """What is drawn anew in a frame.

    Attributes:
        box: Where; even edges inside the frame.
        change: (h, w, 3) float32 to add to RGB 0..255.
    """

    box: Box
    change: FloatArray


@dataclass(frozen=True, slots=True, eq=False)
class Repainted:
    """A square that a network drew anew, and what of it belongs into the frame.

    *Convention.* Frame pixels have their centres at whole numbers.

    Attributes:
        pixels: (S, S, 3) uint8 RGB.
        corner: (2,) where the outer corner of the first pixel lies in the frame, x and y.
        side: Side of the square in frame pixels.
        outline: (K, 2) float32 frame pixels; what lies inside their convex hull is taken.
        amount: How much of it is seen, 0..1.
        cover: (h, w) float32 how far something lies before the face, 0..1, in the box that
            `box_around` gives for the outline; None for nothing.
    """

    pixels: ImageArray
    corner: FloatArray
    side: float
    outline: FloatArray
    amount: float
    cover: FloatArray | None = None


def box_around(planes: Planes, outline: FloatArray) -> Box | None:
    """Return the part of a frame around (K, 2) places; None where they lie beside it."""
    width, height = planes.size
    low, high = outline.min(0), outline.max(0)
    if (high < 0).any() or low[0] >= width or low[1] >= height:
        return None
    return planes.inside((int(low[0]), int(low[1]), int(high[0]) + 1, int(high[1]) + 1))


def _add(part: Plane, change: npt.NDArray[Any], bits: int) -> None:
    """Add to the values of a plane, in place, within what they can be."""
    part[:] = np.clip(np.rint(part + change), 0, (1 << bits) - 1).astype(part.dtype)
