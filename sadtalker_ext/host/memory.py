"""Making room on the GPU before a job, and giving the room back; a different way on each host.

The host's own modules come in as arguments, so nothing here imports them.
"""

from __future__ import annotations

import ctypes
import logging
import sys
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any, Protocol

log = logging.getLogger(__name__)

NEEDED_BYTES = 3 * 2**30
"""Device memory a job of the SadTalker engine may take at 512 pixels, with some air."""

WHEN_NEEDED, ALWAYS, NEVER = "when memory is short", "always", "never"
POLICIES = (WHEN_NEEDED, ALWAYS, NEVER)


class Room(Protocol):
    """One host's way to move its own models off the device."""

    def free(self) -> None:
        """Move the host's models out of the way."""

    def give_back(self) -> None:
        """Bring them back, if the host does not do so by itself."""


class ManagedRoom:
    """Forge and reForge: a memory manager that brings models back when they are next used.

    Args:
        manager: ``backend.memory_management`` or ``ldm_patched.modules.model_management``.
    """

    def __init__(self, manager: Any) -> None:
        self._manager = manager

    def free(self) -> None:
        """Unload what the manager holds on its device."""
        self._manager.unload_all_models()

    def give_back(self) -> None:
        """Do nothing: models return on demand."""


class ClassicRoom:
    """AUTOMATIC1111: the Stable Diffusion model goes to RAM and has to be sent back.

    Args:
        sd_models: The host's module of that name.
    """

    def __init__(self, sd_models: Any) -> None:
        self._sd_models = sd_models
        self._moved: Any = None

    def free(self) -> None:
        """Send the loaded model to RAM; a model that is not loaded is left alone.

        ``model_data.sd_model`` is looked at, never ``shared.sd_model``, which would load one. With
        --lowvram or --medvram the host itself moves the parts one by one, which this call obeys.
        """
        model = getattr(self._sd_models.model_data, "sd_model", None)
        if model is None:
            return
        self._sd_models.send_model_to_cpu(model)
        self._moved = model

    def give_back(self) -> None:
        """Send the model back to the device, unless it was replaced in the meantime."""
        model, self._moved = self._moved, None
        if model is not None and model is self._sd_models.model_data.sd_model:
            self._sd_models.send_model_to_device(model)


class FixedRoom:
    """A host whose models we cannot move: it does so by itself (SD.Next), or not at all."""

    def free(self) -> None:
        """Move nothing."""

    def give_back(self) -> None:
        """Bring nothing back."""


def find_room(load: Callable[[str], Any], sd_models: Any) -> tuple[str, Room]:
    """Recognise the host by its memory manager.

    Args:
        load: Imports a module by name, or raises ImportError.
        sd_models: AUTOMATIC1111's module, which the others have too, without its effect.

    Returns:
        The host's name ("forge", "reforge", "automatic1111" or "webui") and its way to make room.
    """
    managers: Mapping[str, str] = {
        "forge": "backend.memory_management",
        "reforge": "ldm_patched.modules.model_management",
    }
    for name, module in managers.items():
        with suppress(ImportError):
            return name, ManagedRoom(load(module))
    if not hasattr(sd_models, "send_model_to_cpu"):
        return "webui", FixedRoom()
    return "automatic1111", ClassicRoom(sd_models)


def should_free(policy: str, device: str, free_bytes: Callable[[], int | None]) -> bool:
    """Decide whether the host's models have to move.

    Args:
        policy: One of `POLICIES`.
        device: Where the job renders; on the CPU nothing needs to move.
        free_bytes: Measures the free memory of the device; None when nobody knows.
    """
    if policy == NEVER or device.startswith("cpu"):
        return False
    if policy == ALWAYS:
        return True
    free = free_bytes()
    return free is not None and free < NEEDED_BYTES


def return_free_memory() -> None:
    """Give the pages of released models back to the system.

    glibc keeps them for the next allocation on the same thread, which may never come: about 1 GB
    stayed with the process after a job of the SadTalker engine. Other systems do so by themselves.
    """
    if sys.platform == "linux":
        with suppress(OSError, AttributeError):
            ctypes.CDLL(None).malloc_trim(0)
