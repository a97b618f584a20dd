"""Frames from the device to the host while the device computes the next ones."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Protocol

import numpy as np

from sadtalker_ext.types import ImageArray

if TYPE_CHECKING:
    import torch
    from torch import Tensor


class PrecisionLost(Exception):
    """A batch held values too large for float16."""


AHEAD = 2
"""Batches that the device has been given beyond the one whose frames are used: it then never waits
for the host, as long as the host is the faster one."""


class Copy(Protocol):
    """A batch on its way to the host."""

    def frames(self) -> ImageArray:
        """Wait for it and return (B, S, S, 3) uint8, memory of its own.

        Raises:
            PrecisionLost: There is nothing to be seen in it.
        """
        ...


Starter = Callable[["Tensor", "Tensor"], Copy]
"""Starts the copy of (B, S, S, 3) uint8 levels, with a boolean () of whether they are any."""


class Waited:
    """A batch that is fetched when it is asked for, from the host or a device without streams."""

    def __init__(self, levels: Tensor, finite: Tensor) -> None:
        self._levels = levels
        self._finite = finite

    def frames(self) -> ImageArray:
        """Fetch it; see `Copy`."""
        if not self._finite:
            raise PrecisionLost
        found: ImageArray = self._levels.cpu().numpy()
        return found


class CudaCopy:
    """A batch that is copied on a stream of its own into page-locked memory."""

    def __init__(self, levels: Tensor, finite: Tensor, stream: torch.cuda.Stream) -> None:
        import torch

        stream.wait_stream(torch.cuda.current_stream(levels.device))
        with torch.cuda.stream(stream):
            self._buffer, self._finite = (_locked(one) for one in (levels, finite))
            self._done = torch.cuda.Event()  # type: ignore[no-untyped-call]
            self._done.record(stream)
        for one in (levels, finite):  # not to be used for something else before it is copied
            if one.is_cuda:
                one.record_stream(stream)

    def frames(self) -> ImageArray:
        """Wait for it; see `Copy`."""
        self._done.synchronize()
        if not self._finite:
            raise PrecisionLost
        # page-locked memory goes back into torch's store; frames may live longer
        found: ImageArray = np.array(self._buffer.numpy())
        return found


def starter(device: torch.device) -> Starter:
    """Return what starts the copy of a batch from this device."""
    return CudaStarter(device) if device.type == "cuda" else Waited


def _locked(values: Tensor) -> Tensor:
    """Start copying into page-locked memory."""
    import torch

    locked = torch.empty(values.shape, dtype=values.dtype, pin_memory=True)
    return locked.copy_(values, non_blocking=True)


class CudaStarter:
    """Starts copies on one stream."""

    def __init__(self, device: torch.device) -> None:
        import torch

        self._stream = torch.cuda.Stream(device)  # type: ignore[no-untyped-call]

    def __call__(self, levels: Tensor, finite: Tensor) -> CudaCopy:
        """Start a copy; see `Starter`."""
        return CudaCopy(levels, finite, self._stream)


def fetched(copies: Iterable[Copy], ahead: int) -> Iterator[ImageArray]:
    """Yield the frames of all copies in order, (S, S, 3) uint8 each.

    Args:
        copies: Taking one starts its computation; it fails where the device does.
        ahead: Copies that are started before the frames of the first one are waited for.
    """
    started: deque[Copy] = deque()
    for copy in copies:
        started.append(copy)
        if len(started) > ahead:
            yield from started.popleft().frames()
    while started:
        yield from started.popleft().frames()
