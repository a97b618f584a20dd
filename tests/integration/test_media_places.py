"""Where videos are written: nothing is lost, nothing is left behind, whatever goes wrong."""

import os
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest

from sadtalker_ext.encoder import video as video_module
from sadtalker_ext.encoder.video import VideoWriter
from sadtalker_ext.errors import (
    Cancelled,
    DiskFull,
    EncodingError,
    OutputExists,
    OutputUnwritable,
    UnreadableAudio,
)
from sadtalker_ext.inputs.audio import open_speech
from tests.support import media


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def leftovers(folder):
    return [name for name in names(folder) if "part" in name or "probe" in name]


def test_nothing_is_overwritten_without_being_asked(tmp_path):
    path = tmp_path / "a.mp4"
    path.write_text("precious")
    with pytest.raises(OutputExists, match=r"a\.mp4 exists already"):
        media.write_video(path, 2)
    assert path.read_text() == "precious"
    media.write_video(path, 2, overwrite=True)
    assert media.read_frames(path)[0].shape[0] == 2
    assert leftovers(tmp_path) == []


@pytest.mark.parametrize("links", [True, False])
def test_a_file_that_appears_meanwhile_is_kept(tmp_path, monkeypatch, links):
    """With and without hard links, which FAT does not know."""
    if not links:
        monkeypatch.setattr(os, "link", broken_link)
    path = tmp_path / "a.mp4"
    finished = pytest.raises(OutputExists, match="The finished video is")
    with finished as caught, VideoWriter(path) as writer:
        for frame in media.moving_frames(3):
            writer.write(frame)
        path.write_text("someone else's")
    assert path.read_text() == "someone else's"
    kept = Path(str(caught.value.hint).removeprefix("The finished video is ").rstrip("."))
    assert media.read_frames(kept)[0].shape[0] == 3
    assert leftovers(tmp_path) == []


def test_a_new_name_is_claimed_without_hard_links(tmp_path, monkeypatch):
    monkeypatch.setattr(os, "link", broken_link)
    media.write_video(tmp_path / "a.mp4", 3)
    assert media.read_frames(tmp_path / "a.mp4")[0].shape[0] == 3
    assert leftovers(tmp_path) == []


def broken_link(*_):
    raise PermissionError(1, "Operation not permitted")


@pytest.mark.parametrize("problem", [Cancelled("Stopped."), KeyboardInterrupt(), ValueError("bug")])
@pytest.mark.parametrize("after", [0, 1, 30])
def test_interrupted_work_leaves_nothing(tmp_path, speech, problem, after):
    path = tmp_path / "out" / "a.mp4"
    path.parent.mkdir()
    threads = threading.active_count()
    with pytest.raises(type(problem)), VideoWriter(path, speech=speech) as writer:
        for frame in media.moving_frames(after):
            writer.write(frame)
        raise problem
    assert names(path.parent) == []
    assert threading.active_count() == threads
    assert writer.partial_path is None


def test_interrupted_work_spares_the_file_it_would_replace(tmp_path):
    path = tmp_path / "a.mp4"
    path.write_text("precious")
    with pytest.raises(Cancelled), VideoWriter(path, overwrite=True) as writer:
        writer.write(next(media.moving_frames(1)))
        raise Cancelled("Stopped.")
    assert path.read_text() == "precious"


def test_a_partial_video_is_whole_with_its_sound(tmp_path, speech):
    path = tmp_path / "a.mp4"
    with pytest.raises(Cancelled), VideoWriter(path, speech=speech, keep_partial=True) as writer:
        for frame in media.moving_frames(20):
            writer.write(frame)
        raise Cancelled("Stopped.")
    assert not path.exists()
    assert writer.partial_path == tmp_path / "a.partial.mp4"
    frames, _ = media.read_frames(writer.partial_path)
    assert len(frames) == writer.frames == 20
    whole, streams = media.durations(writer.partial_path)
    assert whole == pytest.approx(0.8, abs=1e-3)
    assert streams["audio"] == pytest.approx(streams["video"], abs=1e-3)
    heard = np.concatenate(list(open_speech(writer.partial_path).read(None)))
    assert media.lag(heard, np.concatenate(list(speech.read(None)))[: len(heard)]) == 0
    assert leftovers(tmp_path) == ["a.partial.mp4"]


def test_a_second_partial_video_keeps_the_first(tmp_path):
    for expected in ("a.partial.mp4", "a.partial-2.mp4"):
        with pytest.raises(Cancelled), VideoWriter(tmp_path / "a.mp4", keep_partial=True) as writer:
            writer.write(next(media.moving_frames(1)))
            raise Cancelled("Stopped.")
        assert writer.partial_path.name == expected


