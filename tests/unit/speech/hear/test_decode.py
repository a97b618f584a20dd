"""From probabilities to sounds."""

import itertools

import numpy as np
import pytest

from sadtalker_ext.speech.hear.align import Word, placed
from sadtalker_ext.speech.hear.decode import LOOKS, best_path, sounds_of
from sadtalker_ext.speech.ipa import PLAIN


def rows(said, sure=0.9):
    """(M, 35) logarithms for a list of sounds and their numbers of rows."""
    names = [name for name, count in said for _ in range(count)]
    probs = np.full((len(names), len(PLAIN)), (1 - sure) / (len(PLAIN) - 1))
    probs[np.arange(len(names)), [PLAIN.index(name) for name in names]] = sure
    return np.log(probs).astype(np.float32)


def by_hand(scores, least, switch):
    """The best score of all sequences that hold the rules."""
    best = -np.inf
    for path in itertools.product(range(scores.shape[1]), repeat=len(scores)):
        runs = [(state, len(list(run))) for state, run in itertools.groupby(path)]
        if all(length >= least[state] for state, length in runs[:-1]):
            total = sum(scores[row, state] for row, state in enumerate(path))
            best = max(best, total - switch * (len(runs) - 1))
    return best


@pytest.mark.parametrize("seed", range(8))
def test_the_best_path_is_the_best(seed):
    scores = np.random.default_rng(seed).normal(0, 2, (7, 3))
    path = best_path(scores, (1, 2, 3), 1.0)
    changes = int((path[1:] != path[:-1]).sum())
    found = sum(scores[row, state] for row, state in enumerate(path)) - changes
    assert found == pytest.approx(by_hand(scores, (1, 2, 3), 1.0))


def test_every_sound_has_one_look():
    assert sorted(itertools.chain(*LOOKS)) == sorted(PLAIN)


def test_sounds_follow_each_other():
    said = [("SIL", 20), ("m", 8), ("a", 15), ("p", 9), ("o", 12), ("SIL", 20)]
    found = sounds_of(rows(said))
    assert [(one.plain, one.end - one.first) for one in found] == said
    assert [one.first for one in found[1:]] == [one.end for one in found[:-1]]
    assert all(one.confidence > 0.85 for one in found)


def test_a_flicker_is_no_sound():
    found = sounds_of(rows([("a", 20), ("p", 2), ("a", 20)]))
    assert [one.plain for one in found] == ["a"]


def test_lips_that_are_shut_need_not_tell_which_sound():
    probs = np.exp(rows([("a", 15), ("t", 8), ("a", 15)]))
    # T is the likeliest single sound, P B M together are likelier
    probs[15:23] = 1e-3
    for name, share in (("t", 0.38), ("p", 0.2), ("b", 0.2), ("m", 0.19)):
        probs[15:23, PLAIN.index(name)] = share
    found = sounds_of(np.log(probs / probs.sum(1, keepdims=True)).astype(np.float32))
    assert [one.plain for one in found][1] in "pbm"


def test_nothing_gives_nothing():
    assert sounds_of(np.zeros((0, len(PLAIN)), np.float32)) == []
    assert placed(np.zeros((0, len(PLAIN)), np.float32), [Word("a", ("a",))]) == ([], 0)


SAID = [("SIL", 10), ("m", 8), ("a", 12), ("SIL", 6), ("p", 8), ("o", 12), ("t", 8), ("SIL", 10)]
MA, POT, FOO = Word("ma", ("m", "ɑ")), Word("pot", ("p", "o", "t")), Word("sheesh", ("ʃ", "i", "ʃ"))


def spans(found):
    return [(one.symbol, one.first, one.end, one.word) for one in found]


def test_a_text_is_placed():
    found, used = placed(rows(SAID), [MA, POT])
    assert used == 2
    assert spans(found) == [
        ("m", 10, 18, 0),
        ("ɑ", 18, 30, 0),
        ("p", 36, 44, 1),
        ("o", 44, 56, 1),
        ("t", 56, 64, 1),
    ]


def test_a_wrong_word_is_left_out():
    found, used = placed(rows([*SAID, *SAID]), [MA, POT, FOO, MA, POT])
    assert used == 5
    # five sounds at a time are too few to be believed with a wrong word among them
    assert found == []
    found, used = placed(rows([*SAID, *SAID, *SAID]), [MA, POT, MA, POT, FOO])
    assert used == 4
    assert {one.word for one in found} == {0, 1, 2, 3}
    assert spans(found)[0] == ("m", 10, 18, 0)


def test_a_missing_word_leaves_a_gap():
    found, _ = placed(rows(SAID), [POT])  # all of a text, so that three sounds will do
    assert spans(found) == [("p", 36, 44, 0), ("o", 44, 56, 0), ("t", 56, 64, 0)]


def test_a_lone_short_word_is_not_believed():
    found, _ = placed(rows(SAID), [FOO, Word("ma", ("m", "ɑ")), FOO, FOO])
    assert found == []
    # unless it is all that is said
    assert len(placed(rows(SAID), [Word("ma", ("m", "ɑ"))])[0]) == 2


def test_a_wrong_text_is_not_believed():
    found, _ = placed(rows(SAID), [FOO, FOO, FOO])
    assert found == []
