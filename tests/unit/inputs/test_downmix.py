import numpy as np
import pytest

from sadtalker_ext.inputs.downmix import Downmix, downmix_of

FIVE_ONE = ("FL", "FR", "FC", "LFE", "BL", "BR")


def test_five_one_is_mixed_by_the_published_coefficients():
    """ITU-R BS.775: left, right 1; centre and surrounds 0.7071; the LFE left out."""
    mix = downmix_of(FIVE_ONE)
    half = 0.7071
    expected = [[1, 0], [0, 1], [half, half], [0, 0], [half, 0], [0, half]]
    np.testing.assert_allclose(mix.stereo(np.eye(6, dtype=np.float32)), expected, atol=1e-4)
    mono = [[half], [half], [1], [0], [0.5], [0.5]]
    np.testing.assert_allclose(mix.mono(np.eye(6, dtype=np.float32)), mono, atol=1e-4)


def test_a_mix_that_would_clip_is_turned_down_and_no_other_is():
    mix = downmix_of(FIVE_ONE)
    full = np.ones((3, 6), np.float32)
    peak = mix.peak(full)
    assert peak == pytest.approx(3.414, abs=1e-3)
    limited = mix.limited(peak)
    assert limited.mono(full).max() == pytest.approx(1.0)
    assert limited.stereo(full).max() < 1.0
    assert mix.limited(0.3).gain == 1.0


@pytest.mark.parametrize("names", [("FL", "FR"), ("FC",)])
def test_one_or_two_channels_are_averaged(names):
    block = np.random.default_rng(0).normal(0, 0.1, (5, len(names))).astype(np.float32)
    mix = downmix_of(names)
    np.testing.assert_array_equal(mix.mono(block), block.mean(axis=1, keepdims=True))
    assert mix.peak(block) == 0.0
    assert Downmix().for_channels(2).shares is None


def test_channels_of_unknown_places_are_added_up_and_none_is_left_out():
    """A WAV file without a channel mask: an average made a voice in one of twelve 22 dB quieter."""
    mix = downmix_of(["NONE"] * 12)
    np.testing.assert_allclose(mix.mono(np.eye(12, dtype=np.float32)), np.ones((12, 1)), atol=1e-6)
    full = np.ones((1, 12), np.float32)
    assert mix.limited(mix.peak(full)).mono(full) == pytest.approx(1.0)


def test_a_file_with_another_number_of_channels_than_it_said_is_added_up():
    mix = downmix_of(FIVE_ONE)
    other = mix.for_channels(4).mono(np.eye(4, dtype=np.float32))
    np.testing.assert_allclose(other, np.ones((4, 1)), atol=1e-6)
    assert mix.for_channels(6) is mix
    assert mix.for_channels(2).shares is None
