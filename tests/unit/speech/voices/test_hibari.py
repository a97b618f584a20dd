import itertools
import shutil
from pathlib import Path

import numpy as np
import pytest

from sadtalker_ext.errors import WeightsCorrupt
from sadtalker_ext.speech.reading.sentences import tokens
from sadtalker_ext.speech.voices.hibari import phones, vocoder
from sadtalker_ext.speech.voices.hibari.reader import Reading
from sadtalker_ext.speech.voices.hibari.voice import Hibari
from sadtalker_ext.speech.voices.onnx.graph import Graph
from sadtalker_ext.speech.voices.provider import Delivery, trimmed
from sadtalker_ext.types import Word
from sadtalker_ext.weights.store import WeightStore

REFERENCE = Path(__file__).parent / "data" / "hibari_reference.npz"
RATE = vocoder.SAMPLE_HZ


def silent_spectra(frames, **given):
    """Spectra of silence, with some of them replaced."""
    spectra = {name: np.full((1, 601, frames), -30, np.float32) for name in ("lh", "ln", "lr")}
    spectra |= {name: np.zeros((1, 601, frames), np.float32) for name in ("theta", "phi")}
    return spectra | {"f0": np.full((1, frames), 200, np.float32)} | given


def test_the_network_gives_what_the_reference_runtime_gives(voice_store):
    """Expected: onnxruntime with the same file, every 20th bin and 8th frame.

    Steps of 8 bits can fall to the other side of a half: differences are a few per cent of the
    spread of the values.
    """
    import json

    expected = np.load(REFERENCE)
    table = json.loads(voice_store.require("hibari_vocab.json").read_text(encoding="utf-8"))
    ids = np.array([[0, *(table[one] for one in str(expected["symbols"])), 0]])
    run = Graph(voice_store.require("hibari.onnx"), ["/Clip_output_0"])
    found = run(ids=ids, speed=np.ones(1, np.float32))
    np.testing.assert_array_equal(found["/Clip_output_0"], expected["durations"])
    assert np.abs(found["f0"][0] - expected["f0"]).max() < 5
    for name in ("lh", "theta", "ln", "lr", "phi"):
        difference = found[name][0, ::20, ::8] - expected[name]
        assert np.sqrt(np.mean(difference**2)) < 0.03 * expected[name].std(), name


def test_a_harmonic_part_sounds_at_its_pitch():
    shape = np.full((1, 601, 160), -30, np.float32)
    shape[:, 8:13] = np.log(0.2 * 300)  # around 200 Hz; a magnitude is 300 times the strength
    sound = vocoder.sound_of(silent_spectra(160, lh=shape), np.random.default_rng(0))
    assert sound.shape == (160 * 300,)
    spectrum = np.abs(np.fft.rfft(sound * np.hanning(len(sound))))
    assert np.argmax(spectrum) * RATE / len(sound) == pytest.approx(200, abs=1)
    assert np.abs(sound[9000:-9000]).max() == pytest.approx(0.2, rel=0.1)


def test_pulses_are_all_harmonics_and_stop_where_there_is_no_voice():
    pitch = np.full(80, 250.0, np.float32)
    pitch[40:] = 0
    train = vocoder.pulses(pitch)
    assert np.abs(train[41 * 300 :]).max() == 0
    voiced = np.abs(np.fft.rfft(train[:9600]))  # whole periods: bins of 2.5 Hz
    peaks = voiced[100::100][:44]
    assert peaks.std() / peaks.mean() < 0.02
    assert voiced[150::100][:44].max() < 0.01 * peaks.mean()


@pytest.mark.parametrize(("part", "angle", "turn"), [("lh", "theta", 20.0), ("lr", "phi", np.pi)])
def test_half_a_turn_inverts_the_sound(part, angle, turn):
    loud = np.full((1, 601, 40), 2.0, np.float32)
    # without turns every piece of the rest would be a click at the window's silent edge
    still = np.arange(601, dtype=np.float32)[None, :, None] * np.full((1, 1, 40), np.pi)
    still = still if angle == "phi" else np.zeros((1, 601, 40))
    usual, other = (
        vocoder.sound_of(
            silent_spectra(40, **{part: loud, angle: (still + more).astype(np.float32)}),
            np.random.default_rng(0),
        )
        for more in (0.0, turn)
    )
    assert np.abs(usual).max() > 0.01
    np.testing.assert_allclose(other, -usual, atol=1e-3 * np.abs(usual).max())


