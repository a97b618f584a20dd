"""The loaded networks of one face resolution."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from sadtalker_ext.engines.sadtalker.coefficients import EXPRESSION
from sadtalker_ext.engines.sadtalker.windows import BLOCK, WindowSource
from sadtalker_ext.types import FloatArray, ImageArray

if TYPE_CHECKING:
    import torch

    from sadtalker_ext.engines.sadtalker.nets.expnet import ExpNet
    from sadtalker_ext.engines.sadtalker.nets.posenet import PoseNet
    from sadtalker_ext.engines.sadtalker.nets.recon import ReconNet
    from sadtalker_ext.engines.sadtalker.render import Renderer


@dataclass(frozen=True, kw_only=True, eq=False)
class Networks:
    """Everything with weights, in evaluation mode on the renderer's device.

    Attributes:
        recon: Picture to 3-D face coefficients.
        expression: Speech to expressions.
        pose: Speech to head poses.
        renderer: Coefficient rows to frames.
    """

    recon: ReconNet
    expression: ExpNet
    pose: PoseNet
    renderer: Renderer

    @property
    def device(self) -> torch.device:
        """Where the networks lie."""
        return self.renderer.device

    def recover(self, aligned: ImageArray) -> FloatArray:
        """Return the (257,) float32 coefficients of a (224, 224, 3) uint8 aligned picture."""
        recovered: FloatArray = self.recover_all(aligned[None])[0]
        return recovered

    def recover_all(self, aligned: ImageArray) -> FloatArray:
        """Return (N, 257) float32 coefficients of (N, 224, 224, 3) uint8 aligned pictures."""
        import torch

        pixels = torch.from_numpy(aligned.astype(np.float32) / np.float32(255))
        with torch.inference_mode():
            found = self.recon(pixels.permute(0, 3, 1, 2).to(self.device))
        recovered: FloatArray = found.cpu().numpy()
        return recovered

    def expressions(
        self, windows: WindowSource, reference: FloatArray, ratio: FloatArray
    ) -> FloatArray:
        """Return (T, 64) float32 expressions.

        Args:
            windows: (T, 80, 16) float32 speech windows, read in parts.
            reference: (T, >=64) float32 coefficient rows the expression starts from.
            ratio: (T,) float32 how far the eyes are closed.
        """
        import torch

        found = []
        with torch.inference_mode():
            for start in range(0, len(windows), BLOCK):
                part = slice(start, start + BLOCK)
                inputs = (windows[part][:, None], reference[part, EXPRESSION], ratio[part, None])
                tensors = (
                    torch.from_numpy(np.ascontiguousarray(value)).to(self.device)
                    for value in inputs
                )
                found.append(self.expression(*tensors).cpu().numpy())
        return np.concatenate(found)
