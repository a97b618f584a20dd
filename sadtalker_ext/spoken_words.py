"""Words with the time at which they are said, and the name of saying nothing."""

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
