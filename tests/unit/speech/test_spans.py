"""When something is said, and how music gives way to it."""

import numpy as np
import pytest

from sadtalker_ext.speech.laid import Laid, laid_out
from sadtalker_ext.speech.spans import RAMP_SECONDS, GivingWay, merged, spans_of, spoken_spans
from sadtalker_ext.types import Speech

RATE = 16000


def sound(samples, block=3001):
    parts = [samples[at : at + block].astype(np.float32) for at in range(0, len(samples), block)]
    return Speech(
        path=None, start=0.0, seconds=len(samples) / RATE, rate_hz=RATE, channels=1,
        read=lambda rate: iter(parts),
    )  # fmt: skip


def talk(*words, seconds=6.0):
    """Syllables between moments, and a little noise."""
    at = np.arange(round(seconds * RATE)) / RATE
    samples = np.random.default_rng(0).normal(0, 3e-4, len(at))
    for begin, end in words:
        inside = (at >= begin) & (at < end)
        samples[inside] += (
            0.2 * np.sin(2 * np.pi * 180 * at) * (0.55 + 0.45 * np.sin(2 * np.pi * 4 * at))
        )[inside]
    return sound(samples)


def test_pieces_of_speech_and_long_pauses():
    speech = talk((0.5, 1.5), (1.9, 2.5), (4.2, 5.0))
    found = spoken_spans(speech, at=10.0)
    assert np.array(found) == pytest.approx(np.array([(10.5, 12.5), (14.2, 15.0)]), abs=0.08)
    assert spans_of([(0.0, speech), (2.6, talk((0.2, 1.0)))])[0][1] == pytest.approx(5.0, abs=0.1)


def test_spans_that_overlap_are_one():
    assert merged([(3, 4), (0, 1), (0.5, 2)], pause=0.5) == [(0, 2), (3, 4)]
    assert merged([]) == []


def test_music_falls_before_the_speech_and_rises_behind_it():
    """Gains of every sample: the levels asked for, ramps of the length promised, no step."""
    music = sound(np.full(5 * RATE, 0.5))
    way = GivingWay(((2.0, 3.0),), under=0.1, outside=0.8)
    mixed = np.concatenate(list(laid_out([Laid(speech=music, gives_way=way)], 5.0).read(RATE)))
    at = np.arange(len(mixed)) / RATE
    np.testing.assert_allclose(mixed[(at >= 2.0) & (at <= 3.0)], 0.05, atol=1e-6)
    away = (at < 2.0 - RAMP_SECONDS) | (at > 3.0 + RAMP_SECONDS)
    np.testing.assert_allclose(mixed[away], 0.4, atol=1e-6)
    steepest = np.abs(np.diff(mixed)).max() * RATE
    assert steepest < 1.6 * 0.35 / RAMP_SECONDS
    fall = mixed[(at >= 2.0 - RAMP_SECONDS) & (at <= 2.0)]
    assert (np.diff(fall) <= 1e-7).all()


def test_two_spans_near_each_other_leave_no_bump_above_the_level():
    way = GivingWay(((1.0, 2.0), (2.2, 3.0)), under=0.0, outside=1.0)
    gains = way.gains(np.linspace(0, 4, 4001))
    assert gains[2100] < 0.5
    assert gains.max() == 1.0
    assert GivingWay((), 0.0, 0.7).gains(np.arange(3.0)).tolist() == pytest.approx([0.7] * 3)
