"""From face coefficients to head motion (PIRenderer's mapping network, as SadTalker uses it).

Attribute names equal the keys of the checkpoints `mapping_*`.
"""

from __future__ import annotations

from typing import NamedTuple

from torch import Tensor, nn

WINDOW = 27
BINS = 66
POINTS = 15
REACH = 3
SLOPE = 0.1


class HeadMotion(NamedTuple):
    """Raw heads of the mapping network.

    Attributes:
        yaw, pitch, roll: (B, 66) scores of angle bins three degrees wide.
        translation: (B, 3).
        expression: (B, 45) offsets of the 15 key points, x y z after each other.
    """

    yaw: Tensor
    pitch: Tensor
    roll: Tensor
    translation: Tensor
    expression: Tensor


class MappingNet(nn.Module):
    """Head motion from windows of coefficients. (B, inputs, 27) to `HeadMotion`.

    `inputs` is 70, or 73 where the place of the crop takes part.
    """

    def __init__(self, inputs: int) -> None:
        super().__init__()
        width = 1024
        self._inputs = inputs
        self.first = nn.Sequential(nn.Conv1d(inputs, width, 7))
        self.encoder0 = self._encoder(width)
        self.encoder1 = self._encoder(width)
        self.encoder2 = self._encoder(width)
        self.fc_roll = nn.Linear(width, BINS)
        self.fc_pitch = nn.Linear(width, BINS)
        self.fc_yaw = nn.Linear(width, BINS)
        self.fc_t = nn.Linear(width, 3)
        self.fc_exp = nn.Linear(width, 3 * POINTS)

    @staticmethod
    def _encoder(width: int) -> nn.Sequential:
        return nn.Sequential(nn.LeakyReLU(SLOPE), nn.Conv1d(width, width, 3, dilation=REACH))

    @property
    def inputs(self) -> int:
        """Numbers per frame that this network reads."""
        return self._inputs

    def forward(self, windows: Tensor) -> HeadMotion:
        x = self.first(windows)  # (B, 1024, 21)
        for encoder in (self.encoder0, self.encoder1, self.encoder2):
            x = encoder(x) + x[..., REACH:-REACH]  # 15, 9, 3 positions
        x = x.mean(dim=-1)
        return HeadMotion(
            yaw=self.fc_yaw(x),
            pitch=self.fc_pitch(x),
            roll=self.fc_roll(x),
            translation=self.fc_t(x),
            expression=self.fc_exp(x),
        )
