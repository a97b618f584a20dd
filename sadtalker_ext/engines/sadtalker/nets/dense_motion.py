"""Where every voxel of the source moves to, from the key points (face-vid2vid).

Attribute names equal the keys of the checkpoint component `generator.dense_motion_network`.

K is 16: the resting background (0) and the 15 key points. H = W = S / 4, D = 16.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional

from sadtalker_ext.engines.sadtalker.nets.geometry import axis, grid, sample_shifted
from sadtalker_ext.engines.sadtalker.nets.layers import (
    DownBlock3d,
    LayeredConv3d,
    StoredNorm,
    UpBlock3d,
    fold_norm,
    in_layout,
    to_channels_last,
)

DEPTH = 16
MOTIONS = 16
COMPRESSED = 4
HEAT_VARIANCE = 0.01
SMALLEST_MASK = 0.001
DOWN_WIDTHS = (MOTIONS * (1 + COMPRESSED), 64, 128, 256, 512, 1024)
UP_WIDTHS = ((1024, 512), (1024, 256), (512, 128), (256, 64), (128, 32))
HOURGLASS = UP_WIDTHS[-1][1] + DOWN_WIDTHS[0]
OCCLUSION_KERNEL = 7


class MotionField(NamedTuple):
    """What one driving pose does to the source.

    Attributes:
        deformation: (B, D, H, W, 3) float32, where each voxel looks the source up.
        occlusion: (B, 1, H, W) float32 in (0, 1), how much of the source is visible.
    """

    deformation: Tensor
    occlusion: Tensor


class Encoder(nn.Module):
    """Five halvings. (B, 80, D, H, W) to the list of all six maps."""

    def __init__(self) -> None:
        super().__init__()
        self.down_blocks = nn.ModuleList(
            DownBlock3d(*DOWN_WIDTHS[i : i + 2]) for i in range(len(DOWN_WIDTHS) - 1)
        )

    def forward(self, x: Tensor) -> list[Tensor]:
        maps = [x]
        for block in self.down_blocks:
            maps.append(block(maps[-1]))
        return maps


class Decoder(nn.Module):
    """Five doublings, each joined by the encoder's map of that size. To (B, 112, D, H, W)."""

    def __init__(self) -> None:
        super().__init__()
        self.up_blocks = nn.ModuleList(UpBlock3d(*widths) for widths in UP_WIDTHS)
        self.conv = nn.Conv3d(HOURGLASS, HOURGLASS, 3, padding=1)
        self.norm: nn.Module = StoredNorm(HOURGLASS)

    def fold(self) -> None:
        self.norm = fold_norm(self.conv, self.norm)

    def forward(self, maps: list[Tensor]) -> Tensor:
        x = maps.pop()
        for block in self.up_blocks:
            x = torch.cat([block(x), maps.pop()], dim=1)
        return functional.relu(self.norm(self.conv(x)), inplace=True)


class Hourglass(nn.Module):
    """(B, 80, D, H, W) to (B, 112, D, H, W)."""

    def __init__(self) -> None:
        super().__init__()
        self.encoder = Encoder()
        self.decoder = Decoder()

    def forward(self, x: Tensor) -> Tensor:
        return self.decoder(self.encoder(x))


