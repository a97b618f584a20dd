"""Any model file as tensors: opened as data, never as code."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sadtalker_ext.errors import WeightsCorrupt, WeightsMissing

if TYPE_CHECKING:
    from torch import Tensor

_ENTRIES = ("params_ema", "params-ema", "params", "model", "state_dict", "g_ema")
"""Top-level entries under which published model files keep their tensors, best first."""


def read_tensors(path: Path) -> dict[str, Tensor]:
    """Return the tensors of a .safetensors, .pth, .pt or .ckpt file on the CPU.

    Raises:
        WeightsMissing: There is no such file.
        WeightsCorrupt: It cannot be read as data, or holds no tensors.
    """
    from torch import Tensor

    if not path.is_file():
        raise WeightsMissing(f"There is no file {path}.")
    opened = _opened(path)
    for name in _ENTRIES:
        if isinstance(opened.get(name), Mapping):
            opened = opened[name]
            break
    found = {str(key): value for key, value in opened.items() if isinstance(value, Tensor)}
    if not found:
        raise WeightsCorrupt(
            f"{path} should be a model file with tensors, found {len(opened)} other entries.",
            hint="Get the file again.",
        )
    return found


def _opened(path: Path) -> Mapping[str, Any]:
    from pickle import UnpicklingError  # noqa: TID251 - its exception; nothing is unpickled here

    import torch

    try:
        if path.suffix == ".safetensors":
            from safetensors import SafetensorError
            from safetensors.torch import load_file

            try:
                tensors: dict[str, Any] = load_file(path, device="cpu")
            except SafetensorError as error:
                raise ValueError(str(error)) from error
            return tensors
        # the bare torch.load is replaced inside the WebUI; this is the same on all hosts
        opened = torch.serialization.load(path, map_location="cpu", weights_only=True)
    except (
        UnpicklingError,
        RuntimeError,
        EOFError,
        OSError,
        ValueError,
        LookupError,
        AttributeError,
    ) as error:
        reason = (str(error).splitlines() or [type(error).__name__])[0]
        raise WeightsCorrupt(
            f"{path} is not a readable model file, or opening it would run code: {reason}",
            hint="Get the file again, as .safetensors if there is one.",
        ) from error
    if not isinstance(opened, Mapping):
        raise WeightsCorrupt(f"{path} holds a {type(opened).__name__} instead of named tensors.")
    return opened
