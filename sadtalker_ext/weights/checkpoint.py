"""Reading SadTalker checkpoints: both published layouts, safely, strictly.

A checkpoint set has six components. The packaged layout keeps five of them in one flat
safetensors file, each under its own prefix; the legacy layout spreads them over four pickled
files, each under a top-level entry. The mapping network is a pickled file in both. Pickled files
are opened as data only, and can be converted once to safetensors.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Final, TypeVar

from sadtalker_ext.errors import FETCH, DiskFull, WeightsMismatch, WeightsMissing
from sadtalker_ext.installing import sadtalker
from sadtalker_ext.weights.opening import check_length, corrupt, open_pickled, refuse_impostor

if TYPE_CHECKING:
    from torch import Tensor, nn

    Network = TypeVar("Network", bound=nn.Module)

PACKAGED: Final = "SadTalker_V0.0.2_{size}.safetensors"
MAPPING: Final = {False: "mapping_00229-model.pth.tar", True: "mapping_00109-model.pth.tar"}
"""Mapping network without and with the place of the crop (70 or 73 numbers per frame)."""
LEGACY: Final[dict[str, tuple[str, str]]] = {
    "face_3drecon": ("epoch_20.pth", "net_recon"),
    "audio2exp": ("auido2exp_00300-model.pth", "model"),
    "audio2pose": ("auido2pose_00140-model.pth", "model"),
    "generator": ("facevid2vid_00189-model.pth.tar", "generator"),
    "kp_extractor": ("facevid2vid_00189-model.pth.tar", "kp_detector"),
}
"""File and top-level entry of each component in the legacy layout."""
COMPONENTS: Final = (*LEGACY, "mapping")

UNUSED_PREFIXES: Final[dict[str, tuple[str, ...]]] = {
    "audio2pose": ("netG.encoder.", "netD_motion."),
}
UNUSED_SUFFIX: Final = ".num_batches_tracked"
_SETS: Final = {256: "sadtalker", 512: "sadtalker-512"}
"""What to fetch for each size; see `manifest.FEATURES`."""
_SHOWN = 3


def is_used(component: str, key: str) -> bool:
    """Tell whether inference reads a tensor; counters and training halves are left in the file."""
    return not (
        key.endswith(UNUSED_SUFFIX) or key.startswith(UNUSED_PREFIXES.get(component, ("\0",)))
    )


def converted_name(name: str) -> str:
    """Return what a pickled file is called after `convert`."""
    return f"{name.removesuffix('.tar').removesuffix('.pth')}.safetensors"


def locate(find: Callable[[str], Path | None], size: int, *, full: bool) -> dict[str, Path]:
    """Choose the file of every component; packaged first, then converted, then legacy.

    Args:
        find: Returns where a file of that name lies, or None.
        size: 256 or 512.
        full: Whether the framing pastes the face back, which takes the other mapping network.

    Raises:
        WeightsMissing: Names the files that would complete the set.
    """

    def either(name: str) -> Path | None:
        return find(converted_name(name)) or find(name)

    packaged = find(PACKAGED.format(size=size))
    found: dict[str, Path | None]
    if packaged is not None:
        found = dict.fromkeys(LEGACY, packaged)
    else:
        found = {component: either(name) for component, (name, _) in LEGACY.items()}
    found["mapping"] = either(MAPPING[full])
    missing = [component for component, path in found.items() if path is None]
    if missing:
        names = [] if packaged or missing == ["mapping"] else [PACKAGED.format(size=size)]
        names += [MAPPING[full]] if found["mapping"] is None else []
        raise WeightsMissing(
            f"The sadtalker engine needs {' and '.join(names)}; not found.",
            hint=f"Run `{sadtalker(f'weights fetch {_SETS[size]}')}`, or put the files in the "
            "checkpoints folder.",
            remedy=FETCH,
        )
    return {component: path for component, path in found.items() if path is not None}


def load_network(factory: Callable[[], Network], path: Path, component: str) -> Network:
    """Build a network and fill it with its component of a checkpoint.

    Args:
        factory: Builds the network; it is called without allocating memory.
        path: A packaged, converted or pickled file.
        component: One of `COMPONENTS`.

    Returns:
        The network in evaluation mode, float32, on the CPU.

    Raises:
        WeightsMissing: There is no such file.
        WeightsCorrupt: The file cannot be read, or is not a checkpoint at all.
        WeightsMismatch: Its keys or shapes do not fit; names the first differences.
    """
    import torch

    with torch.device("meta"):
        network = factory()
    load_strictly(network, read_component(path, component), f"{component} of {path}")
    return network.eval().requires_grad_(requires_grad=False)


def load_strictly(network: nn.Module, tensors: Mapping[str, Tensor], where: str) -> None:
    """Fill a network; every key and every shape must fit.

    Raises:
        WeightsMismatch: With the first keys and shapes that differ.
    """
    expected = network.state_dict()
    differences = [
        *(f"{key} is missing" for key in expected if key not in tensors),
        *(f"{key} is unknown" for key in tensors if key not in expected),
        *(
            f"{key} has shape {tuple(tensors[key].shape)} instead of {tuple(value.shape)}"
            for key, value in expected.items()
            if key in tensors and tensors[key].shape != value.shape
        ),
    ]
    if differences:
        shown = "; ".join(differences[:_SHOWN])
        more = len(differences) - _SHOWN
        rest = f"; and {more} more" if more > 0 else ""
        raise WeightsMismatch(
            f"The network does not fit {where}: {shown}{rest}.",
            hint="The file belongs to another model or release; run "
            f"`{sadtalker('weights verify')}`.",
        )
    network.load_state_dict(tensors, strict=True, assign=True)


def read_component(path: Path, component: str) -> dict[str, Tensor]:
    """Read the tensors of one component that inference uses, by their key inside it.

    Floating point values come as float32. Raises as `load_network` does.
    """
    refuse_impostor(path)
    if path.suffix == ".safetensors":
        tensors = _read_flat(path, component)
    else:
        tensors = _used(open_pickled(path), component, path)
    return {key: value.float() for key, value in tensors.items()}


def convert(path: Path, folder: Path | None = None) -> Path:
    """Write a pickled checkpoint as safetensors, keeping only what inference uses.

    Args:
        path: One of the legacy files or a mapping file.
        folder: Where the new file goes; beside the old one when not given.

    Returns:
        The new file. The old one is left alone.

    Raises:
        WeightsCorrupt, WeightsMismatch, WeightsMissing: As `load_network`.
        DiskFull: There is no room for the new file.
    """
    from safetensors.torch import save_file

    parts = [name for name in COMPONENTS if _pickled_name(name, path.name)]
    if not parts:
        names = ", ".join(sorted({name for name, _ in LEGACY.values()} | set(MAPPING.values())))
        raise WeightsMismatch(
            f"{path.name} is not a pickled SadTalker checkpoint.", hint=f"Known are {names}."
        )
    refuse_impostor(path)
    opened = open_pickled(path)
    tensors = {
        f"{component}.{key}": value.float().contiguous().clone()
        for component in parts
        for key, value in _used(opened, component, path).items()
    }
    target = (folder or path.parent) / converted_name(path.name)
    part = target.with_name(f"{target.name}.{os.getpid()}.part")
    try:
        save_file(tensors, part, metadata={"converted_from": path.name})
        part.replace(target)
    except OSError as error:
        if error.errno == errno.ENOSPC:
            raise DiskFull(f"There is no room for {target}.", hint="Free some space.") from error
        raise
    finally:
        part.unlink(missing_ok=True)
    return target


def _pickled_name(component: str, name: str) -> bool:
    if component == "mapping":
        return name in MAPPING.values()
    return LEGACY[component][0] == name


def _read_flat(path: Path, component: str) -> dict[str, Tensor]:
    """Read one component of a safetensors file, found by its exact prefix.

    The format's library checks the file. It would map all of it into memory for as long as any
    tensor lives, beside what folding makes of them; read one by one, each is gone once folded.
    """
    from safetensors import SafetensorError, safe_open

    places = check_length(path)
    prefix = f"{component}."
    try:
        with safe_open(path, framework="pt", device="cpu") as stored, path.open("rb") as stream:
            keys = [key for key in stored.keys() if key.startswith(prefix)]  # noqa: SIM118 - no dict
            wanted = [key for key in keys if is_used(component, key.removeprefix(prefix))]
            found = {
                key.removeprefix(prefix): _read_tensor(stored, key, stream, places[key])
                for key in wanted
            }
            others = {key.split(".")[0] for key in stored.keys()}  # noqa: SIM118
    except SafetensorError as error:
        raise corrupt(path, str(error)) from error
    if not found:
        raise WeightsMismatch(
            f"{path} holds no component {component}; it holds {', '.join(sorted(others))}."
        )
    return found


def _read_tensor(stored: Any, key: str, stream: IO[bytes], place: tuple[int, int]) -> Tensor:
    """Read a tensor of a checked file; unusual types by the library."""
    import torch

    part = stored.get_slice(key)
    kind = {"F32": torch.float32, "F16": torch.float16, "BF16": torch.bfloat16}.get(
        part.get_dtype()
    )
    begin, end = place
    if kind is None or begin == end:
        tensor: Tensor = stored.get_tensor(key)
        return tensor
    data = torch.empty(end - begin, dtype=torch.uint8)
    stream.seek(begin)
    stream.readinto(data.numpy())  # type: ignore[attr-defined]
    return data.view(kind).reshape(part.get_shape())


def _used(opened: Mapping[str, Any], component: str, path: Path) -> dict[str, Tensor]:
    """Take the used tensors of one component out of an opened pickled file."""
    from torch import Tensor

    entry = "mapping" if component == "mapping" else LEGACY[component][1]
    stored = opened.get(entry)
    if not isinstance(stored, Mapping):
        raise WeightsMismatch(
            f"{path} has no entry {entry!r} with the tensors of {component}; "
            f"it has {_names(opened)}."
        )
    found = {key: value for key, value in stored.items() if is_used(component, key)}
    odd = next((key for key, value in found.items() if not isinstance(value, Tensor)), None)
    if odd is not None:
        raise WeightsMismatch(f"{path}: {entry}.{odd} should be a tensor and is not.")
    return found


def _names(opened: Iterable[object]) -> str:
    return ", ".join(sorted(str(name) for name in opened)) or "nothing"
