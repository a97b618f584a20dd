"""Which recordings of a golden folder belong together.

First by what the notes say, then by equal contents, so that other pictures, sounds and case
names work too.
"""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np

from tests.golden.folder import GoldenFolder


def prepared_case(folder: GoldenFolder, coefficients: np.ndarray) -> str | None:
    """Return the preprocessing case whose source coefficients begin with these 70 numbers."""
    if not folder.has("preprocess.npz"):
        return None
    for key, value in folder.arrays("preprocess.npz").items():
        if key.endswith("_coeff_3dmm") and np.allclose(
            value[0, :70], coefficients[:70], rtol=0, atol=1e-6
        ):
            return key.removesuffix("_coeff_3dmm")
    return None


def prepared_case_of(folder: GoldenFolder, case: str) -> str:
    """Return the preprocessing case that an end-to-end case starts from."""
    found = prepared_case(folder, folder.arrays(f"{case}.npz")["source_semantics"])
    if found is not None:
        return found
    options = folder.notes.get(case, {}).get("options", {})
    mode, size = options.get("preprocess", "crop"), options.get("size", 256)
    name = f"{case.removeprefix('e2e_')}_{mode}_{size}"
    if frame_path(folder, name).exists():
        return name
    raise LookupError(f"no prepared picture fits {case}")


def frame_path(folder: GoldenFolder, prepared: str) -> Path:
    """Return the picture that the renderer sees in a preprocessing case."""
    return folder.root / "inputs" / f"frame_{prepared}.png"


def picture_of_points(folder: GoldenFolder, file: str, key: str, case_key: str) -> Path | None:
    """Return the picture of recorded key points.

    The notes of the file may name a frame or a case; otherwise the case with equal points is it.
    """
    docs = " ".join(folder.doc(file, name) for name in folder.arrays(file))
    for name in re.findall(r"(frame_\w+)\.png", docs):
        if (folder.root / "inputs" / f"{name}.png").exists():
            return folder.root / "inputs" / f"{name}.png"
    points = folder.arrays(file)[key].reshape(15, 3)
    for case in folder.cases():
        stored = folder.arrays(f"{case}.npz").get(case_key)
        if stored is not None and np.allclose(stored, points, rtol=0, atol=1e-6):
            return frame_path(folder, prepared_case_of(folder, case))
    for case in re.findall(r"(e2e_\w+)", docs):
        if folder.has(f"{case}.npz"):
            return frame_path(folder, prepared_case_of(folder, case))
    return None
