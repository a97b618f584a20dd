"""Stand-alone face restorers: published networks, built by spandrel from their weight files.

Inside the WebUI the host lends its own; nothing here is used then.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sadtalker_ext.compositor.picture_network import build_model, on_arrays
from sadtalker_ext.errors import WeightsMismatch
from sadtalker_ext.types import Enhancer

if TYPE_CHECKING:
    from torch import Tensor

_FIDELITY = 0.7
"""CodeFormer: 0 invents most, 1 keeps most of the input; its authors advise 0.5 to 1 for video."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Restorer:
    """A published face restorer.

    Attributes:
        files: Names its weight file has, best first.
        architecture: spandrel's name of the network.
        settings: Keywords of the network's forward call. GFPGAN draws new noise for every call
            otherwise, which flickers.
        extra: Whether the network comes with `spandrel_extra_arches`.
    """

    files: tuple[str, ...]
    architecture: str
    settings: Mapping[str, Any]
    extra: bool = False


RESTORERS: Mapping[str, Restorer] = {
    "gfpgan": Restorer(
        files=("GFPGANv1.4.pth", "GFPGANv1.3.pth"),
        architecture="GFPGAN",
        settings={"return_rgb": False, "randomize_noise": False},
    ),
    "codeformer": Restorer(
        files=("codeformer.pth", "codeformer-v0.1.0.pth"),
        architecture="CodeFormer",
        settings={"weight": _FIDELITY},
        extra=True,
    ),
    "restoreformer": Restorer(
        files=("RestoreFormer.pth", "RestoreFormer.ckpt"),
        architecture="RestoreFormer",
        settings={},
    ),
}
"""By the values of the option `enhancer`."""


def build_restorer(name: str, tensors: Mapping[str, Tensor], device: str) -> Enhancer:
    """Build a restorer from the tensors of its weight file.

    Args:
        name: A key of `RESTORERS`.
        tensors: From `weights.model_file.read_tensors`.
        device: torch's name of the device.

    Raises:
        PackageMissing: spandrel (or what it needs) is not installed or does not work here.
        WeightsMismatch: The tensors belong to another network.
    """
    restorer = RESTORERS[name]
    model = build_model(tensors, device, extra=restorer.extra)
    if model.architecture.id != restorer.architecture:
        raise WeightsMismatch(
            f"The weight file for {name} should be a {restorer.architecture}, "
            f"found a {model.architecture.id}.",
            hint=f"Put {restorer.files[0]} in one of the weight folders.",
        )
    network = model.model.eval().requires_grad_(requires_grad=False)
    settings = dict(restorer.settings)
    # the networks themselves expect -1..1; spandrel's own call would hand some of them 0..1
    return on_arrays(lambda faces: network(faces * 2 - 1, **settings)[0] * 0.5 + 0.5, device)
