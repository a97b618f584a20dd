"""From weight files to loaded networks."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from sadtalker_ext.engines.sadtalker.coefficients import DRIVEN, FULL
from sadtalker_ext.engines.sadtalker.networks import Networks
from sadtalker_ext.weights.checkpoint import load_network, locate

if TYPE_CHECKING:
    import torch

Find = Callable[[str], Path | None]


def load_networks(find: Find, device: str, size: int, precision: str) -> Networks:
    """Load everything one face resolution needs; of the mapping networks each when it is used.

    Args:
        find: Returns where a weight file of that name lies, or None.
        device: Torch's name of the device.
        size: 256 or 512.
        precision: "auto", "float32", "float16" or "bfloat16", of the work done per frame.

    Raises:
        WeightsMissing: Names the files that would complete the set.
        WeightsCorrupt: A file cannot be read.
        WeightsMismatch: A file holds another model.
    """
    import torch

    from sadtalker_ext.engines.sadtalker.nets.expnet import ExpNet
    from sadtalker_ext.engines.sadtalker.nets.generator import Generator
    from sadtalker_ext.engines.sadtalker.nets.kp_detector import KeypointDetector
    from sadtalker_ext.engines.sadtalker.nets.layers import fold
    from sadtalker_ext.engines.sadtalker.nets.mapping import MappingNet
    from sadtalker_ext.engines.sadtalker.nets.posenet import PoseNet
    from sadtalker_ext.engines.sadtalker.nets.recon import ReconNet
    from sadtalker_ext.engines.sadtalker.render import Renderer

    def load_mapping(numbers: int, path: Path) -> MappingNet:
        return load_network(partial(MappingNet, numbers), path, "mapping")

    files = locate(find, size, full=False)
    pasted = locate(find, size, full=True)["mapping"]
    recon = load_network(ReconNet, files["face_3drecon"], "face_3drecon")
    expression = load_network(ExpNet, files["audio2exp"], "audio2exp")
    pose = load_network(PoseNet, files["audio2pose"], "audio2pose")
    for network in (recon, expression, pose):
        fold(network)
        network.to(torch.device(device))
    renderer = Renderer(
        load_network(Generator, files["generator"], "generator"),
        load_network(KeypointDetector, files["kp_extractor"], "kp_extractor"),
        {
            DRIVEN: partial(load_mapping, DRIVEN, files["mapping"]),
            FULL: partial(load_mapping, FULL, pasted),
        },
        device,
        _dtype(precision, torch.device(device)),
    )
    return Networks(recon=recon, expression=expression, pose=pose, renderer=renderer)


def _dtype(precision: str, device: torch.device) -> torch.dtype:
    """Return torch's type; `auto` is float16 on graphics cards with arithmetic of their own for it.

    Those are cards from compute capability 7.0 on; older ones compute float16 slowly or not at all,
    and processors take minutes.
    """
    import torch

    if precision == "auto":
        fast = device.type == "cuda" and torch.cuda.get_device_capability(device) >= (7, 0)
        return torch.float16 if fast else torch.float32
    dtype: torch.dtype = getattr(torch, precision)
    return dtype
