"""The networks with keyed weights, built once per golden folder."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.utils.hooks import RemovableHandle

from sadtalker_ext.engines.sadtalker.nets.expnet import ExpNet
from sadtalker_ext.engines.sadtalker.nets.generator import Generator
from sadtalker_ext.engines.sadtalker.nets.kp_detector import KeypointDetector
from sadtalker_ext.engines.sadtalker.nets.layers import fold
from sadtalker_ext.engines.sadtalker.nets.mapping import HeadMotion, MappingNet
from sadtalker_ext.engines.sadtalker.nets.posenet import PoseNet
from sadtalker_ext.engines.sadtalker.nets.recon import ReconNet
from tests.golden.folder import GoldenFolder
from tests.golden.keyed_weights import component
from tests.golden.registry import Tolerance

BUILDERS: dict[str, Callable[[], nn.Module]] = {
    "face_3drecon": ReconNet,
    "audio2exp": ExpNet,
    "audio2pose": PoseNet,
    "generator": Generator,
    "kp_extractor": KeypointDetector,
    "mapping_00109": lambda: MappingNet(73),
    "mapping_00229": lambda: MappingNet(70),
}
UNUSED = ("netG.encoder.", "netD_motion.")


def keyed_network(name: str, seed: str = "golden") -> nn.Module:
    """Build one component with keyed weights, loaded strictly, not folded."""
    tensors = {
        key: torch.from_numpy(value)
        for key, value in component(name, seed).items()
        if not key.endswith("num_batches_tracked") and not key.startswith(UNUSED)
    }
    with torch.device("meta"):
        network = BUILDERS[name]()
    network.load_state_dict(tensors, strict=True, assign=True)
    return network.eval().requires_grad_(requires_grad=False)


def network(folder: GoldenFolder, name: str) -> nn.Module:
    """Return a component with the folder's keyed weights, folded as in the product."""
    key = f"network {name}"
    if key not in folder.scratch:
        built = keyed_network(name, folder.seed)
        fold(built)
        if isinstance(built, Generator):
            built.arrange("cpu")
        folder.scratch[key] = built
    found: nn.Module = folder.scratch[key]
    return found


def mapping_for(folder: GoldenFolder, numbers: int) -> nn.Module:
    """Return the mapping network that reads 70 or 73 numbers per frame."""
    return network(folder, {70: "mapping_00229", 73: "mapping_00109"}[numbers])


@contextmanager
def outputs_of(root: nn.Module, **paths: str) -> Iterator[dict[str, Tensor]]:
    """Record what submodules return while the context is open, by the names given.

    A path that begins with ">" records the first input instead.
    """
    record: dict[str, Tensor] = {}

    def keep(name: str, value: Any) -> None:
        record[name] = value.clone() if isinstance(value, Tensor) else value

    def watch(name: str, path: str) -> RemovableHandle:
        if path.startswith(">"):
            return root.get_submodule(path[1:]).register_forward_pre_hook(
                lambda _module, inputs: keep(name, inputs[0])
            )
        return root.get_submodule(path).register_forward_hook(
            lambda _module, _inputs, output: keep(name, output)
        )

    handles = [watch(name, path) for name, path in paths.items()]
    try:
        yield record
    finally:
        for handle in handles:
            handle.remove()


def heads(motion: HeadMotion) -> Tensor:
    """Return the recorded layout yaw 66, pitch 66, roll 66, t 3, exp 45 as (B, 246)."""
    return torch.cat(list(motion), dim=1)


def head_motion(rows: np.ndarray) -> HeadMotion:
    """Split (B, 246) recorded rows again."""
    return HeadMotion(*torch.from_numpy(rows).split([66, 66, 66, 3, 45], dim=1))


def activation_tolerance(folder: GoldenFolder, file: str, key: str) -> Tolerance:
    """Return how close an activation must be, from the recorded rounding noise and its range."""
    entry = folder.index.get(file, {}).get(key, {})
    noise = entry.get("float32_noise", {}).get("max", 0.0)
    return Tolerance(
        absolute=max(1e-4, 2 * noise), relative=1e-5, share=0.999, largest=max(1e-3, 20 * noise)
    )
