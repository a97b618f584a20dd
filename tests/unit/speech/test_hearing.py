import numpy as np
import pytest

from sadtalker_ext.progress import Progress
from sadtalker_ext.speech import formants
from sadtalker_ext.speech import hearing as listening
from sadtalker_ext.speech.hearing import chunks, listen
from sadtalker_ext.speech.ipa import BILABIAL, SILENCE, plain_of
from sadtalker_ext.speech.loudness import levels, measure
from sadtalker_ext.speech.phonemes import in_order
from sadtalker_ext.types import Phoneme
from sadtalker_ext.weights.store import WeightStore
from tests.support.espeak import say, speech_of
from training.ear.spoken import speak

TEXT = (
    "We promise to keep you informed. Simple problems often become bigger when people avoid "
    "them, and a brave person admits a mistake immediately. "
)


def agreement(first, second):
    """Share of time, among what both take for speech, with the same plain sound."""
    end = max(one.end for one in (*first, *second))
    rows = [np.full(round(end * 100) + 1, SILENCE, dtype="U4") for _ in range(2)]
    for row, sounds in zip(rows, (first, second), strict=True):
        for one in sounds:
            plain = plain_of(one.symbol).replace("ə", "ʌ")  # ARPABET has one name for both
            row[round(one.start * 100) : round(one.end * 100)] = plain
    both = (rows[0] != SILENCE) & (rows[1] != SILENCE)
    return float((rows[0] == rows[1])[both].mean())


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
        Phoneme(symbol="AH1", start=0.5, end=0.8),
        Phoneme(symbol="+NSN+", start=0.75, end=0.9),
        Phoneme(symbol="B", start=1.5, end=3.0),
    ]
    found = in_order(given, 2.0)
    assert [one.symbol for one in found] == ["SIL", "ʌ", "SIL", "b"]
    edges = [one.start for one in found] + [found[-1].end]
    assert edges == sorted(edges)
    assert (edges[0], edges[-1]) == (0.0, 2.0)
    assert in_order([], 1.0) == (Phoneme(symbol="SIL", start=0.0, end=1.0),)


def test_long_text_is_matched_chunk_by_chunk(monkeypatch):
    monkeypatch.setattr(listening, "_SHORTEST_CHUNK", 5 * 16000)
    monkeypatch.setattr(listening, "_LONGEST_CHUNK", 7 * 16000)
    spoken = say(TEXT * 2)
    pieces = list(chunks(spoken.speech().read(16000)))
    assert len(pieces) >= 2
    heard = listen(spoken.speech(exact=False, text=True), Progress())
    truth = in_order(spoken.phonemes, heard.seconds)
    assert agreement(heard.phonemes, truth) > 0.7
    assert [one.text for one in heard.words] == (TEXT * 2).split()
    starts = [one.start for one in heard.words]
    assert starts == sorted(starts)
    last = max(one.end for one in truth if one.symbol != "SIL")
    assert heard.words[-1].end == pytest.approx(last, abs=0.1)


def test_a_job_does_not_depend_on_the_one_before():
    first, other = (say(text) for text in ("Bob came home today.", "We were very cold."))
    before = listen(first.speech(exact=False), Progress()).phonemes
    noisy = other.samples + np.random.default_rng(0).normal(0, 0.1, len(other.samples))
    listen(speech_of(noisy.astype(np.float32), other.rate_hz), Progress())
    assert listen(first.speech(exact=False), Progress()).phonemes == before


def test_seconds_are_counted_within_one_piece():
    told = []
    listen(say(TEXT[:60]).speech(exact=False), Progress(told.append))
    counts = [one.done for one in told]
    assert counts == sorted(counts) and counts[-1] == told[0].total
    assert len(set(counts)) > 3, "from nothing to all of it in one step"


def test_exact_phonemes_are_used_as_they_are():
    spoken = say("Bob came home.")
    heard = listen(spoken.speech(), Progress())
    names = [one.symbol for one in heard.phonemes if one.symbol != "SIL"]
    truth = in_order(spoken.phonemes, spoken.phonemes[-1].end)
    assert names == [one.symbol for one in truth if one.symbol != "SIL"]


