"""install.py, run with a pip that only pretends."""

import importlib.metadata
import importlib.util
import subprocess
import sys
from pathlib import Path

import pytest

from sadtalker_ext.weights.checkpoint import LEGACY, converted_name

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture
def install():
    spec = importlib.util.spec_from_file_location("install_under_test", ROOT / "install.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def pip(install, monkeypatch):
    """Records what pip is asked for; `answer` is what it says."""

    class Pip:
        calls: list
        answer = (0, "")

        def __init__(self):
            self.calls = []

        def run(self, command, **_):
            constraints = Path(command[command.index("--constraint") + 1]).read_text()
            self.calls.append((command, constraints))
            return subprocess.CompletedProcess(command, *self.answer)

    fake = Pip()
    monkeypatch.setattr(install.subprocess, "run", fake.run)
    monkeypatch.setattr(install, "add_face_models", lambda: None)
    monkeypatch.setattr(install, "sadtalker_weights_present", lambda: False)
    return fake


def without(install, monkeypatch, *absent):
    real = importlib.util.find_spec
    monkeypatch.setattr(
        install.importlib.util, "find_spec", lambda name: None if name in absent else real(name)
    )


def asked(pip):
    return [command[4] for command, _ in pip.calls]


def test_nothing_to_do_is_silent(install, pip, capsys):
    assert install.main() == 0
    assert pip.calls == []
    assert capsys.readouterr().out == ""


def test_only_what_is_missing_under_the_installed_versions(install, pip, monkeypatch):
    without(install, monkeypatch, "av", "cv2")
    assert install.main() == 0
    assert asked(pip) == ["av>=13", "opencv-python-headless>=4.8"]
    command, constraints = pip.calls[0]
    assert command[0] == sys.executable
    assert "-U" not in command
    assert "--upgrade" not in command
    import numpy

    assert f"numpy=={numpy.__version__}" in constraints.splitlines()


def test_a_second_opencv_is_never_installed(install, pip, monkeypatch):
    without(install, monkeypatch, "av")
    install.main()
    assert not any("opencv" in words for words in asked(pip))


def test_librosa_comes_only_with_the_weights(install, pip, monkeypatch):
    monkeypatch.setattr(install, "SADTALKER", {"no_such_module": "librosa>=0.10"})
    install.main()
    assert asked(pip) == []
    monkeypatch.setattr(install, "sadtalker_weights_present", lambda: True)
    install.main()
    assert asked(pip) == ["librosa>=0.10"]


def test_without_a_network_the_host_starts(install, pip, monkeypatch, capsys):
    without(install, monkeypatch, "av", "cv2")
    pip.answer = (1, "WARNING: Retrying after NewConnectionError('x')\nERROR: No matching")
    assert install.main() == 0
    assert len(pip.calls) == 1, "the other packages would not arrive either"
    (line,) = capsys.readouterr().out.splitlines()
    assert "no network to add av" in line
    assert "opencv" in line


def test_one_package_that_cannot_be_built_does_not_stop_the_others(
    install, pip, monkeypatch, capsys
):
    without(install, monkeypatch, "av", "cv2")
    pip.answer = (1, "lots of words\nERROR: Failed building wheel for x")
    assert install.main() == 0
    assert len(pip.calls) == 2
    assert "Failed building wheel" in capsys.readouterr().out


def test_an_unexpected_problem_is_one_line(install, monkeypatch, capsys):
    monkeypatch.setattr(install, "add_packages", lambda: 1 / 0)
    assert install.main() == 0
    assert len(capsys.readouterr().out.splitlines()) == 1


def test_a_changed_package_is_reported(install, capsys):
    install.report_changes({"numpy": "1.26", "av": "1"}, {"numpy": "2.0", "av": "1", "new": "3"})
    out = capsys.readouterr().out
    assert "numpy was 1.26 and is 2.0" in out
    assert "av" not in out


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("", "models"),
        ("--models-dir /m --xformers", "/m"),
        ("--data-dir /d", "/d/models"),
        ("--theme 'dark", "models"),
    ],
)
def test_weights_are_looked_for_where_the_command_line_says(install, line, expected):
    folders = install.weight_folders({"COMMANDLINE_ARGS": line})
    assert folders[0] == Path.cwd() / expected / "SadTalker"


OLD_RENDERER = LEGACY["generator"][0]


@pytest.mark.parametrize(
    "name", ["SadTalker_V0.0.2_256.safetensors", OLD_RENDERER, converted_name(OLD_RENDERER)]
)
def test_weights_are_recognised(install, monkeypatch, tmp_path, name):
    monkeypatch.setenv("SADTALKER_CHECKPOINTS", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(install, "ROOT", tmp_path)
    assert not install.sadtalker_weights_present()
    (tmp_path / name).touch()
    assert install.sadtalker_weights_present()


def test_the_requirements_are_those_of_the_project(install):
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    for requirement in (*install.BASE.values(), *install.SADTALKER.values()):
        assert f'"{requirement}"' in text, requirement


def test_a_start_with_nothing_to_do_reads_little(install, pip, monkeypatch):
    """It precedes every start of a host."""
    monkeypatch.setattr(install, "installed", lambda: pytest.fail("reads all packages"))
    install.add_packages()
    found = install.versions_of({**install.BASE, "no_such_module": "no-such-package>=1"})
    assert found["numpy"] == importlib.metadata.version("numpy")
    assert found.keys() <= {"av", "numpy", *install.OTHER_NAMES["cv2"]}


def test_looking_for_weights_needs_no_numpy():
    code = "import sys, sadtalker_ext.weights.store; assert 'numpy' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True, cwd=ROOT)


def test_preload_needs_only_the_standard_library_and_adds_flags():
    code = (
        "import argparse, sys; sys.path.insert(0, '.'); before = set(sys.modules); import preload;"
        "p = argparse.ArgumentParser(); preload.preload(p); a = p.parse_args([]);"
        "assert a.sadtalker_weights_dir is None and a.sadtalker_no_api is False;"
        "assert not {n for n in sys.modules if n.split('.')[0] in ('numpy', 'sadtalker_ext')}"
    )
    subprocess.run([sys.executable, "-c", code], check=True, cwd=ROOT)


def test_a_package_that_is_too_old_is_told_and_left_alone(install, pip, monkeypatch, capsys):
    versions = {"av": "12.3.0", "opencv-python": "4.7.0.72", "numpy": "1.24"}
    monkeypatch.setattr(install, "versions_of", lambda wanted: versions)
    monkeypatch.setattr(install, "missing", lambda wanted: [])
    assert install.main() == 0
    assert pip.calls == []
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 2
    assert "av 12.3.0 is installed, but 13 or newer is needed" in lines[0]
    assert '-m pip install "av>=13"' in lines[0]
    assert "opencv-python 4.7.0.72" in lines[1]
    assert '"opencv-python>=4.8"' in lines[1], "the distribution that is there, not a second one"


@pytest.mark.parametrize("version", ["4.8", "4.8.0.76", "4.10.0.84", "5.0.0.93", "5.1.0rc1"])
def test_no_opencv_from_the_oldest_on_is_refused(install, version):
    assert install.too_old(install.BASE, {"opencv-contrib-python": version}) == []
