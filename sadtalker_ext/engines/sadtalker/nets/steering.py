"""Scales and shifts that steer the decoder's maps, by the convolutions of SPADE (Park et al. 2019).

Attribute names equal the keys of the checkpoint component `generator.decoder`.

"seg" is the (B, 256, h, w) map that steers every normalisation, h = w = S / 4.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional

from sadtalker_ext.engines.sadtalker.nets.layers import constant
from sadtalker_ext.engines.sadtalker.nets.stretched import stretched_conv, tap_bias, tap_kernels

HIDDEN = 128
SEG = 256
_PARTS = 4
"""Into which the largest maps are cut where memory counts."""


class Spade(nn.Module):
    """Scale and shift per pixel, steered by seg, of a map that is already normalised.

    x (B, n, H, W), hidden (B, 128, H, W) from `hidden` or `SharedMaps`.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.channels = channels
        self.mlp_shared: nn.Module = nn.Sequential(nn.Conv2d(SEG, HIDDEN, 3, padding=1), nn.ReLU())
        self.mlp_gamma = nn.Conv2d(HIDDEN, channels, 3, padding=1)
        self.mlp_beta: nn.Module = nn.Conv2d(HIDDEN, channels, 3, padding=1)

    @torch.no_grad()
    def fold(self) -> None:
        """Stack 1 + gamma and beta."""
        gamma, beta = self.mlp_gamma, self.mlp_beta
        if not isinstance(beta, nn.Conv2d):
            return
        gamma.weight = constant(torch.cat([gamma.weight, beta.weight]))
        gamma.bias = constant(torch.cat([bias_of(gamma) + 1, bias_of(beta)]))
        self.mlp_beta = nn.Identity()

    def hidden(self, seg: Tensor, scale: int) -> Tensor:
        """Return (B, 128, scale * h, scale * w) of seg (B, 256, h, w)."""
        if scale > 1:
            seg = functional.interpolate(seg, scale_factor=scale)
        maps: Tensor = self.mlp_shared(seg)
        return maps

    def terms(self, hidden: Tensor) -> tuple[Tensor, Tensor]:
        """Return factor and shift, both (B, n, H, W)."""
        both = self.mlp_gamma(hidden)
        if isinstance(self.mlp_beta, nn.Identity):
            return both[:, : self.channels], both[:, self.channels :]
        return 1 + both, self.mlp_beta(hidden)

    def forward(self, x: Tensor, hidden: Tensor) -> Tensor:
        factor, shift = self.terms(hidden)
        return torch.addcmul(shift, x, factor)

    def write_over(self, x: Tensor, hidden: Tensor) -> Tensor:
        """Do the same to x itself, folded, with less memory."""
        for part in self._parts():
            shift = slice(self.channels + part.start, self.channels + part.stop)
            both = self._some(hidden, part, shift)
            width = part.stop - part.start
            x[:, part].mul_(both[:, :width]).add_(both[:, width:])
            del both  # or it is there while the next one is made
        return x

    def scale_over(self, x: Tensor, hidden: Tensor) -> Tensor:
        """Scale x itself, folded, and return the shift that belongs to it."""
        for part in self._parts():
            x[:, part].mul_(self._some(hidden, part))
        return self._some(hidden, slice(self.channels, None))

    def _parts(self) -> list[slice]:
        step = -(-self.channels // _PARTS)
        return [slice(low, min(low + step, self.channels)) for low in range(0, self.channels, step)]

    def _some(self, hidden: Tensor, *rows: slice) -> Tensor:
        """Return some of the channels that `mlp_gamma` gives."""
        gamma = self.mlp_gamma
        weight, bias = (
            torch.cat([value[one] for one in rows]) for value in (gamma.weight, bias_of(gamma))
        )
        return functional.conv2d(hidden, weight, bias, padding=1)


class SharedMaps(nn.Module):
    """The first convolutions of the SPADEs of one block, which read the same seg, as one.

    Args:
        spades: Where the convolutions are taken from, and taken away.
        enlarged: Whether the block's map is larger than seg.
    """

    def __init__(self, spades: list[Spade], *, enlarged: bool) -> None:
        super().__init__()
        convolutions = [cast("nn.Conv2d", spade.mlp_shared[0]) for spade in spades]  # type: ignore[index]
        weight = torch.cat([conv.weight for conv in convolutions])
        bias = torch.cat([bias_of(conv) for conv in convolutions])
        self.enlarged = enlarged
        self.weight = constant(tap_kernels(weight) if enlarged else weight)
        self.bias = constant(tap_bias(bias) if enlarged else bias)
        for spade in spades:
            spade.mlp_shared = nn.Identity()

    def one(self, seg: Tensor, scale: int, number: int) -> Tensor:
        """Return the map of one SPADE of an enlarged block, with a third of the memory of all."""
        part = slice(number * HIDDEN, (number + 1) * HIDDEN)
        weight, bias = (
            torch.unflatten(value, 0, (9, -1))[:, part].flatten(0, 1)
            for value in (self.weight, self.bias)
        )
        return stretched_conv(seg, weight, bias, scale)

    def forward(self, seg: Tensor, scale: int) -> Sequence[Tensor]:
        if self.enlarged:
            if seg.device.type == "cpu":
                return _Lazily(self, seg, scale)
            maps = stretched_conv(seg, self.weight, self.bias, scale)
        else:
            maps = functional.conv2d(seg, self.weight, self.bias, padding=1)
            functional.relu(maps, inplace=True)
        return torch.split(maps, HIDDEN, dim=1)


class _Lazily(Sequence[Tensor]):
    """The maps of an enlarged block, each made when it is asked for and kept by nobody."""

    def __init__(self, shared: SharedMaps, seg: Tensor, scale: int) -> None:
        self._shared, self._seg, self._scale = shared, seg, scale

    def __getitem__(self, number: int) -> Tensor:  # type: ignore[override]
        if not 0 <= number < len(self):
            raise IndexError(number)
        return self._shared.one(self._seg, self._scale, number)

    def __len__(self) -> int:
        return len(self._shared.bias) // (9 * HIDDEN)


def bias_of(conv: nn.Conv2d) -> Tensor:
    """Return the bias of a convolution that has one."""
    if conv.bias is None:
        raise ValueError("a convolution of a SPADE block has a bias")
    return conv.bias
