"""Key point detector and renderer against their recorded activations."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import Any, cast

import torch
from torch import Tensor, nn

from sadtalker_ext.engines.sadtalker.nets.dense_motion import MotionField
from sadtalker_ext.engines.sadtalker.nets.generator import Generator
from sadtalker_ext.engines.sadtalker.nets.geometry import grid
from tests.golden.float64 import CUT, Cut, Values, by_truth, float64_network, steered, unrounded
from tests.golden.folder import GoldenFolder
from tests.golden.links import picture_of_points
from tests.golden.networks import network, outputs_of
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


DETECTOR = {
    "down": "down",
    "encoded": "predictor.down_blocks",
    "features": "predictor",
    "heat_logits": "kp",
}


def detected(net: nn.Module, picture: Tensor) -> dict[str, Any]:
    """Run the key point detector and return its stages."""
    with torch.inference_mode(), outputs_of(net, **DETECTOR) as seen:
        seen["kp"] = net(picture)
    return seen


@stages("kp_detector", "kp_detector.npz", "inputs/frame_*.png")
def detector_activations(folder: GoldenFolder) -> Iterator[Stage]:
    """Activations of the key point detector for one picture."""
    file = "kp_detector.npz"
    path = picture_of_points(folder, file, "kp", "kp_canonical")
    if path is None:
        return
    picture = picture_tensor(path)
    seen = detected(network(folder, "kp_extractor"), picture)

    def exact() -> Values:
        with unrounded():
            return detected(float64_network(folder, "kp_extractor"), picture.double())

    yield from by_truth(folder, file, seen, exact)


@dataclass(frozen=True)
class Pose:
    """What the renderer reads: a picture, and key points (1, 15, 3) of source and driving."""

    picture: Tensor
    source: Tensor
    driving: Tensor

    def double(self) -> Pose:
        return Pose(self.picture.double(), self.source.double(), self.driving.double())


def pose_of(folder: GoldenFolder, file: str) -> Pose | None:
    """Return the inputs of a recorded renderer, if its picture is there."""
    recorded = folder.arrays(file)
    known = "kp_canonical" if "kp_canonical" in recorded else "kp_source"
    path = picture_of_points(folder, file, known, known)
    if path is None:
        return None
    points = (torch.from_numpy(recorded[f"kp_{key}"]) for key in ("source", "driving"))
    return Pose(picture_tensor(path), *(part.reshape(1, 15, 3) for part in points))


def rendered(net: Generator, pose: Pose, recorded: Values) -> dict[str, Any]:
    """Run the renderer and return its stages."""
    watched = {name: where for name, where in WATCHED.items() if wanted(name, recorded)}
    with torch.inference_mode(), outputs_of(net, **watched) as seen:
        prepared = net.encode(pose.picture, pose.source)
        seen["prediction"] = net(prepared, pose.driving)
        derive(cast("dict[str, Any]", seen), pose.source, pose.driving)
    return seen


def exactly_rendered(folder: GoldenFolder, file: str, pose: Pose) -> dict[str, Any]:
    """Return the float64 stages; the decisions at the mask's cut stay in the folder's scratch."""
    net = cast("Generator", float64_network(folder, "generator"))

    def decide(mask: Tensor, shifts: Tensor) -> Cut:
        folder.scratch[file + CUT] = Cut.of(folder, file, mask, shifts)
        found: Cut = folder.scratch[file + CUT]
        return found

    with unrounded(), steered(net.dense_motion_network, decide):
        return rendered(net, pose.double(), folder.arrays(file))


def cut_of(folder: GoldenFolder, file: str) -> Cut | None:
    """Return the decisions that `exactly_rendered` left, or those that were shipped."""
    found: Cut | None = folder.scratch.get(file + CUT) or Cut.shipped(folder, file)
    return found


@stages("generator", "generator*.npz", "inputs/frame_*.png")
def generator_activations(folder: GoldenFolder) -> Iterator[Stage]:
    """Activations and picture of the renderer for one pair of key points."""
    net = cast("Generator", network(folder, "generator"))
    for file in folder.files("generator*.npz"):
        recorded = folder.arrays(file)
        pose = pose_of(folder, file)
        if pose is None:
            continue
        if not {"dm_mask", "deformation", *INSIDE} <= set(recorded):
            yield from ends_only(folder, file, rendered(net, pose, recorded))
            continue
        exact = lru_cache(partial(exactly_rendered, folder, file, pose))
        if cut_of(folder, file) is None:
            exact()
        cut = cut_of(folder, file)
        with steered(net.dense_motion_network, lambda _mask, _shifts, cut=cut: cut):
            seen = rendered(net, pose, recorded)
        yield from by_truth(folder, file, seen, exact)
        if "frame_uint8" in recorded:
            yield compare(folder, file, "frame_uint8", seen["frame_uint8"], FRAMES)


def ends_only(folder: GoldenFolder, file: str, seen: Values) -> Iterator[Stage]:
    """Compare a recording that holds nothing between the motion and the picture.

    Its float64 picture would take many minutes (512 pixels), and no value of it is far from 1.
    """
    for key in folder.arrays(file):
        if key in seen:
            yield compare(folder, file, key, seen[key], SPECIAL.get(key, NETWORK))


INSIDE = ("third", "fourth", "dec_in")
SPECIAL = {"prediction": PICTURE, "frame_uint8": FRAMES}


def wanted(name: str, recorded: object) -> bool:
    """Skip the copies nobody compares: everything but motion at a size with few recordings."""
    return name in cast("dict[str, object]", recorded) or name in (
        "motion",
        "dm_mask_logits",
        "dm_input",
    )


def derive(seen: dict[str, Any], source: Tensor, driving: Tensor) -> None:
    """Add the recorded values that are not the output of one module."""
    motion = cast("MotionField", seen.pop("motion"))
    seen["deformation"], seen["occlusion"] = motion
    seen["dm_mask"] = seen["mask"] = torch.softmax(seen["dm_mask_logits"], dim=1)
    depth, height, width = motion.deformation.shape[1:4]
    trials = seen["dm_input"].reshape(1, 16, 5, depth, height, width)
    seen["dm_heatmap"], seen["dm_deformed"] = trials.split([1, 4], dim=2)
    shifts = torch.cat([torch.zeros(1, 1, 3), source - driving], dim=1)
    seen["dm_sparse_motion"] = grid(depth, height, width) + shifts[:, :, None, None, None]
    frame = torch.round(255 * seen["prediction"][0]).permute(1, 2, 0)
    seen["frame_uint8"] = frame.to(torch.uint8)
