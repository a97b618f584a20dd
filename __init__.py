"""ComfyUI's way in: it loads this folder as a pack of nodes.

Everywhere else this file does nothing: it looks whether ComfyUI runs, and imports nothing of this
project unless it does. The package is registered under its own name without a change of
`sys.path`, so that no other file of this folder can be mistaken for one of the host's.
"""

import importlib.util
import sys
from pathlib import Path

_NAME = "sadtalker_ext"
_FOLDER = Path(__file__).resolve().parent / _NAME


def _package() -> None:
    """Make the package beside this file importable by its name."""
    if _NAME in sys.modules:
        return
    spec = importlib.util.spec_from_file_location(
        _NAME, _FOLDER / "__init__.py", submodule_search_locations=[str(_FOLDER)]
    )
    module = importlib.util.module_from_spec(spec)
    sys.modules[_NAME] = module
    spec.loader.exec_module(module)


if "folder_paths" in sys.modules and "comfy" in sys.modules:
    _package()
    from sadtalker_ext.shells.comfyui import register

    # one of the two: `comfy_entrypoint` (V3), or NODE_CLASS_MAPPINGS where that is not known
    globals().update(register.names())
