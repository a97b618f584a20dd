"""The work on a batch as one piece: recorded once, launched whole from then on (CUDA graphs).

A batch of 16 frames is about 540 kernels. Launched one by one, each launch gives up Python's lock
and waits to get it back from the threads that composite and encode, and the card waits with it.
Recorded, a batch is a single launch.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    import torch
    from torch import Tensor

log = logging.getLogger(__name__)

Levels = Callable[["Tensor"], tuple["Tensor", "Tensor"]]
"""Renders (B, 15, 3) key points as (B, S, S, 3) uint8 levels, and tells whether they are any."""

WORTH_BATCHES = 4
"""Whole batches from which a recording pays: it costs about as much as one of them."""


class Recorder(Protocol):
    """Records work on tensors that stay where they are."""

    def record(self, work: Callable[[], None]) -> Callable[[], None]:
        """Return what repeats the work; raises RuntimeError where it cannot be recorded."""
        ...


class CudaRecorder:
    """Records into a CUDA graph.

    Args:
        device: The card.
    """

    def __init__(self, device: torch.device) -> None:
        self._device = device

    def record(self, work: Callable[[], None]) -> Callable[[], None]:
        """Record; see `Recorder`."""
        import torch

        # what the batches before have used: the recording needs as much, in a place of its own
        torch.cuda.empty_cache()
        graph = torch.cuda.CUDAGraph()
        # other threads may use the card meanwhile: only this one's mistakes count
        with torch.cuda.graph(graph, capture_error_mode="thread_local"):
            work()
        return graph.replay


class Replayed:
    """Renders batches of one size; the first as usual, the others by the recording of the second.

    Args:
        levels: Renders a batch.
        recorder: How it is recorded.
        batch_size: Frames per batch; a shorter last one is filled up.
        batches: How many there will be.
    """

    def __init__(self, levels: Levels, recorder: Recorder, batch_size: int, batches: int) -> None:
        self._levels = levels
        self._recorder = recorder
        self._size = batch_size
        self._worth = batches >= WORTH_BATCHES
        self._warm = False
        self._replay: Callable[[], None] | None = None
        self._given: Tensor | None = None
        self._made: tuple[Tensor, Tensor] | None = None

    def __call__(self, driving: Tensor) -> tuple[Tensor, Tensor]:
        """Render (B, 15, 3) key points; what is returned is not overwritten by later calls."""
        if not self._worth:
            return self._levels(driving)
        if not self._warm:  # libraries choose their ways and take their memory here
            self._warm = True
            return self._levels(driving)
        if self._replay is None:
            self._record(driving)
            if self._replay is None:
                return self._levels(driving)
        assert self._given is not None and self._made is not None  # noqa: S101  for the checker
        self._given.copy_(self._filled(driving))
        self._replay()
        levels, fits = self._made
        return levels[: len(driving)].clone(), fits.clone()

    def close(self) -> None:
        """Let go of the recording and its memory."""
        self._replay = self._given = self._made = None

    def _record(self, driving: Tensor) -> None:
        self._given = self._filled(driving).clone()
        try:
            self._replay = self._recorder.record(self._work)
        except (RuntimeError, MemoryError) as problem:
            log.warning("Batches are launched piece by piece: %s", problem)
            self._worth = False
            self.close()

    def _work(self) -> None:
        if self._given is not None:
            self._made = self._levels(self._given)

    def _filled(self, driving: Tensor) -> Tensor:
        lacking = self._size - len(driving)
        if not lacking:
            return driving
        import torch

        return torch.cat([driving, driving[-1:].expand(lacking, -1, -1)])


def recorder_for(device: torch.device) -> Recorder | None:
    """Return what records on a device; None where there is nothing to gain or no way."""
    if device.type != "cuda":
        return None
    import torch

    # AMD's build calls its device cuda, too, and its recordings are not tried
    return None if torch.version.hip else CudaRecorder(device)
