"""Building blocks shared by the networks, and the folding of what never changes.

A network is built with the parameters its checkpoint stores and loaded strictly. `fold` then
merges stored normalisations into the convolutions before them; the result computes the same
numbers up to rounding with fewer passes over memory.

Shapes: B batch, C channels, D depth, H height, W width.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

NORM_EPS = 1e-5
Convolution = nn.Conv1d | nn.Conv2d | nn.Conv3d


class StoredNorm(nn.Module):
    """Batch normalisation with stored statistics, for any number of dimensions.

    Unlike torch's own it holds no batch counter: checkpoints carry one, inference has no use for
    it. Input and output (B, C, ...).
    """

    running_mean: Tensor
    running_var: Tensor

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(channels))
        self.bias = nn.Parameter(torch.zeros(channels))
        self.register_buffer("running_mean", torch.zeros(channels))
        self.register_buffer("running_var", torch.ones(channels))

    def forward(self, x: Tensor) -> Tensor:
        return functional.batch_norm(
            x, self.running_mean, self.running_var, self.weight, self.bias, eps=NORM_EPS
        )


@torch.no_grad()
def fold_norm(conv: Convolution, norm: nn.Module) -> nn.Module:
    """Merge a normalisation into the convolution whose output it reads.

    Returns what takes its place: nothing to do.
    """
    if not isinstance(norm, StoredNorm):
        return norm
    scale = norm.weight.double() / (norm.running_var.double() + NORM_EPS).sqrt()
    rows = scale.reshape(-1, *[1] * (conv.weight.ndim - 1))
    bias = torch.zeros_like(scale) if conv.bias is None else conv.bias.double()
    bias = (bias - norm.running_mean.double()) * scale + norm.bias.double()
    kind = conv.weight.dtype
    conv.weight = constant(conv.weight * rows.to(kind))
    conv.bias = constant(bias.to(kind))
    return nn.Identity()


def constant(value: Tensor) -> nn.Parameter:
    """Keep a computed value in a module without a gradient."""
    return nn.Parameter(value, requires_grad=False)


def fold(network: nn.Module) -> None:
    """Merge everything constant inside a loaded network.

    Modules with a `fold` method know themselves; in plain sequences each normalisation right
    behind a convolution is merged.
    """
    for module in list(network.modules()):
        if isinstance(module, nn.Sequential):
            for place in range(1, len(module)):
                before = module[place - 1]
                if isinstance(before, nn.Conv1d | nn.Conv2d | nn.Conv3d):
                    module[place] = fold_norm(before, module[place])
        own = getattr(module, "fold", None)
        if own is not None:
            own()


class ConvBlock2d(nn.Module):
    """3x3 convolution, normalisation, ReLU. (B, a, H, W) to (B, b, H, W)."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(inputs, outputs, 3, padding=1)
        self.norm: nn.Module = StoredNorm(outputs)

    def fold(self) -> None:
        self.norm = fold_norm(self.conv, self.norm)

    def forward(self, x: Tensor) -> Tensor:
        return functional.relu(self.norm(self.conv(x)), inplace=True)


class DownBlock2d(ConvBlock2d):
    """`ConvBlock2d`, then the mean of 2x2 squares. (B, a, H, W) to (B, b, H/2, W/2)."""

    def forward(self, x: Tensor) -> Tensor:
        return functional.avg_pool2d(super().forward(x), 2)


