"""Files of a line at addresses that fsspec knows."""

import json

import pytest
from PIL import Image

from sadtalker_ext.shells.cli import main
from tests.support.fake_engine import FakeEngine
from tests.support.media import portrait_like, speech_like, write_sound
from tests.support.specs import register

fsspec = pytest.importorskip("fsspec")

JOB = {
    "portrait": "memory://in/a.png",
    "speech": "memory://in/a.wav",
    "output": "memory://out/1.mp4",
    "motion_out": "memory://motion/1.json",
    "engine": "puppet",
    "seed": 1,
}


@pytest.fixture
def batch(tmp_path, monkeypatch, capsys):
    register(monkeypatch, FakeEngine)
    Image.fromarray(portrait_like(96, 80)).save(tmp_path / "a.png")
    write_sound(tmp_path / "a.wav", speech_like(0.2), 44100)
    store = fsspec.filesystem("memory")
    for name in ("a.png", "a.wav"):
        store.put_file(str(tmp_path / name), f"/in/{name}")

    def run(*lines, flags=()):
        path = tmp_path / "jobs.jsonl"
        path.write_text("\n".join(json.dumps(line) for line in lines), encoding="utf-8")
        main(["batch", str(path), "--json", *flags])
        return json.loads(capsys.readouterr().out)["rows"]

    yield run
    for folder in ("/in", "/out", "/motion"):
        if store.exists(folder):
            store.rm(folder, recursive=True)


def test_files_are_fetched_and_results_sent(batch):
    row = batch(JOB)[0]
    assert row["video"]["path"] == "memory://out/1.mp4"
    store = fsspec.filesystem("memory")
    assert store.cat_file("/out/1.mp4")[4:8] == b"ftyp"
    assert json.loads(store.cat_file("/motion/1.json"))
    assert not [name for name in store.find("/out") if name.endswith(".part")]


def test_what_is_there_is_skipped_without_fetching_anything(batch):
    store = fsspec.filesystem("memory")
    store.pipe_file("/out/1.mp4", b"earlier")
    assert batch({**JOB, "portrait": "memory://in/none.png"})[0]["skipped"] == JOB["output"]
    assert "video" in batch(JOB, flags=["--overwrite"])[0]
    assert store.cat_file("/out/1.mp4") != b"earlier"


def test_a_missing_file_is_named(batch):
    error = batch({**JOB, "speech": "memory://in/none.wav"})[0]["error"]
    assert error["code"] == "input_error"
    assert "memory://in/none.wav" in error["message"]


def test_an_unknown_kind_of_address_says_what_to_do(batch):
    error = batch({**JOB, "portrait": "nosuch://in/a.png"})[0]["error"]
    assert error["code"] == "package_missing"
