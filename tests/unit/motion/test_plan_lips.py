"""Lips of whole speeches: closures, lip on teeth, rounding; sounds exact, aligned and heard."""

import itertools

import numpy as np
import pytest

from sadtalker_ext.motion.lips.contacts import LEAD
from tests.support.espeak import say
from tests.unit.motion.test_plan import TEXT, build

OPEN = {"AA", "AE", "AO", "AW", "AY"}


BILABIAL = {"P", "B", "M"}


def frames_of(sound, count):
    first = min(int(sound.start * 25), count - 1)
    return slice(first, max(first + 1, min(count, int(np.ceil(sound.end * 25)))))


def closures_reached(track, phonemes):
    """Share of P, B, M that are sealed, and their jaw as a share of open vowels' middles.

    Lips lead by up to two frames.
    """
    jaw, press = track.control("jaw"), track.control("press")
    lips = [frames_of(one, len(track)) for one in phonemes if one.symbol in BILABIAL]
    lips = [slice(max(0, one.start - 2), one.stop) for one in lips]
    reached = [press[one].max() == 1 for one in lips]
    shut = np.mean([jaw[one].min() for one in lips])
    middles = [int((one.start + one.end) / 2 * 25) for one in phonemes if one.symbol in OPEN]
    return np.mean(reached), shut / np.mean(jaw[middles])


@pytest.mark.parametrize("voice", ["en-us", "en-gb-x-rp"])
def test_closures_leave_vowels_open(voice):
    """Amid a vowel the mouth is nearly as open as it gets, also right before a P."""
    spoken = say(
        "Papa brought my mama a big map of Panama. Pop the top of the map, Bob, my boy.", voice
    )
    jaw = build(spoken.speech()).control("jaw")
    middle, widest = [], []
    for one, after in itertools.pairwise(spoken.phonemes):
        if one.symbol in OPEN | {"AH"}:
            # this voice counts the 50 ms of silence before a burst to the vowel
            gap = 0.05 if after.symbol in {"P", "T", "K"} and one.end - one.start > 0.07 else 0.0
            middle.append(jaw[int(((one.start + one.end - gap) / 2 - LEAD) * 25)])
            widest.append(jaw[frames_of(one, len(jaw))].max())
    assert np.median(middle) >= 0.65 * np.median(widest)
    assert np.median(middle) >= 0.44


@pytest.mark.parametrize("voice", ["en-us", "en-us+f2", "en-us+m3", "en-gb-x-rp"])
def test_lips_meet_at_every_closure_of_exact_phonemes(voice):
    spoken = say(TEXT, voice)
    reached, ratio = closures_reached(build(spoken.speech()), spoken.phonemes)
    assert reached >= 0.97
    assert ratio <= 0.1


def test_closures_survive_fast_speech():
    spoken = say(
        "Papa, maybe bring a pebble. Pump, bump, mum, bob, pop, map.", words_per_minute=300
    )
    track = build(spoken.speech())
    reached, _ = closures_reached(track, spoken.phonemes)
    assert reached >= 0.95
    assert track.control("jaw").max() > 0.3


def test_given_text_is_aligned():
    spoken = say(TEXT, "en-us+f2")
    track = build(spoken.speech(exact=False, text=True))
    reached, ratio = closures_reached(track, spoken.phonemes)
    assert reached >= 0.9
    assert ratio <= 0.2


def false_closures(track, phonemes):
    """Share of the times the lips meet with no P, B or M near."""
    shut = track.control("press") == 1
    near = np.zeros(len(track), bool)
    for one in phonemes:
        if one.symbol in BILABIAL:
            inside = frames_of(one, len(track))
            near[max(0, inside.start - 2) : inside.stop + 1] = True
    edges = np.flatnonzero(np.diff(np.concatenate([[False], shut, [False]])))
    runs = [slice(first, end) for first, end in zip(edges[::2], edges[1::2], strict=True)]
    return np.mean([not near[run].any() for run in runs])


@pytest.mark.parametrize("voice", ["en-us", "en-us+m3"])
def test_recognised_speech_closes_most_lips(voice):
    """Measured: 0.89 and 0.94 reached, 0.2 false; without the closures that are added to what the
    recogniser hears 0.78 reached, by guessing from the spectrum 0.28 reached and 0.57 false."""
    spoken = say(TEXT, voice)
    track = build(spoken.speech(exact=False))
    reached, ratio = closures_reached(track, spoken.phonemes)
    assert reached >= 0.83
    assert ratio <= 0.2
    assert false_closures(track, spoken.phonemes) <= 0.25


def test_lips_touch_teeth_and_round():
    spoken = say("Five very fine views. You knew who we would woo at noon.")
    track = build(spoken.speech())
    for one in spoken.phonemes:
        inside = frames_of(one, len(track))
        if one.symbol in {"F", "V"}:
            around = slice(max(0, inside.start - 1), inside.stop)
            assert track.control("tuck")[around].max() == 1
            assert track.control("press")[around].max() == 0
        if one.symbol == "UW" and one.end - one.start > 0.1:
            assert track.control("round")[inside].max() > 0.6


def test_lips_open_and_close_no_faster_than_peoples():
    """Between a shut and a wide mouth lie at least two frames, in either direction."""
    spoken = say("Papa, pop the top of the map, Bob, my boy. Bar, par, ma, pa.")
    steps = np.diff(build(spoken.speech()).control("jaw"))
    assert np.abs(steps).max() < 0.46
    assert np.abs(steps).max() > 0.3
