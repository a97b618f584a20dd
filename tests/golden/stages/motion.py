"""Rows of coefficients: blinks, smoothing, borrowed motion, render windows, free view."""

from __future__ import annotations

import random
from collections.abc import Iterator

import numpy as np

from sadtalker_ext.engines.sadtalker.blink import no_blinks, original_blinks
from sadtalker_ext.engines.sadtalker.reference import add_reference_pose, reference_blink
from sadtalker_ext.engines.sadtalker.semantics import (
    batch_layout,
    driving_rows,
    driving_windows,
    source_row,
    source_window,
)
from sadtalker_ext.engines.sadtalker.smoothing import smooth_pose
from sadtalker_ext.motion.view import view_path
from tests.golden.folder import GoldenFolder
from tests.golden.registry import EXACT, Stage, Tolerance, compare, stages

ROUNDING = Tolerance(absolute=2e-6)
DEGREES = Tolerance(absolute=1e-9)
BLINK = (0.5, 0.9, 1.0, 0.9, 0.5)


@stages("blink_cases", "blink_cases.json")
def blinks(folder: GoldenFolder) -> Iterator[Stage]:
    for case in folder.json("blink_cases.json")["cases"]:
        frames, seed = case["num_frames"], case["seed"]
        wanted = np.zeros(frames, np.float32)
        for start in case["blink_starts"]:
            wanted[start : start + len(BLINK)] = BLINK
        got = original_blinks(frames, random.Random(seed))
        yield Stage(f"{frames} frames, seed {seed}", got, wanted, EXACT)


@stages("camera_cases", "camera_cases.json")
def cameras(folder: GoldenFolder) -> Iterator[Stage]:
    for case in folder.json("camera_cases.json")["cases"]:
        frames, batch = case["frame_num"], case["batch_size"]
        got = batch_layout(view_path(case["degrees"], frames), batch)
        yield Stage(f"{case['degrees']} in {frames}, batch {batch}", got, case["out"], DEGREES)


@stages("savgol", "savgol.npz")
def smoothing(folder: GoldenFolder) -> Iterator[Stage]:
    arrays = folder.arrays("savgol.npz")
    for key in arrays:
        if key.startswith("in_"):
            got = smooth_pose(arrays[key])
            yield compare(folder, "savgol.npz", key.replace("in_", "out_", 1), got, ROUNDING)


@stages("ref_units", "ref_units.npz", "e2e_*.npz")
def references(folder: GoldenFolder) -> Iterator[Stage]:
    file = "ref_units.npz"
    arrays = folder.arrays(file)
    for key in arrays:
        if not key.startswith("refcoeff_"):
            continue
        length = key.removeprefix("refcoeff_")
        named = folder.noted(file, f"refpose_out_{length}", r"(e2e_\w+)")
        case = folder.arrays(f"{named[0] if named else 'e2e_a'}.npz")
        moved = add_reference_pose(case["coeff_pred"], arrays[key])
        yield compare(folder, file, f"refpose_out_{length}", moved, ROUNDING)
        blinking = reference_blink(case["ref"], arrays[key])
        yield compare(folder, file, f"refblink_ref_{length}", blinking, EXACT)
        open_eyes = no_blinks(len(case["ref"]))
        yield compare(folder, file, f"refblink_ratio_{length}", open_eyes, EXACT)


@stages("face_units", "face_units.npz")
def render_windows(folder: GoldenFolder) -> Iterator[Stage]:
    file = "face_units.npz"
    arrays = folder.arrays(file)
    source, generated = arrays["source"][0], arrays["generated"]
    for key in arrays:
        parts = key.split("_")
        if parts[-1] not in ("target", "source") or len(parts) != 4:
            continue
        mode, movement, batch, kind = parts
        if kind == "source":
            window = source_window(source_row(source, full="full" in mode))
            yield compare(folder, file, key, window[:, : arrays[key].shape[1]], EXACT)
            continue
        noted = folder.noted(file, key, r"expression_scale ([\d.]+)")
        rows = driving_rows(
            generated,
            source,
            full="full" in mode,
            still=movement == "still",
            expression_scale=float(noted[0]) if noted else 1.0,
        )
        got = batch_layout(driving_windows(rows), int(batch.removeprefix("b")))
        yield compare(folder, file, key, got, EXACT)
