"""Key point detector and renderer against their recorded activations."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, cast

import torch
from torch import Tensor

from sadtalker_ext.engines.sadtalker.nets.dense_motion import Motion
from sadtalker_ext.engines.sadtalker.nets.generator import Generator
from sadtalker_ext.engines.sadtalker.nets.geometry import grid
from tests.golden.folder import GoldenFolder
from tests.golden.links import picture_of_points
from tests.golden.networks import activation_tolerance, network, outputs_of
from tests.golden.registry import FRAMES, NETWORK, PICTURE, Stage, compare, stages
from tests.golden.stages.networks import picture_tensor

MOTION = "dense_motion_network"
WATCHED = {
    "first": "first",
    "down0": "down_blocks.0",
    "down1": "down_blocks.1",
    "second": "second",
    "feature_3d": "resblocks_3d",
    "dm_compress_norm": f"{MOTION}.norm",
    "dm_input": f">{MOTION}.hourglass",
    "dm_hourglass": f"{MOTION}.hourglass",
    "dm_mask_logits": f"{MOTION}.mask",
    "motion": MOTION,
    "warped": ">third",
    "third": "third",
    "fourth": "fourth",
    "dec_in": ">decoder",
    "dec_fc": "decoder.fc",
    **{f"dec_middle{i}": f"decoder.G_middle_{i}" for i in range(6)},
    "dec_up0": "decoder.up_0",
    "dec_up1": "decoder.up_1",
    "dec_conv_img": "decoder.conv_img",
}


@stages("kp_detector", "kp_detector.npz", "inputs/frame_*.png")
def detector_activations(folder: GoldenFolder) -> Iterator[Stage]:
    """Activations of the key point detector for one picture."""
    file = "kp_detector.npz"
    path = picture_of_points(folder, file, "kp", "kp_canonical")
    if path is None:
        return
    net = network(folder, "kp_extractor")
    watched = {
        "down": "down",
        "encoded": "predictor.down_blocks",
        "features": "predictor",
        "heat_logits": "kp",
    }
    with torch.inference_mode(), outputs_of(net, **watched) as seen:
        seen["kp"] = net(picture_tensor(path))
    for key in folder.arrays(file):
        if key in seen:
            yield compare(folder, file, key, seen[key], activation_tolerance(folder, file, key))


@stages("generator", "generator*.npz", "inputs/frame_*.png")
def generator_activations(folder: GoldenFolder) -> Iterator[Stage]:
    """Activations and picture of the renderer for one pair of key points."""
    net = cast("Generator", network(folder, "generator"))
    for file in folder.files("generator*.npz"):
        recorded = folder.arrays(file)
        known = "kp_canonical" if "kp_canonical" in recorded else "kp_source"
        path = picture_of_points(folder, file, known, known)
        if path is None:
            continue
        source, driving = (
            torch.from_numpy(recorded[key]).reshape(1, 15, 3) for key in ("kp_source", "kp_driving")
        )
        watched = {name: where for name, where in WATCHED.items() if wanted(name, recorded)}
        with torch.inference_mode(), outputs_of(net, **watched) as seen:
            prepared = net.encode(picture_tensor(path), source)
            seen["prediction"] = net(prepared, driving)
            derive(cast("dict[str, Any]", seen), source, driving)
        for key in recorded:
            if key in seen:
                tolerance = activation_tolerance(folder, file, key)
                yield compare(folder, file, key, seen[key], SPECIAL.get(key, tolerance))


SPECIAL = {"prediction": PICTURE, "frame_uint8": FRAMES, "dm_sparse_motion": NETWORK}


def wanted(name: str, recorded: object) -> bool:
    """Skip the copies nobody compares: everything but motion at a size with few recordings."""
    return name in cast("dict[str, object]", recorded) or name in (
        "motion",
        "dm_mask_logits",
        "dm_input",
    )


def derive(seen: dict[str, Any], source: Tensor, driving: Tensor) -> None:
    """Add the recorded values that are not the output of one module."""
    motion = cast("Motion", seen.pop("motion"))
    seen["deformation"], seen["occlusion"] = motion
    seen["dm_mask"] = seen["mask"] = torch.softmax(seen["dm_mask_logits"], dim=1)
    depth, height, width = motion.deformation.shape[1:4]
    trials = seen["dm_input"].reshape(1, 16, 5, depth, height, width)
    seen["dm_heatmap"], seen["dm_deformed"] = trials.split([1, 4], dim=2)
    shifts = torch.cat([torch.zeros(1, 1, 3), source - driving], dim=1)
    seen["dm_sparse_motion"] = grid(depth, height, width) + shifts[:, :, None, None, None]
    frame = torch.round(255 * seen["prediction"][0]).permute(1, 2, 0)
    seen["frame_uint8"] = frame.to(torch.uint8)
