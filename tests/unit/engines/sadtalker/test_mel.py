import librosa
import numpy as np
import pytest

from sadtalker_ext.engines.sadtalker import mel
from sadtalker_ext.engines.sadtalker.windows import (
    idle_frame_count,
    idle_windows,
    speech_windows,
    window_starts,
)
from sadtalker_ext.types import Speech


def noise(count, seed=0):
    return np.random.default_rng(seed).normal(0, 0.1, count).astype(np.float32)


def by_librosa(samples):
    """The same spectrogram by another implementation of the transform."""
    emphasised = samples.astype(np.float64)
    emphasised = np.append(emphasised[0], emphasised[1:] - 0.97 * emphasised[:-1])
    spectrum = np.abs(librosa.stft(emphasised, n_fft=800, hop_length=200, pad_mode="constant"))
    basis = librosa.filters.mel(sr=16000, n_fft=800, n_mels=80, fmin=55, fmax=7600)
    decibels = 20 * np.log10(np.maximum(1e-5, basis @ spectrum)) - 20
    return np.clip(8 * ((decibels + 100) / 100) - 4, -4, 4).T


@pytest.mark.parametrize("frames", [2, 5, 40])
def test_spectrogram_equals_another_implementation(frames):
    samples = noise(640 * frames)
    found = mel.mel_spectrogram(samples)
    assert found.shape == (1 + 640 * frames // 200, 80)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, by_librosa(samples), atol=1e-5)


def test_a_single_frame_of_sound_is_enough():
    assert mel.mel_spectrogram(noise(640)).shape == (4, 80)


def test_long_sounds_are_transformed_in_blocks_without_a_trace(monkeypatch):
    samples = noise(640 * 12)
    whole = mel.mel_spectrogram(samples)
    for block in (1, 3, 7):
        monkeypatch.setattr(mel, "_BLOCK", block)
        np.testing.assert_array_equal(mel.mel_spectrogram(samples), whole)


def test_part_of_a_frame_at_the_end_is_not_heard():
    samples = noise(640 * 3 + 639)
    np.testing.assert_array_equal(
        mel.mel_spectrogram(samples), mel.mel_spectrogram(samples[: 640 * 3])
    )
    assert mel.frame_count(len(samples)) == 3
    assert mel.frame_count(639) == 0


def test_silence_is_minus_four():
    assert (mel.mel_spectrogram(np.zeros(1280, np.float32)) == -4).all()


def test_pre_emphasis_is_double_and_knows_the_sample_before():
    emphasised = mel.pre_emphasis(np.array([1, 1, 0], np.float32))
    assert emphasised.dtype == np.float64
    np.testing.assert_array_equal(emphasised, [1, 1 - 0.97, -0.97])
    np.testing.assert_array_equal(mel.pre_emphasis(np.ones(1, np.float32), 2.0), [1 - 0.97 * 2])


def test_channels_are_averaged():
    np.testing.assert_array_equal(mel.mono(np.array([[1, 0], [0, 0.5]], np.float32)), [0.5, 0.25])


def test_samples_at_16_khz_are_untouched_and_others_resampled():
    samples = noise(480)
    assert next(mel.resample_16k([samples], 16000)) is samples
    assert len(joined(mel.resample_16k([samples], 48000))) == 160
    assert len(joined(mel.resample_16k([samples[:0]], 48000))) == 0


def joined(blocks):
    return np.concatenate(list(blocks))


@pytest.mark.parametrize("rate", [8000, 22050, 44100, 48000, 96000])
def test_blocks_are_resampled_as_librosa_resamples_the_whole(rate):
    samples = noise(rate + 137)
    blocks = np.array_split(samples, [1, 50, 51, 9000])
    whole = librosa.resample(samples, orig_sr=rate, target_sr=16000, res_type="soxr_hq")
    np.testing.assert_array_equal(joined(mel.resample_16k(blocks, rate)), whole)


@pytest.mark.parametrize("count", [0, 639, 640, 641, 640 * 40 + 5, 640 * 500 + 333])
def test_a_spectrogram_in_blocks_is_the_same(count):
    samples = noise(count)
    whole = mel.mel_spectrogram(samples)
    for size in (333, 5000, 170_000):
        blocks = [samples[at : at + size] for at in range(0, count, size)]
        found, total = mel.mel_of_blocks(blocks)
        assert total == count
        assert found.shape == whole.shape == (1 + count // 640 * 640 // 200, 80)
        np.testing.assert_allclose(found, whole, atol=1e-6)


def speech(samples, rate, pad=0.0):
    blocks = np.array_split(samples, 3)
    return Speech(
        path=None,
        start=0,
        seconds=len(samples) / rate,
        pad_seconds=pad,
        rate_hz=rate,
        channels=1,
        read=lambda rate_hz: iter(blocks) if rate_hz is None else pytest.fail("not native"),
    )


def test_speech_is_read_at_its_own_rate_and_padded():
    samples = noise(4800)
    found = joined(mel.samples_16k(speech(samples, 48000, pad=0.5)))
    assert found.shape == (1600 + 8000,)
    np.testing.assert_array_equal(found[:1600], joined(mel.resample_16k([samples], 48000)))
    assert not found[1600:].any()


def test_window_starts_follow_the_truncated_quotient():
    assert window_starts(14).tolist() == [-6, -3, 0, 3, 6, 9, 12, 16, 19, 22, 25, 28, 32, 35]


def test_windows_repeat_the_border():
    columns = np.arange(20, dtype=np.float32)[:, None] + np.zeros((1, 80), np.float32)
    windows = speech_windows(columns, 6)
    assert windows.shape == (6, 80, 16)
    assert windows[0, 0].tolist() == [0] * 7 + list(range(1, 10))
    assert windows[2, 79].tolist() == list(range(16))
    assert windows[5, 0].tolist() == [*range(9, 20), 19, 19, 19, 19, 19]


def test_idling_is_zeros_not_silence():
    assert idle_frame_count(1.99) == 49
    assert not idle_windows(3).any()
    assert idle_windows(3).shape == (3, 80, 16)
