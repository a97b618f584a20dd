"""Downloads, against a server with every fault."""

import dataclasses
import hashlib
import shutil
import socket
import urllib.error
import urllib.request
from pathlib import Path

import pytest

from sadtalker_ext.errors import Cancelled, DiskFull, DownloadFailed
from sadtalker_ext.progress import Progress
from sadtalker_ext.weights import fetch
from sadtalker_ext.weights.fetch import download, open_https
from sadtalker_ext.weights.manifest import WeightFile
from sadtalker_ext.weights.store import WeightStore
from tests.unit.weights.server import FaultyServer

CONTENT = bytes(range(256)) * 12000  # 3 MB: several blocks


@pytest.fixture
def server():
    faulty = FaultyServer(CONTENT)
    yield faulty
    faulty.close()


def weight_file(*urls, **changes):
    file = WeightFile(
        name="net.pth",
        size=len(CONTENT),
        sha256=hashlib.sha256(CONTENT).hexdigest(),
        sources=urls,
        licence="MIT",
        needed_for=("engine",),
    )
    return dataclasses.replace(file, **changes)


def get(server, tmp_path, fault, progress=None, **changes):
    """Download once; return the final path."""
    target = tmp_path / "weights" / "net.pth"
    url = server.url(fault)
    download(weight_file(url, **changes), url, target, progress or Progress(), server.open)
    return target


def names(tmp_path):
    return sorted(path.name for path in (tmp_path / "weights").iterdir())


@pytest.mark.parametrize("fault", ["good", "moved", "no-ranges"])
@pytest.mark.parametrize("size", [len(CONTENT), None])
def test_a_good_file_arrives_whole(server, tmp_path, fault, size):
    assert get(server, tmp_path, fault, size=size).read_bytes() == CONTENT
    assert names(tmp_path) == ["net.pth"]


def test_progress_counts_bytes_up_to_the_size(server, tmp_path):
    events = []
    get(server, tmp_path, "good", Progress(events.append))
    assert events[0].total == len(CONTENT)
    assert events[-1].done == len(CONTENT)
    assert len(events) > 2


@pytest.mark.parametrize("size", [len(CONTENT), None])
def test_a_dropped_connection_keeps_the_part_and_the_next_try_goes_on(server, tmp_path, size):
    with pytest.raises(DownloadFailed, match=rf"ended early: expected {len(CONTENT)} bytes"):
        get(server, tmp_path, "dropped", size=size)
    assert names(tmp_path) == ["net.pth.part"]
    events = []
    path = get(server, tmp_path, "good", Progress(events.append), size=size)
    assert path.read_bytes() == CONTENT
    assert server.ranges == [None, f"bytes={len(CONTENT) // 2}-"]
    assert events[-1].done == len(CONTENT)


def test_an_unannounced_early_end_is_noticed(server, tmp_path):
    with pytest.raises(DownloadFailed, match="ended early"):
        get(server, tmp_path, "dropped-without-length")
    assert names(tmp_path) == ["net.pth.part"]


@pytest.mark.parametrize("fault", ["no-ranges", "wrong-range"])
def test_a_server_that_cannot_resume_is_read_from_the_start(server, tmp_path, fault):
    with pytest.raises(DownloadFailed):
        get(server, tmp_path, "dropped")
    assert get(server, tmp_path, fault).read_bytes() == CONTENT


def test_a_complete_part_is_only_renamed(server, tmp_path):
    (tmp_path / "weights").mkdir()
    (tmp_path / "weights" / "net.pth.part").write_bytes(CONTENT)
    assert get(server, tmp_path, "missing").read_bytes() == CONTENT
    assert server.ranges == []


def test_a_complete_part_of_unknown_size_is_fetched_again(server, tmp_path):
    (tmp_path / "weights").mkdir()
    (tmp_path / "weights" / "net.pth.part").write_bytes(CONTENT)
    assert get(server, tmp_path, "good", size=None).read_bytes() == CONTENT


def test_a_part_of_another_file_costs_one_failure_only(server, tmp_path):
    (tmp_path / "weights").mkdir()
    (tmp_path / "weights" / "net.pth.part").write_bytes(b"something else")
    with pytest.raises(DownloadFailed, match="SHA-256"):
        get(server, tmp_path, "good")
    assert names(tmp_path) == []
    assert get(server, tmp_path, "good").read_bytes() == CONTENT


def test_a_wrong_file_is_refused_with_both_hashes_and_not_kept(server, tmp_path):
    wrong = hashlib.sha256(bytes(len(CONTENT))).hexdigest()
    with pytest.raises(DownloadFailed) as caught:
        get(server, tmp_path, "wrong")
    assert wrong in caught.value.message
    assert hashlib.sha256(CONTENT).hexdigest() in caught.value.message
    assert names(tmp_path) == []


def test_a_file_that_does_not_end_is_cut_off(server, tmp_path):
    with pytest.raises(DownloadFailed, match="something other"):
        get(server, tmp_path, "endless")
    assert names(tmp_path) == []