def test_without_the_recogniser_the_spectrum_decides_and_says_so(tmp_path):
    spoken = say(TEXT)
    empty = WeightStore([tmp_path], cache=tmp_path / "cache")
    heard = listen(spoken.speech(exact=False), Progress(), empty.require)
    assert "recogniser is not there" in heard.warnings[-1]
    assert len(heard.phonemes) > 20
    vowels = [one for one in spoken.phonemes if one.symbol in {"AA", "IY", "AE", "OW", "EH"}]
    inside = [
        any(
            one.symbol != "SIL" and one.start < v.end and one.end > v.start
            for one in heard.phonemes
        )
        for v in vowels
    ]
    assert np.mean(inside) > 0.95


def test_exact_phones_need_no_recogniser(tmp_path):
    empty = WeightStore([tmp_path], cache=tmp_path / "cache")
    assert listen(say("Bob came home.").speech(), Progress(), empty.require).warnings == ()


@pytest.mark.parametrize(
    ("voice", "text"),
    [
        ("en-us", TEXT),
        ("fr", "Bonjour papa. Nous allons parler de la pluie et du beau temps, mon ami."),
        ("it", "Buongiorno a tutti. Oggi parliamo del tempo e poi andiamo a mangiare."),
        ("tr", "Babam bug\u00fcn bah\u00e7ede b\u00fcy\u00fck bir a\u011fa\u00e7 g\u00f6rd\u00fc."),
    ],
)
def test_lips_shut_where_they_are_heard_to_shut(voice, text):
    spoken = speak(text, voice)
    speech = speech_of(spoken.samples, spoken.rate_hz)
    heard = [one for one in listen(speech, Progress()).phonemes if plain_of(one.symbol) in BILABIAL]
    truth = [(start, end) for plain, start, end in spoken.sounds if plain in BILABIAL]
    found = [any(one.start < end and one.end > start for one in heard) for start, end in truth]
    right = [any(one.start < end and one.end > start for start, end in truth) for one in heard]
    assert np.mean(found) >= 0.75
    assert np.mean(right) >= 0.75


def test_hearing_tells_stresses_pauses_and_phrase_ends():
    heard = listen(say("Bob came home today. We were very cold.").speech(), Progress())
    assert heard.stresses
    assert any(one.end - one.start > 0.2 for one in heard.pauses)
    assert set(heard.phrase_ends) <= {one.start for one in heard.pauses}
    assert heard.phrase_ends


def test_text_of_other_words_is_not_forced_upon_the_sound():
    spoken = say("Simple problems become bigger when people avoid them.")
    wrong = "Holidays are a time for families. I may move to Vermont this summer."
    speech = speech_of(spoken.samples, spoken.rate_hz, text=wrong)
    plain = speech_of(spoken.samples, spoken.rate_hz)
    assert listen(speech, Progress()).phonemes == listen(plain, Progress()).phonemes


def test_a_half_wrong_text_does_not_hurt_and_the_right_one_helps():
    right = "Simple problems become bigger when people avoid them."
    wrong = "Simple solutions become bigger when nobody at all will avoid them, they think."
    said = say(right)
    by_text = {}
    for text in ("", wrong, right):
        heard = listen(speech_of(said.samples, said.rate_hz, text=text), Progress())
        by_text[text] = agreement(heard.phonemes, in_order(said.phonemes, heard.seconds))
    assert by_text[wrong] > by_text[""] - 0.02
    assert by_text[right] > by_text[""]
    assert by_text[right] > 0.7


def test_spectrum_tells_open_from_closed_vowels():
    pieces = {}
    for word, symbol in (("aah", "a"), ("eee", "i")):
        spoken = say(word)
        sound = np.concatenate(list(spoken.speech().read(16000)))
        pieces[symbol] = formants.sounds_of(sound, measure(levels(sound)))
    jaws = {"a": 5, "æ": 4, "ɛ": 3, "ʌ": 3, "o": 2, "u": 1, "i": 1}
    mean = {
        symbol: np.average(
            [jaws[one.symbol] for one in found if one.symbol in jaws],
            weights=[one.end - one.start for one in found if one.symbol in jaws],
        )
        for symbol, found in pieces.items()
    }
    assert mean["a"] > mean["i"] + 1
