import numpy as np
import pytest

from sadtalker_ext.motion.lips.coarticulation import blend
from sadtalker_ext.motion.lips.contacts import contacts
from sadtalker_ext.motion.lips.visemes import SHAPED, visemes_of
from sadtalker_ext.speech.ipa import ARPABET, CONSONANTS, PLAIN, VOWELS
from sadtalker_ext.types import Phoneme

JAW, ROUND = SHAPED.index("jaw"), SHAPED.index("round")


def row(*sounds):
    """Sounds given as (symbol, seconds), one after the other."""
    found, at = [], 0.0
    for symbol, length in sounds:
        found.append(Phoneme(symbol=symbol, start=at, end=at + length))
        at += length
    return found


def shape(*sounds, step=0.01):
    given = visemes_of(row(*sounds))
    times = np.arange(0, given[-1].end, step)
    return times, blend(given, np.ones(len(given), np.float32), times)


@pytest.mark.parametrize("symbol", [*PLAIN, *ARPABET, *ARPABET.values(), "pf", "ja", "œ̃", "kʷ"])
def test_every_sound_has_a_shape(symbol):
    _, values = shape(("SIL", 0.4), (symbol, 0.15), ("SIL", 0.4))
    assert np.isfinite(values).all()
    assert values.min() >= 0
    assert values.max() <= 1


def test_sets_of_sounds_do_not_overlap():
    assert not VOWELS & CONSONANTS
    assert len(PLAIN) == len(VOWELS) + len(CONSONANTS) + 1


def test_rounding_begins_before_its_sound_and_colours_consonants():
    times, values = shape(("SIL", 0.4), ("T", 0.1), ("UW", 0.2), ("SIL", 0.4))
    assert values[(times > 0.42) & (times < 0.48), ROUND].mean() > 0.25
    _, plain = shape(("SIL", 0.4), ("T", 0.1), ("AA", 0.2), ("SIL", 0.4))
    assert plain[:, ROUND].max() < 0.05
    assert values[:, ROUND].max() > 0.8


def test_mouths_open_faster_than_they_close():
    times, values = shape(("SIL", 0.6), ("AA", 0.3), ("SIL", 0.6))
    jaw = values[:, JAW]
    high, low = 0.8 * jaw.max(), 0.2 * jaw.max()
    opening = times[np.argmax(jaw > high)] - times[np.argmax(jaw > low)]
    falling = np.flatnonzero(times > 0.75)
    closing = (
        times[falling[np.argmax(jaw[falling] < low)]]
        - times[falling[np.argmax(jaw[falling] < high)]]
    )
    assert opening < closing


def test_pauses_hold_relax_or_close():
    def opening_in_pause(length):
        times, values = shape(("AA", 0.3), ("SIL", length), ("AA", 0.3))
        return values[(times > 0.3) & (times < 0.3 + length), JAW].min()

    assert opening_in_pause(0.1) > 0.5
    assert 0.05 < opening_in_pause(0.3) < 0.5
    assert opening_in_pause(0.6) < 0.05


@pytest.mark.parametrize("start", np.linspace(0.2, 0.24, 9))
@pytest.mark.parametrize("length", [0.015, 0.04, 0.09])
@pytest.mark.parametrize("symbol", ["P", "B", "M"])
def test_the_shortest_closure_is_seen_in_its_frame_or_the_one_before(symbol, length, start):
    sounds = row(("AA", start), (symbol, length), ("AA", 0.3))
    press, tuck = contacts(sounds, 20, 25.0)
    amid = int((start + length / 2) * 25)
    assert press[amid - 1 : amid + 1].max() == 1
    assert press.sum() < 2.5 + 25 * length
    assert not tuck.any()


def test_plosives_close_before_they_burst():
    press, _ = contacts(row(("AA", 0.4), ("P", 0.12), ("AA", 0.4)), 23, 25.0)
    first = int(np.argmax(press == 1))
    assert first / 25 <= 0.4
    assert press[int(0.55 * 25)] == 0


@pytest.mark.parametrize("start", np.linspace(0.2, 0.24, 9))
def test_a_short_vowel_between_two_closures_opens(start):
    press, _ = contacts(row(("P", start), ("AA", 0.08), ("P", 0.08), ("AA", 0.2)), 14, 25.0)
    between = press[int(start * 25) - 1 : int((start + 0.08) * 25) + 1]
    assert between.min() < 0.4


def test_teeth_touch_the_lip():
    press, tuck = contacts(row(("AA", 0.3), ("F", 0.05), ("AA", 0.3)), 16, 25.0)
    assert tuck[int(0.325 * 25)] == 1
    assert not press.any()


def test_the_fastest_lips_part_between_closures_and_do_not_flutter():
    sounds = row(*[(symbol, 0.05) for symbol in ("P", "AA") * 8])
    press, _ = contacts(sounds, 20, 25.0)
    shut = press == 1
    assert np.count_nonzero(shut[1:] & ~shut[:-1]) + shut[0] == 8
    assert press[~shut][:-1].max() <= 0.65
