import importlib.util
import subprocess
import sys
import types
from pathlib import Path

import pytest

from quickstart_tools import environment as environments
from quickstart_tools.environment import Environment
from quickstart_tools.terms import Stop, Unreachable

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


def this_python(monkeypatch):
    """Let environments be the Python of the tests: nothing is installed in these tests."""
    monkeypatch.setattr(Environment, "python", Path(sys.executable))
    return Environment(Path("unused"))


def test_an_unreachable_index_is_told_in_a_sentence(monkeypatch):
    """A real pip that really cannot reach its index."""
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")
    monkeypatch.setenv("PIP_INDEX_URL", "http://127.0.0.1:9/simple")
    for name in ("PIP_EXTRA_INDEX_URL", "PIP_FIND_LINKS"):
        monkeypatch.setenv(name, "")
    monkeypatch.setenv("PIP_RETRIES", "0")
    with pytest.raises(Unreachable, match="index cannot be reached"):
        this_python(monkeypatch).pip("install", "--dry-run", "a-package-that-is-not-installed")


def test_an_old_python_is_told_in_a_sentence(quickstart, monkeypatch):
    monkeypatch.setattr(quickstart, "OLDEST", (99, 0))
    with pytest.raises(quickstart.Stop, match=r"Python 3\.10 or newer"):
        quickstart.prepare("")


def test_a_long_step_says_what_it_is_at(monkeypatch, capsys):
    monkeypatch.setattr(environments, "EVERY_SECONDS", 0.05)
    words = "import time; print('Collecting torch==2.13.0', flush=True); time.sleep(0.6)"
    status, said = environments.run_told([sys.executable, "-c", words])
    assert (status, said.strip()) == (0, "Collecting torch==2.13.0")
    assert "s, collecting torch==2.13.0" in capsys.readouterr().out


@pytest.fixture
def pip(monkeypatch):
    """Records what pip is asked for; `refuse` says which calls fail, and how."""
    calls = []
    refusals = []

    def answer(environment, *words):
        calls.append(words)
        for refused, error in refusals:
            if refused in words:
                raise error

    monkeypatch.setattr(Environment, "pip", answer)
    monkeypatch.setattr(Environment, "make", lambda environment: None)
    monkeypatch.setattr(Environment, "python", Path(sys.executable))
    return types.SimpleNamespace(calls=calls, refuse=lambda *one: refusals.append(one))


def test_a_finished_installation_is_recognised(quickstart, monkeypatch, pip):
    monkeypatch.setattr(quickstart, "check_space", lambda extra: None)
    quickstart.VENV.mkdir()
    quickstart.prepare("")
    assert len(pip.calls) == 1
    quickstart.prepare("")
    assert len(pip.calls) == 1
    quickstart.prepare("test")
    assert len(pip.calls) == 3, "torch, then the project"
    quickstart.prepare("")
    assert len(pip.calls) == 3


def test_new_tested_versions_install_again(quickstart, monkeypatch, pip, tmp_path):
    tested = tmp_path / "tested.txt"
    monkeypatch.setattr(quickstart.locking, "constraints_of", lambda version: tested)
    tested.write_text("numpy==1.0\n")
    before = quickstart.fingerprint("")
    tested.write_text("numpy==2.0\n")
    assert quickstart.fingerprint("") != before


def test_tested_versions_are_asked_for(tmp_path, pip, capsys):
    tested = tmp_path / "py310.txt"
    tested.touch()
    Environment(tmp_path).install("-e", ".", constraints=tested)
    assert pip.calls == [("install", "--constraint", str(tested), "-e", ".")]
    assert capsys.readouterr().out == ""


def test_where_they_do_not_fit_the_open_ranges_are_taken_and_a_note_says_so(tmp_path, pip, capsys):
    tested = tmp_path / "py310.txt"
    tested.touch()
    pip.refuse("--constraint", Stop("no wheel"))
    Environment(tmp_path).install(".", constraints=tested)
    assert pip.calls[-1] == ("install", ".")
    assert "py310.txt do not fit this machine" in capsys.readouterr().out


def test_without_a_network_the_open_ranges_are_not_tried(tmp_path, pip):
    tested = tmp_path / "py310.txt"
    tested.touch()
    pip.refuse("--constraint", Unreachable("no network"))
    with pytest.raises(Unreachable):
        Environment(tmp_path).install(".", constraints=tested)
    assert len(pip.calls) == 1


def test_a_python_without_tested_versions_is_told(tmp_path, pip, capsys):
    Environment(tmp_path).install(".", constraints=tmp_path / "py399.txt")
    assert pip.calls == [("install", ".")]
    assert "no tested versions" in capsys.readouterr().out


def test_a_full_disk_is_told_before_the_installation(quickstart, monkeypatch):
    usage = quickstart.shutil.disk_usage(PATH.parent)._replace(free=10_000_000)
    monkeypatch.setattr(quickstart.shutil, "disk_usage", lambda path: usage)
    with pytest.raises(quickstart.Stop, match="10 MB are free"):
        quickstart.check_space("")


@pytest.mark.parametrize(
    ("rest", "cores", "expected"),
    [
        ([], 2, ["-n", "2", "--dist", "loadfile"]),
        (["-q", "--durations=20"], 16, ["-n", "4", "--dist", "loadfile"]),
        ([], 1, []),
        (["tests/unit/test_errors.py"], 2, []),
        (["-n", "0"], 2, []),
    ],
)
def test_the_whole_suite_uses_all_cores(quickstart, monkeypatch, rest, cores, expected):
    monkeypatch.setattr(quickstart.os, "cpu_count", lambda: cores)
    assert quickstart.side_by_side(rest) == expected
