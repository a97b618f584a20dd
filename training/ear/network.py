"""The small network in torch, as it is trained; `speech.hear.timing` runs it in numpy."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor, nn

from sadtalker_ext.speech.hear.conformer import MELS, WIDTH
from sadtalker_ext.speech.ipa import PLAIN

INNER, MIDDLE = 48, 64
LOST = 0.15
DILATIONS = (1, 2, 4, 8)


class TimingNet(nn.Module):
    """From mel bands every 10 ms and the recogniser's rows every 20 ms to plain sounds every 10 ms.

    Input (B, 80, M) levelled mel bands and (B, 144, T) rows, with M = 2T; output (B, 35, M) scores.
    """

    def __init__(self, lost: float = LOST) -> None:
        super().__init__()
        self.lost = lost
        self.rows = nn.Conv1d(WIDTH, INNER, 3, padding=1)
        self.bands = nn.Conv1d(MELS, INNER, 5, padding=2)
        sizes = [2 * INNER, *[MIDDLE] * len(DILATIONS)]
        self.layers = nn.ModuleList(
            nn.Conv1d(before, after, 3, padding=step, dilation=step)
            for before, after, step in zip(sizes[:-1], sizes[1:], DILATIONS, strict=True)
        )
        self.out = nn.Conv1d(MIDDLE, len(PLAIN), 1)

    def forward(self, bands: Tensor, rows: Tensor) -> Tensor:
        # single features of synthetic voices must not be relied on
        rows, bands = (
            nn.functional.dropout(one, self.lost, self.training) for one in (rows, bands)
        )
        slow = nn.functional.silu(self.rows(rows))
        later = torch.cat([slow[:, :, 1:], slow[:, :, -1:]], 2)
        fast = torch.stack([slow, (slow + later) / 2], 3).flatten(2)  # (B, 48, 2T)
        x = torch.cat([nn.functional.silu(self.bands(bands)), fast], 1)
        for number, layer in enumerate(self.layers):
            y = nn.functional.silu(layer(nn.functional.dropout(x, 0.1, self.training)))
            x = y if number == 0 else x + y
        return self.out(x)

    def arrays(self) -> dict[str, np.ndarray]:
        """Return the weights as float16 arrays: kernels (width * in, out), and biases."""
        found = {}
        for name, value in self.state_dict().items():
            array = value.detach().cpu().numpy()
            if array.ndim == 3:
                array = array.transpose(2, 1, 0).reshape(-1, array.shape[0])
            found[name] = array.astype(np.float16)
        return found