class ConvBlock3d(nn.Module):
    """3x3x3 convolution, normalisation, ReLU. (B, a, D, H, W) to (B, b, D, H, W)."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.conv = nn.Conv3d(inputs, outputs, 3, padding=1)
        self.norm: nn.Module = StoredNorm(outputs)

    def fold(self) -> None:
        self.norm = fold_norm(self.conv, self.norm)

    def forward(self, x: Tensor) -> Tensor:
        return functional.relu(self.norm(self.conv(x)), inplace=True)


def is_channels_last(volume: Tensor) -> bool:
    """Tell whether all channels of a voxel lie together in memory."""
    return volume.shape[1] > 1 and volume.stride(1) == 1


CHANNELS_LAST = {4: torch.channels_last, 5: torch.channels_last_3d}


@torch.no_grad()
def to_channels_last(network: nn.Module) -> None:
    """Lay the kernels of a network out with their channels last in memory."""
    for value in network.parameters():
        if value.ndim in CHANNELS_LAST:
            value.data = value.data.contiguous(memory_format=CHANNELS_LAST[value.ndim])


def in_layout(values: Tensor, weight: Tensor) -> Tensor:
    """Return pictures or volumes with their channels last in memory where a kernel has them so."""
    last = CHANNELS_LAST[values.ndim]
    if weight.is_contiguous(memory_format=last) and not weight.is_contiguous():
        return values.contiguous(memory_format=last)
    return values


def to_layers(volume: Tensor) -> Tensor:
    """View a channels-last (B, C, D, H, W) as (B * D, C, H, W)."""
    return volume.transpose(1, 2).flatten(0, 1)


def from_layers(pictures: Tensor, batch: int) -> Tensor:
    """View (B * D, C, H, W) as (B, C, D, H, W)."""
    return torch.unflatten(pictures, 0, (batch, -1)).transpose(1, 2)


class LayeredConv3d(nn.Conv3d):
    """Convolution of volumes, (B, a, D, H, W) to (B, b, D, H, W) float32.

    Graphics cards do it badly where few channels come out of a large kernel: the 7x7x7 mask takes
    three times as long as the same products with all taps along the depth as channels of one
    convolution of pictures, whose results are then summed.
    """

    def __init__(self, inputs: int, outputs: int, kernel: int) -> None:
        super().__init__(inputs, outputs, kernel, padding=kernel // 2)
        self.layered = False

    @torch.no_grad()
    def use_layers(self) -> None:
        """Take the taps along the depth as channels from now on."""
        if self.layered:
            return
        self.layered = True
        taps = self.weight.permute(2, 0, 1, 3, 4).flatten(0, 1)  # (k * b, a, k, k)
        self.weight = constant(taps.contiguous(memory_format=torch.channels_last))
        if self.bias is not None:  # with the middle tap, which every layer reads once
            bias = torch.zeros(len(taps), dtype=self.bias.dtype, device=self.bias.device)
            middle = self.kernel_size[0] // 2 * self.out_channels
            bias[middle : middle + self.out_channels] = self.bias
            self.bias = constant(bias)

    def forward(self, x: Tensor) -> Tensor:
        if not self.layered:
            return super().forward(x).float()
        taps = self.kernel_size[0]
        batch, _, depth, height, width = x.shape
        products = functional.conv2d(to_layers(x), self.weight, self.bias, padding=taps // 2)
        layers = products.permute(0, 2, 3, 1).reshape(batch, depth, -1)
        padded = functional.pad(layers, (0, 0, taps // 2, taps // 2))
        size = height * width * taps * self.out_channels
        # the layer `tap` layers further, at that tap, for every layer and tap
        view = padded.as_strided(
            (batch, depth, taps, height * width, self.out_channels),
            (padded.stride(0), size, size + self.out_channels, taps * self.out_channels, 1),
        )
        summed = view.sum(dim=2, dtype=torch.float32)
        return torch.unflatten(summed, 2, (height, width)).permute(0, 4, 1, 2, 3)


class DownBlock3d(ConvBlock3d):
    """`ConvBlock3d`, then means over height and width. (B, a, D, H, W) to (B, b, D, H/2, W/2)."""

    def forward(self, x: Tensor) -> Tensor:
        y = super().forward(x)
        # torch pools volumes in fewer precisions than pictures
        if is_channels_last(y):
            return from_layers(functional.avg_pool2d(to_layers(y), 2), len(y))
        pooled = functional.avg_pool2d(y.flatten(1, 2), 2)
        return torch.unflatten(pooled, 1, y.shape[1:3])


class UpBlock3d(ConvBlock3d):
    """Height and width doubled by repetition, then `ConvBlock3d`.

    (B, a, D, H, W) to (B, b, D, 2H, 2W). Once folded, the repeated map is never made: each of the
    four positions inside a doubled pixel sees only 2x2 different inputs, so it has a 3x2x2 kernel
    of summed taps (16 instead of 36 taps in all).
    """

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__(inputs, outputs)
        self.phases = nn.ParameterList()

    def fold(self) -> None:
        super().fold()
        if len(self.phases):
            return
        weight = self.conv.weight.detach()
        for row in (0, 1):
            half = _merge_taps(weight, 3, row)
            self.phases.extend(constant(_merge_taps(half, 4, column)) for column in (0, 1))
        self.conv.weight = constant(torch.empty(0, dtype=weight.dtype))

    def forward(self, x: Tensor) -> Tensor:
        if not len(self.phases):
            return super().forward(functional.interpolate(x, scale_factor=(1, 2, 2)))
        height, width = x.shape[-2:]
        padded = functional.pad(x, (1, 1, 1, 1))
        quarters = [
            functional.conv3d(
                padded[..., row : row + height + 1, column : column + width + 1],
                kernel,
                self.conv.bias,
                padding=(1, 0, 0),
            )
            for (row, column), kernel in zip(PHASES, self.phases, strict=True)
        ]
        return functional.relu(interleaved(quarters), inplace=True)


PHASES = ((0, 0), (0, 1), (1, 0), (1, 1))


def interleaved(quarters: list[Tensor]) -> Tensor:
    """Put four (B, C, D, H, W) maps, in the order of `PHASES`, into one (B, C, D, 2H, 2W)."""
    batch, channels, depth, height, width = quarters[0].shape
    if is_channels_last(quarters[0]):
        square = torch.stack([one.permute(0, 2, 3, 4, 1) for one in quarters], dim=3)
        lines = square.reshape(batch, depth, height, 2, 2, width, channels).transpose(4, 5)
        return lines.reshape(batch, depth, 2 * height, 2 * width, channels).permute(0, 4, 1, 2, 3)
    square = torch.stack(quarters, dim=4).reshape(batch, channels, depth, height, 2, 2, width)
    return square.transpose(5, 6).reshape(batch, channels, depth, 2 * height, 2 * width)


def _merge_taps(weight: Tensor, axis: int, phase: int) -> Tensor:
    """Sum the taps of a 3-tap axis that read the same pixel of a map doubled by repetition.

    The even output pixel reads its left neighbour once and its own pixel twice, the odd one its
    own pixel twice and its right neighbour once.
    """
    first, middle, last = weight.unbind(axis)
    pair = (first, middle + last) if phase == 0 else (first + middle, last)
    return torch.stack(pair, dim=axis)
