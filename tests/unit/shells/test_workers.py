"""The flags of a cluster are refused where none is named, and lead to the extra where Ray lacks."""

import importlib.util
import json
import subprocess
import sys

import pytest

from sadtalker_ext.shells.cli import main

JOB = {"portrait": "a.png", "idle_seconds": 1.0}


@pytest.fixture
def jobs(tmp_path):
    path = tmp_path / "jobs.jsonl"
    path.write_text(json.dumps(JOB), encoding="utf-8")
    return str(path)


@pytest.mark.parametrize("flag", ["--workers", "--threads", "--retries"])
def test_flags_of_workers_need_a_cluster(jobs, capsys, flag):
    assert main(["batch", jobs, flag, "2"]) == 2
    assert f"{flag} is for --ray" in capsys.readouterr().err


@pytest.mark.parametrize("number", ["0", "-1", "x", "1e3"])
def test_a_number_of_workers_is_one_or_more(jobs, capsys, number):
    with pytest.raises(SystemExit):
        main(["batch", jobs, "--ray", "local", f"--workers={number}"])
    assert "--workers" in capsys.readouterr().err


@pytest.fixture
def no_ray(monkeypatch):
    found = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name: None if name == "ray" else found(name)
    )


@pytest.mark.parametrize("command", ["batch", "generate"])
def test_without_ray_the_extra_is_named(jobs, capsys, no_ray, command):
    words = [jobs] if command == "batch" else ["a.png", "--idle-seconds", "1"]
    assert main([command, *words, "--ray", "local"]) == 3
    assert "ray" in capsys.readouterr().err


def serve(folder, *words):
    pytest.importorskip("fastapi")
    pytest.importorskip("uvicorn")
    return main(["serve", "--data-dir", str(folder / "data"), *words])


def test_a_server_without_ray_names_the_extra_and_touches_nothing(tmp_path, capsys, no_ray):
    assert serve(tmp_path, "--workers", "local") == 3
    said = capsys.readouterr().err
    assert said.startswith("sadtalker: Workers need the package ray, which is not installed.")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--worker-count", "2"), "--worker-count is for --workers"),
        (("--worker-threads", "2"), "--worker-threads is for --workers"),
        (("--worker-device", "cpu"), "--worker-device is for --workers"),
        (("--workers", "2"), "--workers local --worker-count 2"),
        (("--workers", "everywhere"), "HOST:PORT"),
    ],
)
def test_workers_of_a_server_that_make_no_sense_are_refused(tmp_path, capsys, words, said):
    assert serve(tmp_path, *words) == 2
    assert said in capsys.readouterr().err


PROGRAM = """
import sys
from sadtalker_ext.shells.api import serving
from sadtalker_ext.shells.cli import main, serve
serving.run_server = lambda *words, **more: None
serve._has_page = lambda: False
assert main(["serve", "--data-dir", sys.argv[1]]) == 0
print([name for name in sys.modules if name == "ray" or name.startswith("sadtalker_ext.batch")])
"""


def test_a_server_without_workers_imports_nothing_of_them(tmp_path):
    pytest.importorskip("fastapi")
    pytest.importorskip("uvicorn")
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, tmp_path / "data"],
        check=True, capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    assert done.stdout == "[]\n", done.stderr
