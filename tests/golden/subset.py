"""`python -m tests.golden.subset FULL [SMALL]`: copy a small part of a golden folder.

The part lies in `tests/golden/data` and is checked with every run of the tests. Which arrays it
holds is declared here; entries of the index are copied with them, and files that are already
there keep what else they hold.
"""

from __future__ import annotations

import argparse
import fnmatch
import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np

DATA = Path(__file__).parent / "data"

COPIED = (
    "crop_cases.json",
    "blink_cases.json",
    "camera_cases.json",
    "mel_window_start.json",
    "weights_check.json",
    "inputs/audio_a.wav",
    "inputs/audio_b.wav",
    "inputs/source_a.png",
    "inputs/frame_a_crop_256.png",
    "inputs/frame_b_full_256.png",
)
ARRAYS = {
    "savgol.npz": ("*",),
    "landmarks.npz": ("*",),
    "face_units.npz": ("*",),
    "ref_units.npz": ("*",),
    "pose_units.npz": ("*",),
    "audio_a.npz": ("*",),
    "audio_b.npz": ("wav16k", "mel", "indiv_mels"),
    "preprocess.npz": ("landmarks_a", "a_crop_256_*", "b_full_256_*", "nodetect_*"),
    "small_ops.npz": ("ubyte_*", "resize_97x120", "resize_256x211"),
    "e2e_a.npz": (
        "ratio",
        "ref",
        "exp",
        "pose_z",
        "pose_raw",
        "coeff_pred",
        "*_semantics*",
        "rendered_frames",
        "expnet_embedding",
        "pose_*",
        "kp_*",
        "he_*",
    ),
    "e2e_b.npz": (
        "ratio",
        "ref",
        "exp*",
        "pose_*",
        "coeff_pred",
        "*_semantics*",
        "rendered_frames",
        "kp_*",
        "he_*",
    ),
    "e2e_freeview.npz": (
        "ratio",
        "ref",
        "exp*",
        "pose_*",
        "coeff_pred",
        "*_semantics*",
        "*_c_seq",
        "rendered_frames",
        "kp_*",
        "he_*",
        "frames_uint8",
    ),
    "recon.npz": ("*",),
    "mapping.npz": ("*",),
    "keypoints.npz": ("*",),
    "kp_detector.npz": ("*",),
    "generator256.npz": (
        "kp_*",
        "first",
        "down*",
        "second",
        "feature_3d",
        "dm_compress_norm",
        "dm_sparse_motion",
        "dm_heatmap",
        "dm_input",
        "dm_hourglass",
        "dm_mask*",
        "deformation",
        "occlusion",
        "warped",
        "third",
        "fourth",
        "dec_in",
        "dec_fc",
        "dec_middle[05]",
        "dec_up*",
        "dec_conv_img",
        "prediction",
    ),
}
THINNED = {("generator256.npz", "prediction"): 11, ("generator256.npz", "deformation"): 11}
"""Large arrays of which every so-manieth value is kept; the index says so."""
CROP_INFO = ("a_crop_256",)
NOTES = ("e2e_a", "e2e_b", "e2e_freeview")


def copy_arrays(full: Path, small: Path, file: str, patterns: tuple[str, ...]) -> set[str]:
    """Add the chosen arrays of one file; return the names it holds afterwards."""
    target = small / file
    kept: dict[str, np.ndarray] = {}
    if target.exists():
        with np.load(target) as stored:
            kept = {name: stored[name] for name in stored.files}
    with np.load(full / file) as stored:
        for name in stored.files:
            if any(fnmatch.fnmatchcase(name, pattern) for pattern in patterns):
                step = THINNED.get((file, name))
                kept[name] = stored[name].reshape(-1)[::step] if step else stored[name]
    np.savez_compressed(target, **kept)  # type: ignore[arg-type]  # numpy's stub wants no names
    return set(kept)


def copy_subset(full: Path, small: Path) -> None:
    """Copy what is declared above, and merge the index."""
    (small / "inputs").mkdir(parents=True, exist_ok=True)
    for file in COPIED:
        shutil.copyfile(full / file, small / file)
    source: dict[str, Any] = json.loads((full / "index.json").read_text())
    path = small / "index.json"
    index: dict[str, Any] = json.loads(path.read_text()) if path.exists() else {}
    for file, patterns in ARRAYS.items():
        held = copy_arrays(full, small, file, patterns)
        entries = {name: dict(source[file][name]) for name in source[file] if name in held}
        for name in entries:
            if (file, name) in THINNED:
                entries[name]["flat_step"] = THINNED[file, name]
        index[file] = {**index.get(file, {}), **entries}
    for section, names in (("crop_info", CROP_INFO), ("notes", NOTES)):
        index.setdefault(section, {}).update({name: source[section][name] for name in names})
    for name in ("seed", "versions"):
        index[name] = source[name]
    path.write_text(json.dumps(index, indent=1) + "\n")


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(prog="python -m tests.golden.subset", description=__doc__)
    parser.add_argument("full", type=Path)
    parser.add_argument("small", type=Path, nargs="?", default=DATA)
    options = parser.parse_args()
    copy_subset(options.full, options.small)


if __name__ == "__main__":
    main()
