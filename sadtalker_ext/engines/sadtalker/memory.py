"""What happens when a device is full, and what is left on it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from sadtalker_ext.errors import OutOfMemory

if TYPE_CHECKING:
    import torch

OFFER_CPU = "The processor has room, slowly: choose the device cpu (`--device cpu`)."


@contextmanager
def told_when_out_of_memory(what: str) -> Iterator[None]:
    """Turn the device's own error into ours.

    Args:
        what: What there was no room for.

    Raises:
        OutOfMemory: Says so, and offers the processor.
    """
    import torch

    try:
        yield
    except torch.cuda.OutOfMemoryError as error:
        raise OutOfMemory(
            f"The graphics card has no room for {what}.",
            hint=f"Close other programs on it, or choose face resolution 256. {OFFER_CPU}",
        ) from error


def give_back(device: torch.device) -> None:
    """Let other programs have the memory that torch keeps in store on a graphics card."""
    if device.type == "cuda":
        import torch

        torch.cuda.empty_cache()
