"""Closures that only one way of recognising found."""

import itertools

import numpy as np
import pytest

from sadtalker_ext.progress import Progress
from sadtalker_ext.speech.bursts import lip_bursts
from sadtalker_ext.speech.hearing import listen
from sadtalker_ext.speech.labials import LABIAL, with_bursts, with_missed
from sadtalker_ext.speech.phonemes import BILABIAL
from sadtalker_ext.types import Phoneme
from tests.support.espeak import say

RATE_HZ = 16000
TEXT = (
    "A small blue lamp on the piano began to blink. Tom, please move the empty boxes before "
    "somebody trips."
)


def row(*sounds):
    found, at = [], 0.0
    for symbol, length in sounds:
        found.append(Phoneme(symbol=symbol, start=at, end=at + length))
        at += length
    return found


def names(sounds):
    return [one.symbol for one in sounds]


def is_in_order(sounds):
    edges = [time for one in sounds for time in (one.start, one.end)]
    return all(b - a > -1e-9 for a, b in itertools.pairwise(edges))


def test_a_consonant_becomes_the_closure_another_way_heard():
    base = row(("AA", 0.2), ("T", 0.1), ("AA", 0.2))
    other = row(("AA", 0.19), ("P", 0.1), ("AA", 0.21))
    found = with_missed(base, other, unless=LABIAL)
    assert names(found) == ["AA", "P", "AA"]
    assert found[1].start == pytest.approx(0.2)


def test_a_vowel_makes_room_for_a_closure():
    base = row(("AA", 0.5))
    other = row(("AA", 0.2), ("M", 0.1), ("AA", 0.2))
    found = with_missed(base, other, unless=LABIAL)
    assert names(found) == ["AA", "M", "AA"]
    assert is_in_order(found)


def test_what_is_known_already_stays():
    base = row(("AA", 0.2), ("B", 0.1), ("AA", 0.2), ("V", 0.1), ("AA", 0.2))
    other = row(("AA", 0.22), ("M", 0.1), ("AA", 0.18), ("B", 0.1), ("AA", 0.2))
    assert with_missed(base, other, unless=LABIAL) == base


def test_bursts_count_only_where_a_plosive_may_be():
    base = row(("AA", 0.2), ("TH", 0.1), ("AA", 0.3), ("IY", 0.3))
    assert names(with_bursts(base, [], [0.25, 0.7])) == ["AA", "P", "AA", "IY"]
    assert with_bursts([], [], [0.25]) == []


@pytest.mark.parametrize(("gap", "closures"), [(0.09, 1), (0.4, 0)])
def test_a_burst_out_of_a_short_silence_within_words_counts_and_after_a_pause_not(gap, closures):
    base = row(("AA", 0.3), ("SIL", gap), ("AA", 0.3))
    found = with_bursts(base, [], [0.3 + gap])
    assert names(found).count("P") == closures
    assert is_in_order(found)


def plosive(low_hz, high_hz, gap=0.05):
    """A buzz, silence, a weak burst of noise in a band, a buzz; the burst's moment."""
    time = np.arange(round(0.3 * RATE_HZ)) / RATE_HZ
    voice = 0.2 * sum(np.sin(2 * np.pi * 110 * n * time) / n for n in range(1, 30))
    rng = np.random.default_rng(2)
    noise = np.fft.rfft(rng.normal(0, 1, round(0.03 * RATE_HZ)))
    hertz = np.fft.rfftfreq(round(0.03 * RATE_HZ), 1 / RATE_HZ)
    burst = np.fft.irfft(noise * ((hertz > low_hz) & (hertz < high_hz)))
    burst *= 0.02 / burst.std()
    sound = np.concatenate([voice, np.zeros(round(gap * RATE_HZ)), burst, voice])
    return (sound + rng.normal(0, 1e-5, len(sound))).astype(np.float32), 0.3 + gap


def test_a_burst_of_low_tones_after_silence_is_one_of_lips():
    sound, moment = plosive(200, 1100)
    assert lip_bursts(sound) == pytest.approx([moment], abs=0.011)
    assert lip_bursts(0.1 * sound) == lip_bursts(sound)


@pytest.mark.parametrize(
    ("low_hz", "high_hz", "gap"), [(3500, 7500, 0.05), (1300, 2800, 0.05), (200, 1100, 0.0)]
)
def test_bursts_of_the_tongue_and_no_silence_are_not(low_hz, high_hz, gap):
    assert lip_bursts(plosive(low_hz, high_hz, gap)[0]) == []


def test_no_bursts_in_nothing():
    assert lip_bursts(np.zeros(0, np.float32)) == []
    assert lip_bursts(np.zeros(16000, np.float32)) == []


def test_listening_alone_finds_most_closures_and_few_that_are_none():
    def near(one, others):
        return any(two.start - 0.1 < one.end and two.end + 0.06 > one.start for two in others)

    found, right = [], []
    for voice in ("en-us+m2", "en-us+f1", "en-gb-x-gbcwmd"):
        spoken = say(TEXT, voice)
        heard = listen(spoken.speech(exact=False), Progress()).phonemes
        true = [one for one in spoken.phonemes if one.symbol in BILABIAL]
        closed = [one for one in heard if one.symbol in BILABIAL]
        found += [near(one, closed) for one in true]
        right += [near(one, true) for one in closed]
    assert np.mean(found) >= 0.8
    assert np.mean(right) >= 0.8
