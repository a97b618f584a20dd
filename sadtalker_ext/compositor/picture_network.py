"""Networks from pictures to pictures: recognised and built by spandrel, called with arrays."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np

from sadtalker_ext.errors import OutOfMemory, PackageMissing, WeightsMismatch, is_out_of_memory
from sadtalker_ext.installing import how_to_add
from sadtalker_ext.types import ImageArray

if TYPE_CHECKING:
    from torch import Tensor

PictureNetwork = Callable[[ImageArray], ImageArray]
"""(N, H, W, 3) uint8 RGB in, (N, H', W', 3) out."""


def build_model(tensors: Mapping[str, Tensor], device: str, *, extra: bool = False) -> Any:
    """Let spandrel recognise and build the network of a weight file, on a device.

    Args:
        tensors: Of the file.
        device: torch's name of the device.
        extra: Look among the networks with other licences.

    Raises:
        PackageMissing: spandrel is not installed or does not work here.
        WeightsMismatch: spandrel does not know the network, or the file is damaged.
    """
    loader, unsupported = _spandrel(extra=extra)
    try:
        with _memory(device):
            return loader(device).load_from_state_dict(_plain(tensors))
    except unsupported as error:
        raise WeightsMismatch(
            "The weight file belongs to no network that spandrel knows.",
            hint="Choose another model file.",
        ) from error
    except (RuntimeError, KeyError) as error:
        reason = (str(error).splitlines() or [""])[0]
        raise WeightsMismatch(
            f"The weight file is incomplete or belongs to another network: {reason}",
            hint="Get the file again.",
        ) from error


def _spandrel(*, extra: bool) -> tuple[Callable[[str], Any], type[Exception]]:
    """Return spandrel's loader for a device, and the error with which it refuses a file."""
    wanted = "spandrel spandrel_extra_arches" if extra else "spandrel"
    try:
        import spandrel

        registry = spandrel.MAIN_REGISTRY
        if extra:  # its own registry: installing it into the main one would change the host's
            registry = importlib.import_module("spandrel_extra_arches").EXTRA_REGISTRY
    except Exception as error:  # a torchvision that does not fit torch fails in its own ways
        reason = (str(error).splitlines() or [type(error).__name__])[0]
        raise PackageMissing(
            f"Restoring and upscaling need {wanted.replace(' ', ' and ')}; importing failed: "
            f"{reason}.",
            hint=f"{how_to_add(*wanted.split(), 'torchvision')} Take torch and torchvision from "
            "the same package index.",
        ) from error
    return (
        lambda device: spandrel.ModelLoader(device=device, registry=registry),
        spandrel.UnsupportedModelError,
    )


def _plain(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Return the tensors without the prefix that parallel training leaves."""
    if all(key.startswith("module.") for key in tensors):
        return {key.removeprefix("module."): value for key, value in tensors.items()}
    return dict(tensors)


def on_arrays(run: Callable[[Tensor], Tensor], device: str) -> PictureNetwork:
    """Wrap a network from tensors (N, 3, H, W) in 0..1 as one from (N, H, W, 3) uint8 arrays."""
    import torch

    @torch.inference_mode()
    def enhance(pictures: ImageArray) -> ImageArray:
        with _memory(device):
            given = torch.from_numpy(np.ascontiguousarray(pictures)).to(device)
            found = run(given.permute(0, 3, 1, 2).float().contiguous() / 255)
            levels = found.float().clamp(0, 1).mul(255).round().to(torch.uint8)
            result: ImageArray = levels.permute(0, 2, 3, 1).contiguous().cpu().numpy()
        return result

    return enhance


@contextmanager
def _memory(device: str) -> Iterator[None]:
    """Turn every way in which torch runs out of memory into our own error."""
    try:
        yield
    except (RuntimeError, MemoryError) as error:
        if is_out_of_memory(error):
            raise _full(device) from error
        raise


def _full(device: str) -> OutOfMemory:
    return OutOfMemory(
        f"{device} has no room for the restoring network and its pictures.",
        hint="Close other programs that use it, or unload the checkpoint.",
    )
