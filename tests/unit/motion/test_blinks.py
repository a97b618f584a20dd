import numpy as np
import pytest

from sadtalker_ext.motion.blinks import natural_blinks, original_blinks


def starts(lids):
    shut = lids[:, 0] > 0.9
    return np.flatnonzero(shut & ~np.concatenate([[False], shut[:-1]])) / 25


def test_rate_and_intervals_over_an_hour():
    lids = natural_blinks(90000, 25.0, 20.0, [], np.random.default_rng(1))
    times = starts(lids)
    assert 18 <= len(times) / 60 <= 24
    gaps = np.diff(times)
    gaps = gaps[gaps > 0.6]  # without the second half of double blinks
    assert 0.3 < np.std(np.log(gaps)) < 0.8
    assert np.mean(gaps) > np.median(gaps)  # skewed to the right, as a log-normal is


@pytest.mark.parametrize("seconds", [8, 15, 60])
def test_rate_of_short_clips(seconds):
    rates = [
        len(starts(natural_blinks(seconds * 25, 25.0, 20.0, [], np.random.default_rng(seed))))
        * 60
        / seconds
        for seed in range(200)
    ]
    assert np.mean([12 <= rate <= 28 for rate in rates]) > 0.9
    assert 17 < np.mean(rates) < 23


def test_lids_close_fully_for_five_to_eight_frames():
    lids = natural_blinks(25 * 300, 25.0, 20.0, [], np.random.default_rng(2))
    moving = np.concatenate([[False], lids.max(axis=1) > 0, [False]])
    for first, end in np.flatnonzero(moving[1:] != moving[:-1]).reshape(-1, 2):
        assert 5 <= end - first <= 20  # a double blink is the longest
        assert (lids[first:end].max(axis=0) == 1).all()


def test_lids_close_fast_and_open_slower_and_together():
    """Sampled at 1000 per second, so that no frame grid hides the times."""
    lids = natural_blinks(1000 * 200, 1000.0, 20.0, [], np.random.default_rng(5))
    assert np.abs(lids[:, 0] - lids[:, 1]).max() <= 0.1
    moving = np.concatenate([[False], lids[:, 0] > 0, [False]])
    closing, opening = [], []
    for first, end in np.flatnonzero(moving[1:] != moving[:-1]).reshape(-1, 2):
        shut = np.flatnonzero(lids[first:end, 0] == 1)
        closing.append(shut[0])
        opening.append(end - first - 1 - shut[-1])
    assert len(closing) > 40
    assert 60 <= min(closing) < 70 < 90 < max(closing) <= 100
    assert 120 <= min(opening) < 140 < 180 < max(opening) <= 200


def test_every_blink_shows_both_lids_shut_in_one_frame_at_least():
    lids = natural_blinks(25 * 600, 25.0, 20.0, [], np.random.default_rng(6))
    moving = np.concatenate([[False], lids.max(axis=1) > 0, [False]])
    for first, end in np.flatnonzero(moving[1:] != moving[:-1]).reshape(-1, 2):
        assert lids[first:end].min(axis=1).max() > 0.99


def test_cues_draw_blinks():
    cues = [float(time) for time in np.arange(1.0, 600, 2.0)]
    lids = natural_blinks(600 * 25, 25.0, 20.0, cues, np.random.default_rng(3))
    shut = starts(lids)
    near = [min(abs(time - cue) for cue in cues) < 0.15 for time in shut]
    assert np.mean(near) > 0.4  # 15 % would be chance


def test_no_blinks_at_rate_zero():
    assert not natural_blinks(500, 25.0, 0.0, [1.0], np.random.default_rng(0)).any()


def test_original_rhythm():
    lids = original_blinks(2000, np.random.default_rng(0))
    peaks = np.flatnonzero(lids[:, 0] == 1)
    assert len(peaks) > 20
    gaps = np.diff(peaks) - 5
    assert gaps.min() >= 10
    assert gaps.max() <= 69
    np.testing.assert_array_equal(lids[:, 0], lids[:, 1])
    np.testing.assert_allclose(
        lids[peaks[0] - 2 : peaks[0] + 3, 0], [0.5, 0.9, 1.0, 0.9, 0.5], atol=1e-6
    )


@pytest.mark.parametrize("frames", [1, 5, 20, 21, 22, 30])
def test_original_rhythm_of_short_clips(frames):
    lids = original_blinks(frames, np.random.default_rng(0))
    assert lids.shape == (frames, 2)
    assert frames > 21 or not lids.any()