def test_noise_comes_from_the_given_generator():
    loud = np.full((1, 601, 40), -3, np.float32)
    sounds = [
        vocoder.sound_of(silent_spectra(40, ln=loud), np.random.default_rng(seed))
        for seed in (1, 1, 2)
    ]
    assert np.array_equal(sounds[0], sounds[1])
    assert not np.allclose(sounds[0], sounds[2])


def reading(symbols, owners=None, tokens=()):
    return Reading(symbols=symbols, owners=tuple(owners or [0] * len(symbols)), tokens=tokens)


def tone(*parts):
    """A sound of loud and silent parts, in seconds."""
    pieces = [
        (0.3 if loud else 0.0) * np.sin(np.arange(round(seconds * RATE)) / 9)
        for loud, seconds in parts
    ]
    return np.concatenate(pieces).astype(np.float32)


def spans(found):
    return [(one.symbol, round(one.start, 2), round(one.end, 2)) for one in found]


def test_durations_become_times_and_stress_belongs_to_the_vowel():
    sound = tone((False, 0.15), (True, 0.45), (False, 0.1))
    found, _ = phones.timed(reading("mˈɑp"), [8, 4, 2, 6, 4, 4], sound, RATE)
    assert spans(found) == [
        ("SIL", 0.0, 0.15),
        ("M", 0.15, 0.25),
        ("AA", 0.25, 0.45),
        ("P", 0.45, 0.6),
        ("SIL", 0.6, 0.7),
    ]


def test_a_pause_is_where_the_sound_is_silent():
    sound = tone((True, 0.5), (False, 0.3), (True, 0.5))
    found, _ = phones.timed(reading("ˈɑ, ˈi"), [2, 4, 18, 4, 2, 2, 20, 1], sound, RATE)
    assert [one.symbol for one in found] == ["AA", "SIL", "IY"] or found[0].symbol == "SIL"
    pause = next(one for one in found[1:] if one.symbol == "SIL")
    assert pause.start == pytest.approx(0.5, abs=0.02)
    assert pause.end == pytest.approx(0.8, abs=0.02)


def test_lips_shut_before_a_stop_that_follows_a_pause_is_heard():
    sound = tone((True, 0.5), (False, 0.3), (True, 0.5))
    found, _ = phones.timed(reading("ˈɑ, pˈi"), [2, 4, 18, 4, 2, 4, 2, 18, 1], sound, RATE)
    plosive = next(one for one in found if one.symbol == "P")
    assert plosive.start == pytest.approx(0.75, abs=0.02)


@pytest.mark.parametrize(("silence", "symbols"), [(0.3, 3), (0.1, 2)])
def test_a_pause_that_nobody_wrote_is_found_between_words(silence, symbols):
    sound = tone((True, 0.5), (False, silence), (True, 0.5))
    units = [2, 4, 18, round(silence / 0.025), 2, 20, 1]
    found, words = phones.timed(
        reading("ˈɑ ˈi", [0, 0, -1, 1, 1], tokens("ah e")), units, sound, RATE
    )
    assert len([one for one in found if one.start > 0.01 or one.symbol != "SIL"]) == symbols
    assert (words[1].start - words[0].end > 0.2) == (symbols == 3)


@pytest.fixture
def spoken(voice_store):
    def speak(text, **delivery):
        return list(Hibari(voice_store).synthesise(text, Delivery(voice="hibari", **delivery)))

    return speak


def test_phones_follow_each_other_without_gaps(spoken):
    for one in spoken('Papa can map it, Bob. Mama paid $5 for a "pump"!'):
        assert one.phones[0].start == 0
        assert one.phones[-1].end == pytest.approx(one.seconds, abs=1e-3)
        for left, right in itertools.pairwise(one.phones):
            assert left.end == pytest.approx(right.start, abs=2e-3)
            assert right.end > right.start


