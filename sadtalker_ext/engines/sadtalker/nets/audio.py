"""The audio encoder that the expression and the pose network both have (after Wav2Lip).

Attribute names equal the keys of the checkpoint.
"""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn import functional

from sadtalker_ext.engines.sadtalker.nets.layers import StoredNorm

Pair = int | tuple[int, int]


class AudioBlock(nn.Module):
    """Convolution and normalisation, the input added where `residual`, ReLU. (B, a, H, W)."""

    def __init__(
        self,
        inputs: int,
        outputs: int,
        *,
        kernel: int = 3,
        stride: Pair = 1,
        padding: int = 1,
        residual: bool = False,
    ) -> None:
        super().__init__()
        self.conv_block = nn.Sequential(
            nn.Conv2d(inputs, outputs, kernel, stride, padding), StoredNorm(outputs)
        )
        self.residual = residual

    def forward(self, x: Tensor) -> Tensor:
        y = self.conv_block(x)
        return functional.relu(y + x if self.residual else y)


def audio_encoder() -> nn.Sequential:
    """Build the encoder: mel windows (B, 1, 80, 16) to embeddings (B, 512, 1, 1)."""
    return nn.Sequential(
        AudioBlock(1, 32),
        AudioBlock(32, 32, residual=True),
        AudioBlock(32, 32, residual=True),
        AudioBlock(32, 64, stride=(3, 1)),
        AudioBlock(64, 64, residual=True),
        AudioBlock(64, 64, residual=True),
        AudioBlock(64, 128, stride=3),
        AudioBlock(128, 128, residual=True),
        AudioBlock(128, 128, residual=True),
        AudioBlock(128, 256, stride=(3, 2)),
        AudioBlock(256, 256, residual=True),
        AudioBlock(256, 512, padding=0),
        AudioBlock(512, 512, kernel=1, padding=0),
    )
