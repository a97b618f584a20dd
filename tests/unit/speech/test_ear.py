"""Sounds that are hard to listen to: offsets, faint and clipped ones, voices under noise."""

import numpy as np
import pytest

from sadtalker_ext.motion.controls import JAW
from sadtalker_ext.motion.plan import build_motion
from sadtalker_ext.options import GenerateOptions
from sadtalker_ext.progress import Progress
from sadtalker_ext.speech.ear import ear_for
from sadtalker_ext.speech.hearing import listen
from sadtalker_ext.speech.loudness import levels, measure
from sadtalker_ext.speech.unmask import unmasked
from tests.support.espeak import say, speech_of

TEXT = (
    "We promise to keep you informed. Simple problems often become bigger when people avoid them."
)


@pytest.fixture(scope="module")
def voice():
    """(N,) float32 at 16 kHz: a voice in a quiet room, pauses and all."""
    said = np.concatenate(list(say(TEXT).speech().read(16000))) * 0.7
    room = np.random.default_rng(3).normal(0, 3e-4, len(said))
    return (said + room).astype(np.float32)


def motion(samples):
    speech = speech_of(np.asarray(samples, np.float32), 16000)
    return build_motion(speech, speech.seconds, GenerateOptions(), 7, Progress())


def jaw(samples):
    return motion(samples).controls[:, JAW]


def alike(first, second):
    return float(np.corrcoef(first, second)[0, 1])


def moves(curve):
    return float(np.mean(curve > 0.08))


def noise_like(voice, seed=1):
    noise = np.random.default_rng(seed).normal(0, 1, len(voice))
    return noise * np.sqrt(np.mean(voice**2))


def loudness(samples):
    return measure(levels(samples.astype(np.float32))).value


def test_an_ordinary_recording_passes_unchanged(voice):
    ear = ear_for(lambda: iter([voice]))
    assert (ear.drift, ear.gains, ear.gain, ear.masked) == (None, None, 1.0, False)
    (same,) = ear.blocks(iter([voice]))
    assert same is voice
    assert ear.chunk(voice) is voice


def test_lips_move_the_same_with_an_offset_of_five_percent(voice):
    usual = 0.2 * voice
    made = motion(usual + 0.05)
    assert alike(made.controls[:, JAW], jaw(usual)) >= 0.95
    assert made.warnings == ()


def test_lips_move_the_same_on_a_slow_drift(voice):
    drift = 0.1 * np.sin(2 * np.pi * 0.3 * np.arange(len(voice)) / 16000)
    usual = 0.2 * voice
    assert alike(jaw(usual + drift), jaw(usual)) >= 0.95


def test_the_offset_is_taken_away_across_blocks(voice):
    ear = ear_for(lambda: iter(np.array_split(voice + 0.05, 23)))
    ready = np.concatenate(list(ear.blocks(iter(np.array_split(voice + 0.05, 37)))))
    np.testing.assert_allclose(ready, voice - voice.mean(), atol=1e-4)


def test_a_faint_recording_moves_the_lips_as_a_loud_one_does(voice):
    faint = np.round(voice / np.abs(voice).max() * 10 ** (-58 / 20) * 32768) / 32768
    curve = jaw(faint)
    assert alike(curve, jaw(voice)) >= 0.9
    assert abs(moves(curve) - moves(jaw(voice))) < 0.1
    assert motion(faint).warnings == ()


def test_a_recording_clipped_by_forty_decibels_moves_the_lips(voice):
    curve = jaw(np.clip(voice * 100, -1, 1))
    assert moves(curve) > 0.5 * moves(jaw(voice))
    assert alike(curve, jaw(voice)) > 0.6


@pytest.mark.parametrize("decibels", [15, 40])
def test_a_rail_is_found_and_levels_come_back(voice, decibels):
    clipped = np.clip(voice / np.abs(voice).max() * 10 ** (decibels / 20), -0.4, 0.4)
    ear = ear_for(lambda: iter(np.array_split(clipped.astype(np.float32), 7)))
    assert ear.gains is not None
    whole = np.concatenate(list(ear.blocks(iter(np.array_split(clipped, 11)))))
    for sound in (clipped, whole):
        assert sound.shape == voice.shape
    before, after, true = (levels(one.astype(np.float32)) for one in (clipped, whole, voice))
    assert alike(after, true) > alike(before, true) + 0.003


def test_ordinary_faint_and_noisy_sounds_have_no_rail(voice):
    chance = np.random.default_rng(2)
    faint = np.round(voice / np.abs(voice).max() * 10 ** (-58 / 20) * 32768) / 32768
    for sound in (voice, faint, chance.normal(0, 0.1, 32000), chance.laplace(0, 0.1, 32000)):
        assert ear_for(lambda sound=sound: iter([sound.astype(np.float32)])).gains is None


def test_a_voice_under_noise_as_loud_as_itself_is_followed_and_said(voice):
    noisy = (voice + noise_like(voice)).astype(np.float32)
    heard = listen(speech_of(noisy, 16000), Progress())
    assert alike(heard.loudness.value, loudness(voice)) >= 0.8
    assert moves(jaw(noisy)) > 0.5 * moves(jaw(voice))
    (warning,) = motion(noisy).warnings
    assert "as loud as the voice" in warning


def test_a_voice_under_a_chord_as_loud_as_itself_is_followed(voice):
    times = np.arange(len(voice)) / 16000
    chord = sum(np.sin(2 * np.pi * hertz * times) for hertz in (220, 277, 330, 440, 660, 880))
    chord *= np.sqrt(np.mean(voice**2) / np.mean(chord**2))
    noisy = (voice + chord).astype(np.float32)
    assert moves(jaw(noisy)) > 0.5 * moves(jaw(voice))
    heard = listen(speech_of(noisy, 16000), Progress())
    assert alike(heard.loudness.value, loudness(voice)) >= 0.7


def test_noise_without_a_voice_leaves_the_mouth_shut_and_says_so(voice):
    made = motion(0.3 * noise_like(voice))
    assert moves(made.controls[:, JAW]) < 0.05
    (warning,) = made.warnings
    assert "hardly moves" in warning
    assert "use a recording" in warning


@pytest.mark.parametrize("room", [3e-4, 0.02])
def test_one_sentence_in_a_long_pause_is_a_voice(voice, room):
    long = np.random.default_rng(5).normal(0, room, 16000 * 90)
    long[16000 * 30 : 16000 * 34] += voice[:64000]
    heard = long.astype(np.float32)
    assert np.mean(measure(levels(heard)).present > 0.5) < 0.05
    assert not ear_for(lambda: iter([heard])).masked


def test_taking_noise_out_keeps_length_and_quiet(voice):
    for count in (1, 160, 511, 16001):
        assert unmasked(voice[:count]).shape == (count,)
    assert np.abs(unmasked(np.zeros(16000, np.float32))).max() == 0