def test_words_are_written_as_in_the_text_and_lie_in_order(spoken):
    words = [word for one in spoken("Bob paid $9.99 😀 today. Really?") for word in one.words]
    assert [word.text for word in words] == ["Bob", "paid", "$9.99 😀", "today.", "Really?"]
    assert all(word.end > word.start for word in words)


def test_closures_are_quiet_in_the_sound(spoken):
    """Energy of the highs while the lips are shut, against the vowel behind: 75 % 10 dB lower."""
    lower = []
    for one in spoken("Papa can map the cup. A happy puppy typed a paper about apples."):
        for sound, vowel in itertools.pairwise(one.phones):
            if sound.symbol != "P" or vowel.symbol not in ("AA", "AE", "AH", "AY", "EY", "IY"):
                continue
            levels = [power(one, each) for each in (sound, vowel)]
            lower.append(levels[1] - levels[0])
    assert len(lower) >= 6
    assert np.percentile(lower, 25) > 10


def power(utterance, phone):
    """Quietest 20 ms of a phone's highs, in decibels."""
    high = np.diff(utterance.sound)
    first, last = round(phone.start * RATE), round(phone.end * RATE)
    pieces = [high[at : at + 480] for at in range(first, max(last - 480, first + 1), 120)]
    energies = [10 * np.log10(np.mean(piece**2) + 1e-12) for piece in pieces]
    return min(energies) if phone.symbol == "P" else max(energies)


def test_rate_and_pitch_are_heard(spoken):
    slow, usual, fast = (spoken("One two three four five.", rate=r)[0] for r in (0.7, 1.0, 1.5))
    assert slow.seconds > 1.2 * usual.seconds > 1.4 * fast.seconds
    low, high = (spoken("Aah, I see.", pitch=p)[0] for p in (-50, 50))
    assert pitch_of(high.sound) / pitch_of(low.sound) == pytest.approx(2, rel=0.1)


def pitch_of(sound):
    from sadtalker_ext.speech import pitch

    found = pitch.track(np.interp(np.arange(0, len(sound), 1.5), np.arange(len(sound)), sound))
    return np.median(found[found > 0])


def test_pauses_follow_the_punctuation(spoken):
    one, two, three = spoken("One. Two.\n\nThree.")
    assert one.pause < two.pause
    assert three.pause > 0


@pytest.mark.parametrize("text", ["", "😀", "***", "漢字", "\u200b", "-"])
def test_what_cannot_be_said_gives_no_utterance(spoken, text):
    assert spoken(text) == []


def test_a_very_long_word_is_spoken(spoken):
    seconds = sum(one.seconds for one in spoken("abracadabra" * 80))
    assert 10 < seconds < 300


def test_a_changed_file_is_refused(voice_store, tmp_path):
    for name in ("hibari.onnx", "hibari_oov.onnx", "hibari_oov.json", "hibari_vocab.json",
                 "lexicon_us_gold.json.gz", "lexicon_us_silver.json.gz"):  # fmt: skip
        shutil.copy(voice_store.require(name), tmp_path / name)
    changed = bytearray((tmp_path / "hibari.onnx").read_bytes())
    changed[5000] ^= 1
    (tmp_path / "hibari.onnx").write_bytes(changed)
    broken = Hibari(WeightStore((tmp_path,), cache=tmp_path / "cache"))
    with pytest.raises(WeightsCorrupt):
        list(broken.synthesise("Hello.", Delivery(voice="hibari")))


def test_trimming_keeps_phones_and_words_in_step(spoken):
    (one,) = spoken("Hello there.")
    assert one.phones[0].symbol == "SIL"
    assert one.phones[0].end <= 0.061
    again = trimmed(one)
    assert again.seconds == pytest.approx(one.seconds, abs=2e-3)
    assert one.words[0] == Word(text="Hello", start=one.words[0].start, end=one.words[0].end)
