import numpy as np
import pytest

from sadtalker_ext.speech import pitch


@pytest.mark.parametrize("hertz", [80, 110, 180, 250, 380])
def test_pitch_of_a_buzz(hertz):
    time = np.arange(16000) / 16000
    buzz = sum(np.sin(2 * np.pi * hertz * n * time) / n for n in range(1, 8)) * 0.2
    found = pitch.track(buzz.astype(np.float32))
    assert found.shape == (100,)
    assert np.median(found[5:-5]) == pytest.approx(hertz, rel=0.03)


def test_noise_and_silence_have_no_pitch():
    noise = np.random.default_rng(0).normal(0, 0.1, 16000).astype(np.float32)
    assert np.mean(pitch.track(noise) > 0) < 0.1
    assert not pitch.track(np.zeros(16000, np.float32)).any()
    assert len(pitch.track(np.zeros(0, np.float32))) == 0


def test_semitones_count_from_the_usual_pitch():
    track = np.concatenate([np.full(300, 100.0), np.zeros(50), np.full(100, 200.0)])
    tones = pitch.semitones(track.astype(np.float32))
    assert tones[100] == pytest.approx(0)
    assert tones[-1] == pytest.approx(8)  # an octave, clipped
    assert 0 < tones[325] < 8  # gaps are bridged
    assert not pitch.semitones(np.zeros(100, np.float32)).any()
