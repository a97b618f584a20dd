"""Key points recorded beside the renderer: from a picture's file and its coefficients."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from sadtalker_ext.engines.sadtalker.semantics import source_row
from tests.golden.folder import GoldenFolder
from tests.golden.links import picture_of_points
from tests.golden.registry import Stage, compare, stages
from tests.golden.stages.end_to_end import renderer
from tests.golden.stages.picture import picture

DRIVING = r"video frame (\d+) of (e2e_\w+) coeff_pred"


@stages("generator_points", "generator*.npz", "preprocess.npz", "inputs/frame_*.png")
def generator_points(folder: GoldenFolder) -> Iterator[Stage]:
    """Canonical, source and driving key points of a size that has no end-to-end case."""
    for file in folder.files("generator*.npz"):
        recorded = folder.arrays(file)
        if "kp_canonical" not in recorded:
            continue
        path = picture_of_points(folder, file, "kp_canonical", "kp_canonical")
        if path is None:
            continue
        source = coefficients_beside(folder, path)
        if source is None:
            continue
        face = renderer(folder).prepare(picture(folder, path.stem), source)
        yield compare(folder, file, "kp_canonical", face.canonical[None])
        yield compare(folder, file, "kp_source", face.source.points)
        noted = folder.noted(file, "kp_driving", DRIVING)
        if noted and folder.has(f"{noted[1]}.npz", "coeff_pred"):
            rows = folder.arrays(f"{noted[1]}.npz")["coeff_pred"]
            points = renderer(folder).key_points(face, rows)
            yield compare(folder, file, "kp_driving", points[int(noted[0])][None])


def coefficients_beside(folder: GoldenFolder, path: Path) -> np.ndarray | None:
    """Return the (70,) source row of a prepared frame."""
    prepared = re.sub("^frame_", "", path.stem)
    key = f"{prepared}_coeff_3dmm"
    if not folder.has("preprocess.npz", key):
        return None
    return source_row(folder.arrays("preprocess.npz")[key][0], full=False)
