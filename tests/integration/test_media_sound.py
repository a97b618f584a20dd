"""Sound from real files of every container, against the samples that were written into them."""

import av
import numpy as np
import pytest

from sadtalker_ext.inputs.audio import open_speech
from tests.support import media


def heard(speech, rate=None):
    return np.concatenate(list(speech.read(rate)))


@pytest.mark.parametrize("kind", media.CODECS)
@pytest.mark.parametrize(("rate", "channels"), [(44100, 2), (16000, 1)])
def test_every_container_starts_at_the_sample(tmp_path, kind, rate, channels):
    original = media.speech_like(2.0, rate, channels)
    path = media.write_sound(tmp_path / f"speech.{kind.split()[0]}", original, rate, kind)
    speech = open_speech(path)
    sound = heard(speech, rate)
    mono = original.mean(axis=1)
    # before FFmpeg 8 Matroska files did not say that AAC begins with a block of warming up
    late = 1024 if kind == "mka" and av.library_versions["libavformat"][0] < 62 else 0
    assert media.lag(sound, mono) == late
    assert media.likeness(sound[late:], mono) > 0.98
    assert speech.channels == channels
    # Matroska has no field for the padding of AAC: up to one block of 1024 samples is left
    slack = 1024 + late if kind == "mka" else 1
    assert 0 <= len(sound) - len(original) <= slack
    assert speech.seconds == pytest.approx(2.0, abs=slack / rate)


@pytest.mark.parametrize("rate", [8000, 11025, 22050, 32000, 48000, 96000])
def test_any_rate_is_resampled_in_place(tmp_path, rate):
    path = media.write_sound(tmp_path / "speech.wav", media.speech_like(2.0, rate), rate)
    speech = open_speech(path)
    assert speech.rate_hz == rate
    for target in (16000, 44100):
        sound = heard(speech, target)
        # the same sound at the target rate, by exact Fourier interpolation
        exact = fourier_resample(heard(speech), len(sound))
        assert len(sound) == 2 * target
        assert media.lag(sound, exact) == 0
        inner = slice(1000, -1000)  # Fourier interpolation rings at the ends
        error = np.sqrt(np.mean((sound[inner] - exact[inner]) ** 2))
        assert error < 0.02 * np.sqrt(np.mean(exact**2)), error


def fourier_resample(samples, count):
    spectrum = np.fft.rfft(samples)
    return np.fft.irfft(spectrum, count) * count / len(samples)


def test_channels_are_averaged_without_clipping(tmp_path):
    """PyAV's own mix of two full-scale channels peaks at 1.41."""
    loud = np.repeat(media.tone(1.0, level=0.99), 2, axis=1)
    speech = open_speech(media.write_sound(tmp_path / "loud.wav", loud, 44100))
    sound = heard(speech, 16000)
    assert 0.97 < np.abs(sound).max() <= 1.0


def test_opposite_channels_do_not_cancel(tmp_path):
    samples = media.speech_like(1.0, 44100, 2)
    samples[:, 1] = -samples[:, 0]
    speech = open_speech(media.write_sound(tmp_path / "opposite.wav", samples, 44100))
    assert media.likeness(heard(speech), samples[:, 0]) > 0.999


def test_all_channels_are_kept_for_the_video(tmp_path):
    samples = media.speech_like(1.0, 48000, 6)
    speech = open_speech(media.write_sound(tmp_path / "six.flac", samples, 48000))
    kept = np.concatenate(list(speech.read_channels(None)))
    assert kept.shape == samples.shape
    np.testing.assert_allclose(kept, samples, atol=1e-4)


@pytest.mark.parametrize("kind", ["m4a", "opus", "flac"])
def test_eight_channels_become_two(tmp_path, kind):
    """Planar frames of 8 channels crash PyAV when they are read the usual way."""
    samples = np.repeat(media.speech_like(1.0, 48000), 8, axis=1)
    path = media.write_eight_channels(tmp_path / f"eight.{kind}", samples, 48000, kind)
    speech = open_speech(path)
    assert speech.channels == 8
    assert media.lag(heard(speech), samples[:, 0]) == 0
    assert media.likeness(heard(speech), samples[:, 0]) > 0.98
    assert next(speech.read_channels(None)).shape[1] == 2


