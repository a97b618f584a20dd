"""With a gradio older than the page needs there is no page: `serve` offers the REST routes only."""

import importlib.metadata

import pytest

from sadtalker_ext.shells.cli.serve import PAGE_GRADIO


@pytest.fixture(scope="session", autouse=True)
def new_enough():
    try:
        found = importlib.metadata.version("gradio")
    except importlib.metadata.PackageNotFoundError:
        return  # each module says what it lacks
    if int(found.split(".")[0]) < PAGE_GRADIO:
        pytest.skip(f"the page needs gradio {PAGE_GRADIO}; tests/unit/shells/test_own_process.py")
