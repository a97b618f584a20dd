"""Videos as written, decoded again: pictures, colours, sound, times, and what stays on failure."""

import os
import subprocess
import sys
import threading
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sadtalker_ext.encoder import video as video_module
from sadtalker_ext.encoder.video import VideoWriter, frame_count, frame_rate
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


@pytest.fixture
def speech(tmp_path):
    samples = media.speech_like(2.0, 44100, 2)
    return open_speech(media.write_sound(tmp_path / "speech.wav", samples, 44100))


def write(path, count, *, height=64, width=64, **how):
    with VideoWriter(path, **how) as writer:
        for frame in media.moving_frames(count, height, width):
            writer.write(frame)
    return writer


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def leftovers(folder):
    return [name for name in names(folder) if "part" in name or "probe" in name]


def durations(path):
    """Seconds of the container and of each stream, read before closing."""
    with av.open(str(path)) as container:
        streams = {s.type: float(s.duration * s.time_base) for s in container.streams}
        return container.duration / 1e6, streams


def test_a_video_has_its_frames_in_order(tmp_path):
    writer = write(tmp_path / "a.mp4", 40)
    frames, times = media.read_frames(tmp_path / "a.mp4")
    assert frames.shape == (40, 64, 64, 3)
    np.testing.assert_allclose(times, np.arange(40) / 25, atol=1e-6)
    levels = frames.mean(axis=(1, 2, 3))
    np.testing.assert_allclose(levels, [40 + 8 * (i % 20) for i in range(40)], atol=1.5)
    assert (writer.frames, writer.size, writer.seconds) == (40, (64, 64), 1.6)


def test_the_stream_is_what_players_want(tmp_path, speech):
    path = tmp_path / "a.mp4"
    write(path, 50, speech=speech)
    with av.open(str(path)) as container:
        video, sound = container.streams.video[0], container.streams.audio[0]
        context = video.codec_context
        assert (context.name, context.profile, context.pix_fmt) == ("h264", "High", "yuv420p")
        tags = (context.colorspace, context.color_primaries, context.color_trc, context.color_range)
        assert [int(tag) for tag in tags] == [1, 1, 1, 1]  # BT.709, limited range
        assert sound.codec_context.name == "aac"
        assert (sound.rate, sound.codec_context.channels) == (44100, 2)
        assert sound.codec_context.bit_rate > 190_000
    content = path.read_bytes()
    assert content.index(b"moov") < content.index(b"mdat"), "faststart"


@pytest.mark.parametrize("quality", [0, 51])
def test_the_ends_of_the_quality_range_play_everywhere(tmp_path, quality):
    write(tmp_path / "a.mp4", 5, quality=quality)
    with av.open(str(tmp_path / "a.mp4")) as container:
        assert container.streams.video[0].codec_context.profile == "High"


COLOURS = [
    (255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 255), (0, 0, 0), (255, 255, 0),
    (224, 172, 105), (141, 85, 36), (255, 219, 172), (64, 96, 160), (128, 128, 128),
]  # fmt: skip


def test_flat_colours_come_back(tmp_path):
    path = tmp_path / "a.mp4"
    with VideoWriter(path) as writer:
        for colour in COLOURS:
            writer.write(np.full((64, 64, 3), colour, np.uint8))
    frames, _ = media.read_frames(path)
    for frame, colour in zip(frames, COLOURS, strict=True):
        error = np.abs(frame.mean(axis=(0, 1)) - colour)
        assert error.max() < 2, (colour, frame.mean(axis=(0, 1)))


def test_a_picture_keeps_its_detail(tmp_path):
    frame = media.portrait_like(256, 192)
    with VideoWriter(tmp_path / "a.mp4") as writer:
        for _ in range(10):
            writer.write(frame)
    frames, _ = media.read_frames(tmp_path / "a.mp4")
    error = frames[-1].astype(float) - frame
    assert 10 * np.log10(255**2 / np.mean(error**2)) > 38


@pytest.mark.parametrize(("height", "width"), [(63, 65), (64, 33), (31, 64), (16, 16), (480, 854)])
def test_odd_sides_grow_by_their_last_row_and_column(tmp_path, height, width):
    # grey, because the coarser colour of 4:2:0 is another matter
    frame = np.repeat(media.portrait_like(height, width)[:, :, 1:2], 3, axis=2)
    with VideoWriter(tmp_path / "a.mp4", quality=1) as writer:
        for _ in range(3):
            writer.write(frame)
    frames, _ = media.read_frames(tmp_path / "a.mp4")
    tall, wide = height + height % 2, width + width % 2
    assert frames.shape[1:3] == (tall, wide)
    assert writer.size == (wide, tall)
    grown = np.pad(frame, ((0, height % 2), (0, width % 2), (0, 0)), mode="edge")
    assert np.abs(frames[-1].astype(int) - grown).mean() < 3


@pytest.mark.parametrize("kind", ["wav", "mp3", "m4a", "opus", "flac", "webm", "mp4", "mov"])
@pytest.mark.parametrize(("rate", "channels"), [(44100, 2), (16000, 1)])
def test_the_speech_starts_with_the_picture(tmp_path, kind, rate, channels):
    """Both begin at 0, and the sound is the original's to the sample."""
    original = media.speech_like(2.0, rate, channels)
    source = media.write_sound(tmp_path / f"speech.{kind}", original, rate)
    path = tmp_path / "out.mp4"
    write(path, 50, speech=open_speech(source))
    _, times = media.read_frames(path)
    sound, _, begin = media.read_sound(path)
    assert times[0] == 0
    assert begin == 0
    heard = np.concatenate(list(open_speech(path).read(rate)))
    assert abs(media.lag(heard, original.mean(axis=1))) / rate <= 0.001
    assert media.likeness(heard, original.mean(axis=1)) > 0.97
    assert sound.shape[1] == channels
    whole, streams = durations(path)
    assert streams["video"] == pytest.approx(2.0, abs=1e-3)
    assert streams["audio"] == pytest.approx(2.0, abs=1e-3)
    assert whole == pytest.approx(2.0, abs=1e-3)


