"""Earlier videos: shown newest first, starred, found only by their owner, deleted only if ours."""

import dataclasses
import os
import subprocess
import sys
import time

import numpy as np
import pytest

from sadtalker_ext.encoder.metadata import describe_video, read_metadata
from sadtalker_ext.encoder.output_file import hidden_name
from sadtalker_ext.encoder.video import VideoWriter
from sadtalker_ext.engines.registry import engine_specs
from sadtalker_ext.errors import InputError
from sadtalker_ext.history import History, facts_of
from sadtalker_ext.options import GenerateOptions
from sadtalker_ext.types import Picture

PICTURE = Picture(pixels=np.zeros((8, 8, 3), np.uint8), name="a.png", parameters="")


def make(path, made, level=100, *, ours=True):
    path.parent.mkdir(parents=True, exist_ok=True)
    spec = next(one for one in engine_specs() if one.built_in)
    said = describe_video(GenerateOptions(), engine=spec, seed=7, picture=PICTURE)
    with VideoWriter(path, fps=10.0, **({"metadata": said} if ours else {})) as writer:
        for _ in range(3):
            writer.write(np.full((48, 64, 3), level, np.uint8))
    os.utime(path, (made, made))
    return path


@pytest.fixture
def history(tmp_path):
    return History(tmp_path / "out", tmp_path / "state")


@pytest.fixture
def three(tmp_path, history):
    for index, name in enumerate(("2026-11-25/a.mp4", "2026-11-26/b.mp4", "c.mp4")):
        make(tmp_path / "out" / name, 1000 + index, 60 * index)
    return ["c.mp4", "2026-11-26/b.mp4", "2026-11-25/a.mp4"]


def names(history, **asked):
    return [one.name for one in history.page(**asked)[0]]


def test_the_newest_comes_first_and_stars_before_it(history, three):
    assert names(history) == three
    assert names(history, count=2) == three[:2]
    assert history.page(count=2)[1]
    assert not history.page(count=3)[1]
    assert names(history, first=2, count=2) == three[2:]
    history.star(three[2], starred=True)
    assert names(history) == [three[2], three[0], three[1]]
    again = History(history._folder, history._state)
    assert names(again) == [three[2], three[0], three[1]], "a star outlives the process"
    again.star(three[2], starred=False)
    assert names(history) == three


def test_the_picture_and_the_facts_of_one(history, three):
    one = history.find(three[0])
    for _ in range(2):  # made, then read again
        assert abs(np.asarray(history.poster(one)).mean() - 120) < 4
    video, said = facts_of(one.path)
    assert (video.width, video.height, video.seed, video.engine) == (64, 48, 7, "puppet")
    assert "Seed: 7" in said.line


@pytest.mark.parametrize("seed", [None, "x", 1.5, [7], float("inf")])
def test_a_seed_that_is_none_is_not_known(tmp_path, monkeypatch, seed):
    path = make(tmp_path / "a.mp4", 0)
    said = dataclasses.replace(read_metadata(path), data={"seed": seed})
    monkeypatch.setattr("sadtalker_ext.history.read_metadata", lambda _: said)
    assert facts_of(path)[0].seed == -1


def test_videos_of_other_programs_are_neither_shown_nor_deleted(tmp_path, history, three):
    other = make(tmp_path / "out/holiday.mp4", 5000, ours=False)
    (tmp_path / "out/broken.mp4").write_bytes(b"nothing")
    assert names(history) == three
    for name in ("holiday.mp4", "broken.mp4"):
        with pytest.raises(InputError):
            history.delete(name)
    assert other.exists()


@pytest.mark.parametrize("name", ["../secret.mp4", "/etc/passwd", "", "2026-11-25", "a\0b.mp4"])
def test_nothing_outside_the_folder_is_found(tmp_path, history, three, name):
    make(tmp_path / "secret.mp4", 1)
    with pytest.raises(InputError):
        history.find(name)


def test_each_user_has_only_their_own(tmp_path, history, three):
    history.note(tmp_path / "out/c.mp4", "ann")
    assert names(history, owner="ann") == ["c.mp4"]
    assert names(history, owner="bob") == []
    for name in ("c.mp4", three[1]):
        with pytest.raises(InputError):
            history.delete(name, owner="bob")
    history.star("c.mp4", starred=True, owner="ann")
    assert names(history, owner="ann") == ["c.mp4"], "a star does not change the owner"


def test_deleting_takes_the_file_and_its_manifest(tmp_path, history, three):
    beside = tmp_path / "out/c.mp4.c2pa"
    beside.write_bytes(b"manifest")
    history.delete("c.mp4")
    assert not beside.exists()
    assert names(history) == three[1:]


