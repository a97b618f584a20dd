"""What the program around us offers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Protocol

from sadtalker_ext.types import Enhancer, Upscaler


class Host(Protocol):
    """The WebUI, or nothing at all."""

    name: str

    def output_dir(self) -> Path:
        """Return the folder for results, which may not exist yet."""

    def weight_dirs(self) -> Sequence[Path]:
        """Return folders that may hold weights, best first."""

    def device(self) -> str:
        """Return torch's name of the device to render on."""

    def gpu_turn(self, job: str) -> AbstractContextManager[None]:
        """Wait for the device, hold it for one job, and give everything back at the end."""

    def interrupted(self) -> bool:
        """Tell whether the host's own stop button was pressed."""

    def enhancers(self) -> Mapping[str, Enhancer]:
        """Return the host's own face restorers by option value: gfpgan, codeformer, restoreformer.

        Nothing is loaded before one is called.
        """

    def upscalers(self) -> Mapping[str, Upscaler]:
        """Return the host's own upscalers by the names its users know; loaded when called."""
