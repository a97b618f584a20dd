import numpy as np
import pytest
import torch

from sadtalker_ext.engines.sadtalker.pose import (
    chunk_windows,
    draw_noise,
    generate_pose,
    join_chunks,
)
from sadtalker_ext.engines.sadtalker.smoothing import smooth_pose


class CountingNetwork:
    """Says which window every frame of a chunk was made from."""

    def embed(self, windows):
        assert windows.shape[1:] == (1, 80, 16)
        return windows[:, 0, :1, 0]

    def __call__(self, reference, noise, style, embeddings):
        assert len(noise) == len(style) == len(embeddings)
        motion = embeddings.expand(-1, -1, 6) * 1000
        return motion + noise[:, None, :6] + style[:, None, None]


def windows(frames):
    values = np.zeros((frames, 80, 16), np.float32)
    values[:, 0, 0] = np.arange(frames)
    return values


@pytest.mark.parametrize("frames", [2, 10, 32, 33, 34, 40, 64, 65, 72])
def test_every_frame_but_the_first_comes_from_its_own_window(frames):
    reference = np.arange(6, dtype=np.float32)
    noise = np.zeros((len(chunk_windows(frames)), 64), np.float32)
    pose = generate_pose(CountingNetwork(), windows(frames), reference, style=7, noise=noise)
    np.testing.assert_array_equal(pose[0], reference)
    wanted = reference + 1000 * np.arange(1, frames)[:, None] + 7
    np.testing.assert_array_equal(pose[1:], wanted)


def test_chunks_read_the_last_windows_and_repeat_the_first():
    assert chunk_windows(1).shape == (0, 32)
    assert chunk_windows(33).tolist() == [list(range(1, 33))]
    assert chunk_windows(40).tolist() == [list(range(1, 33)), list(range(8, 40))]
    assert chunk_windows(5).tolist() == [[1] * 29 + [2, 3, 4]]


def test_only_new_frames_of_the_last_chunk_are_kept():
    motion = np.repeat(np.arange(2, dtype=np.float32)[:, None, None], 32, axis=1)
    joined = join_chunks(motion, 40)[:, 0]
    assert joined.tolist() == [0] * 33 + [1] * 7


def test_one_frame_keeps_the_pose_of_the_picture():
    reference = np.arange(6, dtype=np.float32)
    pose = generate_pose(
        CountingNetwork(), windows(1), reference, style=0, noise=np.zeros((0, 64), np.float32)
    )
    np.testing.assert_array_equal(pose, reference[None])


def test_noise_is_what_the_global_generator_would_draw():
    with torch.random.fork_rng():
        torch.manual_seed(11)
        wanted = torch.cat([torch.randn(1, 64) for _ in range(3)]).numpy()
    np.testing.assert_array_equal(draw_noise(72, 11), wanted)
    assert draw_noise(1, 11).shape == (0, 64)


def test_drawing_noise_leaves_the_global_generator_alone():
    before = torch.get_rng_state()
    draw_noise(72, 11)
    assert torch.equal(torch.get_rng_state(), before)


def test_smoothing_window_is_thirteen_frames():
    """The centre weight of a 13-point quadratic filter is 25/143."""
    impulse = np.zeros((41, 6), np.float32)
    impulse[20] = 1
    smoothed = smooth_pose(impulse)
    assert smoothed[20, 0] == pytest.approx(25 / 143, abs=1e-6)
    assert np.flatnonzero(np.abs(smoothed[:, 0]) > 1e-6)[[0, -1]].tolist() == [14, 26]


@pytest.mark.parametrize("frames", range(1, 16))
def test_smoothing_keeps_parabolas_and_works_for_any_length(frames):
    time = np.arange(frames, dtype=np.float32)[:, None]
    pose = (0.1 * time**2 - time + 3) * np.ones((1, 6), np.float32)
    smoothed = smooth_pose(pose)
    assert smoothed.dtype == np.float32
    np.testing.assert_allclose(smoothed, pose, atol=2e-5)


def test_short_clips_use_the_largest_odd_window():
    """12 frames take 11: the centre weight is 89/429."""
    impulse = np.zeros((12, 6), np.float32)
    impulse[5] = 1
    assert smooth_pose(impulse)[5, 0] == pytest.approx(89 / 429, abs=1e-6)
