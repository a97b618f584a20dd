"""Larger frames: an upscaling network where one is chosen, then the exact size asked for."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING

import numpy as np

from sadtalker_ext.compositor.picture_network import build_model, on_arrays
from sadtalker_ext.errors import OutOfMemory, WeightsMismatch
from sadtalker_ext.types import ImageArray, Upscaler

if TYPE_CHECKING:
    from torch import Tensor

LARGEST_SIDE = 4096
_USUAL_FACTOR = 2.0
"""What an upscaler does when no size is asked for."""
_TILE = 512
_SMALLEST_TILE = 64
_OVERLAP = 16


def target_size(size: tuple[int, int], output_side: int, *, upscaled: bool) -> tuple[int, int]:
    """Return width and height of the video.

    Args:
        size: Width and height of the rendered frames.
        output_side: Longer side asked for; 0 keeps the frames' own size, or doubles it when an
            upscaler works.
        upscaled: Whether an upscaler is chosen.

    Returns:
        Both sides even where they change, the aspect kept as closely as that allows.
    """
    longer = max(size)
    if not output_side:
        if not upscaled:
            return size
        output_side = min(round(longer * _USUAL_FACTOR), LARGEST_SIDE)
    width, height = (max(2, 2 * round(side * output_side / longer / 2)) for side in size)
    return width, height


class FrameScaler:
    """Brings every frame to one size.

    Args:
        output_side: Longer side of the video, up to 4096; 0 as in `target_size`.
        upscaler: Enlarges pictures; None uses plain resampling.
    """

    def __init__(self, output_side: int, upscaler: Upscaler | None = None) -> None:
        self._side = output_side
        self._upscaler = upscaler

    def frames(self, frames: Iterable[ImageArray]) -> Iterator[ImageArray]:
        """Yield the frames, (H, W, 3) uint8, in the new size.

        Raises:
            OutOfMemory: The upscaler has no room for a frame.
        """
        for frame in frames:
            yield self.scaled(frame)

    def scaled(self, frame: ImageArray) -> ImageArray:
        """Return one frame in the new size."""
        size = (frame.shape[1], frame.shape[0])
        wanted = target_size(size, self._side, upscaled=self._upscaler is not None)
        factor = max(wanted) / max(size)
        if self._upscaler is not None and factor > 1:
            frame = self._upscaler(frame, factor)
        return resized(frame, wanted)


def resized(frame: ImageArray, size: tuple[int, int]) -> ImageArray:
    """Resample to (width, height): by area when shrinking, by Lanczos when growing."""
    import cv2

    if (frame.shape[1], frame.shape[0]) == size:
        return frame
    shrinks = size[0] * size[1] < frame.shape[1] * frame.shape[0]
    method = cv2.INTER_AREA if shrinks else cv2.INTER_LANCZOS4
    return np.asarray(cv2.resize(frame, size, interpolation=method), np.uint8)


def build_upscaler(tensors: Mapping[str, Tensor], device: str) -> Upscaler:
    """Build an upscaler from the tensors of a model file, whatever network spandrel finds in it.

    Raises:
        PackageMissing: spandrel is not installed or does not work here.
        WeightsMismatch: The file is no upscaler for colour pictures.
    """
    model = build_model(tensors, device)
    if getattr(model, "purpose", "") != "SR" or model.input_channels != 3:
        raise WeightsMismatch(
            f"The upscaler should be a super-resolution network, found {model.architecture.id}.",
            hint="Choose a model such as RealESRGAN_x2plus.pth.",
        )
    run = on_arrays(model, device)
    return tiled(lambda picture: run(picture[None])[0], model.scale)


def tiled(enlarge: Callable[[ImageArray], ImageArray], scale: int) -> Upscaler:
    """Make an upscaler that works in overlapping tiles, smaller ones when memory runs out.

    Args:
        enlarge: Enlarges a (h, w, 3) uint8 picture by `scale`.
        scale: The network's own factor; applied again while it is not enough.
    """
    tile = _TILE

    def once(picture: ImageArray) -> ImageArray:
        nonlocal tile
        while True:
            try:
                return _in_tiles(enlarge, picture, scale, tile)
            except OutOfMemory as error:  # noqa: PERF203 - tried again with smaller tiles
                if tile // 2 < _SMALLEST_TILE:
                    error.hint = f"{error.hint} Tiles down to {tile} pixels were tried.".strip()
                    raise
                tile //= 2

    def upscale(picture: ImageArray, factor: float) -> ImageArray:
        reached = 1.0
        while reached < factor and scale > 1:
            picture = once(picture)
            reached *= scale
        return picture

    return upscale


def _in_tiles(
    enlarge: Callable[[ImageArray], ImageArray], picture: ImageArray, scale: int, tile: int
) -> ImageArray:
    height, width = picture.shape[:2]
    result = np.empty((height * scale, width * scale, 3), np.uint8)
    for top in range(0, height, tile):
        for left in range(0, width, tile):
            bottom, right = min(top + tile, height), min(left + tile, width)
            # each tile sees its surroundings, of which nothing is kept
            above, before = max(top - _OVERLAP, 0), max(left - _OVERLAP, 0)
            seen = picture[above : bottom + _OVERLAP, before : right + _OVERLAP]
            large = enlarge(np.ascontiguousarray(seen))
            y, x = (top - above) * scale, (left - before) * scale
            result[top * scale : bottom * scale, left * scale : right * scale] = large[
                y : y + (bottom - top) * scale, x : x + (right - left) * scale
            ]
    return result
