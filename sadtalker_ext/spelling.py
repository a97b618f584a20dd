"""What was probably meant by a name that does not exist."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from typing import Final

ALIKE: Final = 0.6
"""How alike two words must be, 0 to 1, so that one may be a slip for the other."""


def nearest(word: str, known: Iterable[str], alike: float = ALIKE) -> str:
    """Return the known word that is most like another one; "" where none is alike enough.

    Args:
        word: What was written.
        known: What there is.
        alike: How alike it must be, 0 to 1.
    """
    found = difflib.get_close_matches(word, list(known), n=1, cutoff=alike)
    return found[0] if found else ""


def meant(word: str, known: Iterable[str]) -> str:
    """Return the hint for a name that does not exist: the nearest one, or all there are."""
    names = list(known)
    near = nearest(word, names)
    return f"Did you mean {near}?" if near else f"Known: {', '.join(names)}."
