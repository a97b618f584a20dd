"""From a picture and its landmarks to the frame and the aligned face."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from PIL import Image

from sadtalker_ext.engines.sadtalker.alignment import Alignment, align, aligned_picture
from sadtalker_ext.engines.sadtalker.coefficients import coefficient_row
from sadtalker_ext.engines.sadtalker.crop import CropMode, CropPlan, cut, plan_crop, square_frame
from tests.golden import heatmaps
from tests.golden.folder import GoldenFolder
from tests.golden.keyed_weights import unit_values
from tests.golden.registry import EXACT, Stage, Tolerance, compare, stages

FILE = "preprocess.npz"
GEOMETRY = Tolerance(absolute=1e-9)
SINGLE = Tolerance(absolute=1e-6)


def picture(folder: GoldenFolder, stem: str) -> np.ndarray:
    """Read `inputs/<stem>.*` as RGB."""
    with Image.open(folder.root / folder.files(f"inputs/{stem}.*")[0]) as stored:
        return np.asarray(stored.convert("RGB"))


def has_pictures(folder: GoldenFolder, *stems: str) -> bool:
    """Tell whether the folder holds these pictures; a small part of one may not."""
    return all(folder.files(f"inputs/{stem}.*") for stem in stems)


def crop_cases(folder: GoldenFolder) -> dict[str, tuple[str, CropMode, int]]:
    """Name of every preprocessing case, with its picture, mode and side."""
    cases = {}
    for name in folder.crop_info:
        found = re.fullmatch(r"(.+)_([a-z]+)_(\d+)", name)
        if found:
            cases[name] = (found[1], CropMode(found[2]), int(found[3]))
    return cases


def plan_of(folder: GoldenFolder, name: str, repeat: int = 1) -> CropPlan:
    """Plan the crop of `source_<name>`, the picture enlarged `repeat` times."""
    height, width = picture(folder, f"source_{name}").shape[:2]
    landmarks = folder.arrays(FILE)[f"landmarks_{name}"] * np.float32(repeat)
    return plan_crop(landmarks, (width * repeat, height * repeat))


def crop_info(plan: CropPlan, mode: CropMode) -> list[float]:
    """The numbers of the index's `crop_info`, in a row."""
    if mode is CropMode.RESIZE:
        return [*plan.picture_size]
    return [*plan.frame_shape, *plan.outer, *plan.inner]


def flat(recorded: list[list[float] | None]) -> list[float]:
    return [number for part in recorded if part is not None for number in part]


def transformation(alignment: Alignment) -> list[float]:
    return [*alignment.frame_size, alignment.scale, alignment.x, alignment.y]


@stages("crop_cases", "crop_cases.json")
def geometry(folder: GoldenFolder) -> Iterator[Stage]:
    for number, case in enumerate(folder.json("crop_cases.json")["cases"]):
        landmarks = np.array(case["landmarks"], np.float32)
        plan = plan_crop(landmarks, (case["width"], case["height"]))
        results = {
            "rsize": plan.resized,
            "crop": plan.outer,
            "quad": plan.inner,
            "crop_info_size": plan.frame_shape,
            "region_full": plan.region(CropMode.FULL),
            "region_ext": plan.region(CropMode.EXTFULL),
        }
        for key, got in results.items():
            yield Stage(f"case {number} {key}", got, case[key], EXACT)


