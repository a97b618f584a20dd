"""3x3 convolution by the minimal filtering algorithm F(2x2, 3x3) of Winograd (Lavin and Gray 2016).

Each 2x2 square of outputs takes 16 products per pair of channels instead of 36. It pays on a
processor where many channels go in and not more come out, because the transformations then cost
little beside the products. Sums are shorter than in the plain convolution, so float32 results are
nearer to the exact ones.

Convention: maps lie in memory channels last, shapes are written (B, C, H, W); H and W are even.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

_TILES = 1024
"""Tiles transformed at once, so that memory does not grow with the map."""


def transformed_kernel(weight: Tensor) -> Tensor:
    """Return the (16, N, C) float32 transformation of a (C, N, 3, 3) kernel.

    One product of matrices: its factors are quarters, so that only the sums of nine round.
    """
    steps = torch.tensor([[1, 0, 0], [0.5, 0.5, 0.5], [0.5, -0.5, 0.5], [0, 0, 1]])
    both = torch.kron(steps, steps)  # (16, 9)
    outputs, inputs = weight.shape[:2]
    taps = weight.detach().float().permute(2, 3, 1, 0).reshape(9, -1)
    return (both @ taps).reshape(16, inputs, outputs)


def winograd_conv(x: Tensor, kernel: Tensor, bias: Tensor | None = None) -> Tensor:
    """Return the 3x3 convolution, padded by zeros, of a map with even sides.

    Args:
        x: (B, N, H, W) float32.
        kernel: From `transformed_kernel`.
        bias: (C,).

    Returns:
        (B, C, H, W), channels last.
    """
    batch, _, height, width = x.shape
    padded = functional.pad(x, (1, 1, 1, 1)).permute(0, 2, 3, 1)  # (B, H+2, W+2, N)
    result = x.new_empty(batch, height // 2, 2, width // 2, 2, kernel.shape[-1])
    band = max(1, _TILES // (batch * width // 2))
    for top in range(0, height // 2, band):
        part = result[:, top : top + band]
        _finish(
            torch.bmm(_tiles(padded[:, 2 * top : 2 * (top + part.shape[1]) + 2]), kernel),
            bias,
            part,
        )
    return result.reshape(batch, height, width, -1).permute(0, 3, 1, 2)


def _tiles(padded: Tensor) -> Tensor:
    """Return the transformed 4x4 tiles, (16, tiles, N), of (B, 2h + 2, 2w + 2, N)."""
    batch, height, width, channels = padded.shape
    down, across = height // 2 - 1, width // 2 - 1
    tiles = padded.new_empty(4, 4, batch, down, across, channels)
    rows = [padded[:, place : place + 2 * down : 2] for place in range(4)]
    for row, line in enumerate(_differences(rows)):
        columns = [line[:, :, place : place + 2 * across : 2] for place in range(4)]
        _differences(columns, tiles[row])
    return tiles.reshape(16, -1, channels)


def _differences(
    values: list[Tensor], into: Tensor | tuple[None, ...] = (None,) * 4
) -> tuple[Tensor, ...]:
    """Return what the algorithm makes of four values in a row."""
    first, second, third, fourth = values
    return (
        torch.sub(first, third, out=into[0]),
        torch.add(second, third, out=into[1]),
        torch.sub(third, second, out=into[2]),
        torch.sub(second, fourth, out=into[3]),
    )


def _finish(products: Tensor, bias: Tensor | None, result: Tensor) -> None:
    """Turn (16, tiles, C) products into the (B, h, 2, w, 2, C) outputs of their tiles."""
    batch, down, _, across, _, _ = result.shape
    grid = products.reshape(4, 4, batch, down, across, -1)
    inner, cross = grid[:, 1] + grid[:, 2], grid[:, 1] - grid[:, 2]
    for column, line in enumerate((inner.add_(grid[:, 0]), cross.sub_(grid[:, 3]))):
        if bias is not None:
            line[1] += bias  # the one product that both rows read with the same sign
        torch.add(line[0], line[1] + line[2], out=result[:, :, 0, :, column])
        torch.sub(line[1] - line[2], line[3], out=result[:, :, 1, :, column])
