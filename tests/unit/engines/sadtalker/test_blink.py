import random

import numpy as np
import pytest

from sadtalker_ext.engines.sadtalker.blink import natural_blinks, no_blinks, original_blinks


def starts(ratio):
    return (np.flatnonzero(np.diff(np.r_[0, ratio > 0].astype(int)) == 1)).tolist()


@pytest.mark.parametrize(
    ("frames", "seed", "wanted"),
    [(22, 0, [10]), (40, 0, [16]), (40, 1, [12]), (75, 1235, [32, 60]), (141, 1, [18, 69])],
)
def test_original_rhythm_repeats_the_reference(frames, seed, wanted):
    ratio = original_blinks(frames, random.Random(seed))
    assert starts(ratio) == wanted
    first = wanted[0]
    assert ratio[first : first + 5] == pytest.approx([0.5, 0.9, 1.0, 0.9, 0.5])


@pytest.mark.parametrize("frames", [0, 1, 20, 21])
def test_short_clips_do_not_blink(frames):
    """21 frames end the reference with an empty range."""
    assert not original_blinks(frames, random.Random(0)).any()


def test_the_last_frame_of_an_original_clip_is_always_open():
    for seed in range(50):
        ratio = original_blinks(200, random.Random(seed))
        assert ratio[-1] == 0
        assert set(np.unique(ratio)) <= {np.float32(part) for part in (0, 0.5, 0.9, 1)}


@pytest.mark.parametrize("rate", [5, 20, 40])
def test_natural_blinks_keep_their_rate_and_are_uneven(rate):
    frames = 25 * 60 * 40
    ratio = natural_blinks(frames, rate, np.random.default_rng(3))
    found = starts(ratio)
    assert len(found) / 40 == pytest.approx(rate, rel=0.15)
    gaps = np.diff(found)
    assert gaps.min() >= 11
    assert gaps.std() > 0.3 * (gaps.mean() - 11)


def test_blinks_can_be_switched_off():
    assert not natural_blinks(500, 0, np.random.default_rng(0)).any()
    assert not no_blinks(500).any()


def test_the_seed_repeats_the_blinks():
    one, two = (natural_blinks(900, 20, np.random.default_rng(5)) for _ in range(2))
    np.testing.assert_array_equal(one, two)
