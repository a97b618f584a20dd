"""What killed processes left is removed, and nothing else."""

import os
import subprocess
import sys
import time

import pytest

from sadtalker_ext import unfinished
from sadtalker_ext.encoder import leftovers
from sadtalker_ext.encoder.leftovers import OLD_SECONDS, clear_now_and_then, remove_abandoned
from sadtalker_ext.encoder.output_file import hidden_name
from sadtalker_ext.jobs import names


@pytest.fixture(scope="module")
def dead():
    """The number of a process that has ended."""
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    return process.pid


def put(path, age=OLD_SECONDS + 60):
    if path.suffix in (".dub", ".segments"):
        path.mkdir()
        (path / "part-00000.mp4").touch()
    else:
        path.touch()
    then = time.time() - age
    os.utime(path, (then, then))
    return path


def of(process, path):
    """The name as another process of this machine gives it."""
    return path.with_name(path.name.replace(f"-{os.getpid()}-", f"-{process}-"))


def test_what_a_dead_process_left_is_removed(tmp_path, dead):
    target = tmp_path / "a.mp4"
    left = [
        put(of(dead, hidden_name(target, ending))) for ending in ("", "probe", "dub", "segments")
    ]
    left.append(put(of(dead, hidden_name(tmp_path / "b.webm"))))
    assert remove_abandoned(tmp_path) == 5
    assert not any(one.exists() for one in left)
    assert remove_abandoned(tmp_path / "nowhere") == 0


def test_nothing_else_is_removed(tmp_path, dead, monkeypatch):
    target = tmp_path / "a.mp4"
    mine = of(dead, hidden_name(target))
    kept = [
        put(target),
        put(of(dead, hidden_name(target)), age=OLD_SECONDS - 60),
        put(of(os.getppid(), hidden_name(target))),
        put(tmp_path / ".a.12ab34cd.part.mp4"),
        put(tmp_path / f"a.12ab34cd-{dead}-{unfinished.machine()}.part.mp4"),
        put(mine.with_name(mine.name.replace(unfinished.machine(), "0" * 8))),
        put(mine.with_name(f"{mine.name}.bak")),
        put(hidden_name(target), age=0),
    ]
    link = of(dead, hidden_name(target))
    if sys.platform != "win32":
        link.symlink_to(target)
        os.utime(link, (0, 0), follow_symlinks=False)
        kept.append(link)
    assert remove_abandoned(tmp_path) == 0
    assert all(one.exists() for one in kept)
    if hasattr(os, "getuid"):
        foreign = put(of(dead, hidden_name(target)))
        monkeypatch.setattr(os, "getuid", lambda: -1)
        assert remove_abandoned(tmp_path) == 0
        assert foreign.exists()


def test_in_a_container_that_starts_again_our_own_number_is_that_of_the_dead(tmp_path, monkeypatch):
    left = put(hidden_name(tmp_path / "a.mp4"), age=3 * OLD_SECONDS)
    monkeypatch.setattr(leftovers, "_LOADED", time.time() - 2.5 * OLD_SECONDS)
    assert remove_abandoned(tmp_path) == 0
    monkeypatch.setattr(leftovers, "_LOADED", time.time())
    assert remove_abandoned(tmp_path) == 1
    assert not left.exists()


def test_the_server_s_own_sweep_knows_the_names(tmp_path):
    job = names.new_id()
    for ending in ("", "probe", "dub", "segments"):
        assert names.is_unfinished(hidden_name(tmp_path / f"{job}.mp4", ending).name)
        assert names.is_page_unfinished(hidden_name(tmp_path / "2026-01-31-0001.mp4", ending).name)
    assert names.is_unfinished(f".{job}.12ab34cd.part.mp4")
    assert names.is_unfinished(names.unfinished_video(job, ".mp4"))
    assert not names.is_unfinished(f".{job}.12ab34cd.part.doc")
    assert not names.is_unfinished(".a.12ab34cd.part.mp4")


def test_a_folder_is_looked_through_once_for_many_videos(tmp_path, monkeypatch):
    asked = []
    monkeypatch.setattr(leftovers, "remove_abandoned", asked.append)
    for _ in range(3):
        clear_now_and_then(tmp_path)
    clear_now_and_then(tmp_path / "other")
    assert asked == [tmp_path, tmp_path / "other"]
    monkeypatch.setattr(leftovers, "_AGAIN_SECONDS", 0.0)
    clear_now_and_then(tmp_path)
    assert len(asked) == 3
    monkeypatch.setattr(leftovers, "_AGAIN_SECONDS", 3600.0)
    for number in range(2 * leftovers._MOST_FOLDERS):
        clear_now_and_then(tmp_path / str(number))
    assert len(leftovers._cleared) <= leftovers._MOST_FOLDERS
