"""Finding and checking weight files."""

import errno
import hashlib
import json
import os

import pytest

from sadtalker_ext.errors import WeightsCorrupt, WeightsMissing
from sadtalker_ext.weights import integrity
from sadtalker_ext.weights.manifest import WeightFile
from sadtalker_ext.weights.store import WeightStore, cache_folder

CONTENT = b"weights" * 1000
FILE = WeightFile(
    name="net.safetensors",
    size=len(CONTENT),
    sha256=hashlib.sha256(CONTENT).hexdigest(),
    sources=("https://example.org/net.safetensors",),
    licence="MIT",
    needed_for=("engine",),
)


@pytest.fixture
def store(tmp_path):
    return WeightStore(
        (tmp_path / "first", tmp_path / "second"), cache=tmp_path / "cache", files=(FILE,)
    )


def put(folder, content=CONTENT, name=FILE.name):
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_bytes(content)
    return folder / name


def test_the_first_folder_wins_and_the_cache_comes_last(store, tmp_path):
    cached = put(store.download_folder)
    assert store.require(FILE.name) == store.find(FILE.name) == cached
    second = put(tmp_path / "second")
    assert store.require(FILE.name) == second
    first = put(tmp_path / "first")
    assert store.require(FILE.name) == first


def test_a_missing_file_names_folders_and_command(store, tmp_path):
    assert store.find(FILE.name) is None
    with pytest.raises(WeightsMissing) as caught:
        store.require(FILE.name)
    assert str(tmp_path / "first") in caught.value.message
    assert str(store.download_folder) in caught.value.message
    assert "sadtalker weights fetch engine" in caught.value.hint


def test_a_folder_that_may_not_be_read_is_passed_over_and_named(store, tmp_path, monkeypatch):
    """Another user's cache. Root may read everything, so the system is made to refuse."""
    real, second = os.stat, put(tmp_path / "second")

    def refusing(path, **more):
        if str(path).startswith(str(tmp_path / "first")):
            raise PermissionError(errno.EACCES, "Permission denied", str(path))
        return real(path, **more)

    monkeypatch.setattr(os, "stat", refusing)
    assert store.find(FILE.name) == second
    second.unlink()
    with pytest.raises(WeightsMissing, match=f"may not read {tmp_path / 'first'}"):
        store.require(FILE.name)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (CONTENT[:-1], f"truncated: expected {len(CONTENT)} bytes, found {len(CONTENT) - 1}"),
        (CONTENT + b"x", f"too long: expected {len(CONTENT)} bytes, found {len(CONTENT) + 1}"),
        (b"", f"expected {len(CONTENT)} bytes, found 0"),
        (b"<!DOCTYPE html><html>", "web page"),
        (b"  <HTML>", "web page"),
        (b"version https://git-lfs.github.com/spec/v1\n", "git-LFS pointer"),
        (CONTENT[::-1], FILE.sha256),
    ],
)
def test_a_bad_file_is_refused_with_both_values(store, tmp_path, content, words):
    path = put(tmp_path / "first", content)
    with pytest.raises(WeightsCorrupt) as caught:
        store.require(FILE.name)
    assert words in caught.value.message
    assert str(path) in caught.value.message
    if content == CONTENT[::-1]:
        assert hashlib.sha256(content).hexdigest() in caught.value.message


def test_a_bad_file_does_not_hide_a_good_one(store, tmp_path):
    put(tmp_path / "first", b"<html>")
    good = put(tmp_path / "second")
    assert store.require(FILE.name) == good
    assert store.find(FILE.name) == good


def test_a_predicted_size_is_not_held_against_a_right_hash(tmp_path):
    predicted = WeightFile(
        name=FILE.name, size=7, size_is_predicted=True, sha256=FILE.sha256, sources=FILE.sources,
        licence="MIT", needed_for=("engine",),
    )  # fmt: skip
    path = put(tmp_path / "first")
    store = WeightStore((tmp_path / "first",), cache=tmp_path / "cache", files=(predicted,))
    assert store.require(FILE.name) == path


def test_a_known_good_file_is_not_hashed_again_until_it_changes(store, tmp_path, monkeypatch):
    path = put(tmp_path / "first")
    counted = []
    digest = integrity.digest
    monkeypatch.setattr(integrity, "digest", lambda p: counted.append(p) or digest(p))
    store.require(FILE.name)
    store.require(FILE.name)
    again = WeightStore((tmp_path / "first",), cache=tmp_path / "cache", files=(FILE,))
    again.require(FILE.name)
    assert counted == [path]
    path.write_bytes(CONTENT[::-1])  # the same size
    os.utime(path, ns=(1, 1))
    with pytest.raises(WeightsCorrupt):
        store.require(FILE.name)
    assert counted == [path, path]


@pytest.mark.parametrize("record", ["", "[]", "{", '{"x": 3}', json.dumps({"a": [1, 2]})])
def test_a_damaged_record_is_ignored(store, tmp_path, record):
    put(tmp_path / "first")
    (tmp_path / "cache").mkdir()
    (tmp_path / "cache" / "verified.json").write_text(record)
    assert store.require(FILE.name)


def test_a_cache_that_cannot_be_written_does_not_stop_the_work(tmp_path):
    blocked = tmp_path / "file"
    blocked.write_text("in the way")
    path = put(tmp_path / "first")
    store = WeightStore((tmp_path / "first",), cache=blocked, files=(FILE,))
    assert store.require(FILE.name) == path


def test_a_users_own_file_is_found_by_its_name(store, tmp_path):
    path = put(tmp_path / "second", b"mine", "finetuned.safetensors")
    assert store.find("finetuned.safetensors") == path
    store.verify(path)


def test_the_standard_order_is_flag_variable_host_project_cache(tmp_path, monkeypatch):
    paths = [tmp_path / name for name in ("flag", "one", "two", "host")]
    monkeypatch.setenv("SADTALKER_CHECKPOINTS", os.pathsep.join(map(str, paths[1:3])))
    monkeypatch.setenv("SADTALKER_HOME", str(tmp_path / "home"))
    store = WeightStore.standard(paths[0], (paths[3],))
    assert list(store.folders[:4]) == paths
    assert store.folders[4].name == "checkpoints"
    assert store.folders[5:] == (tmp_path / "home" / "weights",)


@pytest.mark.parametrize(
    ("platform", "variables", "tail"),
    [
        ("linux", {}, (".cache", "sadtalker")),
        ("linux", {"XDG_CACHE_HOME": "/data/x"}, ("x", "sadtalker")),
        ("darwin", {}, ("Caches", "sadtalker")),
        ("win32", {}, ("Local", "sadtalker")),
        ("win32", {"LOCALAPPDATA": "/data"}, ("data", "sadtalker")),
        ("linux", {"SADTALKER_HOME": "/srv/st"}, ("srv", "st")),
    ],
)
def test_the_cache_is_where_the_platform_keeps_caches(monkeypatch, platform, variables, tail):
    monkeypatch.setattr("sys.platform", platform)
    assert cache_folder(variables).parts[-2:] == tail
