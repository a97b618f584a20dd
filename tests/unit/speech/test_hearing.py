import sys

import numpy as np
import pytest

from sadtalker_ext.progress import Progress
from sadtalker_ext.speech import formants, recognise
from sadtalker_ext.speech import hearing as listening
from sadtalker_ext.speech.hearing import chunks, listen
from sadtalker_ext.speech.loudness import levels, measure
from sadtalker_ext.speech.phonemes import KNOWN, VOWELS, bare, in_order
from sadtalker_ext.types import Phoneme
from tests.support.espeak import say, speech_of

TEXT = (
    "We promise to keep you informed. Simple problems often become bigger when people avoid "
    "them, and a brave person admits a mistake immediately. "
)


def test_chunks_are_cut_at_the_quietest_moment_and_lose_nothing():
    sound = np.random.default_rng(0).normal(0, 0.1, 16000 * 30).astype(np.float32)
    sound[16000 * 17 : 16000 * 17 + 8000] *= 0.01
    pieces = list(chunks(iter(np.array_split(sound, 101))))
    assert len(pieces) == 2
    assert 17 <= len(pieces[0]) / 16000 <= 17.5
    assert len(pieces[0]) % 160 == 0
    np.testing.assert_array_equal(np.concatenate(pieces), sound)
    assert list(chunks(iter([]))) == []


def test_order_fills_gaps_and_removes_overlaps():
    given = [
        Phoneme(symbol="ah1", start=0.5, end=0.8),
        Phoneme(symbol="+NSN+", start=0.75, end=0.9),
        Phoneme(symbol="B", start=1.5, end=3.0),
    ]
    found = in_order(given, 2.0)
    assert [one.symbol for one in found] == ["SIL", "AH", "SIL", "B"]
    edges = [one.start for one in found] + [found[-1].end]
    assert edges == sorted(edges)
    assert (edges[0], edges[-1]) == (0.0, 2.0)
    assert in_order([], 1.0) == (Phoneme(symbol="SIL", start=0.0, end=1.0),)
    assert bare("IY2") == "IY"


def test_long_text_is_matched_chunk_by_chunk(monkeypatch):
    monkeypatch.setattr(listening, "_SHORTEST_CHUNK", 5 * 16000)
    monkeypatch.setattr(listening, "_LONGEST_CHUNK", 7 * 16000)
    spoken = say(TEXT * 2)
    pieces = list(chunks(spoken.speech().read(16000)))
    assert len(pieces) >= 2
    heard = listen(spoken.speech(exact=False, text=True), Progress())
    truth = in_order(spoken.phonemes, heard.seconds)
    assert recognise.agreement(heard.phonemes, truth) > 0.6


def test_a_job_does_not_depend_on_the_one_before():
    first, other = (say(text) for text in ("Bob came home today.", "We were very cold."))
    before = listen(first.speech(exact=False), Progress()).phonemes
    noisy = other.samples + np.random.default_rng(0).normal(0, 0.1, len(other.samples))
    listen(speech_of(noisy.astype(np.float32), other.rate_hz), Progress())
    assert listen(first.speech(exact=False), Progress()).phonemes == before


def test_exact_phonemes_are_used_as_they_are():
    spoken = say("Bob came home.")
    heard = listen(spoken.speech(), Progress())
    names = [one.symbol for one in heard.phonemes if one.symbol != "SIL"]
    assert names == [one.symbol for one in spoken.phonemes if one.symbol != "SIL"]


def test_without_pocketsphinx_the_spectrum_decides(monkeypatch):
    monkeypatch.setattr(recognise, "available", lambda: False)
    monkeypatch.setitem(sys.modules, "pocketsphinx", None)
    spoken = say(TEXT)
    heard = listen(spoken.speech(exact=False), Progress())
    assert len(heard.phonemes) > 20
    assert {one.symbol for one in heard.phonemes} <= KNOWN
    vowels = [one for one in spoken.phonemes if one.symbol in {"AA", "IY", "AE", "OW", "EH"}]
    inside = [
        any(
            one.symbol != "SIL" and one.start < v.end and one.end > v.start
            for one in heard.phonemes
        )
        for v in vowels
    ]
    assert np.mean(inside) > 0.95


@pytest.mark.parametrize(("voice", "text"), [
    ("fr", "Bonjour tout le monde. Nous allons parler de la pluie et du beau temps."),
    ("it", "Buongiorno a tutti. Oggi parliamo del tempo e poi andiamo a mangiare."),
])  # fmt: skip
def test_foreign_speech_becomes_no_invented_english(voice, text, monkeypatch):
    spoken = say(text, voice)
    whole = []
    real = recognise._decode_phones
    monkeypatch.setattr(
        recognise, "_decode_phones", lambda pcm: whole.append(real(pcm)) or whole[-1]
    )
    pcm16 = np.concatenate(list(speech_of(spoken.samples, spoken.rate_hz).read(16000)))
    heard = recognise.sounds_of(pcm16)
    names = [[one.symbol for one in sounds if one.symbol in VOWELS] for sounds in (heard, whole[0])]
    assert names[0] == names[1]  # closures may be added between them


def test_text_of_other_words_is_not_forced_upon_the_sound():
    spoken = say("Simple problems become bigger when people avoid them.")
    wrong = "Holidays are a time for families. I may move to Vermont this summer."
    speech = speech_of(spoken.samples, spoken.rate_hz, text=wrong)
    plain = speech_of(spoken.samples, spoken.rate_hz)
    assert listen(speech, Progress()).phonemes == listen(plain, Progress()).phonemes


def test_spectrum_tells_open_from_closed_vowels():
    pieces = {}
    for word, symbol in (("aah", "AA"), ("eee", "IY")):
        spoken = say(word)
        sound = np.concatenate(list(spoken.speech().read(16000)))
        pieces[symbol] = formants.sounds_of(sound, measure(levels(sound)))
    jaws = {"AA": 5, "AE": 4, "EH": 3, "AH": 3, "OW": 2, "UW": 1, "IY": 1}
    mean = {
        symbol: np.average(
            [jaws[one.symbol] for one in found if one.symbol in jaws],
            weights=[one.end - one.start for one in found if one.symbol in jaws],
        )
        for symbol, found in pieces.items()
    }
    assert mean["AA"] > mean["IY"] + 1
