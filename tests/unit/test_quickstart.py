import importlib.util
import subprocess
import sys
from pathlib import Path

import pytest

PATH = Path(__file__).resolve().parents[2] / "quickstart.py"


@pytest.fixture
def quickstart(tmp_path, monkeypatch):
    spec = importlib.util.spec_from_file_location("quickstart_under_test", PATH)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    monkeypatch.setattr(module, "VENV", tmp_path / ".venv")
    return module


def test_it_needs_only_the_standard_library():
    code = f"import sys; sys.path = [p for p in sys.path if 'site-packages' not in p]; \
import runpy; runpy.run_path({str(PATH)!r}, run_name='x')"
    subprocess.run([sys.executable, "-S", "-c", code], check=True)


def test_an_unreachable_index_is_told_in_a_sentence(quickstart, monkeypatch):
    """A real pip that really cannot reach its index."""
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")
    monkeypatch.setenv("PIP_INDEX_URL", "http://127.0.0.1:9/simple")
    for name in ("PIP_EXTRA_INDEX_URL", "PIP_FIND_LINKS"):
        monkeypatch.setenv(name, "")
    monkeypatch.setenv("PIP_RETRIES", "0")
    monkeypatch.setattr(quickstart, "python", lambda: Path(sys.executable))
    with pytest.raises(quickstart.Stop, match="index cannot be reached"):
        quickstart.pip("install", "--dry-run", "a-package-that-is-not-installed")


def test_an_old_python_is_told_in_a_sentence(quickstart, monkeypatch):
    monkeypatch.setattr(quickstart, "OLDEST", (99, 0))
    with pytest.raises(quickstart.Stop, match=r"Python 3\.10 or newer"):
        quickstart.prepare("")


def test_a_finished_installation_is_recognised(quickstart, monkeypatch):
    calls = []
    monkeypatch.setattr(quickstart, "make_venv", lambda: calls.append("venv"))
    monkeypatch.setattr(quickstart, "check_space", lambda extra: None)
    monkeypatch.setattr(quickstart, "pip", lambda *words: calls.append(words[0]))
    monkeypatch.setattr(quickstart, "python", lambda: Path(sys.executable))
    quickstart.VENV.mkdir()
    quickstart.prepare("")
    assert calls == ["venv", "install"]
    quickstart.prepare("")
    assert calls == ["venv", "install"]
    quickstart.prepare("test")
    assert calls[2:] == ["venv", "install", "install"]
    quickstart.prepare("")
    assert len(calls) == 5


def test_a_full_disk_is_told_before_the_installation(quickstart, monkeypatch):
    usage = quickstart.shutil.disk_usage(PATH.parent)._replace(free=10_000_000)
    monkeypatch.setattr(quickstart.shutil, "disk_usage", lambda path: usage)
    with pytest.raises(quickstart.Stop, match="10 MB are free"):
        quickstart.check_space("")