def test_without_its_table_the_videos_are_still_there(history, three):
    history.star(three[1], starred=True)
    table = history._state / "history.sqlite"
    table.write_bytes(b"damaged" * 100)
    assert names(history) == three
    history.star(three[1], starred=True)
    assert table.read_bytes() == b"damaged" * 100, "it is somebody's file: left as it is"


def test_what_a_killed_process_left_in_the_folder_of_another_day_is_cleared_away(tmp_path, history):
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    day = tmp_path / "out" / "2026-01-31"
    day.mkdir(parents=True)
    name = hidden_name(day / "a.mp4").name
    left, other = day / name.replace(f"-{os.getpid()}-", f"-{ended.pid}-"), day / ".a.part.mp4"
    for one in (left, other):
        one.touch()
        os.utime(one, (0, 0))
    assert history.page() == ([], False)
    assert not left.exists() and other.exists()


def test_five_thousand_files_are_no_burden(tmp_path, history):
    first = make(tmp_path / "out/day/0000.mp4", 1)
    data = first.read_bytes()
    for number in range(1, 5000):
        path = tmp_path / f"out/day/{number:04d}.mp4"
        path.write_bytes(data if number > 4950 else b"")
        os.utime(path, (number, number))
    began = time.process_time()
    found, more = history.page()
    assert time.process_time() - began < 2
    assert (len(found), more) == (24, True)
    assert found[0].name == "day/4999.mp4"


@pytest.mark.skipif(os.name == "nt", reason="Windows has other rights")
def test_nobody_else_sees_the_small_pictures(tmp_path, history, three):
    folder = tmp_path / "state/posters"
    folder.mkdir(parents=True)  # of an earlier version
    history.poster(history.find(three[0]))
    assert folder.stat().st_mode & 0o777 == 0o700


def test_two_folders_with_equal_names_know_nothing_of_each_other(tmp_path):
    for folder, owner in (("a", "ann"), ("b", "cid")):
        one = History(tmp_path / folder, tmp_path / "state")
        one.note(make(tmp_path / folder / "2026-01-01/0001-x.mp4", 1000), owner)
    ann, cid = (History(tmp_path / folder, tmp_path / "state") for folder in "ab")
    assert names(ann, owner="ann") == ["2026-01-01/0001-x.mp4"]
    assert names(cid, owner="ann") == []
    ann.star("2026-01-01/0001-x.mp4", starred=True, owner="ann")
    assert not cid.page()[0][0].starred


def test_another_file_that_takes_a_name_has_neither_star_nor_owner(tmp_path, history, three):
    history.note(tmp_path / "out" / "c.mp4", "ann")
    history.star("c.mp4", starred=True, owner="ann")
    assert history.page(owner="ann")[0][0].starred
    (tmp_path / "out" / "c.mp4").unlink()
    make(tmp_path / "out" / "c.mp4", 5000)
    assert names(history, owner="ann") == []
    assert not history.find("c.mp4").starred
    with pytest.raises(InputError):
        history.find("c.mp4", owner="ann")


def test_the_records_of_a_deleted_video_go_with_it(tmp_path, history, three):
    out = tmp_path / "out"
    for name in ("c.mp4.consent.json", "c.mp4.c2pa", "c.srt", "d.mp4.consent.json"):
        (out / name).write_text("x")
    history.delete("c.mp4")
    # whose the captions are is not known: they stay
    assert sorted(path.name for path in out.glob("[cd].*")) == ["c.srt", "d.mp4.consent.json"]


def test_what_is_listed_can_be_opened(tmp_path, history, three):
    out = tmp_path / "out"
    (out / "c.mp4").rename(out / "c.MP4")
    (tmp_path / "elsewhere").mkdir()
    make(tmp_path / "elsewhere" / "e.mp4", 9000)
    (out / "link.mp4").symlink_to(tmp_path / "elsewhere" / "e.mp4")
    listed = names(history)
    assert listed == ["c.MP4", *three[1:]]
    for name in listed:
        history.find(name)


def test_a_folder_of_foreign_videos_is_looked_at_in_parts_and_once(tmp_path, history, monkeypatch):
    looked = []

    def says(path):
        looked.append(path.name)
        return path.name == "0.mp4"

    monkeypatch.setattr("sadtalker_ext.history._says_ours", says)
    monkeypatch.setattr("sadtalker_ext.history.MOST_LOOKS", 3)
    (tmp_path / "out").mkdir()
    for number in range(5):
        path = tmp_path / "out" / f"{number}.mp4"
        path.touch()
        os.utime(path, (1000 + number,) * 2)
    assert history.page() == ([], True)
    assert len(looked) == 3
    videos, more = history.page()
    assert [one.name for one in videos] == ["0.mp4"]
    assert not more
    assert sorted(looked) == sorted(f"{number}.mp4" for number in range(5))
