"""Each network against its recorded activations."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import nn

from sadtalker_ext.engines.sadtalker.keypoints import (
    HeadAngles,
    head_angles,
    place_points,
    rotation,
)
from sadtalker_ext.engines.sadtalker.nets.mapping import HeadMotion
from tests.golden.float64 import Values, by_truth, float64_network, unrounded
from tests.golden.folder import GoldenFolder
from tests.golden.keyed_weights import unit_values
from tests.golden.networks import network, outputs_of
from tests.golden.registry import Stage, compare, stages

HEADS = ("yaw", "pitch", "roll", "t", "exp")


def picture_tensor(path: Path) -> torch.Tensor:
    """Read a PNG as (1, 3, S, S) in [0, 1]."""
    pixels = np.asarray(Image.open(path).convert("RGB"))
    return torch.from_numpy(pixels.astype(np.float32) / 255).permute(2, 0, 1).unsqueeze(0)


@stages("recon", "recon.npz", "preprocess.npz")
def recon_activations(folder: GoldenFolder) -> Iterator[Stage]:
    """Activations of the 3-D recovery network for one aligned picture."""
    file, recorded = "recon.npz", folder.arrays("recon.npz")
    case = aligned_of_recon(folder)
    if case is None:
        return
    paths = {name: f"backbone.{name}" for name in recorded if name != "out"}
    picture = aligned_tensor(folder, case)

    def run(net: nn.Module, picture: torch.Tensor) -> Values:
        with torch.inference_mode(), outputs_of(net, **paths) as seen:
            seen["out"] = net(picture)
        return seen

    def exact() -> Values:
        with unrounded():
            return run(float64_network(folder, "face_3drecon"), picture.double())

    yield from by_truth(folder, file, run(network(folder, "face_3drecon"), picture), exact)


def aligned_of_recon(folder: GoldenFolder) -> str | None:
    """Return which aligned picture the activations belong to, by the notes or by the result."""
    pictures = folder.arrays("preprocess.npz")
    for key in folder.arrays("recon.npz"):
        noted = folder.noted("recon.npz", key, r"activation for (\w+)_aligned")
        if noted and f"{noted[0]}_aligned" in pictures:
            return noted[0]
    out = folder.arrays("recon.npz").get("out")
    for key, value in pictures.items():
        if key.endswith("_recon257") and out is not None and np.array_equal(value, out):
            return key.removesuffix("_recon257")
    return None


def aligned_tensor(folder: GoldenFolder, case: str) -> torch.Tensor:
    """Return a recorded aligned picture as network input."""
    pixels = folder.arrays("preprocess.npz")[f"{case}_aligned"]
    return torch.from_numpy(pixels.astype(np.float32) / 255).permute(2, 0, 1).unsqueeze(0)


@stages("recon_cases", "preprocess.npz")
def recon_cases(folder: GoldenFolder) -> Iterator[Stage]:
    """The 257 numbers of every recorded aligned picture."""
    pictures = folder.arrays("preprocess.npz")
    for key in sorted(pictures):
        case = key.removesuffix("_recon257")
        if case == key or f"{case}_aligned" not in pictures:
            continue
        with torch.inference_mode():
            out = network(folder, "face_3drecon")(aligned_tensor(folder, case))
        yield compare(folder, "preprocess.npz", key, out)


@stages("mapping", "mapping.npz")
def mapping_heads(folder: GoldenFolder) -> Iterator[Stage]:
    """The mapping networks on computed windows."""
    file, recorded = "mapping.npz", folder.arrays("mapping.npz")
    for name in sorted({re.sub(r"_[a-z]+$", "", key) for key in recorded}):
        net = network(folder, name)
        with torch.inference_mode(), outputs_of(net, first="first") as seen:
            motion = net(computed_windows(folder, name))
        values = dict(zip(HEADS, motion, strict=True)) | seen
        for key in recorded:
            head = key.removeprefix(f"{name}_")
            if head != key:
                yield compare(folder, file, key, values[head])


def computed_windows(folder: GoldenFolder, name: str) -> torch.Tensor:
    """Return the windows the notes describe: a scaled formula of the network's name."""
    first = f"{name}_first"
    noted = folder.noted("mapping.npz", first, r"input = ([\d.]+)\*unit\(\"map\", \"([^\"]*)\"")
    scale, label = noted or ("0.6", "<set>:<name>")
    label = label.replace("<set>", folder.seed).replace("<name>", name)
    inputs = network(folder, name).inputs
    batch = folder.shape("mapping.npz", first)[0]
    values = float(scale) * unit_values("map", label, batch * inputs * 27)
    return torch.from_numpy(values.reshape(batch, inputs, 27).astype(np.float32))


@stages("keypoints", "keypoints.npz", "mapping.npz", "e2e_*.npz")
def placed_points(folder: GoldenFolder) -> Iterator[Stage]:
    """Angles, rotation and placement from recorded heads."""
    file, recorded = "keypoints.npz", folder.arrays("keypoints.npz")
    motion = recorded_heads(folder)
    canonical = torch.from_numpy(canonical_points(folder))
    angles = head_angles(motion)
    for axis, degrees in zip(("yaw", "pitch", "roll"), angles, strict=True):
        if f"degree_{axis}" in recorded:
            yield compare(folder, file, f"degree_{axis}", degrees)
    if "rotation" in recorded:
        yield compare(folder, file, "rotation", rotation(angles))
    for key in recorded:
        if key.startswith("transformed"):
            chosen = replaced_angles(folder.doc(file, key), angles)
            yield compare(folder, file, key, place_points(canonical, motion, chosen))


def recorded_heads(folder: GoldenFolder) -> HeadMotion:
    """Return the mapping outputs that the notes of the key points name."""
    docs = " ".join(folder.doc("keypoints.npz", key) for key in folder.arrays("keypoints.npz"))
    found = re.search(r"from (mapping_\d+)", docs)
    name = found.group(1) if found else "mapping_00229"
    stored = folder.arrays("mapping.npz")
    rows = (torch.from_numpy(stored[f"{name}_{head}"]) for head in HEADS)
    return HeadMotion(*rows)


def canonical_points(folder: GoldenFolder) -> np.ndarray:
    """Return the canonical points that the notes name, or those of the first case."""
    noted = folder.noted("keypoints.npz", "transformed", r"with (\w+) kp_canonical")
    case = noted[0] if noted else next(iter(folder.cases()))
    return folder.arrays(f"{case}.npz")["kp_canonical"]


def replaced_angles(doc: str, angles: HeadAngles) -> HeadAngles:
    """Replace the axes that the notes list in degrees, as a free view does."""
    degrees = {
        axis: torch.tensor([float(value) for value in values.split(",")])
        for axis, values in re.findall(
            r"(yaw|pitch|roll) (?:replaced )?by (-?[\d.]+(?:,-?[\d.]+)+)", doc
        )
    }
    return angles._replace(**degrees)