@pytest.mark.parametrize(("fault", "words"), [("page", "web page"), ("pointer", "git-LFS")])
def test_impostors_are_named(server, tmp_path, fault, words):
    with pytest.raises(DownloadFailed, match=words):
        get(server, tmp_path, fault)
    assert not (tmp_path / "weights" / "net.pth").exists()
    assert get(server, tmp_path, "good").read_bytes() == CONTENT


def test_a_missing_address_is_named_with_its_status(server, tmp_path):
    with pytest.raises(DownloadFailed, match=r"127\.0\.0\.1 answered 404"):
        get(server, tmp_path, "missing")


def test_a_stop_keeps_the_part(server, tmp_path):
    progress = Progress(lambda event: progress.stop() if event.done else None)
    with pytest.raises(Cancelled):
        get(server, tmp_path, "good", progress)
    assert names(tmp_path) == ["net.pth.part"]
    assert get(server, tmp_path, "good").read_bytes() == CONTENT
    assert server.ranges[-1] is not None


def test_the_second_source_is_tried_and_the_first_one_forgiven(server, tmp_path):
    file = weight_file(server.url("missing"), server.url("dropped"), server.url("good"))
    store = WeightStore(cache=tmp_path, files=(file,), opener=server.open)
    assert store.fetch(["engine"]) == [tmp_path / "weights" / "net.pth"]
    assert store.require("net.pth").read_bytes() == CONTENT


def test_when_every_source_fails_all_reasons_and_the_place_by_hand_are_told(server, tmp_path):
    file = weight_file(server.url("missing"), server.url("page"))
    store = WeightStore(cache=tmp_path, files=(file,), opener=server.open)
    with pytest.raises(DownloadFailed) as caught:
        store.fetch(["net.pth"])
    assert "404" in caught.value.message
    assert "web page" in caught.value.message
    assert str(tmp_path / "weights" / "net.pth") in caught.value.hint
    assert file.sha256 in caught.value.hint


def test_what_is_there_and_good_is_not_fetched_again(server, tmp_path):
    file = weight_file(server.url("good"))
    store = WeightStore(cache=tmp_path, files=(file,), opener=server.open)
    store.fetch(["engine"])
    store.fetch(["engine"])
    assert len(server.ranges) == 1
    (tmp_path / "weights" / "net.pth").write_bytes(b"damaged")
    store.fetch(["engine"])
    assert store.require("net.pth").read_bytes() == CONTENT


def test_files_can_be_fetched_into_a_folder_of_choice(server, tmp_path):
    file = weight_file(server.url("good"))
    store = WeightStore(cache=tmp_path, files=(file,), opener=server.open)
    assert store.fetch(["engine"], folder=tmp_path / "mine") == [tmp_path / "mine" / "net.pth"]


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (urllib.error.URLError(socket.gaierror(-2, "unknown")), "could not be resolved.*PROXY"),
        (urllib.error.URLError(ConnectionRefusedError(111, "no")), "refused the connection"),
        (urllib.error.URLError(TimeoutError("slow")), "did not answer within 30 seconds"),
        (TimeoutError("slow"), "did not answer"),
        (ConnectionResetError(104, "reset"), "failed .*reset"),
    ],
)
def test_a_network_that_is_down_is_explained(tmp_path, error, words):
    def broken(request, timeout):
        raise error

    url = "https://weights.example.org/net.pth"
    with pytest.raises(DownloadFailed, match=words) as caught:
        download(weight_file(url), url, tmp_path / "net.pth", Progress(), broken)
    assert "weights.example.org" in caught.value.message


def test_too_little_room_is_noticed_before_the_download(server, tmp_path, monkeypatch):
    usage = shutil.disk_usage(tmp_path)._replace(free=1000)
    monkeypatch.setattr(fetch.shutil, "disk_usage", lambda folder: usage)
    with pytest.raises(DiskFull, match="only 1000 are free"):
        get(server, tmp_path, "good")
    assert server.ranges == []


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
def test_a_disk_that_fills_up_is_named(server, tmp_path):
    (tmp_path / "weights").mkdir()
    (tmp_path / "weights" / "net.pth.part").symlink_to("/dev/full")
    with pytest.raises(DiskFull, match="full"):
        get(server, tmp_path, "good")


def test_a_folder_that_cannot_be_made_is_named(server, tmp_path):
    (tmp_path / "weights").write_text("in the way")
    with pytest.raises(DownloadFailed, match="cannot be written"):
        get(server, tmp_path, "good")


def test_the_product_opens_https_only():
    request = urllib.request.Request("http://127.0.0.1:9/net.pth")
    with pytest.raises(urllib.error.URLError, match="not an https address"):
        open_https(request, 1.0)
    handler = fetch._HttpsOnly()
    with pytest.raises(urllib.error.URLError, match="not https"):
        handler.redirect_request(request, None, 302, "", {}, "http://elsewhere.example/x")
