"""The flags of a cluster are refused where none is named, and lead to the extra where Ray lacks."""

import importlib.util
import json

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


@pytest.mark.parametrize("command", ["batch", "generate"])
def test_without_ray_the_extra_is_named(jobs, capsys, monkeypatch, command):
    found = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name: None if name == "ray" else found(name)
    )
    words = [jobs] if command == "batch" else ["a.png", "--idle-seconds", "1"]
    assert main([command, *words, "--ray", "local"]) == 3
    assert "ray" in capsys.readouterr().err
