"""A video drawn in segments: where it is cut, and that it is the same video."""

import errno
import itertools
import os
from pathlib import Path

import av
import numpy as np
import pytest

from sadtalker_ext.encoder.joined import SegmentJoiner
from sadtalker_ext.encoder.video import VideoWriter
from sadtalker_ext.errors import Cancelled, DiskFull, OutputUnwritable
from sadtalker_ext.motion.controls import CONTROLS, JAW, rest
from sadtalker_ext.options import GenerateOptions
from sadtalker_ext.progress import Progress
from sadtalker_ext.segments import cut_at_pauses, join_segments, segment_folder, unsplit
from sadtalker_ext.types import Motion
from sadtalker_ext.unfinished import SEGMENTS, read_name
from tests.support.media import speech_like, write_sound


def motion_of(jaw, fps=25.0):
    controls = rest(len(jaw))
    controls[:, JAW] = jaw
    zeros = {name: np.zeros((len(jaw), width), np.float32) for name, width in _WIDTHS.items()}
    return Motion(fps=fps, controls=controls, names=CONTROLS, **zeros)


_WIDTHS = {"head": 3, "lids": 2, "gaze": 2}


def test_borders_lie_in_the_middle_of_pauses_and_nothing_is_left_out():
    jaw = np.full(500, 0.5, np.float32)
    jaw[230:251] = 0
    assert cut_at_pauses(motion_of(jaw)) == [range(240), range(240, 500)]
    jaw[:] = 0.5
    assert cut_at_pauses(motion_of(jaw)) == [range(250), range(250, 500)]
    parts = cut_at_pauses(motion_of(np.random.default_rng(1).uniform(0, 1, 2001)), 3.0)
    assert list(itertools.chain(*parts)) == list(range(2001))


@pytest.mark.parametrize("frames", [1, 2, 60])
def test_a_short_video_stays_in_one_piece(frames):
    assert cut_at_pauses(motion_of(np.zeros(frames))) == [range(frames)]


@pytest.mark.parametrize(
    ("changed", "word"),
    [
        ({"enhancer": "gfpgan"}, "enhancer"),
        ({"format": "webm"}, "webm"),
        ({"alpha": True}, "trans"),
    ],
)
def test_what_cannot_be_split_is_said(changed, word):
    assert word in unsplit(GenerateOptions(**changed))
    assert unsplit(GenerateOptions()) == ""


def pictures(count):
    """Yield noise that moves: every frame is another."""
    noise = np.random.default_rng(7).integers(0, 256, (64, 96, 3), dtype=np.uint8)
    noise = np.repeat(np.repeat(noise[::8, ::8], 8, 0), 8, 1)
    for number in range(count):
        yield np.roll(noise, number, 1)


@pytest.fixture
def speech(tmp_path):
    from sadtalker_ext.inputs.audio import open_speech

    write_sound(tmp_path / "a.wav", speech_like(2.0), 44100)
    return open_speech(tmp_path / "a.wav")


def drawn(parts, folder, fps=25.0):
    """Yield segments as workers make them."""
    frames = list(pictures(parts[-1].stop))
    for rows in parts:
        path = folder.path / f"drawn-{rows.start}.mp4"
        with VideoWriter(path, fps=fps, quality=1) as writer:
            for row in rows:
                writer.write(frames[row])
        yield rows, folder.keep(rows.start, path.read_bytes())


def decoded(path):
    with av.open(str(path)) as container:
        stamps, frames = [], []
        for frame in container.decode(video=0):
            stamps.append(float(frame.pts * frame.time_base))
            frames.append(frame.to_ndarray(format="rgb24").astype(int))
        return stamps, np.stack(frames), float(container.streams.audio[0].duration * 1.0)


@pytest.mark.parametrize("fps", [25.0, 29.97])
def test_the_joined_file_shows_the_frames_of_the_whole_one(tmp_path, speech, fps):
    parts = [range(21), range(21, 22), range(22, 50)]
    progress = Progress()
    joiner = SegmentJoiner(tmp_path / "joined.mp4", fps=fps, speech=speech, quality=1)
    assert not join_segments(
        joiner, lambda _, folder, __: drawn(parts, folder, fps), None, 50, progress
    )
    assert sorted(one.name for one in tmp_path.iterdir()) == ["a.wav", "joined.mp4"]
    with VideoWriter(tmp_path / "whole.mp4", fps=fps, speech=speech, quality=1) as writer:
        for frame in pictures(50):
            writer.write(frame)
    ours, theirs = decoded(tmp_path / "joined.mp4"), decoded(tmp_path / "whole.mp4")
    assert np.allclose(ours[0], theirs[0], atol=2e-4)
    assert np.abs(ours[1] - theirs[1]).max() <= 12
    assert np.abs(ours[1] - theirs[1]).mean() <= 1
    # every frame of the pattern differs from its neighbours by far more
    assert np.abs(ours[1][1:] - theirs[1][:-1]).mean() > 5
    assert ours[2] == theirs[2]


def test_a_stop_leaves_nothing_behind(tmp_path, speech):
    def stopped(scene, folder, progress):
        yield from itertools.islice(drawn([range(5), range(5, 9)], folder), 1)
        assert folder.path.parent == tmp_path
        assert read_name(folder.path.name).ending == SEGMENTS
        raise Cancelled("Stopped.")

    joiner = SegmentJoiner(tmp_path / "joined.mp4", speech=speech)
    with pytest.raises(Cancelled):
        join_segments(joiner, stopped, None, 9, Progress())
    assert not list(tmp_path.glob("*joined*"))


@pytest.mark.parametrize(
    ("number", "error"), [(errno.ENOSPC, DiskFull), (errno.EACCES, OutputUnwritable)]
)
def test_a_segment_that_cannot_be_kept_is_the_output_s_own_error(
    tmp_path, monkeypatch, number, error
):
    def full(path, content):
        raise OSError(number, os.strerror(number))

    with segment_folder(tmp_path / "a.mp4") as folder:
        monkeypatch.setattr(Path, "write_bytes", full)
        with pytest.raises(error, match=r"a\.mp4"):
            folder.keep(0, b"x")
    assert not [*tmp_path.iterdir()]