def test_a_part_is_cut_to_the_sample(tmp_path):
    samples = media.speech_like(3.0, 44100, 2)
    path = media.write_sound(tmp_path / "speech.flac", samples, 44100)
    speech = open_speech(path, start=0.5, end=1.75, pad=0.25)
    assert (speech.seconds, speech.pad_seconds, speech.total_seconds) == (1.25, 0.25, 1.5)
    part = np.concatenate(list(speech.read_channels(None)))
    np.testing.assert_allclose(part, samples[22050:77175], atol=1e-4)
    # reading twice gives the same
    np.testing.assert_array_equal(part, np.concatenate(list(speech.read_channels(None))))


def test_an_end_behind_the_end_is_the_end(tmp_path):
    path = media.write_sound(tmp_path / "speech.wav", media.speech_like(1.0), 44100)
    assert open_speech(path, end=60.0).seconds == 1.0


def test_silence_inside_and_around_speech_stays(tmp_path):
    samples = media.speech_like(3.0, 16000)
    samples[:8000] = 0
    samples[20000:40000] = 0
    path = media.write_sound(tmp_path / "pauses.wav", samples, 16000)
    speech = open_speech(path)
    np.testing.assert_allclose(heard(speech), samples[:, 0], atol=1e-4)


@pytest.mark.parametrize("kind", ["mp3", "m4a", "opus", "webm"])
def test_damage_in_the_middle_leaves_the_rest_in_place(tmp_path, kind):
    rate = 48000
    samples = media.speech_like(6.0, rate)
    path = media.write_sound(tmp_path / f"speech.{kind}", samples, rate)
    content = bytearray(path.read_bytes())
    middle = len(content) // 2
    noise = np.random.default_rng(1).integers(0, 256, 600, np.uint8).tobytes()
    content[middle : middle + 600] = noise
    path.write_bytes(content)
    sound = heard(open_speech(path, end=5.9))
    tail = slice(round(4.8 * rate), round(5.8 * rate))
    # MP3 has no timestamps of its own: the up to 6 frames of 24 ms that 600 bytes of noise destroy
    # cannot be noticed, in players neither
    allowed = 0.15 if kind == "mp3" else 0.005
    assert abs(media.lag(sound[tail], samples[tail, 0])) <= allowed * rate
    assert media.likeness(sound[: 2 * rate], samples[: 2 * rate, 0]) > 0.98


def test_a_hole_in_the_timestamps_is_silence(tmp_path):
    """Recorders that pause leave a hole; what follows must stay where players put it."""
    samples = media.speech_like(4.0, 48000)
    whole = media.write_sound(tmp_path / "whole.mkv", samples, 48000, "webm")
    holed = tmp_path / "holed.mkv"
    with av.open(str(whole)) as source, av.open(str(holed), "w") as target:
        stream = media.add_same_stream(target, source.streams.audio[0])
        for packet in source.demux(audio=0):
            if packet.dts is not None and not 1.0 < float(packet.pts * packet.time_base) < 2.0:
                packet.stream = stream
                target.mux(packet)
    sound = heard(open_speech(holed))
    assert len(sound) == pytest.approx(4 * 48000, abs=960)
    assert np.abs(sound[round(1.1 * 48000) : round(1.9 * 48000)]).max() < 1e-3
    tail = slice(round(2.5 * 48000), round(3.9 * 48000))
    assert abs(media.lag(sound[tail], samples[tail, 0])) <= 0.03 * 48000


def test_hours_need_no_memory(tmp_path):
    """Five minutes (10 MB of samples) are scanned and read in blocks that stay small."""
    import tracemalloc

    minute = media.speech_like(60.0, 8000)
    path = media.write_sound(tmp_path / "long.wav", np.tile(minute, (5, 1)), 8000)
    peaks = []
    for _ in range(2):  # the first time also counts what is imported once
        tracemalloc.start()
        speech = open_speech(path)
        longest = max(len(block) for block in speech.read(16000))
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
        assert speech.seconds == 300.0
        assert longest < 100_000
    assert min(peaks) < 5e6, peaks
