"""How many frames to render at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch

_BYTES_PER_FRAME_256 = 512 * 2**20
"""Memory one more 256-pixel frame of a batch takes in float32; a 512 one takes four times that."""
_USABLE = 0.6
_LARGEST = 16


def choose_batch(asked: int, device: torch.device, side: int) -> int:
    """Return the batch size: what was asked for, or what fits the free memory when that is 0.

    A processor gains nothing from batches; a graphics card shares its memory with the host.
    """
    if asked > 0:
        return asked
    if device.type != "cuda":
        return 1
    import torch

    free, _ = torch.cuda.mem_get_info(device)
    return max(1, min(_LARGEST, int(free * _USABLE / (_BYTES_PER_FRAME_256 * (side / 256) ** 2))))
