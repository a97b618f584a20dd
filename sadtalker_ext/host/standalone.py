"""No host: the command line and the stand-alone page."""

from __future__ import annotations

import importlib.util
import logging
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from sadtalker_ext.types import Enhancer, Upscaler

log = logging.getLogger(__name__)


class StandaloneHost:
    """Offers folders, one device and a queue of one.

    Args:
        output_dir: Folder for results; the working folder by default.
        weight_dirs: Folders to search for weights before the usual ones.
        device: "auto" (CUDA, then MPS, then CPU) or a name torch knows.
        suit: Called with the device's name before it is used, by a program that may set up its own
            process for it.
    """

    name = "standalone"

    def __init__(
        self,
        output_dir: Path | None = None,
        weight_dirs: Sequence[Path] = (),
        device: str = "auto",
        suit: Callable[[str], None] | None = None,
    ) -> None:
        self._output_dir = output_dir
        self._weight_dirs = tuple(weight_dirs)
        self._device = device
        self._suit = suit
        self._turn = threading.Lock()

    def output_dir(self) -> Path:
        """Return the folder for results."""
        return self._output_dir or Path.cwd()

    def weight_dirs(self) -> Sequence[Path]:
        """Return the folders given by the user."""
        return self._weight_dirs

    def device(self) -> str:
        """Return the device's name; needs torch only to choose among several."""
        if self._device != "auto":
            return self._device
        if importlib.util.find_spec("torch") is None:
            return "cpu"
        import torch

        if torch.cuda.is_available():
            return "cuda"
        return "mps" if torch.backends.mps.is_available() else "cpu"

    @contextmanager
    def gpu_turn(self, job: str) -> Iterator[None]:
        """Hold the only turn for one job."""
        log.debug("%s waits for its turn", job)
        with self._turn:
            if self._suit is not None:
                self._suit(self.device())
            yield

    def interrupted(self) -> bool:
        """Return False: nothing but the shell itself can stop a job."""
        return False

    def enhancers(self) -> Mapping[str, Enhancer]:
        """Return nothing: restorers come from weight files here."""
        return {}

    def upscalers(self) -> Mapping[str, Upscaler]:
        """Return nothing: upscalers come from weight files here."""
        return {}
