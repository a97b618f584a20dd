"""Checkpoints of the SadTalker engine with test weights, under the names of converted files.

    python -m tests.support.keyed_checkpoints FOLDER

Nothing is published under these names, so nothing is pretended: the engine takes them as files of
the user's own, whatever their content.
"""

import os
import sys
import tempfile
from pathlib import Path

from sadtalker_ext.weights.checkpoint import LEGACY, MAPPING, converted_name
from tests.golden.keyed_weights import MAPPINGS, PACKAGED, component, rows_of

NUMBERED = {False: "mapping_00229", True: "mapping_00109"}


def write_checkpoints(folder):
    """Write the set of six files; about 770 MB."""
    from safetensors.numpy import save_file

    folder.mkdir(parents=True, exist_ok=True)
    files = {}
    for name, (published, _) in LEGACY.items():
        tensors = files.setdefault(converted_name(published), {})
        tensors |= {f"{name}.{key}": value for key, value in component(name).items()}
    for full, published in MAPPING.items():
        tensors = component(NUMBERED[full])
        files[converted_name(published)] = {f"mapping.{key}": tensors[key] for key in tensors}
    for name, tensors in files.items():
        save_file(tensors, folder / name)


def write_original(folder):
    """Write the same weights as the original reads them: one packaged file, two pickled ones."""
    import torch
    from safetensors.numpy import save_file

    folder.mkdir(parents=True, exist_ok=True)
    tensors = {}
    for name in LEGACY:
        values = component(name)
        tensors |= {
            key: values[canonical.removeprefix(f"{name}.")]
            for key, canonical, _, _ in rows_of(PACKAGED)
            if canonical.startswith(f"{name}.")
        }
    save_file(tensors, folder / PACKAGED)
    for file_name in MAPPINGS.values():
        name = file_name.removesuffix("-model.pth.tar")
        values = {key: torch.from_numpy(value) for key, value in component(name).items()}
        torch.save({"mapping": values, "epoch": 0}, folder / file_name)


def original_and_ours():
    """Return two folders with the same weights, for the original and for ours; kept for reuse."""
    owner = os.getuid() if hasattr(os, "getuid") else 0
    root = Path(tempfile.gettempdir()) / f"sadtalker-versus-weights-{owner}"
    root.mkdir(mode=0o700, exist_ok=True)
    for name, write in (("original", write_original), ("ours", write_checkpoints)):
        if not (root / name).is_dir():
            part = root / f"{name}.part"
            write(part)
            part.rename(root / name)
    return root / "original", root / "ours"


if __name__ == "__main__":
    write_checkpoints(Path(sys.argv[1]))
