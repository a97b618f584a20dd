"""RGB frames as the planes that encoders take: BT.709, limited range, 4:2:0.

What is as in the frame before is not converted again: most of a picture of a whole person stands
still.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

import cv2
import numpy as np

from sadtalker_ext.planes import CodedFrame, Planes, planes_of
from sadtalker_ext.types import ImageArray

if TYPE_CHECKING:
    from av.video.frame import VideoFrame

_ROWS = 64
"""Rows that are compared and converted at once; they and what becomes of them fit a cache."""
_COLUMNS = 256
"""Columns that are compared at once, from both sides of rows that have changed; an even number."""


class FrameConverter(Protocol):
    """Turns the frames of one video into pictures of the media library, in one thread."""

    def convert(self, frame: ImageArray) -> VideoFrame:
        """Return one frame, (H, W, 3) uint8 RGB or (H, W, 4) RGBA.

        Those to yuv420p also take (H * 3 / 2, W) planes, see `planes.CodedFrame`.
        """


def converter_to(pixels: str) -> FrameConverter:
    """Return what makes frames of a pixel format, by the media library's name."""
    return YuvFrames() if pixels == "yuv420p" else Reformatted(pixels)


class YuvFrames:
    """Converts the frames of one video."""

    def __init__(self) -> None:
        self._last: ImageArray = np.zeros((0, 0, 3), np.uint8)
        self._coded = CodedFrame(0, 0)

    def convert(self, frame: ImageArray) -> VideoFrame:
        """Return a frame's planes as a picture of the media library.

        Args:
            frame: (H, W, 3) uint8 RGB with even sides, kept until the next one comes; or its
                planes.
        """
        if frame.ndim == 2:
            return video_frame(planes_of(frame))
        height, width = frame.shape[:2]
        known = frame.shape == self._last.shape
        if not known:
            self._coded = CodedFrame(height, width)
        for top in range(0, height, _ROWS):
            rows = slice(top, min(top + _ROWS, height))
            columns = self._changed(frame, rows) if known else slice(0, width)
            if columns is not None:
                self._coded.convert(frame[rows, columns], rows, columns)
        self._last = frame
        return video_frame(planes_of(self._coded.values))

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


def video_frame(planes: Planes) -> VideoFrame:
    """Return planes as a picture of the media library, in a fifth of its own time for that.

    An odd side grows by one: its last row or column is there twice.
    """
    from av.video.frame import VideoFrame

    width, height = planes.size
    pixels = "yuv420p10le" if planes.colours.bits == 10 else "yuv420p"
    frame = VideoFrame(width + width % 2, height + height % 2, pixels)
    written: tuple[Any, ...] = frame.planes
    for plane, values in zip(written, (planes.y, planes.u, planes.v), strict=True):
        rows = np.frombuffer(plane, values.dtype).reshape(plane.height, -1)
        high, wide = values.shape
        rows[:high, :wide] = values
        rows[:high, wide : plane.width] = values[:, -1:]
        rows[high:] = rows[high - 1]
    return frame


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
