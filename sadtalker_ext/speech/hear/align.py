"""Fitting a known text to what is heard: when each of its sounds is spoken.

The words must follow each other, but each of them may be left out, and between them anything may
be said: a wrong or partial text fits where it is right and leaves the rest to listening.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from sadtalker_ext.speech.hear.decode import LOOK_OF, looks_of
from sadtalker_ext.speech.ipa import PLAIN, SILENCE, parts_of
from sadtalker_ext.types import FloatArray

_OTHER = 1.1
"""How much worse than the best sound, per row, anything at all is taken to fit."""
_SKIPPED = 4.0
"""Cost of leaving a word out."""
_CHANCE, _LEAST_FIT = 0.25, 4.0
"""Words that follow each other are believed if number of sounds * (mean confidence - 0.25) reaches
this. Texts of 18 clips: 5 and more but for one run; texts of other clips: 4.2 and less."""
_ALIKE = 0.4
"""How much of the probability of all sounds that look alike counts for each of them."""
_FLOOR = -6.0
"""No row tells more against a sound than this: one wrong row must not move a word."""
_STAY, _NEXT, _PAST_GAP = 0, 1, 2
_INDEX = {plain: number for number, plain in enumerate(PLAIN)}


@dataclass(frozen=True, slots=True)
class Word:
    """One word of a text.

    Attributes:
        text: As it is written.
        symbols: IPA symbols of its sounds.
        written: Number of the written word that it belongs to (see `speech.written`): "42" is one
            written word and two spoken ones.
    """

    text: str
    symbols: tuple[str, ...]
    written: int = -1


@dataclass(frozen=True, slots=True)
class Placed:
    """One sound of a word where it is heard.

    Attributes:
        symbol: IPA.
        first: Its first row.
        end: Behind its last row.
        word: Index of its word.
        confidence: 0..1, mean probability of its plain sounds in these rows.
    """

    symbol: str
    first: int
    end: int
    word: int
    confidence: float


@dataclass(frozen=True, slots=True, eq=False)
class _Chain:
    """States in a row: a gap, two states for each plain sound of a word, a gap, and so on.

    Attributes:
        emits: (S,) index in `PLAIN`, -1 for gaps.
        word: (S,) index of the word, for gaps of the word before them.
        symbol: (S,) index of the symbol within its word.
        gaps: (W + 1,) states that are gaps.
        may_stay: (S,) whether a state may last.
        starts: (W,) first state of each word.
    """

    emits: npt.NDArray[np.intp]
    word: npt.NDArray[np.intp]
    symbol: npt.NDArray[np.intp]
    gaps: npt.NDArray[np.intp]
    may_stay: npt.NDArray[np.bool_]
    starts: npt.NDArray[np.intp]


def placed(log_probs: FloatArray, words: Sequence[Word]) -> tuple[list[Placed], int]:
    """Return the sounds of the words that are heard, and how many words are used up.

    Args:
        log_probs: (M, 35) logarithms of the probability of each of `ipa.PLAIN`.
        words: What is said next; more than is said in this piece.
    """
    if not len(log_probs) or not words:
        return [], 0
    chain = _chain(words)
    path, _ = _path(log_probs, chain)
    used = int(chain.word[path[-1]]) + 1
    found: list[Placed] = []
    marks = np.stack([chain.word[path], chain.symbol[path]], axis=1)
    edges = [0, *(np.flatnonzero((marks[1:] != marks[:-1]).any(axis=1)) + 1).tolist(), len(path)]
    probs = np.exp(log_probs)
    for first, end in itertools.pairwise(edges):
        word, number = int(marks[first, 0]), int(marks[first, 1])
        if number < 0:
            continue
        symbol = words[word].symbols[number]
        plain = [_INDEX[one] for one in parts_of(symbol)]
        sure = float(probs[first:end, plain].sum(axis=1).mean())
        found.append(Placed(symbol, first, end, word, min(sure, 1.0)))
    return _believed(found, len(words)), used


def _believed(found: Sequence[Placed], words: int) -> list[Placed]:
    """Return the sounds without few or unsure words: such ones fit anywhere.

    Args:
        found: Sounds in order.
        words: Number of words that were looked for.
    """
    kept: list[Placed] = []
    run: list[Placed] = []
    for one in [*found, None]:
        if one is not None and (not run or one.word - run[-1].word <= 1):
            run.append(one)
            continue
        together = len({placed.word for placed in run}) == words
        kept += run if together or _fits(run) else []
        run = [one] if one is not None else []
    return kept


def _fits(run: Sequence[Placed]) -> bool:
    if not run:
        return False
    rows = sum(one.end - one.first for one in run)
    sure = sum(one.confidence * (one.end - one.first) for one in run) / rows
    return len(run) * (sure - _CHANCE) >= _LEAST_FIT


def fit(log_probs: FloatArray, words: Sequence[Word]) -> float:
    """Return how well words fit, a mean logarithm of probability; the higher the better.

    Args:
        log_probs: (M, 35) logarithms of the probability of each of `ipa.PLAIN`.
        words: What is said next; more than is said in this piece.
    """
    if not len(log_probs) or not words:
        return -np.inf
    _, score = _path(log_probs, _chain(words))
    return score / len(log_probs)


def _chain(words: Sequence[Word]) -> _Chain:
    emits, owner, number, gaps, starts = [-1], [-1], [-1], [0], []
    for index, word in enumerate(words):
        starts.append(len(emits))
        for place, symbol in enumerate(word.symbols):
            for plain in parts_of(symbol):
                emits += [_INDEX[plain]] * 2
                owner += [index] * 2
                number += [place] * 2
        gaps.append(len(emits))
        emits.append(-1)
        owner.append(index)
        number.append(-1)
    emitted = np.array(emits)
    may_stay = np.ones(len(emits), dtype=bool)
    for start, gap in zip(starts, gaps[1:], strict=True):
        may_stay[start:gap:2] = False
    return _Chain(
        emitted, np.array(owner), np.array(number), np.array(gaps), may_stay, np.array(starts)
    )


def _path(log_probs: FloatArray, chain: _Chain) -> tuple[npt.NDArray[np.intp], float]:
    """Return (M,) the state of each row on the best way through the chain, and its score."""
    count, states = len(log_probs), len(chain.emits)
    bounded = np.maximum(_tolerant(log_probs), _FLOOR)
    gap_score = np.maximum(bounded[:, _INDEX[SILENCE]], bounded.max(axis=1) - _OTHER)
    is_gap = chain.emits < 0
    columns = np.where(is_gap, 0, chain.emits)
    steps = np.arange(len(chain.gaps)) * _SKIPPED
    score = np.full(states, -np.inf)
    moves = np.zeros((count, states), dtype=np.int8)
    jumps = np.zeros((count, len(chain.gaps)), dtype=np.int32)
    # a word may begin at once, or after gaps
    score[chain.gaps] = -steps
    score[chain.starts] = -steps[:-1]
    jumps[0] = 0
    for row in range(count):
        if row:
            score, moves[row] = _moved(score, chain)
        # words may be left out: from a gap to a later one in no time
        reached = score[chain.gaps] + steps
        best = np.maximum.accumulate(reached)
        jumps[row] = np.maximum.accumulate(np.where(reached >= best, np.arange(len(chain.gaps)), 0))
        score[chain.gaps] = best - steps
        emitted = bounded[row, columns]
        emitted[is_gap] = gap_score[row]
        score = score + emitted
    # whole words only: the piece ends in a gap or with a word
    ends = np.concatenate([chain.gaps, chain.gaps[1:] - 1])
    last = int(ends[score[ends].argmax()])
    return _traced(last, moves, jumps, chain), float(score[last])


def _tolerant(log_probs: FloatArray) -> FloatArray:
    """Return scores in which a sound that looks like the one of the text fits half as well.

    Accents differ in their vowels, and dictionaries from what people say.
    """
    looks = np.exp(looks_of(log_probs))[:, LOOK_OF]
    scores: FloatArray = np.log((1 - _ALIKE) * np.exp(log_probs) + _ALIKE * looks)
    return scores


def _moved(score: FloatArray, chain: _Chain) -> tuple[FloatArray, npt.NDArray[np.int8]]:
    """Return the best score of each state in the next row, and which way it was reached."""
    ways = np.full((3, len(score)), -np.inf)
    ways[_STAY, chain.may_stay] = score[chain.may_stay]
    ways[_NEXT, 1:] = score[:-1]
    later = chain.starts[1:]
    ways[_PAST_GAP, later] = score[later - 2]
    chosen = ways.argmax(axis=0)
    best: FloatArray = ways[chosen, np.arange(len(score))]
    return best, chosen.astype(np.int8)


def _traced(
    state: int,
    moves: npt.NDArray[np.int8],
    jumps: npt.NDArray[np.int32],
    chain: _Chain,
) -> npt.NDArray[np.intp]:
    """Return (M,) the states of the way that ends in a state."""
    gap_number = {int(gap): number for number, gap in enumerate(chain.gaps)}
    path = np.empty(len(moves), dtype=np.intp)
    for row in range(len(moves) - 1, -1, -1):
        path[row] = state
        if state in gap_number:
            state = int(chain.gaps[jumps[row, gap_number[state]]])
        if row:
            state -= int(moves[row, state])
    return path
