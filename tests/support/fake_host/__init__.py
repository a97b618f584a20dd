"""A small fake of the WebUI's `modules`, for tests without a WebUI.

`modules/` holds only what `sadtalker_ext/host/webui.py` uses. Names and parameters must be those of
the real hosts: `python -m tests.support.compare_host WEBUI_DIR` compares them.
"""

import importlib
import sys
from contextlib import contextmanager
from pathlib import Path

FOLDER = Path(__file__).parent


@contextmanager
def fake_webui(data: Path):
    """Put the fake in place, with its data in a folder; yields a loader of its modules."""
    ours = ("modules", "sadtalker_ext.host.webui", "sadtalker_ext.shells.webui")
    before = {name: sys.modules.pop(name) for name in list(sys.modules) if belongs(name, ours)}
    sys.path.insert(0, str(FOLDER))
    try:
        paths = importlib.import_module("modules.paths")
        paths.data_path, paths.models_path = str(data), str(data / "models")
        yield lambda name: importlib.import_module(f"modules.{name}")
    finally:
        sys.path.remove(str(FOLDER))
        for name in [name for name in sys.modules if belongs(name, ours)]:
            del sys.modules[name]
        sys.modules.update(before)


def belongs(name: str, parents: tuple[str, ...]) -> bool:
    return any(name == parent or name.startswith(parent + ".") for parent in parents)
