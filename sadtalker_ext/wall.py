"""The frames of a wall: videos side by side and in step, each under its words."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from sadtalker_ext.inputs.video import open_driving
from sadtalker_ext.types import ImageArray, VideoFile

LONGEST_SIDE = 3840
"""Pixels of the wall; its tiles are scaled down to fit."""
_STRIP_SHARE = 0.09
_SMALLEST_STRIP = 22


def tile_of(videos: Sequence[VideoFile], columns: int, rows: int) -> tuple[tuple[int, int], int]:
    """Return width and height of a tile's picture, and the height of the strip over it."""
    width, height = max(v.width for v in videos), max(v.height for v in videos)
    strip = _STRIP_SHARE * min(width, height)
    scale = min(1.0, LONGEST_SIDE / (columns * width), LONGEST_SIDE / (rows * (height + strip)))
    across, down = (max(2 * round(side * scale / 2), 2) for side in (width, height))
    return (across, down), max(2 * round(strip * scale / 2), _SMALLEST_STRIP)


def side_by_side(
    videos: Sequence[VideoFile],
    columns: int,
    rows: int,
    tile: tuple[int, int],
    strips: Sequence[ImageArray],
    fps: float,
    frames: int,
) -> Iterator[ImageArray]:
    """Yield the wall's frames; a video that ends before the others holds its last one.

    Args:
        videos: Row by row.
        columns: Of the wall.
        rows: Of the wall.
        tile: Width and height of a tile's picture.
        strips: (h, w, 3) uint8 for each video, laid over its tile.
        fps: Of the wall.
        frames: How many to yield.

    Yields:
        (H, W, 3) uint8 RGB, in an array that the next frame uses again.
    """
    width, height = tile
    strip = strips[0].shape[0]
    wall = np.full((rows * (height + strip), columns * width, 3), 24, np.uint8)
    films = [_timed(video.path, fps, frames) for video in videos]
    for number, words in enumerate(strips):
        top, left = (number // columns) * (height + strip), (number % columns) * width
        wall[top : top + strip, left : left + width] = words
    for pictures in zip(*films, strict=True):
        for number, picture in enumerate(pictures):
            top = (number // columns) * (height + strip) + strip
            left = (number % columns) * width
            wall[top : top + height, left : left + width] = _fitted(picture, width, height)
        yield wall


def _timed(path: Path, fps: float, frames: int) -> Iterator[ImageArray]:
    """Yield what a video shows at the times of the wall's frames."""
    film = open_driving(path).read()
    _, now = next(film)
    following = next(film, None)
    for number in range(frames):
        while following is not None and following[0] <= (number + 0.5) / fps:
            now, following = following[1], next(film, None)
        yield now


def _fitted(picture: ImageArray, width: int, height: int) -> ImageArray:
    import cv2

    scale = min(width / picture.shape[1], height / picture.shape[0])
    size = (max(round(picture.shape[1] * scale), 1), max(round(picture.shape[0] * scale), 1))
    if size != picture.shape[1::-1]:
        picture = np.asarray(cv2.resize(picture, size, interpolation=cv2.INTER_AREA), np.uint8)
    if size == (width, height):
        return picture
    room = np.full((height, width, 3), 24, np.uint8)
    top, left = (height - size[1]) // 2, (width - size[0]) // 2
    room[top : top + size[1], left : left + size[0]] = picture
    return room
