"""Words with the time at which they are said, marks between them, and the name of silence."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

SILENCE: Final = "SIL"
"""Symbol of a pause among phones."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Word:
    """One word of speech, as it is written.

    Attributes:
        text: The word with its punctuation, for captions.
        start: Seconds from the beginning of the speech.
        end: Seconds, exclusive.
    """

    text: str
    start: float
    end: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Phoneme:
    """One speech sound.

    Attributes:
        symbol: IPA without stress ("ɑ", "b", "t͡ʃ", ...), or "SIL" for a pause; ARPABET ("AA", "B")
            is understood as well, see `speech.ipa`.
        start: Seconds from the beginning of the speech.
        end: Seconds, exclusive.
        confidence: 0..1, how sure a recogniser is of what the mouth does; 1 where it is known.
    """

    symbol: str
    start: float
    end: float
    confidence: float = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """A direction that was written into a text.

    Attributes:
        word: Number of the word it stands before, or that it stresses; counted from 0.
        kind: "emotion", "gesture" or "stress".
        name: Which emotion or gesture; empty for a stress.
        value: 0..1.
    """

    word: int
    kind: str
    name: str = ""
    value: float = 1.0