@stages("preprocess", FILE, "inputs/source_*")
def preprocess(folder: GoldenFolder) -> Iterator[Stage]:
    arrays = folder.arrays(FILE)
    for case, (name, mode, side) in crop_cases(folder).items():
        if has_pictures(folder, f"source_{name}"):
            plan = plan_of(folder, name)
            info = flat(folder.crop_info[case])
            yield Stage(f"{case} crop_info", crop_info(plan, mode), info, GEOMETRY)
            frame = square_frame(cut(picture(folder, f"source_{name}"), plan, mode), side)
            yield Stage(f"{case} frame", frame, picture(folder, f"frame_{case}"), EXACT)
        alignment = align(arrays[f"{case}_landmarks"], (side, side))
        got = transformation(alignment)
        yield compare(folder, FILE, f"{case}_trans_params", got, GEOMETRY)
        row = coefficient_row(arrays[f"{case}_recon257"][0], alignment)
        yield compare(folder, FILE, f"{case}_coeff_3dmm", row[None], SINGLE)
        if has_pictures(folder, f"frame_{case}"):
            aligned = aligned_picture(picture(folder, f"frame_{case}"), alignment)
            yield compare(folder, FILE, f"{case}_aligned", aligned, EXACT)


@stages("preprocess_shrunk", FILE, "inputs/source_*")
def shrunk(folder: GoldenFolder) -> Iterator[Stage]:
    """A face so large that the picture is shrunk before the crop."""
    noted = folder.noted(FILE, "shrink_crop", r"source_(\w+) enlarged (\d+)x")
    if noted is None:
        return
    name, repeat = noted[0], int(noted[1])
    plan = plan_of(folder, name, repeat)
    enlarged = picture(folder, f"source_{name}").repeat(repeat, 0).repeat(repeat, 1)
    recorded = folder.crop_info.get("shrink_crop")
    if recorded is not None:
        # this entry begins with the size of the shrunk picture, the others with the aspect
        got = [*plan.resized, *plan.outer, *plan.inner]
        yield Stage("shrink_crop info", got, flat(recorded), GEOMETRY)
    yield compare(folder, FILE, "shrink_crop", cut(enlarged, plan, CropMode.CROP), EXACT)


@stages("preprocess_no_face", FILE, "inputs/frame_*")
def no_face(folder: GoldenFolder) -> Iterator[Stage]:
    """Alignment where no landmark was found; the recording does not say of which frame."""
    if not folder.has(FILE, "nodetect_trans_params", "nodetect_aligned"):
        return
    recorded = folder.arrays(FILE)["nodetect_trans_params"]
    size = (int(recorded[0]), int(recorded[1]))
    alignment = align(None, size)
    got = transformation(alignment)
    yield compare(folder, FILE, "nodetect_trans_params", got, GEOMETRY)
    wanted = folder.arrays(FILE)["nodetect_aligned"]
    frames = [picture(folder, Path(file).stem) for file in folder.files("inputs/frame_*")]
    aligned = [aligned_picture(frame, alignment) for frame in frames if frame.shape[1::-1] == size]
    best = min(aligned, key=lambda found: np.abs(found.astype(int) - wanted).sum())
    yield compare(folder, FILE, "nodetect_aligned", best, EXACT)


@stages("landmarks", "landmarks.npz")
def landmarks(folder: GoldenFolder) -> Iterator[Stage]:
    file = "landmarks.npz"
    for key in folder.arrays(file):
        kind, _, case = key.rpartition("_")
        if kind == "points":
            yield compare(folder, file, key, heatmaps.peaks(heat_maps(folder, case)), EXACT)
        elif kind == "in98":
            reduced = heatmaps.to_68(folder.arrays(file)[key])
            yield compare(folder, file, f"out68_{case}", reduced, SINGLE)


def heat_maps(folder: GoldenFolder, case: str) -> np.ndarray:
    """Recompute the heat maps that a case of points was recorded from."""
    maps = unit_values("heat", f"{folder.seed}:{case}", 98 * 64 * 64).reshape(98, 64, 64)
    maps = maps.astype(np.float32)
    maps[:, [0, -1]] = -1
    maps[:, :, [0, -1]] = -1
    raised = folder.noted("landmarks.npz", f"points_{case}", r"and ((?:\[.*?\][ =]*)+)= ([\d.]+)")
    if raised:
        for place in re.findall(r"\[([\d, ]+)\]", raised[0]):
            channel, row, column = (int(number) for number in place.split(","))
            maps[channel, row, column] = float(raised[1])
    return maps
