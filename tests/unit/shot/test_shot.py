"""Cuts, what is kept on disk, and the steady face."""

import numpy as np
import pytest

from sadtalker_ext.planes import Colours, Planes
from sadtalker_ext.shot.cuts import CutFinder
from sadtalker_ext.shot.steady import BRIDGED_SECONDS, SteadyTrack
from sadtalker_ext.shot.track_file import TrackFile, TrackWriter


def planes_of(grey):
    height, width = grey.shape
    plain = np.full((height // 2, width // 2), 128, np.uint8)
    return Planes(np.asarray(grey, np.uint8), plain, plain.copy(), Colours())


def scene(seed, shift=0.0):
    """A smooth random picture, moved sideways."""
    rng = np.random.default_rng(seed)
    coarse = np.kron(rng.integers(30, 220, (8, 16)), np.ones((12, 12)))
    return np.roll(coarse, round(shift), axis=1)


def cuts_in(frames):
    finder = CutFinder()
    return [number for number, frame in enumerate(frames) if finder(planes_of(frame))]


def test_cuts_are_found():
    frames = [scene(1 + n // 10, shift=0.3 * n) for n in range(30)]
    assert cuts_in(frames) == [0, 10, 20]


def test_movement_and_flashes_are_no_cuts():
    assert cuts_in([scene(1, shift=2 * n) for n in range(20)]) == [0]
    flash = [np.clip(scene(1) + (60 if n == 7 else 0), 0, 255) for n in range(12)]
    assert cuts_in(flash) == [0]


def points_at(x, y, size=100.0):
    rng = np.random.default_rng(0)
    points = rng.uniform(-0.5, 0.5, (478, 3)) * size
    return (points + np.array([x, y, 0])).astype(np.float32)


def written(folder, seen, *, step=0.04, shots=None, jitter=0.0):
    """A face that moves 5 pixels a frame, seen where `seen` says so."""
    rng = np.random.default_rng(1)
    with TrackWriter(folder) as writer:
        for number, here in enumerate(seen):
            if here:
                moved = points_at(200 + 5 * number, 150) + rng.normal(0, jitter, (478, 3))
                skin = np.array([200, 150, 130], np.float32)
                writer.face(0, 0, 1.0, moved.astype(np.float32), skin)
            shot = shots[number] if shots else 0
            writer.frame(number * 40, number * step, shot, int(here))
    return TrackFile(folder)


def test_points_come_back_from_the_disk(tmp_path):
    file = written(tmp_path, [True] * 5)
    assert len(file.frames) == len(file.faces) == 5
    np.testing.assert_allclose(file.points(3), points_at(215, 150), atol=0.01)


def test_appending_goes_on_where_it_stopped(tmp_path):
    written(tmp_path, [True] * 5)
    with TrackWriter(tmp_path, keep_frames=3, keep_faces=3) as writer:
        writer.face(4, 9, 1.0, points_at(0, 0), np.zeros(3, np.float32))
        writer.frame(120, 0.12, 0, 1)
    file = TrackFile(tmp_path)
    assert file.person_of.tolist() == [0, 0, 0, 4]
    assert file.frame_of.tolist() == [0, 1, 2, 3]


def test_steady_without_lag(tmp_path):
    track = SteadyTrack(written(tmp_path, [True] * 21, jitter=1.0), 0)
    errors = [track.at(n).points - points_at(200 + 5 * n, 150) for n in range(3, 18)]
    # the movement is followed exactly, the tremble is less
    assert abs(np.mean(errors)) < 0.05
    assert np.std(errors) < 0.8


def test_short_losses_are_bridged(tmp_path):
    seen = [not 8 <= n < 13 for n in range(22)]
    track = SteadyTrack(written(tmp_path, seen), 0)
    face = track.at(10)
    assert not face.seen
    np.testing.assert_allclose(face.points, points_at(250, 150), atol=0.05)
    assert face.presence == 1.0


def test_long_losses_are_not(tmp_path):
    gap = round(BRIDGED_SECONDS / 0.04) + 2
    seen = [not 8 <= n < 8 + gap for n in range(30)]
    track = SteadyTrack(written(tmp_path, seen), 0)
    assert track.at(8) is None
    assert track.at(8 + gap - 1) is None
    # what is drawn goes and comes softly
    assert track.at(7).presence < 0.5 < track.at(4).presence
    assert track.at(8 + gap).presence < 0.5


def test_nothing_crosses_a_cut(tmp_path):
    shots = [0] * 10 + [1] * 10
    seen = [n not in (9, 10) for n in range(20)]
    track = SteadyTrack(written(tmp_path, seen, shots=shots), 0)
    assert track.at(9) is None
    assert track.at(10) is None
    (tmp_path / "all").mkdir()
    with_all = SteadyTrack(written(tmp_path / "all", [True] * 20, shots=shots), 0)
    assert with_all.at(9).presence == with_all.at(10).presence == pytest.approx(1.0)


def test_a_head_that_jumps_is_where_it_is(tmp_path):
    """It goes to the right by a tenth of its size within a frame, and stays; its points tremble."""
    rng = np.random.default_rng(2)
    places = [200.0] * 8 + [210.0] * 8
    with TrackWriter(tmp_path) as writer:
        for number, x in enumerate(places):
            points = points_at(x, 150) + rng.normal(0, 0.3, (478, 3)).astype(np.float32)
            writer.face(0, 0, 1.0, points, np.zeros(3, np.float32))
            writer.frame(number * 40, number * 0.04, 0, 1)
    track = SteadyTrack(TrackFile(tmp_path), 0)
    rest = points_at(0, 150)
    for number, x in enumerate(places):
        error = track.at(number).points - (rest + np.array([x, 0, 0], np.float32))
        assert abs(float(error[:, 0].mean())) < 0.15, number
        if 2 <= number < 14:  # at the ends there is only one side
            assert error.std() < 0.27
