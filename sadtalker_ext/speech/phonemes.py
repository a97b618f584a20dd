"""The sounds of speech by the names of ARPABET, and lists of them put in order."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from sadtalker_ext.types import Phoneme

SILENCE = "SIL"
BILABIAL = frozenset(("P", "B", "M"))
LABIODENTAL = frozenset(("F", "V"))
VOWELS = frozenset(
    ("AA", "AE", "AH", "AO", "AW", "AY", "EH", "ER", "EY", "IH", "IY", "OW", "OY", "UH", "UW")
)
CONSONANTS = frozenset(
    ("P", "B", "M", "F", "V", "TH", "DH", "T", "D", "N", "L", "S", "Z", "SH", "ZH", "CH", "JH")
) | frozenset(("K", "G", "NG", "HH", "R", "W", "Y"))
KNOWN = VOWELS | CONSONANTS | {SILENCE}


def bare(symbol: str) -> str:
    """Return a phone's name without stress digit and case; noises become silence.

    Recognisers also report "<s>", "+NSN+" and the like.
    """
    name = symbol.upper().rstrip("012")
    return name if name in KNOWN else SILENCE


def in_order(found: Iterable[Phoneme], seconds: float) -> tuple[Phoneme, ...]:
    """Return the sounds sorted, cut to [0, seconds], without overlaps, gaps filled with silence.

    Neighbouring silences are joined. An empty list becomes one silence.
    """
    ordered: list[Phoneme] = []
    at = 0.0
    for sound in sorted(found, key=lambda one: one.start):
        start, end = max(sound.start, at), min(sound.end, seconds)
        if end - start < 1e-4:
            continue
        if start - at > 1e-3:
            _append(ordered, SILENCE, at, start)
        else:
            start = at
        _append(ordered, bare(sound.symbol), start, end)
        at = end
    if seconds - at > 1e-3:
        _append(ordered, SILENCE, at, seconds)
    return tuple(ordered)


def shifted(sounds: Sequence[Phoneme], seconds: float) -> list[Phoneme]:
    """Return the sounds moved later by some seconds."""
    return [
        Phoneme(symbol=one.symbol, start=one.start + seconds, end=one.end + seconds)
        for one in sounds
    ]


def _append(ordered: list[Phoneme], symbol: str, start: float, end: float) -> None:
    if symbol == SILENCE and ordered and ordered[-1].symbol == SILENCE:
        start = ordered.pop().start
    ordered.append(Phoneme(symbol=symbol, start=start, end=end))
