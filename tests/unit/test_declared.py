"""What is imported is declared: nothing comes only because another package happens to bring it."""

import ast
import re
import sys
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "sadtalker_ext"
OTHERS = {
    "modules": "what only a WebUI has",
    "comfy_api": "what only ComfyUI has",
    "starlette": "the half of fastapi that fastapi itself tells people to import",
    "typing_extensions": "for type checkers only",
    "cv2": "comes with any of four distributions",
}

ABSENT = {"c2pa": "c2pa-python"}
"""Distributions of modules with another name, for environments that lack them."""


def third_party():
    """Top-level modules that the package imports, with one file for each."""
    found = {}
    for path in sorted(PACKAGE.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = []
            if isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom) and node.module:
                names = [node.module]
            for name in names:
                top = name.split(".")[0]
                if top not in sys.stdlib_module_names | OTHERS.keys() | {"sadtalker_ext"}:
                    found.setdefault(top, path.relative_to(ROOT))
    return found


def declared():
    project = pytest.importorskip("tomllib").loads((ROOT / "pyproject.toml").read_text())["project"]
    extras = {
        name: listed
        for name, listed in project["optional-dependencies"].items()
        if name not in {"test", "all"}
    }
    listed = [*project["dependencies"], *(one for part in extras.values() for one in part)]
    return {normal(re.split(r"[<>=\[; ]", one)[0]) for one in listed}


def normal(name):
    return re.sub(r"[-_.]+", "-", name).lower()


def test_every_imported_package_is_declared():
    known, brought = declared(), packages_distributions()
    missing = {}
    for module, path in third_party().items():
        names = {normal(one) for one in brought.get(module, [ABSENT.get(module, module)])}
        if not names & known:
            missing[module] = str(path)
    assert missing == {}
