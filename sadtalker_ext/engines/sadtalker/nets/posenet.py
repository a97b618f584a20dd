"""Head poses from speech (SadTalker, section 3.3: the decoder half of PoseVAE).

Attribute names equal the keys of the checkpoint component `audio2pose`; its encoder and its
discriminator serve training only and are not built.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from sadtalker_ext.engines.sadtalker.nets.audio import audio_encoder
from sadtalker_ext.engines.sadtalker.nets.layers import StoredNorm

CHUNK = 32
LATENT = 64
STYLES = 46
POSE = 6
AUDIO = 6


class AudioEncoder(nn.Module):
    """Mel windows (N, 1, 80, 16) to embeddings (N, 512)."""

    def __init__(self) -> None:
        super().__init__()
        self.audio_encoder = audio_encoder()

    def forward(self, windows: Tensor) -> Tensor:
        return self.audio_encoder(windows).flatten(1)


class ResidualConv(nn.Module):
    """Pre-activated residual block (Zhang et al. 2018, Deep Residual U-Net). (B, a, H, W)."""

    def __init__(self, inputs: int, outputs: int, stride: tuple[int, int] = (1, 1)) -> None:
        super().__init__()
        self.conv_block = nn.Sequential(
            StoredNorm(inputs),
            nn.ReLU(),
            nn.Conv2d(inputs, outputs, 3, stride, padding=1),
            StoredNorm(outputs),
            nn.ReLU(),
            nn.Conv2d(outputs, outputs, 3, padding=1),
        )
        self.conv_skip = nn.Sequential(
            nn.Conv2d(inputs, outputs, 3, stride, padding=1), StoredNorm(outputs)
        )

    def forward(self, x: Tensor) -> Tensor:
        return self.conv_block(x) + self.conv_skip(x)


class DoubleTime(nn.Module):
    """Twice as many time steps. (B, a, H, W) to (B, a, 2H, W)."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.upsample = nn.ConvTranspose2d(channels, channels, (2, 1), (2, 1))

    def forward(self, x: Tensor) -> Tensor:
        return self.upsample(x)


class ResUnet(nn.Module):
    """U-shaped network over time and pose numbers. (B, 1, 32, 6) to (B, 1, 32, 6) in (0, 1)."""

    def __init__(self) -> None:
        super().__init__()
        self.input_layer = nn.Sequential(
            nn.Conv2d(1, 32, 3, padding=1),
            StoredNorm(32),
            nn.ReLU(),
            nn.Conv2d(32, 32, 3, padding=1),
        )
        self.input_skip = nn.Sequential(nn.Conv2d(1, 32, 3, padding=1))
        self.residual_conv_1 = ResidualConv(32, 64, (2, 1))
        self.residual_conv_2 = ResidualConv(64, 128, (2, 1))
        self.bridge = ResidualConv(128, 256, (2, 1))
        self.upsample_1 = DoubleTime(256)
        self.up_residual_conv1 = ResidualConv(384, 128)
        self.upsample_2 = DoubleTime(128)
        self.up_residual_conv2 = ResidualConv(192, 64)
        self.upsample_3 = DoubleTime(64)
        self.up_residual_conv3 = ResidualConv(96, 32)
        self.output_layer = nn.Sequential(nn.Conv2d(32, 1, 1))

    def forward(self, x: Tensor) -> Tensor:
        x1 = self.input_layer(x) + self.input_skip(x)  # (B, 32, 32, 6)
        x2 = self.residual_conv_1(x1)  # (B, 64, 16, 6)
        x3 = self.residual_conv_2(x2)  # (B, 128, 8, 6)
        y = self.upsample_1(self.bridge(x3))  # (B, 256, 8, 6)
        y = self.up_residual_conv1(torch.cat([y, x3], dim=1))
        y = self.up_residual_conv2(torch.cat([self.upsample_2(y), x2], dim=1))
        y = self.up_residual_conv3(torch.cat([self.upsample_3(y), x1], dim=1))
        return torch.sigmoid(self.output_layer(y))


class PoseMLP(nn.Module):
    """First guess of a pose sequence. (B, 262) to (B, 192) in (0, 1)."""

    def __init__(self) -> None:
        super().__init__()
        self.L0 = nn.Linear(POSE + LATENT + CHUNK * AUDIO, 128)
        self.L1 = nn.Linear(128, CHUNK * POSE)

    def forward(self, x: Tensor) -> Tensor:
        return torch.sigmoid(self.L1(functional.relu(self.L0(x))))


class PoseDecoder(nn.Module):
    """Head motion of 32 frames, relative to the source's pose.

    reference (B, 6), noise (B, 64), style (B,) whole numbers 0..45, embeddings (B, 32, 512) to
    motion (B, 32, 6).
    """

    def __init__(self) -> None:
        super().__init__()
        self.classbias = nn.Parameter(torch.zeros(STYLES, LATENT))
        self.linear_audio = nn.Linear(512, AUDIO)
        self.MLP = PoseMLP()
        self.resunet = ResUnet()
        self.pose_linear = nn.Linear(POSE, POSE)

    def forward(
        self, reference: Tensor, noise: Tensor, style: Tensor, embeddings: Tensor
    ) -> Tensor:
        audio = self.linear_audio(embeddings).flatten(1)  # (B, 192)
        guess = self.MLP(torch.cat([reference, noise + self.classbias[style], audio], dim=1))
        return self.pose_linear(self.resunet(guess.reshape(-1, 1, CHUNK, POSE)).squeeze(1))


class PoseVAE(nn.Module):
    """The decoder half of the variational network."""

    def __init__(self) -> None:
        super().__init__()
        self.decoder = PoseDecoder()

    def forward(
        self, reference: Tensor, noise: Tensor, style: Tensor, embeddings: Tensor
    ) -> Tensor:
        return self.decoder(reference, noise, style, embeddings)


class PoseNet(nn.Module):
    """Audio encoder and pose decoder.

    `embed`: windows (N, 1, 80, 16) to (N, 512). `forward`: one chunk of 32 frames per row of the
    batch, see `PoseDecoder`.
    """

    def __init__(self) -> None:
        super().__init__()
        self.audio_encoder = AudioEncoder()
        self.netG = PoseVAE()

    def embed(self, windows: Tensor) -> Tensor:
        return self.audio_encoder(windows)

    def forward(
        self, reference: Tensor, noise: Tensor, style: Tensor, embeddings: Tensor
    ) -> Tensor:
        return self.netG(reference, noise, style, embeddings)
