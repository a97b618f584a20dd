"""The notebook's cell that opens the page."""

import json
import sys
import types
from pathlib import Path
from unittest.mock import Mock

import pytest

NOTEBOOK = Path(__file__).resolve().parents[2] / "notebooks" / "sadtalker.ipynb"


@pytest.mark.parametrize("fails", [True, False])
def test_a_page_that_does_not_start_is_not_opened(monkeypatch, fails):
    cells = json.loads(NOTEBOOK.read_text(encoding="utf-8"))["cells"]
    (cell,) = (one for one in cells if "page" in one["metadata"].get("tags", ()))
    code = "".join(cell["source"]).replace("OPEN_THE_PAGE = False", "OPEN_THE_PAGE = True")
    output, server = types.ModuleType("google.colab.output"), Mock()
    output.serve_kernel_port_as_window = opened = Mock()
    colab = types.ModuleType("google.colab")
    colab.output = output
    for name, module in (("google.colab", colab), ("google.colab.output", output)):
        monkeypatch.setitem(sys.modules, name, module)
    if "google" not in sys.modules:
        monkeypatch.setitem(sys.modules, "google", types.ModuleType("google"))
    monkeypatch.setattr("subprocess.Popen", Mock(return_value=server))
    monkeypatch.setattr("time.sleep", Mock())
    monkeypatch.setattr("urllib.request.urlopen", Mock(side_effect=OSError if fails else None))
    if fails:
        with pytest.raises(RuntimeError, match="did not start"):
            exec(code, {})  # noqa: S102 - our own notebook
        server.terminate.assert_called_once()
    else:
        exec(code, {})  # noqa: S102
    assert opened.called is not fails
