"""Writing the tested versions down: one constraints file per Python."""

from __future__ import annotations

import json
import re
import tempfile
from pathlib import Path
from typing import Any

from quickstart_tools.environment import Environment
from quickstart_tools.interpreters import Version, find_python
from quickstart_tools.terms import CONSTRAINTS, PYTHONS, TORCH, note, say

PREFERRED = ("opencv-python-headless<5",)
"""Narrower than what the project allows: OpenCV 5 draws the same face a little slower."""

OWN = "sadtalker-ext"
_OF_THE_DEVICE = re.compile(r"nvidia-|cuda-|triton$|pip$|setuptools$")
"""What comes along with a build of torch; another build needs others."""

_HEADER = """\
# Versions that were installed and tested together on Python {version}.
# Made by `python3 quickstart.py lock`; names and versions only.
"""


def constraints_of(version: Version) -> Path:
    """Return where the tested versions for a Python stand."""
    return CONSTRAINTS / f"py{version[0]}{version[1]}.txt"


def lock() -> int:
    """Resolve the newest packages for each Python that is found, and write them down."""
    for version in PYTHONS:
        dotted = ".".join(map(str, version))
        if not (interpreter := find_python(version)):
            note(f"Python {dotted} was not found here; its file stays as it is")
            continue
        say(f"Resolving for Python {dotted}")
        pins = lines_of(resolve(interpreter))
        CONSTRAINTS.mkdir(exist_ok=True)
        text = _HEADER.format(version=dotted) + "".join(f"{line}\n" for line in pins)
        constraints_of(version).write_text(text, encoding="utf-8")
    return 0


def resolve(interpreter: str) -> dict[str, Any]:
    """Ask pip what it would install, and install nothing."""
    with tempfile.TemporaryDirectory() as folder:
        environment = Environment(Path(folder) / "env", interpreter)
        environment.make()
        report = Path(folder) / "report.json"
        environment.pip(
            *("install", "--dry-run", "--ignore-installed", "--quiet", "--report", str(report)),
            *(*TORCH, *PREFERRED, "-e", ".[test]"),
        )
        found: dict[str, Any] = json.loads(report.read_text(encoding="utf-8"))
        return found


def lines_of(report: dict[str, Any]) -> list[str]:
    """Return `name==version` for each package of pip's report, without this project.

    Local labels such as `+cpu` are left out: `torch==2.13.0` takes each of its builds.
    """
    pins = set()
    for entry in report["install"]:
        name = re.sub(r"[-_.]+", "-", entry["metadata"]["name"]).lower()
        if name != OWN and not _OF_THE_DEVICE.match(name):
            pins.add(f"{name}=={entry['metadata']['version'].split('+')[0]}")
    return sorted(pins)