class DenseMotion(nn.Module):
    """Deformation and occlusion from key points.

    `compress_volume` depends on the picture alone; `forward` is done per frame. Coordinates, heat
    and the mask stay in float32 whatever the precision of the convolutions: a step of bfloat16
    there is larger than a small movement of the lips.
    """

    def __init__(self) -> None:
        super().__init__()
        self.compress = nn.Conv3d(32, COMPRESSED, 1)
        self.norm: nn.Module = StoredNorm(COMPRESSED)
        self.hourglass = Hourglass()
        self.mask = LayeredConv3d(HOURGLASS, MOTIONS, 7)
        self.occlusion = nn.Conv2d(
            HOURGLASS * DEPTH, 1, OCCLUSION_KERNEL, padding=OCCLUSION_KERNEL // 2
        )

    def fold(self) -> None:
        self.norm = fold_norm(self.compress, self.norm)

    def use_layers(self) -> None:
        """Lay the per-frame networks out for a graphics card."""
        to_channels_last(self.hourglass)
        self.mask.use_layers()

    def compress_volume(self, volume: Tensor) -> Tensor:
        """Reduce (B, 32, D, H, W) to the (B, 4, D, H, W) that the motions are tried on."""
        return functional.relu(self.norm(self.compress(volume)), inplace=True)

    def heat(self, points: Tensor, size: int) -> Tensor:
        """Return (B, 15, D, size, size) Gaussians around (B, 15, 3) points."""
        sizes = [size, size, DEPTH]
        places = torch.cat([axis(count, points.device) for count in sizes])
        along = torch.cat(
            [points[..., i : i + 1].expand(-1, -1, count) for i, count in enumerate(sizes)], dim=-1
        )
        heat = torch.exp((places - along).square_() * (-0.5 / HEAT_VARIANCE))
        x, y, z = torch.split(heat, sizes, dim=-1)
        plane = y.unsqueeze(-1) * x.unsqueeze(-2)  # (B, 15, H, W)
        return z[..., None, None] * plane.unsqueeze(2)

    def trials(
        self, compressed: Tensor, source_heat: Tensor, shifts: Tensor, driving: Tensor
    ) -> Tensor:
        """Return the (B, 80, D, H, W) float32 input of the hourglass.

        Args:
            compressed: (1, 4, D, H, W) from `compress_volume`; or B sources, one per frame.
            source_heat: (1, 15, D, H, W) heat of the source's key points, or of B sources.
            shifts: (B, 16, 3) constant motion of each trial.
            driving: (B, 15, 3) driving key points.
        """
        batch, size = driving.shape[0], compressed.shape[-1]
        if len(compressed) == 1:
            moved = sample_shifted(compressed[0], shifts.flatten(0, 1))
        else:
            pairs = zip(compressed, shifts, strict=True)
            moved = torch.cat([sample_shifted(one, shift) for one, shift in pairs])
        moved = moved.reshape(batch, MOTIONS, *compressed.shape[1:])
        heat = functional.pad(self.heat(driving, size) - source_heat, (0, 0, 0, 0, 0, 0, 1, 0))
        return torch.cat([heat.unsqueeze(2), moved], dim=2).flatten(1, 2)

    def forward(
        self, compressed: Tensor, source_heat: Tensor, source: Tensor, driving: Tensor
    ) -> MotionField:
        """Compute the motion of a batch of driving points for one source, or one source for each.

        Args:
            compressed: (1 or B, 4, D, H, W) float32.
            source_heat: (1 or B, 15, D, H, W) float32.
            source: (1 or B, 15, 3) float32 key points of the source.
            driving: (B, 15, 3) float32 key points of the frames.
        """
        shifts = functional.pad(source - driving, (0, 0, 1, 0))  # (B, 16, 3), the first at rest
        trials = self.trials(compressed, source_heat, shifts, driving)
        trials = trials.to(self.mask.weight.dtype)
        features = self.hourglass(in_layout(trials, self.hourglass.decoder.conv.weight))
        mask = torch.softmax(self.mask(features), dim=1)
        occlusion = torch.sigmoid(self.occlusion(features.flatten(1, 2)).float())
        return MotionField(self.deform(mask, shifts), occlusion)

    @staticmethod
    def deform(mask: Tensor, shifts: Tensor) -> Tensor:
        """Blend the 16 motions by their (B, 16, D, H, W) mask, small entries cut to zero.

        Every motion is the grid plus a constant, so the blend is the grid times the sum of the
        mask plus the blended constants. The mask is not brought back to a sum of one.
        """
        mask = mask.masked_fill(mask < SMALLEST_MASK, 0.0)
        depth, height, width = mask.shape[2:]
        resting = grid(depth, height, width, mask.device) * mask.sum(dim=1).unsqueeze(-1)
        # a sum instead of a matrix product: hosts switch products to TF32, too coarse for lips
        moving = mask.unsqueeze(-1) * shifts[:, :, None, None, None, :]
        return resting + moving.sum(dim=1)
