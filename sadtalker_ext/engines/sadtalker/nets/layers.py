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
    conv.weight = constant((conv.weight.double() * rows).to(kind))
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


class DownBlock3d(ConvBlock3d):
    """`ConvBlock3d`, then means over height and width. (B, a, D, H, W) to (B, b, D, H/2, W/2)."""

    def forward(self, x: Tensor) -> Tensor:
        y = super().forward(x)
        # torch pools volumes in fewer precisions than pictures
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
        kind, wide = self.conv.weight.dtype, self.conv.weight.detach().double()
        self.phases.extend(
            constant(_merge_taps(_merge_taps(wide, 3, row), 4, column).to(kind))
            for row, column in PHASES
        )
        self.conv.weight = constant(torch.empty(0, dtype=kind))

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
        upper, lower = (torch.stack(quarters[i : i + 2], dim=-1).flatten(-2) for i in (0, 2))
        return functional.relu(torch.stack([upper, lower], dim=-2).flatten(-3, -2), inplace=True)


PHASES = ((0, 0), (0, 1), (1, 0), (1, 1))


def _merge_taps(weight: Tensor, axis: int, phase: int) -> Tensor:
    """Sum the taps of a 3-tap axis that read the same pixel of a map doubled by repetition.

    The even output pixel reads its left neighbour once and its own pixel twice, the odd one its
    own pixel twice and its right neighbour once.
    """
    first, middle, last = weight.unbind(axis)
    pair = (first, middle + last) if phase == 0 else (first + middle, last)
    return torch.stack(pair, dim=axis)
