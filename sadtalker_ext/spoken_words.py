"""Words with the time at which they are said."""

from __future__ import annotations

from dataclasses import dataclass


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
