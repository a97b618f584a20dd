"""The renderer: a source picture moved by key points (face-vid2vid with a SPADE decoder).

Attribute names equal the keys of the checkpoint component `generator`.

S is 256 or 512, H = W = S / 4, D = 16.
"""

from __future__ import annotations

from collections import OrderedDict
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional

from sadtalker_ext.engines.sadtalker.nets.dense_motion import DEPTH, DenseMotion
from sadtalker_ext.engines.sadtalker.nets.geometry import sample
from sadtalker_ext.engines.sadtalker.nets.layers import (
    ConvBlock2d,
    DownBlock2d,
    StoredNorm,
    fold_norm,
    in_layout,
    to_channels_last,
)
from sadtalker_ext.engines.sadtalker.nets.spade import SpadeDecoder

VOLUME = 32
RESIDUAL_BLOCKS = 6
WARPED_SLOPE = 0.01


class Source(NamedTuple):
    """Everything that depends on the source picture and its pose alone; float32.

    Attributes:
        volume: (1, 32, D, H, W) appearance.
        compressed: (1, 4, D, H, W) appearance reduced for the motion network.
        heat: (1, 15, D, H, W) Gaussians around the source's key points.
        points: (1, 15, 3) the source's key points.
    """

    volume: Tensor
    compressed: Tensor
    heat: Tensor
    points: Tensor


class ResidualBlock3d(nn.Module):
    """Pre-activated residual block. (B, c, D, H, W) to the same."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv3d(channels, channels, 3, padding=1)
        self.conv2 = nn.Conv3d(channels, channels, 3, padding=1)
        self.norm1 = StoredNorm(channels)
        self.norm2: nn.Module = StoredNorm(channels)

    def fold(self) -> None:
        self.norm2 = fold_norm(self.conv1, self.norm2)

    def forward(self, x: Tensor) -> Tensor:
        y = self.conv1(functional.relu(self.norm1(x)))
        return x + self.conv2(functional.relu(self.norm2(y)))


class WarpedBlock(nn.Module):
    """3x3 convolution, normalisation, leaky ReLU of the warped features. To (B, 256, H, W)."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(inputs, outputs, 3, padding=1)
        self.norm: nn.Module = StoredNorm(outputs)

    def fold(self) -> None:
        self.norm = fold_norm(self.conv, self.norm)

    def forward(self, x: Tensor) -> Tensor:
        return functional.leaky_relu(self.norm(self.conv(x)), WARPED_SLOPE, inplace=True)


class Generator(nn.Module):
    """Frames of a face from its picture and key points.

    `encode` is done once per portrait, `forward` for batches of frames. The convolutions that run
    per frame may be set to a lower precision by `set_precision`; the source stays in float32.
    """

    def __init__(self) -> None:
        super().__init__()
        self.first = ConvBlock2d(3, 64)
        self.down_blocks = nn.ModuleList([DownBlock2d(64, 128), DownBlock2d(128, 256)])
        self.second = nn.Conv2d(256, VOLUME * DEPTH, 1)
        self.resblocks_3d = nn.Sequential(
            OrderedDict((f"3dr{i}", ResidualBlock3d(VOLUME)) for i in range(RESIDUAL_BLOCKS))
        )
        self.dense_motion_network = DenseMotion()
        self.third = WarpedBlock(VOLUME * DEPTH, 256)
        self.fourth = nn.Conv2d(256, 256, 1)
        self.decoder = SpadeDecoder()

    def set_precision(self, kind: torch.dtype) -> Generator:
        """Use `kind` for the convolutions that run per frame; returns the same network."""
        motion = self.dense_motion_network
        per_frame = (motion.hourglass, motion.mask, motion.occlusion)
        for module in (*per_frame, self.third, self.fourth, self.decoder):
            module.to(kind)
        return self

    def arrange(self, device: str) -> Generator:
        """Lay out what runs per frame as its device computes it fastest; returns the same network.

        Call it once the network is folded and in its precision. The results are the same up to
        rounding.

        Args:
            device: Torch's name of the kind of device.
        """
        if device not in ("cpu", "cuda"):
            return self
        for module in (self.third, self.fourth, self.decoder):
            to_channels_last(module)
        if device == "cuda":
            self.dense_motion_network.use_layers()
        elif self.fourth.weight.dtype == torch.float32:
            self.decoder.use_tiles()
        return self

    def appearance(self, picture: Tensor) -> Tensor:
        """Turn (1, 3, S, S) RGB in [0, 1] into its (1, 32, D, H, W) feature volume."""
        x = self.first(picture)
        for block in self.down_blocks:
            x = block(x)
        return self.resblocks_3d(torch.unflatten(self.second(x), 1, (VOLUME, DEPTH)))

    def encode(self, picture: Tensor, points: Tensor) -> Source:
        """Prepare a picture (1, 3, S, S) with its (1, 15, 3) key points."""
        volume = self.appearance(picture)
        motion = self.dense_motion_network
        heat = motion.heat(points, volume.shape[-1])
        return Source(volume, motion.compress_volume(volume), heat, points)

    def forward(self, source: Source, driving: Tensor) -> Tensor:
        """Render (B, 15, 3) driving key points as (B, 3, S, S) float32 in (0, 1)."""
        motion = self.dense_motion_network(source.compressed, source.heat, source.points, driving)
        batch = driving.shape[0]
        volume = source.volume.expand(batch, -1, -1, -1, -1)
        warped = sample(volume, motion.deformation).flatten(1, 2)  # (B, 512, H, W)
        kind = self.fourth.weight.dtype
        seg = self.fourth(self.third(in_layout(warped.to(kind), self.third.conv.weight)))
        seg = seg * motion.occlusion.to(kind)
        return self.decoder(seg)
