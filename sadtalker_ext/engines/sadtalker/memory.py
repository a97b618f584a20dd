"""What happens when a device is full, and what is left on it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from sadtalker_ext.errors import OutOfMemory, is_out_of_memory

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
    try:
        yield
    except (RuntimeError, MemoryError) as error:
        if not is_out_of_memory(error):
            raise
        if isinstance(error, MemoryError) or "CPUAllocator" in str(error):
            raise OutOfMemory(
                f"This machine's memory has no room for {what}.",
                hint="Close other programs, or choose face resolution 256.",
            ) from error
        raise OutOfMemory(
            f"The graphics card has no room for {what}.",
            hint=f"Close other programs on it, or choose face resolution 256. {OFFER_CPU}",
        ) from error


def give_back(device: torch.device) -> None:
    """Let other programs have the memory that torch keeps in store on a graphics card."""
    if device.type not in ("cuda", "xpu", "mps"):
        return
    import torch

    # a host's older torch may know the device, but not how to empty its store
    empty = getattr(getattr(torch, device.type, None), "empty_cache", None)
    if empty is not None:
        empty()
