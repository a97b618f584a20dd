"""Coordinates of the renderer's feature volumes.

Convention: points are (x, y, z) triples in [-1, 1]; x runs with the width, y with the height, z
with the depth. A grid has its end voxels at exactly -1 and 1. Looking a volume up uses the other
convention, in which -1 and 1 are the outer faces of the end voxels, so that looking it up at its
own grid does not return it. The published model was trained that way.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache, wraps

import torch
from torch import Tensor
from torch.nn import functional


def axis(count: int, device: torch.device | None = None) -> Tensor:
    """Return (count,) positions from -1 to 1, both included; not to be changed."""
    return _axis(count, _device(device))


def grid(depth: int, height: int, width: int, device: torch.device | None = None) -> Tensor:
    """Return (depth, height, width, 3) float32 positions x, y, z; not to be changed."""
    return _grid(depth, height, width, _device(device))


def _device(device: torch.device | None) -> torch.device:
    return torch.empty(0).device if device is None else device


def _kept(make: Callable[..., Tensor]) -> Callable[..., Tensor]:
    """Keep what a function makes: every batch asks for the same, at several launches on a device.

    A compiler sees the plain function; it keeps constants by itself.
    """

    @lru_cache(maxsize=32)
    def kept(*arguments: object) -> Tensor:
        with torch.inference_mode(mode=False):
            return make(*arguments)

    @wraps(make)
    def found(*arguments: object) -> Tensor:
        return make(*arguments) if torch.compiler.is_compiling() else kept(*arguments)

    return found


@_kept
def _axis(count: int, device: torch.device) -> Tensor:
    return 2 * (torch.arange(count, dtype=torch.float32, device=device) / (count - 1)) - 1


@_kept
def _distances(count: int, device: torch.device) -> Tensor:
    """Return (count, count): from where position i is looked up, in old positions, to each j."""
    index = ((_axis(count, device) + 1) * count - 1) / 2
    return index.unsqueeze(-1) - torch.arange(count, dtype=torch.float32, device=device)


@_kept
def _grid(depth: int, height: int, width: int, device: torch.device) -> Tensor:
    axes = (_axis(count, device) for count in (depth, height, width))
    z, y, x = torch.meshgrid(*axes, indexing="ij")
    return torch.stack([x, y, z], dim=-1)


@_kept
def number(value: float, device: torch.device) -> Tensor:
    """Return () float32 on a device: made by the host, it would have to be waited for."""
    return torch.tensor(value, dtype=torch.float32, device=device)


@_kept
def places(order: tuple[int, ...], device: torch.device) -> Tensor:
    """Return whole numbers (n,) on a device, for choosing."""
    return torch.tensor(order, device=device)


def sample(volume: Tensor, field: Tensor) -> Tensor:
    """Look (B, C, D, H, W) up at (B, D', H', W', 3); outside counts as zero."""
    return functional.grid_sample(
        volume, field, mode="bilinear", padding_mode="zeros", align_corners=False
    )


def shift_weights(shift: Tensor, count: int) -> Tensor:
    """Return the linear look-up of an axis moved by a constant, as matrices.

    Sampling a volume at its grid plus one constant vector separates into one product per axis.

    Args:
        shift: (...) offsets in grid units.
        count: Number of positions on the axis.

    Returns:
        (..., count, count) float32: row i holds the weights of the old positions for the new i.
    """
    moved = _distances(count, shift.device) + (shift * (count / 2))[..., None, None]
    return (1 - moved.abs()).clamp_min(0)


def sample_shifted(volume: Tensor, shifts: Tensor) -> Tensor:
    """Look one volume up at its grid plus constant shifts.

    Args:
        volume: (C, D, H, W) float32.
        shifts: (N, 3) offsets x, y, z.

    Returns:
        (N, C, D, H, W) float32.
    """
    channels, depth, height, width = volume.shape
    by_x, by_y, by_z = (
        shift_weights(shifts[:, part], count) for part, count in enumerate((width, height, depth))
    )
    moved = by_z.unsqueeze(1) @ volume.reshape(1, channels, depth, height * width)
    moved = by_y.reshape(-1, 1, 1, height, height) @ moved.reshape(*moved.shape[:3], height, width)
    rows = moved.flatten(1, 3) @ by_x.transpose(1, 2)  # (N, C*D*H, W)
    return rows.reshape(-1, channels, depth, height, width)
