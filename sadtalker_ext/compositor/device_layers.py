"""The large steps of the soft blend on a graphics card: bending the picture, and mixing.

A processor spends three quarters of a blend in them. The small steps (following the head, the
mask, the colours) stay where they are, so both ways give the same frames within one grey level.

One instance serves all threads: it holds only what depends on the picture.
"""

from __future__ import annotations

import contextlib
import threading
from typing import TYPE_CHECKING

import numpy as np

from sadtalker_ext.types import Box, FloatArray, ImageArray

if TYPE_CHECKING:
    import torch
    from torch import Tensor

_STEPS = 32
"""Parts of a pixel that OpenCV's interpolation knows."""


class DeviceLayers:
    """The picture around a head, on a device.

    Args:
        fine: (2H, 2W, 3) uint8, the area that may be bent, at twice its size (see `follow.Bender`).
        paste: Where frames belong in the area.
        device: Torch's name of the device.
    """

    def __init__(self, fine: ImageArray, paste: Box, device: str) -> None:
        import torch

        self._device = torch.device(device)
        self._size = fine.shape[0] // 2, fine.shape[1] // 2
        self._paste = paste
        with torch.inference_mode():
            self._fine = self._up(fine).permute(2, 0, 1)[None].float()
            self._still = self._fine[..., ::2, ::2].contiguous()
            rows, columns = (
                2 * torch.arange(side, dtype=torch.float32, device=self._device)
                for side in self._size
            )
            self._places = torch.stack(
                [columns.expand(self._size), rows[:, None].expand(self._size)]
            )
            if self._device.type == "cuda":
                torch.cuda.synchronize(self._device)
        self._own = threading.local()

    def bent(self, field: tuple[FloatArray, FloatArray] | None) -> Tensor:
        """Return the area as the head drags it along, (1, 3, H, W) float32 whole levels.

        Args:
            field: How far to look aside for every cell of a grid over the area, (h, w) each, in
                pixels of the fine picture; None where nothing moves.
        """
        import torch
        from torch.nn import functional

        if field is None:
            return self._still
        with torch.inference_mode(), self._stream():
            aside = self._up(np.stack(field))[None]
            wide = functional.interpolate(aside, self._size, mode="bilinear")[0]
            places = torch.round((wide + self._places) * _STEPS) / _STEPS
            last = places.new_tensor([self._fine.shape[3] - 1, self._fine.shape[2] - 1])
            where = (places.permute(1, 2, 0) * (2 / last) - 1)[None]
            seen = functional.grid_sample(
                self._fine, where, padding_mode="reflection", align_corners=True
            )
            return torch.round(seen)

    def mixed(
        self,
        area: Tensor,
        frame: ImageArray,
        gain: FloatArray,
        shift: FloatArray,
        mask: FloatArray,
    ) -> ImageArray:
        """Return the area with the frame in it, (H, W, 3) uint8: `SoftBlend` says how.

        Args:
            area: From `bent`.
            frame: (h, w, 3) uint8 at the size of the paste area.
            gain: (gh, gw, 3) float32 on the grid, weighted by the mask; `shift` likewise.
            shift: Added to gain times frame.
            mask: (gh, gw) float32.
        """
        import torch
        from torch.nn import functional

        left, top, right, bottom = self._paste
        with torch.inference_mode(), self._stream():
            grid = np.concatenate([gain, shift, 1 - mask[..., None]], axis=2)
            terms = self._up(np.ascontiguousarray(grid.transpose(2, 0, 1)))[None]
            wide = functional.interpolate(terms, (bottom - top, right - left), mode="bilinear")[0]
            shown = self._up(frame).permute(2, 0, 1)
            part = area[0, :, top:bottom, left:right]
            whole = area[0].clone()
            whole[:, top:bottom, left:right] = part * wide[6:] + (shown * wide[:3] + wide[3:6])
            levels = torch.round(whole).clamp_(0, 255).to(torch.uint8).permute(1, 2, 0)
            found: ImageArray = levels.contiguous().cpu().numpy()
            return found

    def _up(self, values: ImageArray | FloatArray) -> Tensor:
        import torch

        return torch.from_numpy(values).to(self._device)

    def _stream(self) -> contextlib.AbstractContextManager[object]:
        """Return a stream of this thread's own, which goes before the networks' work."""
        import torch

        if self._device.type != "cuda":
            return contextlib.nullcontext()
        stream: torch.cuda.Stream | None = getattr(self._own, "stream", None)
        if stream is None:
            stream = torch.cuda.Stream(self._device, priority=-1)  # type: ignore[no-untyped-call]
            self._own.stream = stream
        return torch.cuda.stream(stream)
