"""Frames back in the picture: the exact blend against recorded seamlessClone results."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from sadtalker_ext.compositor.paste_back import Blend, Placer
from sadtalker_ext.engines.sadtalker.crop import CropMode
from tests.golden.folder import GoldenFolder
from tests.golden.registry import Stage, Tolerance, compare, stages
from tests.golden.stages.case_rows import options_of
from tests.golden.stages.picture import crop_cases, has_pictures, picture, plan_of

CLONE = Tolerance(absolute=1.0, mean=0.15)
"""OpenCV solves in single precision: 2 to 5 % of the values are one grey level off. Rounding
instead of truncating would move half of them."""
FILE = "small_ops.npz"


def outside_is_kept(placed: np.ndarray, original: np.ndarray, region: list[int]) -> Stage:
    left, top, right, bottom = region
    changed = np.abs(placed.astype(int) - original).max(axis=2)
    changed[top:bottom, left:right] = 0
    return Stage("outside", changed.max(keepdims=True), np.zeros((1, 1), int), Tolerance())


@stages("paste_clone", FILE)
def clone(folder: GoldenFolder) -> Iterator[Stage]:
    """One frame in one picture."""
    if not folder.has(FILE, "clone_region", "clone_changed", "clone_rgb"):
        return
    noted = folder.noted(FILE, "clone_rgb", r"(frame_\w+)\.\w+ cloned into (source_\w+)\.")
    if noted is None or not has_pictures(folder, *noted):
        return
    arrays = folder.arrays(FILE)
    frame, source = picture(folder, noted[0]), picture(folder, noted[1])
    left, top, right, bottom = (int(edge) for edge in arrays["clone_region"])
    placed = Placer(source, (left, top, right, bottom), blend=Blend.POISSON).place(frame)
    x1, y1, x2, y2 = (int(edge) for edge in arrays["clone_changed"])
    yield compare(folder, FILE, "clone_rgb", placed[y1:y2, x1:x2], CLONE)
    yield outside_is_kept(placed, source, [x1, y1, x2, y2])


@stages("paste_cases", "e2e_*.npz", "preprocess.npz", "inputs/source_*")
def cases(folder: GoldenFolder) -> Iterator[Stage]:
    """The recorded frames of every end-to-end case that goes back into its picture."""
    for case in folder.cases():
        file = f"{case}.npz"
        if not folder.has(file, "pasted_rgb", "pasted_region", "frames_uint8"):
            continue
        arrays = folder.arrays(file)
        origin = source_of_case(folder, case)
        if origin is None or not has_pictures(folder, f"source_{origin[0]}"):
            continue
        name, mode = origin
        source = picture(folder, f"source_{name}")
        placer = Placer(source, plan_of(folder, name).region(mode), blend=Blend.POISSON)
        x1, y1, x2, y2 = (int(edge) for edge in arrays["pasted_region"])
        frames = arrays["frames_uint8"][: len(arrays["pasted_rgb"])]
        placed = [placer.place(frame) for frame in frames]
        inside = np.stack([whole[y1:y2, x1:x2] for whole in placed])
        yield compare(folder, file, "pasted_rgb", inside, CLONE)
        yield outside_is_kept(placed[0], source, [x1, y1, x2, y2])


def source_of_case(folder: GoldenFolder, case: str) -> tuple[str, CropMode] | None:
    """The picture of a case: the preprocessed one whose coefficients it starts from."""
    options = options_of(folder, case)
    wanted = folder.arrays(f"{case}.npz")["source_semantics"].reshape(-1)
    arrays = folder.arrays("preprocess.npz")
    fitting = {
        key: np.abs(arrays[f"{key}_coeff_3dmm"][0, : len(wanted)] - wanted).max()
        for key, (_, mode, side) in crop_cases(folder).items()
        if mode.value == options["preprocess"] and side == options["size"]
    }
    if not fitting:
        return None
    name, mode, _ = crop_cases(folder)[min(fitting, key=lambda key: fitting[key])]
    return name, mode
