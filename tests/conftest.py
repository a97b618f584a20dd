"""Which tests run: the whole suite, or the core suite of an environment without the extras."""

import importlib.util
import os
from pathlib import Path

import pytest

TESTS = Path(__file__).resolve().parent
WORKERS = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
if WORKERS > 1:
    # before numpy and torch: each worker takes its share of the cores, not all of them
    os.environ.setdefault("OMP_NUM_THREADS", str(max(1, (os.cpu_count() or 1) // WORKERS)))

EXTRAS = ("torch", "librosa", "safetensors", "spandrel", "fastapi", "uvicorn", "httpx", "gradio")
"""Modules that the whole suite needs: a test must never be skipped because one is missing."""

BEYOND_CORE = (
    "golden",
    "browser",
    "integration/api",
    "integration/page",
    "integration/comfyui",
    "integration/webui",
    "integration/test_restorers.py",
    "integration/test_sadtalker_reference.py",
    "integration/test_sadtalker_video.py",
    "unit/engines/sadtalker",
    "unit/shells/api",
    "unit/shells/comfyui",
    "unit/shells/ui",
    "unit/shells/webui",
    "unit/test_client.py",
    "unit/test_promises.py",
    "unit/weights/test_checkpoint.py",
)
"""What the core suite leaves out, because it needs one of the extras."""


def pytest_addoption(parser):
    parser.addoption(
        "--core", action="store_true", help="only the tests that need none of the extras"
    )


def pytest_configure(config):
    if config.getoption("--core"):
        return
    absent = [name for name in EXTRAS if importlib.util.find_spec(name) is None]
    if absent:
        raise pytest.UsageError(
            f"the whole suite needs {', '.join(absent)}: run `python3 quickstart.py test`, "
            "or only the core suite: pytest --core"
        )


def pytest_report_header(config):
    if config.getoption("--core"):
        return f"core suite: without {', '.join(BEYOND_CORE)}"
    return None


def pytest_collection_modifyitems(config, items):
    """Leave out the single tests that need an extra, and only in the core suite."""
    if not config.getoption("--core"):
        return
    beyond = [item for item in items if item.get_closest_marker("extra")]
    config.hook.pytest_deselected(items=beyond)
    items[:] = [item for item in items if item not in beyond]


def pytest_ignore_collect(collection_path, config):
    """Leave out what needs the extras, and only in the core suite."""
    if not config.getoption("--core"):
        return None
    inside = collection_path.relative_to(TESTS).as_posix()
    return True if inside in BEYOND_CORE else None