def test_no_frames_make_no_video(tmp_path):
    with pytest.raises(EncodingError, match="found none"):
        media.write_video(tmp_path / "a.mp4", 0)
    assert names(tmp_path) == []


def test_frames_of_another_shape_are_refused(tmp_path):
    for other in (np.zeros((64, 66, 3), np.uint8), np.zeros((64, 64, 3), np.float32)):
        refused = pytest.raises(EncodingError, match=r"\(64, 64, 3\)")
        with refused, VideoWriter(tmp_path / "a.mp4") as writer:
            writer.write(np.zeros((64, 64, 3), np.uint8))
            writer.write(other)
    with pytest.raises(EncodingError, match="RGB"), VideoWriter(tmp_path / "a.mp4") as writer:
        writer.write(np.zeros((64, 64), np.uint8))
    assert names(tmp_path) == []


def test_the_callers_array_may_be_reused(tmp_path):
    frame = np.zeros((64, 64, 3), np.uint8)
    with VideoWriter(tmp_path / "a.mp4") as writer:
        for index in range(30):
            frame[:] = 40 + 5 * index
            writer.write(frame)
            frame[:] = 255
    levels = media.read_frames(tmp_path / "a.mp4")[0].mean(axis=(1, 2, 3))
    np.testing.assert_allclose(levels, 40 + 5 * np.arange(30), atol=1.5)


def test_bad_places_are_told_before_the_work(tmp_path):
    (tmp_path / "folder.mp4").mkdir()
    (tmp_path / "file").touch()
    for name, words in [
        ("folder.mp4", "is a folder"),
        ("a.avi", "a.avi should end in one of .mp4"),
        ("a", "a should end in one of .mp4"),
        ("nowhere/a.mp4", "does not exist"),
        ("file/a.mp4", "is a file, not a folder"),
    ]:
        with pytest.raises(OutputUnwritable, match=words):
            media.write_video(tmp_path / name, 1)
    assert names(tmp_path) == ["file", "folder.mp4"]


@pytest.mark.skipif(not Path("/proc/version").exists(), reason="needs a folder nobody may write to")
def test_a_folder_that_cannot_be_written_to():
    with pytest.raises(OutputUnwritable, match=r"cannot be written to /proc"):
        media.write_video(Path("/proc/a.mp4"), 1)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs the device that is always full")
def test_a_full_disk_is_told(tmp_path, monkeypatch, speech):
    """The hidden file is a link to /dev/full: every write ends in a real ENOSPC of the system."""
    part = tmp_path / "out" / "full.part.mp4"
    part.parent.mkdir()
    part.symlink_to("/dev/full")
    monkeypatch.setattr(video_module, "hidden_name", lambda path: part)
    noise = np.random.default_rng(0)
    refused = pytest.raises(DiskFull, match=r"disk ran full while a\.mp4")
    with refused, VideoWriter(part.parent / "a.mp4", speech=speech, quality=1) as writer:
        for _ in range(400):
            writer.write(noise.integers(0, 256, (128, 128, 3), np.uint8))
    assert writer.frames < 400, "noticed while writing, not at the end"
    assert names(part.parent) == []


LIMITED = """
import resource, signal, sys
import numpy as np
from sadtalker_ext.encoder.video import VideoWriter
from sadtalker_ext.errors import SadTalkerError
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, 200_000))
noise = np.random.default_rng(0)
try:
    with VideoWriter(sys.argv[1], quality=1, keep_partial=True) as writer:
        for _ in range(200):
            writer.write(noise.integers(0, 256, (128, 128, 3), np.uint8))
except SadTalkerError as problem:
    print(problem.code)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="needs resource limits")
def test_a_file_that_may_not_grow_is_told_and_removed(tmp_path):
    """A limit of the system stops the file at 200 kB, in a process of its own."""
    run = subprocess.run(
        [sys.executable, "-c", LIMITED, str(tmp_path / "a.mp4")],
        capture_output=True, text=True, timeout=60, check=True,
    )  # fmt: skip
    assert run.stdout.strip() == "output_unwritable"
    assert names(tmp_path) == []


def test_speech_that_vanishes_is_told(tmp_path, speech):
    refused = pytest.raises(UnreadableAudio, match="no such file")
    with refused, VideoWriter(tmp_path / "a.mp4", speech=speech) as writer:
        speech.path.unlink()
        for frame in media.moving_frames(100):
            writer.write(frame)
    assert names(tmp_path) == []


def test_memory_does_not_grow_with_the_length(tmp_path):
    """Python's own memory, for 200 and 1000 frames."""
    import tracemalloc

    peaks = []
    for count in (200, 1000):
        tracemalloc.start()
        media.write_video(tmp_path / f"{count}.mp4", count, height=32, width=32)
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < peaks[0] + 500_000, peaks
