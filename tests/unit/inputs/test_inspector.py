"""Files made to waste time or memory, or to break a decoder, meet it in a process that can end."""

import os
import threading
import time
from collections import Counter

import numpy as np
import pytest

from sadtalker_ext.errors import (
    InputTooLarge,
    InvalidOption,
    ResourceError,
    UnreadableAudio,
    UnreadableImage,
    UnreadableMotion,
)
from sadtalker_ext.inputs import child, refusals
from sadtalker_ext.inputs.inspector import Inspector
from sadtalker_ext.inputs.looking import Bounds, Part, picture_bytes
from sadtalker_ext.motion.controls import CONTROLS
from sadtalker_ext.motion.formats.files import motion_bytes
from sadtalker_ext.types import Motion
from tests.support.api import png, wav
from tests.support.harm import many_scans, matroska_with_gaps

BOUNDS = Bounds(pixels=4_000_000, seconds=20.0)


@pytest.fixture(scope="module")
def looker():
    started = Inspector(children=1, seconds=10.0)
    yield started
    started.close()


@pytest.fixture
def picture(tmp_path):
    path = tmp_path / "p.png"
    path.write_bytes(png())
    return path


@pytest.fixture
def sound(tmp_path):
    path = tmp_path / "s.wav"
    path.write_bytes(wav())
    return path


def test_good_files_pass_and_wrong_ones_get_their_sentence(looker, picture, sound):
    looker.look_at_picture(picture, BOUNDS)
    looker.look_at_sound(sound, Part(), BOUNDS)
    with pytest.raises(UnreadableImage, match=r"s\.wav should be a picture .* WAV"):
        looker.look_at_picture(sound, BOUNDS)
    with pytest.raises(UnreadableAudio, match=r"p\.png .* PNG"):
        looker.look_at_sound(picture, Part(), BOUNDS)
    with pytest.raises(InvalidOption, match="audio_start"):
        looker.look_at_sound(sound, Part(start=5.0), BOUNDS)
    with pytest.raises(InputTooLarge, match=r"0\.001 megapixels"):
        looker.look_at_picture(picture, Bounds(pixels=1000))
    assert len(looker._all) == 1


def test_motion_is_read_in_the_child(looker, tmp_path):
    reader = "sadtalker_ext.motion.formats.files:motion_seconds"
    rows = np.zeros((50, 3), np.float32)
    controls = np.zeros((50, len(CONTROLS)), np.float32)
    motion = Motion(
        fps=25.0, head=rows, lids=rows[:, :2], gaze=rows[:, :2], controls=controls, names=CONTROLS
    )
    path = tmp_path / "a.json"
    path.write_bytes(motion_bytes(path, motion))
    assert looker.measure(reader, path) == 2.0
    path.write_text("{}")
    with pytest.raises(UnreadableMotion, match=r"a\.json"):
        looker.measure(reader, path)
    (looker_child,) = looker._all
    assert looker_child.alive


def slow_file(folder):
    """A small Matroska file of many long gaps: hours of silence to be written out."""
    path = folder / "gaps.mkv"
    path.write_bytes(matroska_with_gaps(rate=700_000.0, gaps=120))
    return path


def test_a_file_that_takes_too_long_is_given_up(tmp_path, picture):
    looker = Inspector(children=1, seconds=1.5)
    try:
        looker.look_at_picture(picture, BOUNDS)
        before = time.monotonic()
        with pytest.raises(InputTooLarge, match="within 2 seconds, but takes longer"):
            looker.look_at_sound(slow_file(tmp_path), Part(), Bounds(seconds=7000.0))
        assert time.monotonic() - before < 10.0
        looker.look_at_picture(picture, BOUNDS)
    finally:
        looker.close()


def test_an_end_does_not_wait_for_a_file(tmp_path, picture):
    looker = Inspector(children=1, seconds=60.0)
    looker.look_at_picture(picture, BOUNDS)
    caught, slow = [], slow_file(tmp_path)

    def look():
        try:
            looker.look_at_sound(slow, Part(), Bounds(seconds=7000.0))
        except ResourceError as error:
            caught.append(error)

    threads = [threading.Thread(target=look) for _ in range(3)]
    for thread in threads:
        thread.start()
    time.sleep(0.3)
    looker.close()
    for thread in threads:
        thread.join(5.0)
    assert [str(one) for one in caught] == [str(refusals.ending())] * 3


