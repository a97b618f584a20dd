"""Finding other Pythons on this machine."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

Version = tuple[int, int]


def find_python(wanted: Version) -> str:
    """Return a working interpreter of a version, or nothing."""
    if sys.version_info[:2] == wanted:
        return sys.executable
    return next((one for one in _candidates(wanted) if _version(one) == wanted), "")


def _candidates(wanted: Version) -> Iterator[str]:
    name = f"python{wanted[0]}.{wanted[1]}"
    if on_path := shutil.which(name):
        yield on_path
    pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv"))
    uv = Path(os.environ.get("XDG_DATA_HOME", Path.home() / ".local" / "share")) / "uv" / "python"
    inside = "python.exe" if os.name == "nt" else f"bin/{name}"
    dotted = f"{wanted[0]}.{wanted[1]}"
    for folder, pattern in ((pyenv / "versions", f"{dotted}.*"), (uv, f"cpython-{dotted}.*")):
        for found in sorted(folder.glob(pattern), reverse=True):
            yield str(found / inside)
    if launcher := shutil.which("py"):
        done = subprocess.run(
            [launcher, f"-{dotted}", "-c", "import sys; print(sys.executable)"],
            check=False,
            capture_output=True,
            text=True,
        )
        yield done.stdout.strip()


def _version(interpreter: str) -> Version | None:
    """Ask an interpreter for its version: pyenv's stand-ins exist for Pythons that do not."""
    code = "import sys; print(*sys.version_info[:2])"
    try:
        done = subprocess.run(
            [interpreter, "-c", code], check=False, capture_output=True, text=True, timeout=60
        )
        major, minor = done.stdout.split()
        return int(major), int(minor)
    except (OSError, ValueError, subprocess.TimeoutExpired):
        return None
