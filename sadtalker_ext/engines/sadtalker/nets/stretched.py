"""3x3 convolution of a map enlarged by repetition, without enlarging its input.

Inside an enlarged pixel only the first, the inner and the last position differ per axis, so 3x3
results exist; each is a sum of the nine products of the small map with one tap (9 instead of 36 or
144 taps per small pixel).

Convention: maps lie in memory pixel by pixel, all channels of one together (channels last). Shapes
are still written (B, C, H, W).
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

from sadtalker_ext.engines.sadtalker.nets.geometry import places as kept_places


def tap_kernels(weight: Tensor) -> Tensor:
    """Lay a (C, N, 3, 3) kernel out as (9 * C, N, 1, 1), tap row and tap column first."""
    return weight.permute(2, 3, 0, 1).reshape(-1, weight.shape[1], 1, 1).contiguous()


def tap_bias(bias: Tensor) -> Tensor:
    """Return (9 * C,): the (C,) bias with the middle tap, which every position reads once."""
    return torch.cat([torch.zeros_like(bias).repeat(4), bias, torch.zeros_like(bias).repeat(4)])


def stretched_conv(small: Tensor, kernels: Tensor, bias: Tensor, scale: int) -> Tensor:
    """Return ReLU(3x3 convolution, padded by zeros) of a map enlarged by repetition.

    Args:
        small: (B, N, h, w).
        kernels: From `tap_kernels`.
        bias: From `tap_bias`.
        scale: 2 (no inner position) or 4.

    Returns:
        (B, C, scale * h, scale * w), channels last.
    """
    batch, _, height, width = small.shape
    # a border of zeros, so that neighbours are plain slices of the products
    products = functional.conv2d(functional.pad(small, (1, 1, 1, 1)), kernels, bias)
    taps = torch.unflatten(products.permute(0, 2, 3, 1), -1, (3, 3, -1))  # (B, h+2, w+2, 3, 3, C)
    channels, places = taps.shape[-1], 2 if scale == 2 else 3
    rows = taps.new_empty(batch, height, places, width + 2, 3, channels)
    _sum_neighbours(
        [taps[:, :, :, tap] for tap in range(3)],
        [rows[:, :, place] for place in range(places)],
        axis=1,
    )
    del products, taps  # as large as the result
    cells = rows.new_empty(batch, height, places, width, places, channels)
    _sum_neighbours(
        [rows[:, :, :, :, tap] for tap in range(3)],
        [cells[:, :, :, :, place] for place in range(places)],
        axis=3,
    )
    del rows
    functional.relu(cells, inplace=True)
    if scale == 4:
        order = kept_places((0, 1, 1, 2), cells.device)
        cells = cells.index_select(2, order).index_select(4, order)
    return cells.reshape(batch, scale * height, scale * width, channels).permute(0, 3, 1, 2)


def _sum_neighbours(taps: list[Tensor], places: list[Tensor], axis: int) -> None:
    """Sum three taps for the first, an inner (if there is one) and the last position.

    Args:
        taps: Products with the tap before, here and after, one cell wider at both ends of `axis`.
        places: Where the sums go.
        axis: The axis of the taps.
    """
    length = taps[0].shape[axis] - 2
    before, here, after = (tap.narrow(axis, 1, length) for tap in taps)
    right = here + after
    torch.add(taps[0].narrow(axis, 0, length), right, out=places[0])
    if len(places) == 3:
        torch.add(before, right, out=places[1])
    torch.add(before + here, taps[2].narrow(axis, 2, length), out=places[-1])
