"""The end-to-end cases between the networks: arithmetic on coefficient rows.

Every step starts from the recorded output of the step before it.
"""

from __future__ import annotations

import math
import random
from collections.abc import Iterator
from typing import Any

import numpy as np

from sadtalker_ext.engines.sadtalker.blink import original_blinks
from sadtalker_ext.engines.sadtalker.crop import CropMode
from sadtalker_ext.engines.sadtalker.pose import chunk_windows, draw_noise
from sadtalker_ext.engines.sadtalker.reference import add_reference_pose
from sadtalker_ext.engines.sadtalker.semantics import (
    batch_layout,
    driving_rows,
    driving_windows,
    source_row,
)
from sadtalker_ext.engines.sadtalker.smoothing import smooth_pose
from sadtalker_ext.motion.view import view_path
from tests.golden.folder import GoldenFolder
from tests.golden.registry import EXACT, Stage, Tolerance, compare, stages

ROUNDING = Tolerance(absolute=3e-6)
NOISE = Tolerance(absolute=2 * math.sqrt(48 * math.log(2)) * 2 * math.pi * 2.0**-24)
"""Torch draws normal numbers as radius times cosine of an angle, from float32 numbers in (0, 1).

Rounding the angle, at most two pi, moves the number by half a unit (2**-24) of it times the radius,
which is at most the root of -2 ln 2**-24; two draws may differ by twice that. Different
instructions were seen to differ by a quarter of it.
"""
DEGREES = Tolerance(absolute=1e-4)


def source_of(folder: GoldenFolder, case: str) -> np.ndarray:
    """The (73,) row of the picture a case animates, found among the preprocessed ones."""
    wanted = folder.arrays(f"{case}.npz")["source_semantics"].reshape(-1)
    arrays = folder.arrays("preprocess.npz")
    rows = [arrays[key][0] for key in arrays if key.endswith("_coeff_3dmm")]
    row: np.ndarray = min(rows, key=lambda found: np.abs(found[: len(wanted)] - wanted).max())
    return row


def frames_of(folder: GoldenFolder, case: str) -> int:
    frames: int = folder.notes[case]["frame_num"]
    return frames


def options_of(folder: GoldenFolder, case: str) -> dict[str, Any]:
    options: dict[str, Any] = folder.notes[case]["options"]
    return options


def windows_of(folder: GoldenFolder, case: str) -> np.ndarray:
    """Render windows of a case in batch order, from its recorded driving rows."""
    options = options_of(folder, case)
    rows = driving_rows(
        folder.arrays(f"{case}.npz")["coeff_pred"],
        source_of(folder, case),
        full=CropMode(options["preprocess"]).goes_back,
        still=options["still"],
        expression_scale=options["exp_scale"],
    )
    return batch_layout(driving_windows(rows), options["batch_size"])


def reference_rows(folder: GoldenFolder, case: str) -> list[np.ndarray]:
    """Coefficients of reference videos that a case may have used."""
    arrays = {**folder.arrays(f"{case}.npz")}
    if folder.has("ref_units.npz"):
        arrays.update(folder.arrays("ref_units.npz"))
    return [arrays[key] for key in arrays if "refcoeff" in key or "ref_coeff" in key]


@stages("case_rows", "e2e_*.npz", "preprocess.npz")
def rows(folder: GoldenFolder) -> Iterator[Stage]:
    for case in folder.cases():
        file = f"{case}.npz"
        arrays = folder.arrays(file)
        frames, options = frames_of(folder, case), options_of(folder, case)
        source = source_of(folder, case)
        if not options.get("ref"):
            draw = random.Random(options["py_seed"])
            yield compare(folder, file, "ratio", original_blinks(frames, draw), EXACT)
            repeated = np.repeat(source[None, :70], frames, axis=0)
            yield compare(folder, file, "ref", repeated, ROUNDING)
        yield compare(folder, file, "pose_z", draw_noise(frames, options["torch_seed"]), NOISE)
        yield compare(folder, file, "coeff_pred", predicted(folder, case), ROUNDING)
        full = CropMode(options["preprocess"]).goes_back
        yield compare(folder, file, "source_semantics", source_row(source, full=full), ROUNDING)
        yield from driving(folder, case)
        order = chunk_windows(frames)
        if len(arrays["pose_z"]) != len(order):
            yield Stage(f"{file}:chunks", [len(order)], [len(arrays["pose_z"])], EXACT)


def predicted(folder: GoldenFolder, case: str) -> np.ndarray:
    """Recorded expression and smoothed recorded pose, the reference's movement on top."""
    arrays = folder.arrays(f"{case}.npz")
    made = np.concatenate([arrays["exp"], smooth_pose(arrays["pose_raw"])], axis=1)
    if not options_of(folder, case).get("ref"):
        return made
    candidates = [made, *(add_reference_pose(made, r) for r in reference_rows(folder, case))]
    wanted = arrays["coeff_pred"]
    return min(candidates, key=lambda found: np.abs(found - wanted).max())


def driving(folder: GoldenFolder, case: str) -> Iterator[Stage]:
    file = f"{case}.npz"
    arrays = folder.arrays(file)
    windows = windows_of(folder, case)
    shape = folder.notes[case].get("target_shape")
    if shape:
        yield Stage(f"{file}:target_shape", windows.shape, shape, EXACT)
    flat = windows.reshape(-1, *windows.shape[2:])
    centre = flat[:, :, flat.shape[-1] // 2]
    if len(arrays["target_semantics"]) != len(centre):
        centre = centre[: len(arrays["target_semantics"])]
    yield compare(folder, file, "target_semantics", centre, ROUNDING)
    ends = flat[[0, 1, len(flat) - 1]]
    yield compare(folder, file, "target_semantics_first_last", ends, ROUNDING)
    if "rendered_frames" in arrays:
        batch, steps = windows.shape[:2]
        columns = len(arrays["rendered_frames"]) // batch
        numbers = np.arange(batch)[:, None] * steps + np.arange(columns)
        yield compare(folder, file, "rendered_frames", numbers.reshape(-1), EXACT)
    for axis in ("yaw", "pitch", "roll"):
        key = f"{axis}_c_seq"
        degrees = folder.notes[case].get("camera", {}).get(axis)
        if degrees is not None and key in arrays:
            path = batch_layout(view_path(degrees, frames_of(folder, case)), len(windows))
            yield compare(folder, file, key, path, DEGREES)