@pytest.mark.parametrize("rate", [8000, 11025, 22050, 24000, 48000, 96000, 37800])
def test_every_rate_is_kept_or_raised_to_the_next(tmp_path, rate):
    samples = media.speech_like(1.0, rate)
    speech = open_speech(media.write_sound(tmp_path / "speech.wav", samples, rate))
    write(tmp_path / "a.mp4", 25, speech=speech)
    sound, coded_rate, _ = media.read_sound(tmp_path / "a.mp4")
    expected = {96000: 48000, 37800: 44100}.get(rate, rate)
    assert coded_rate == expected
    reference = np.concatenate(list(speech.read(coded_rate)))
    assert media.lag(sound[: len(reference), 0], reference) == 0


def test_six_channels_stay_six(tmp_path):
    samples = media.speech_like(1.0, 48000, 6)
    speech = open_speech(media.write_sound(tmp_path / "six.flac", samples, 48000))
    write(tmp_path / "a.mp4", 25, speech=speech)
    sound, _, _ = media.read_sound(tmp_path / "a.mp4")
    assert sound.shape[1] == 6


def test_trim_and_padding_reach_the_file(tmp_path):
    samples = media.speech_like(3.0, 44100, 2)
    source = media.write_sound(tmp_path / "speech.flac", samples, 44100)
    speech = open_speech(source, start=0.7, end=1.9, pad=0.5)
    count = frame_count(speech.total_seconds, 25)
    assert count == 43  # 1.7 seconds
    write(tmp_path / "a.mp4", count, speech=speech)
    heard = np.concatenate(list(open_speech(tmp_path / "a.mp4").read_channels(None)))
    part = samples[round(0.7 * 44100) : round(1.9 * 44100)]
    assert media.lag(heard[:, 0], part[:, 0]) == 0
    assert media.likeness(heard[:, 0], part[:, 0]) > 0.98
    assert np.abs(heard[len(part) + 2048 :]).max() < 1e-3
    assert len(heard) == round(count / 25 * 44100)


@pytest.mark.parametrize(
    ("fps", "exact"),
    [(25, 25), (10, 10), (60, 60), (12.5, Fraction(25, 2)), (29.97, Fraction(30000, 1001)),
     (23.976, Fraction(24000, 1001)), (59.94, Fraction(60000, 1001)), (29.5, Fraction(59, 2))],
)  # fmt: skip
def test_frame_rates_are_exact(tmp_path, fps, exact):
    assert frame_rate(fps) == exact
    write(tmp_path / "a.mp4", 30, fps=fps)
    _, times = media.read_frames(tmp_path / "a.mp4")
    np.testing.assert_allclose(times, np.arange(30) / float(exact), atol=2e-4)
    with av.open(str(tmp_path / "a.mp4")) as container:
        assert container.streams.video[0].average_rate == exact


def test_frame_counts():
    assert frame_count(2.0, 25) == 50
    assert frame_count(2.001, 25) == 51
    assert frame_count(2.00001, 25) == 50  # rounding of times makes no frame of its own
    assert frame_count(0.0, 25) == 1
    assert frame_count(1001.0, 29.97) == 30000


@settings(max_examples=12, deadline=None)
@given(
    height=st.integers(16, 90),
    width=st.integers(16, 90),
    fps=st.sampled_from([10.0, 23.976, 25.0, 30.0, 60.0]),
    seconds=st.floats(0.2, 1.5),
    rate=st.sampled_from([8000, 22050, 48000]),
)
def test_sizes_rates_and_lengths_agree(tmp_path_factory, height, width, fps, seconds, rate):
    folder = tmp_path_factory.mktemp("any")
    samples = media.speech_like(seconds + 0.01, rate)
    speech = open_speech(media.write_sound(folder / "s.wav", samples, rate))
    count = frame_count(speech.total_seconds, fps)
    writer = write(folder / "a.mp4", count, height=height, width=width, fps=fps, speech=speech)
    whole, streams = durations(folder / "a.mp4")
    frames, _ = media.read_frames(folder / "a.mp4")
    assert len(frames) == count
    assert 0 <= writer.seconds - speech.total_seconds < 1 / fps + 1e-3
    assert abs(streams["video"] - streams["audio"]) < 1 / fps
    assert abs(whole - writer.seconds) < 1 / fps


def test_nothing_is_overwritten_without_being_asked(tmp_path):
    path = tmp_path / "a.mp4"
    path.write_text("precious")
    with pytest.raises(OutputExists, match=r"a\.mp4 exists already"):
        write(path, 2)
    assert path.read_text() == "precious"
    write(path, 2, overwrite=True)
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
    write(tmp_path / "a.mp4", 3)
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
    whole, streams = durations(writer.partial_path)
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
        write(tmp_path / "a.mp4", 0)
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
            write(tmp_path / name, 1)
    assert names(tmp_path) == ["file", "folder.mp4"]


@pytest.mark.skipif(not Path("/proc/version").exists(), reason="needs a folder nobody may write to")
def test_a_folder_that_cannot_be_written_to():
    with pytest.raises(OutputUnwritable, match=r"cannot be written to /proc"):
        write(Path("/proc/a.mp4"), 1)


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
        write(tmp_path / f"{count}.mp4", count, height=32, width=32)
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < peaks[0] + 500_000, peaks
