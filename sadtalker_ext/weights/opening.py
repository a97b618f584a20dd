"""Opening checkpoint files as data: nothing in them is ever run."""

from __future__ import annotations

import json
import operator
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sadtalker_ext.errors import FETCH, WeightsCorrupt, WeightsMissing
from sadtalker_ext.installing import sadtalker
from sadtalker_ext.weights.integrity import impostor


def refuse_impostor(path: Path) -> None:
    """Look at the first bytes of a file.

    Raises:
        WeightsMissing: There is no such file.
        WeightsCorrupt: It is empty, or something else under this name.
    """
    try:
        with path.open("rb") as stream:
            head = stream.read(512)
    except FileNotFoundError as error:
        raise WeightsMissing(
            f"There is no file {path}.",
            hint=f"Run `{sadtalker('weights fetch sadtalker')}`.",
            remedy=FETCH,
        ) from error
    except OSError as error:
        raise corrupt(path, str(error)) from error
    disguise = impostor(head)
    if disguise or not head:
        raise corrupt(path, f"it is {disguise or 'empty'}")


# what torch and the unpickler raise for damaged files; IndexError and TypeError where the stack of
# the pickled program is out of step
_DAMAGED = (
    RuntimeError, EOFError, OSError, ValueError, LookupError, AttributeError, TypeError,
    AssertionError, OverflowError, MemoryError,
)  # fmt: skip
_LONGEST_HEADER = 100_000_000
"""As the format's own library has it."""


def corrupt(path: Path, why: str) -> WeightsCorrupt:
    """Return the error of a file that cannot be read."""
    return WeightsCorrupt(
        f"{path} is not a readable checkpoint: {why}.",
        hint=f"Delete it and run `{sadtalker(f'weights fetch {path.name}')}`.",
    )


def check_length(path: Path) -> dict[str, tuple[int, int]]:
    """Compare the length of a safetensors file with what its header promises.

    Returns:
        Where the bytes of every tensor begin and end in the file.
    """
    size = path.stat().st_size
    with path.open("rb") as stream:
        length = int.from_bytes(stream.read(8), "little")
        if length + 8 > size:
            raise corrupt(path, f"it is truncated or no safetensors file ({size} bytes)")
        if length > _LONGEST_HEADER:
            raise corrupt(path, f"its header has {length} bytes")
        try:
            header: dict[str, Any] = json.loads(stream.read(length))
            places = {
                key: (
                    8 + length + operator.index(entry["data_offsets"][0]),
                    8 + length + operator.index(entry["data_offsets"][1]),
                )
                for key, entry in header.items()
                if key != "__metadata__"
            }
        except (
            ValueError, KeyError, TypeError, IndexError, AttributeError, RecursionError
        ) as error:  # fmt: skip
            raise corrupt(path, "its header is damaged") from error
    expected = max((end for _, end in places.values()), default=8 + length)
    if size != expected:
        kind = "truncated" if size < expected else "too long"
        raise corrupt(path, f"it is {kind}: expected {expected} bytes, found {size}")
    return places


def open_pickled(path: Path) -> Mapping[str, Any]:
    """Open a pickled file as data: tensors, numbers, text and containers, no objects."""
    from pickle import UnpicklingError  # noqa: TID251 - its exception; nothing is unpickled here

    import torch

    try:
        # the bare torch.load is replaced inside the WebUI; this is the same on all hosts
        opened = torch.serialization.load(path, map_location="cpu", weights_only=True)
    except UnpicklingError as error:
        raise corrupt(path, f"opening it would run code, or it is damaged ({_first(error)})") from (
            error
        )
    except _DAMAGED as error:
        raise corrupt(path, f"it is truncated or damaged ({_first(error)})") from error
    if not isinstance(opened, Mapping):
        raise corrupt(path, f"it holds a {type(opened).__name__} instead of named entries")
    return opened


def _first(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0]
