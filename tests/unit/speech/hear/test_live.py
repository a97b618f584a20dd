"""Phones of a stream: complete, in order, in time, and like those of the whole."""

import itertools

import numpy as np
import pytest

from sadtalker_ext.speech.hear.live import BLOCK_MS, LOOK_AHEAD_MS, LiveEar
from sadtalker_ext.speech.hear.phones import listened
from sadtalker_ext.speech.hear.recogniser import recogniser_of
from sadtalker_ext.speech.ipa import BILABIAL, plain_of
from tests.support.espeak import say, speech_of

TEXT = "We promise to keep you informed. Simple problems often become bigger."


@pytest.fixture(scope="module")
def sound():
    spoken = say(TEXT)
    blocks = speech_of(spoken.samples, spoken.rate_hz).read(16000)
    return np.concatenate(list(blocks))[: 16000 * 5]


def streamed(sound, step):
    """Phones, and for each call how far the sound and the phones were, in seconds."""
    ear, phones, progress = LiveEar(recogniser_of()), [], []
    for first in range(0, len(sound), step):
        phones += ear.push(sound[first : first + step])
        told = phones[-1].end if phones else 0.0
        progress.append((min(first + step, len(sound)) / 16000, told))
    return phones + ear.finish(), progress


@pytest.fixture(scope="module")
def stream(sound):
    return streamed(sound, 800)


def test_phones_follow_each_other_to_the_end(stream, sound):
    phones, _ = stream
    assert phones[0].start == 0.0
    assert phones[-1].end == pytest.approx(len(sound) / 16000, abs=0.02)
    for one, after in itertools.pairwise(phones):
        assert after.start == pytest.approx(one.end, abs=1e-6)
        assert one.end > one.start
        assert (round(one.start, 4), round(one.end, 4)) == (one.start, one.end)
        assert 0 <= one.confidence <= 1


def test_phones_are_told_in_time(stream):
    most = (BLOCK_MS + LOOK_AHEAD_MS) / 1000 + 0.02
    assert BLOCK_MS + LOOK_AHEAD_MS <= 300
    _, progress = stream
    assert max(heard - told for heard, told in progress if heard > 0.5) <= most


def test_a_stream_hears_what_a_file_hears(stream, sound):
    recogniser = recogniser_of()
    whole = listened(recogniser(sound), recogniser)
    rows = [np.full(len(sound) // 160 + 2, "", dtype="U4") for _ in range(2)]
    for row, phones in zip(rows, (stream[0], whole), strict=True):
        for one in phones:
            row[round(one.start * 100) : round(one.end * 100)] = plain_of(one.symbol)
    assert np.mean(rows[0] == rows[1]) > 0.8
    shut = [np.isin(row, list(BILABIAL)) for row in rows]
    assert (shut[0] & shut[1]).sum() > 0.8 * shut[1].sum()


def test_the_size_of_blocks_does_not_matter_much(sound):
    short = sound[: 16000 * 2]
    small, large = (streamed(short, step)[0] for step in (160, 1600))
    assert [one.symbol for one in small if one.symbol != "SIL"][:4] == [
        one.symbol for one in large if one.symbol != "SIL"
    ][:4]


def test_nothing_in_nothing_out():
    ear = LiveEar(recogniser_of())
    assert ear.push(np.zeros(0, np.float32)) == []
    assert ear.finish() == []
