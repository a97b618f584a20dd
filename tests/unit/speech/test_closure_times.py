"""When lips are shut, in synthetic sounds with known closures, whatever their phonemes say."""

import numpy as np
import pytest

from sadtalker_ext.speech.closure_times import high_levels, sealed
from sadtalker_ext.types import Phoneme

RATE_HZ = 16000
SHUT, BURST = 0.40, 0.47
"""Closure of the sound below, seconds."""


def buzz(seconds, tones=30):
    """A voice at 110 Hz with so many harmonics."""
    time = np.arange(round(seconds * RATE_HZ)) / RATE_HZ
    harmonics = [np.sin(2 * np.pi * 110 * n * time) / n for n in range(1, tones + 1)]
    return 0.2 * np.sum(harmonics, axis=0)


def spoken(closure, breath=0.0, gain=1.0):
    """AA, a closure ("gap" or "hum"), some breath, AA; with the noise floor of a recording."""
    rng = np.random.default_rng(1)
    shut = {"gap": lambda seconds: 0 * buzz(seconds), "hum": lambda seconds: buzz(seconds, 2)}
    noise = rng.normal(0, 0.02, round(breath * RATE_HZ))
    sound = np.concatenate([buzz(SHUT), shut[closure](BURST - SHUT), noise, buzz(0.4)])
    sound = sound + rng.normal(0, 1e-4, len(sound))
    return high_levels((gain * sound).astype(np.float32))


def row(symbol, start, end, total=0.87):
    return [
        Phoneme(symbol="AA", start=0.0, end=start),
        Phoneme(symbol=symbol, start=start, end=end),
        Phoneme(symbol="AA", start=end, end=total),
    ]


@pytest.mark.parametrize("gain", [1.0, 0.05])
@pytest.mark.parametrize(
    ("symbol", "closure", "breath", "start", "end"),
    [
        ("P", "gap", 0.03, BURST, BURST + 0.03),  # a synthesiser that begins at the burst
        ("P", "gap", 0.03, SHUT, BURST + 0.03),  # a recogniser: closure, burst and breath
        ("P", "gap", 0.03, SHUT - 0.01, BURST + 0.02),
        ("B", "hum", 0.0, SHUT + 0.02, BURST + 0.02),
        ("B", "gap", 0.0, SHUT, BURST),
        ("M", "hum", 0.0, SHUT + 0.01, BURST + 0.01),
    ],
)
def test_the_closure_is_found_in_the_sound(symbol, closure, breath, start, end, gain):
    found = sealed(row(symbol, start, end), spoken(closure, breath, gain))
    assert found[1].start == pytest.approx(SHUT, abs=0.021)
    assert found[1].end == pytest.approx(BURST, abs=0.011)
    assert found[0].end == found[1].start
    assert found[2].start == found[1].end


def test_a_plosive_stretched_by_a_recogniser_holds_the_lips_no_longer_than_lips_do():
    found = sealed(row("P", 0.1, BURST + 0.03), spoken("gap", 0.03))
    assert found[1].end == pytest.approx(BURST, abs=0.011)
    assert found[1].end - found[1].start <= 0.121


def test_the_lips_are_shut_before_speech_bursts_out_of_silence():
    sound = np.concatenate([np.zeros(6400), buzz(0.3)]).astype(np.float32)
    sounds = [
        Phoneme(symbol="SIL", start=0.0, end=0.41),
        Phoneme(symbol="P", start=0.41, end=0.43),
        Phoneme(symbol="AA", start=0.43, end=0.7),
    ]
    found = sealed(sounds, high_levels(sound))
    assert found[1].end == pytest.approx(0.4, abs=0.011)
    assert 0.05 <= found[1].end - found[1].start <= 0.121


def test_the_silence_of_another_plosive_is_not_the_lips():
    """In "big man" the lips meet for the M, not for the G before it."""
    sounds = [
        Phoneme(symbol="IH", start=0.0, end=SHUT - 0.01),
        Phoneme(symbol="G", start=SHUT - 0.01, end=BURST),
        Phoneme(symbol="M", start=BURST, end=BURST + 0.06),
        Phoneme(symbol="AE", start=BURST + 0.06, end=0.87),
    ]
    parts = [buzz(SHUT), 0 * buzz(BURST - SHUT), buzz(0.06, 2), buzz(0.34)]
    found = sealed(sounds, high_levels(np.concatenate(parts).astype(np.float32)))
    assert found[2].start >= BURST - 0.031
    assert found[2].end == pytest.approx(BURST + 0.06, abs=0.011)


def test_without_a_dip_the_phoneme_is_believed():
    found = sealed(row("B", 0.4, 0.5), high_levels(buzz(0.87).astype(np.float32)))
    assert found[1].start == pytest.approx(0.4)
    assert 0.46 <= found[1].end < 0.5


def test_neighbours_are_never_swallowed():
    sounds = [
        Phoneme(symbol=symbol, start=start, end=start + 0.04)
        for start, symbol in zip(np.arange(10) * 0.04, "PAMABAPAMA", strict=True)
    ]
    sounds = [Phoneme(symbol="AA" if one.symbol == "A" else one.symbol, start=one.start,
                      end=one.end) for one in sounds]  # fmt: skip
    found = sealed(sounds, high_levels(np.zeros(6400, np.float32)))
    for one in found:
        if one.symbol == "AA":
            assert one.end - one.start >= 0.015
    edges = [one.start for one in found] + [found[-1].end]
    assert edges == sorted(edges)


@pytest.mark.parametrize(
    "lengths_ms",
    [
        (("P", 5), ("F", 1), ("AA", 90)),
        (("AA", 20), ("M", 1), ("AA", 1), ("T", 5), ("B", 30), ("AA", 90)),
        (("IY", 20), ("P", 1), ("SIL", 2), ("T", 30)),
        (("AA", 20), ("B", 5)),
    ],
)
def test_sounds_of_a_few_milliseconds_stay_in_order(lengths_ms):
    """Nothing ends before it begins, and the whole stays as long as it was."""
    sounds, at = [], 0.0
    for symbol, length in lengths_ms:
        sounds.append(Phoneme(symbol=symbol, start=at, end=at + length / 1000))
        at = sounds[-1].end
    for level in (-90.0, -20.0):
        found = sealed(sounds, np.full(round(at * 100) + 1, level, np.float32))
        edges = [time for one in found for time in (one.start, one.end)]
        assert edges == sorted(edges)
        assert (edges[0], edges[-1]) == (0.0, pytest.approx(at, abs=0.021))
        assert edges[-1] <= at


def test_lips_stay_shut_through_several_closures_in_a_row():
    sounds = [
        Phoneme(symbol="AA", start=0.0, end=SHUT),
        Phoneme(symbol="M", start=SHUT, end=0.45),
        Phoneme(symbol="B", start=0.45, end=BURST + 0.01),
        Phoneme(symbol="AA", start=BURST + 0.01, end=0.87),
    ]
    found = sealed(sounds, spoken("hum"))
    assert found[1].start == pytest.approx(SHUT, abs=0.021)
    assert found[1].end == found[2].start
    assert found[2].end == pytest.approx(BURST, abs=0.011)


def test_no_sound_and_no_phonemes():
    assert sealed([], np.zeros(0, np.float32)) == ()
    assert sealed(row("P", 0.4, 0.5), np.zeros(0, np.float32))[1].symbol == "P"
