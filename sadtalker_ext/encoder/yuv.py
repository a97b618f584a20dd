"""RGB frames as the planes that encoders take: BT.709, limited range, 4:2:0.

A quarter of the media library's own time, and what is as in the frame before is not converted
again: most of a picture of a whole person stands still.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

import cv2
import numpy as np

from sadtalker_ext.planes import Colours
from sadtalker_ext.types import FloatArray, ImageArray

if TYPE_CHECKING:
    from av.video.frame import VideoFrame

_ROWS = 64
"""Rows that are compared and converted at once; they and what becomes of them fit a cache."""
_COLUMNS = 256
"""Columns that are compared at once, from both sides of rows that have changed; an even number."""


class FrameConverter(Protocol):
    """Turns the frames of one video into pictures of the media library, in one thread."""

    def convert(self, frame: ImageArray) -> VideoFrame:
        """Return one frame, (H, W, 3) uint8 RGB or (H, W, 4) RGBA."""


def converter_to(pixels: str) -> FrameConverter:
    """Return what makes frames of a pixel format, by the media library's name."""
    return YuvFrames() if pixels == "yuv420p" else Reformatted(pixels)


class YuvFrames:
    """Converts the frames of one video."""

    def __init__(self) -> None:
        colours = Colours(matrix="709", full=False, bits=8)
        back = np.linalg.inv(colours.to_rgb.astype(np.float64))
        offsets = [[colours.black], [colours.middle], [colours.middle]]
        self._matrix: FloatArray = np.hstack([back, offsets]).astype(np.float32)
        self._last: ImageArray = np.zeros((0, 0, 3), np.uint8)
        self._planes: ImageArray = np.zeros((0, 0), np.uint8)

    def convert(self, frame: ImageArray) -> VideoFrame:
        """Return a frame's planes as a picture of the media library.

        Args:
            frame: (H, W, 3) uint8 RGB with even sides; kept until the next one comes.
        """
        from av.video.frame import VideoFrame

        height, width = frame.shape[:2]
        known = frame.shape == self._last.shape
        if not known:
            self._planes = np.empty((height * 3 // 2, width), np.uint8)
        for top in range(0, height, _ROWS):
            rows = slice(top, min(top + _ROWS, height))
            columns = self._changed(frame, rows) if known else slice(0, width)
            if columns is not None:
                self._convert(frame[rows, columns], rows, columns)
        self._last = frame
        return VideoFrame.from_ndarray(self._planes, format="yuv420p")

    def _changed(self, frame: ImageArray, rows: slice) -> slice | None:
        """Return between which columns some rows are not as in the frame before, if anywhere."""

        def same(left: int, right: int) -> bool:
            pair = frame[rows, left:right], self._last[rows, left:right]
            return bool(cv2.norm(*pair, cv2.NORM_INF) == 0)

        left, right = 0, frame.shape[1]
        if same(left, right):
            return None
        while right - left > _COLUMNS and same(left, left + _COLUMNS):
            left += _COLUMNS
        while right - left > _COLUMNS and same(right - _COLUMNS, right):
            right -= _COLUMNS
        return slice(left, right)

    def _convert(self, part: ImageArray, rows: slice, columns: slice) -> None:
        """Convert a part of the frame with even sides at even places."""
        height, width = self._planes.shape[0] * 2 // 3, self._planes.shape[1]
        chroma = self._planes[height:].reshape(2, height // 2, width // 2)
        cv2.extractChannel(cv2.transform(part, self._matrix), 0, self._planes[rows, columns])
        size = (part.shape[1] // 2, part.shape[0] // 2)
        half = cv2.resize(part, size, interpolation=cv2.INTER_AREA)
        colours = cv2.transform(half, self._matrix)
        down, across = (slice(one.start // 2, one.stop // 2) for one in (rows, columns))
        for plane, channel in zip(chroma, (1, 2), strict=True):
            cv2.extractChannel(colours, channel, plane[down, across])


class Reformatted:
    """Converts frames with the media library, to any pixel format.

    Args:
        pixels: The library's name of the format.
    """

    def __init__(self, pixels: str) -> None:
        from av.video.reformatter import VideoReformatter

        self._pixels = pixels
        self._reformatter = VideoReformatter()

    def convert(self, frame: ImageArray) -> VideoFrame:
        """Return a frame, (H, W, 3) uint8 RGB or (H, W, 4) RGBA, as a picture of the library."""
        from av.video.frame import VideoFrame
        from av.video.reformatter import ColorRange, Colorspace

        kind = "rgba" if frame.shape[2] == 4 else "rgb24"
        return self._reformatter.reformat(
            VideoFrame.from_ndarray(np.ascontiguousarray(frame), format=kind),
            format=self._pixels,
            dst_colorspace=Colorspace.ITU709,
            dst_color_range=ColorRange.MPEG,
        )