def test_a_child_that_breaks_down_is_replaced(picture):
    looker = Inspector(children=1)
    try:
        looker.look_at_picture(picture, BOUNDS)
        (first,) = looker._all
        first._process.kill()
        first._process.wait()
        looker.look_at_picture(picture, BOUNDS)
        (second,) = looker._all
        assert second is not first
        # while it is asked
        second._process.stdout.close()
        with pytest.raises(UnreadableImage, match="decoder broke down"):
            looker.look_at_picture(picture, BOUNDS)
        looker.look_at_picture(picture, BOUNDS)
    finally:
        looker.close()


@pytest.mark.skipif(os.name == "nt", reason="Windows bounds no address space")
def test_memory_is_bounded(tmp_path):
    from PIL import Image

    path = tmp_path / "large.png"
    Image.new("RGBA", (5000, 5000)).save(path, compress_level=1)
    assert picture_bytes(path) == 5000 * 5000 * 12
    looker = Inspector(children=1, memory=330_000_000)
    try:
        with pytest.raises((InputTooLarge, UnreadableImage), match=r"memory|damaged"):
            looker.look_at_picture(path, Bounds())
    finally:
        looker.close()


def test_large_pictures_take_turns(monkeypatch):
    looker = Inspector(turn_bytes=100)
    inside, most, lock = [], [], threading.Lock()

    def decode(need):
        with looker._memory_for(need):
            with lock:
                inside.append(need)
                most.append(sum(inside))
            time.sleep(0.02)
            with lock:
                inside.remove(need)

    threads = [threading.Thread(target=decode, args=(need,)) for need in (60, 60, 40, 30, 300, 60)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert max(one for one in most if one != 300) <= 100
    assert 300 in most


def test_absurd_rates_and_scans_are_refused_at_once(tmp_path):
    rate = tmp_path / "rate.mkv"
    rate.write_bytes(matroska_with_gaps(rate=1e9, gaps=16))
    scans = tmp_path / "scans.jpg"
    scans.write_bytes(many_scans(600))
    looker = Inspector(children=1)
    try:
        with pytest.raises(UnreadableAudio, match="768000 samples per second"):
            looker.look_at_sound(rate, Part(), BOUNDS)
        with pytest.raises(UnreadableImage, match="500 scans"):
            looker.look_at_picture(scans, BOUNDS)
        scans.write_bytes(many_scans(20))
        looker.look_at_picture(scans, BOUNDS)
    finally:
        looker.close()


def test_a_bug_is_logged_and_named_as_an_unusual_file(picture, monkeypatch, caplog):
    def fail(path, bounds):
        raise ZeroDivisionError

    monkeypatch.setattr(child, "look_at_picture", fail)
    question = {"kind": "picture", "path": str(picture), "bounds": {}, "part": {}}
    answer = child._answer(question)
    assert "ZeroDivisionError" in answer["trace"]
    error = refusals.error_of(answer, "picture", "p.png")
    assert isinstance(error, UnreadableImage)


def test_no_owner_has_all_children():
    """Slow files of one sender do not keep another's waiting."""
    looker, inside, lock = Inspector(children=2), Counter(), threading.Lock()
    most = Counter()

    def use(owner):
        with looker._child(owner):
            with lock:
                inside[owner] += 1
                most[owner] = max(most[owner], inside[owner])
            time.sleep(0.05)
            with lock:
                inside[owner] -= 1

    try:
        for owners, expected in ((["ann"] * 4 + ["bob"] * 2, 1), ([""] * 4, 2)):
            threads = [threading.Thread(target=use, args=(owner,)) for owner in owners]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            assert {most[owner] for owner in owners} == {expected}
        assert not +looker._busy
    finally:
        looker.close()
