"""Checkpoints of the SadTalker engine with test weights, under the names of converted files.

    python -m tests.support.keyed_checkpoints FOLDER

Nothing is published under these names, so nothing is pretended: the engine takes them as files of
the user's own, whatever their content.
"""

import sys
from pathlib import Path

from sadtalker_ext.weights.checkpoint import LEGACY, MAPPING, converted_name
from tests.golden.keyed_weights import component

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


if __name__ == "__main__":
    write_checkpoints(Path(sys.argv[1]))
