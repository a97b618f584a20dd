"""How programs of ours are started beside this one, which may be a WebUI: fresh, quiet, hidden."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import threading
from typing import Any, Final

HIDDEN: Final[dict[str, Any]] = {"creationflags": getattr(subprocess, "CREATE_NO_WINDOW", 0)}
"""Arguments of `subprocess` for every program: one without a console would show a new one."""
QUIETLY: Final[dict[str, Any]] = {
    **HIDDEN,
    # Ctrl+C in a terminal is meant for the program, which ends its children itself
    "start_new_session": sys.platform != "win32",
}
"""The same for a child that lives as long as its parent wants it."""


def can_start() -> bool:
    """Tell whether this process's interpreter is known and starts Python.

    A frozen program would start itself anew.
    """
    return bool(sys.executable) and not getattr(sys, "frozen", False)


def one_thread() -> dict[str, str]:
    """Return the environment for a child whose numerical libraries keep to one core."""
    names = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
    return dict(os.environ) | dict.fromkeys(names, "1")


def end_with_parent() -> None:
    """In a child whose input nobody writes to: end at once when the parent has closed it."""

    def watch() -> None:
        # not by `sys.stdin`, whose lock would be held when Python ends
        with contextlib.suppress(OSError):
            while os.read(0, 1024):
                pass
        os._exit(1)

    threading.Thread(target=watch, name="sadtalker-parent", daemon=True).start()
