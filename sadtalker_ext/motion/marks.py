"""Marks that were written into a text, at the time at which their words are said."""

from __future__ import annotations

import itertools

from sadtalker_ext.directions import Direction, Moment
from sadtalker_ext.motion.cues import Cue
from sadtalker_ext.spoken_words import Mark
from sadtalker_ext.types import Speech

_STRESS_SECONDS = 0.12
"""By so much a nod and raised brows are ahead of the word they stress."""


def marked_cues(speech: Speech, seconds: float) -> list[Cue]:
    """Return the cues of the marks of a text, in order.

    Where the voice does not tell when it says each word, words are taken to be equally long.

    Args:
        speech: The spoken text with its marks.
        seconds: Length of the performance.
    """
    found: list[Cue] = []
    for mark in speech.marks:
        start, end = _times(speech, mark)
        start = min(start, seconds)
        moment = Moment(text=mark.name, value=start)
        if mark.kind == "emotion":
            one = Direction(
                number=0,
                at=moment,
                kind="emotion",
                weights=((mark.name, 1.0),),
                intensity=mark.value,
            )
            found.append(Cue(one, start))
        elif mark.kind == "gesture":
            found.append(Cue(_gesture(mark.name, moment, mark.value), start))
        else:
            begin = max(start - _STRESS_SECONDS, 0.0)
            length = max(end - begin + 0.1, 0.4)
            brows = _gesture("raise_brows", moment, 0.55 * mark.value)
            nod = _gesture("nod", moment, 0.5 * mark.value)
            found += [Cue(brows, begin, begin + length), Cue(nod, begin, begin + length)]
    emotions = [number for number, cue in enumerate(found) if cue.direction.kind == "emotion"]
    for before, after in itertools.pairwise(emotions):
        found[before] = Cue(found[before].direction, found[before].start, found[after].start)
    return found


def _gesture(name: str, at: Moment, strength: float) -> Direction:
    return Direction(number=0, at=at, kind="gesture", name=name, intensity=strength)


def _times(speech: Speech, mark: Mark) -> tuple[float, float]:
    """Return when the marked word begins and ends, in seconds."""
    if mark.word < len(speech.words):
        word = speech.words[mark.word]
        return word.start, word.end
    if speech.words:
        return speech.words[-1].end, speech.words[-1].end
    count = max(len(speech.text.split()), 1)
    each = speech.seconds / count
    return min(mark.word, count) * each, min(mark.word + 1, count) * each
