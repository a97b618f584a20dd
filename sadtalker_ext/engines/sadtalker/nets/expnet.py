"""Expressions from speech (SadTalker, section 3.2: ExpNet).

Attribute names equal the keys of the checkpoint component `audio2exp`.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from sadtalker_ext.engines.sadtalker.nets.audio import audio_encoder


class ExpNet(nn.Module):
    """Expression coefficients per frame from mel windows.

    windows (T, 1, 80, 16), reference (T, 64), ratio (T, 1) to (T, 64). The reference is the
    source's expression, the ratio how far the lids are closed. Frames are independent.
    """

    def __init__(self) -> None:
        super().__init__()
        self.audio_encoder = audio_encoder()
        self.mapping1 = nn.Linear(512 + 64 + 1, 64)

    def embed(self, windows: Tensor) -> Tensor:
        return self.audio_encoder(windows).flatten(1)

    def forward(self, windows: Tensor, reference: Tensor, ratio: Tensor) -> Tensor:
        return self.mapping1(torch.cat([self.embed(windows), reference, ratio], dim=1))
