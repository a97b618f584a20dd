"""Recovery of the 3-D face coefficients from an aligned picture (Deng et al. 2019).

Attribute names equal the keys of the checkpoint component `face_3drecon`.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from sadtalker_ext.engines.sadtalker.nets.layers import StoredNorm, fold_norm

HEADS = (80, 64, 80, 3, 27, 2, 1)
EXPANSION = 4


class Bottleneck(nn.Module):
    """Residual block of ResNet-50 with its stride on the 3x3 convolution (He et al. 2015).

    (B, a, H, W) to (B, 4 * width, H / stride, W / stride).
    """

    def __init__(self, inputs: int, width: int, stride: int) -> None:
        super().__init__()
        outputs = width * EXPANSION
        self.conv1 = nn.Conv2d(inputs, width, 1, bias=False)
        self.bn1: nn.Module = StoredNorm(width)
        self.conv2 = nn.Conv2d(width, width, 3, stride, padding=1, bias=False)
        self.bn2: nn.Module = StoredNorm(width)
        self.conv3 = nn.Conv2d(width, outputs, 1, bias=False)
        self.bn3: nn.Module = StoredNorm(outputs)
        self.downsample = None
        if stride != 1 or inputs != outputs:
            self.downsample = nn.Sequential(
                nn.Conv2d(inputs, outputs, 1, stride, bias=False), StoredNorm(outputs)
            )

    def fold(self) -> None:
        self.bn1 = fold_norm(self.conv1, self.bn1)
        self.bn2 = fold_norm(self.conv2, self.bn2)
        self.bn3 = fold_norm(self.conv3, self.bn3)

    def forward(self, x: Tensor) -> Tensor:
        y = functional.relu(self.bn1(self.conv1(x)), inplace=True)
        y = functional.relu(self.bn2(self.conv2(y)), inplace=True)
        y = self.bn3(self.conv3(y))
        shortcut = x if self.downsample is None else self.downsample(x)
        return functional.relu(y + shortcut, inplace=True)


def _layer(inputs: int, width: int, blocks: int, stride: int) -> nn.Sequential:
    first = Bottleneck(inputs, width, stride)
    rest = (Bottleneck(width * EXPANSION, width, 1) for _ in range(blocks - 1))
    return nn.Sequential(first, *rest)


class ResNet50(nn.Module):
    """Trunk without its classifier. (B, 3, 224, 224) in [0, 1] to (B, 2048, 1, 1)."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(3, 64, 7, 2, padding=3, bias=False)
        self.bn1: nn.Module = StoredNorm(64)
        self.maxpool = nn.MaxPool2d(3, 2, padding=1)
        self.layer1 = _layer(64, 64, 3, 1)
        self.layer2 = _layer(256, 128, 4, 2)
        self.layer3 = _layer(512, 256, 6, 2)
        self.layer4 = _layer(1024, 512, 3, 2)
        self.avgpool = nn.AdaptiveAvgPool2d(1)

    def fold(self) -> None:
        self.bn1 = fold_norm(self.conv1, self.bn1)

    def forward(self, x: Tensor) -> Tensor:
        x = self.maxpool(functional.relu(self.bn1(self.conv1(x)), inplace=True))
        x = self.layer4(self.layer3(self.layer2(self.layer1(x))))
        return self.avgpool(x)


class ReconNet(nn.Module):
    """3-D morphable face coefficients of a picture.

    (B, 3, 224, 224) RGB in [0, 1] to (B, 257): identity 0:80, expression 80:144, texture 144:224,
    angle 224:227, light 227:254, translation 254:257.
    """

    def __init__(self) -> None:
        super().__init__()
        self.backbone = ResNet50()
        self.final_layers = nn.ModuleList(nn.Conv2d(2048, count, 1) for count in HEADS)

    def forward(self, picture: Tensor) -> Tensor:
        features = self.backbone(picture)
        return torch.cat([head(features) for head in self.final_layers], dim=1).flatten(1)
