"""Canonical key points of a face (face-vid2vid, Wang et al. 2021).

Attribute names equal the keys of the checkpoint component `kp_extractor`.
"""

from __future__ import annotations

from collections import OrderedDict

import torch
from torch import Tensor, nn
from torch.nn import functional

from sadtalker_ext.engines.sadtalker.nets.geometry import axis
from sadtalker_ext.engines.sadtalker.nets.layers import DownBlock2d, UpBlock3d

DEPTH = 16
POINTS = 15
TEMPERATURE = 0.1
DOWN_WIDTHS = (3, 64, 128, 256, 512, 1024)
UP_WIDTHS = (1024, 512, 256, 128, 64, 32)


class BlurAndThin(nn.Module):
    """Stored blur per channel, then every fourth pixel. (B, 3, S, S) to (B, 3, S/4, S/4)."""

    weight: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("weight", torch.zeros(3, 1, 13, 13))

    def forward(self, picture: Tensor) -> Tensor:
        return functional.conv2d(picture, self.weight, stride=4, padding=6, groups=3)


class Predictor(nn.Module):
    """Volume of features from a small picture. (B, 3, h, w) to (B, 32, 16, h, w)."""

    def __init__(self) -> None:
        super().__init__()
        self.down_blocks = nn.Sequential(
            OrderedDict(
                (f"down{i}", DownBlock2d(*DOWN_WIDTHS[i : i + 2]))
                for i in range(len(DOWN_WIDTHS) - 1)
            )
        )
        self.conv = nn.Conv2d(DOWN_WIDTHS[-1], UP_WIDTHS[0] * DEPTH, 1)
        self.up_blocks = nn.Sequential(
            OrderedDict(
                (f"up{i}", UpBlock3d(*UP_WIDTHS[i : i + 2])) for i in range(len(UP_WIDTHS) - 1)
            )
        )

    def forward(self, picture: Tensor) -> Tensor:
        volume = torch.unflatten(self.conv(self.down_blocks(picture)), 1, (-1, DEPTH))
        return self.up_blocks(volume)


class KeypointDetector(nn.Module):
    """Fifteen canonical key points of a face.

    (B, 3, S, S) RGB in [0, 1] to (B, 15, 3) positions x, y, z in [-1, 1]; S is 256 or 512.
    """

    def __init__(self) -> None:
        super().__init__()
        self.down = BlurAndThin()
        self.predictor = Predictor()
        self.kp = nn.Conv3d(UP_WIDTHS[-1], POINTS, 3, padding=1)

    def forward(self, picture: Tensor) -> Tensor:
        logits = self.kp(self.predictor(self.down(picture)))  # (B, 15, D, H, W)
        heat = torch.softmax(logits.flatten(2) / TEMPERATURE, dim=2).reshape(logits.shape)
        depth, height, width = (axis(count, heat.device) for count in heat.shape[2:])
        x = (heat.sum(dim=(2, 3)) * width).sum(dim=-1)
        y = (heat.sum(dim=(2, 4)) * height).sum(dim=-1)
        z = (heat.sum(dim=(3, 4)) * depth).sum(dim=-1)
        return torch.stack([x, y, z], dim=-1)
