"""TextGrid files of Praat: a tier of words and a tier of phones, in the long text format."""

from __future__ import annotations

from collections.abc import Sequence

from sadtalker_ext.spoken_words import SILENCE
from sadtalker_ext.types import Phoneme, Word

Interval = tuple[float, float, str]


def as_textgrid(phones: Sequence[Phoneme], words: Sequence[Word], seconds: float) -> str:
    """Return the text of a .TextGrid file.

    Args:
        phones: In order; a pause has an empty label.
        words: In order; the tier is left out without any.
        seconds: Length of the speech; intervals are cut to it, and gaps filled.
    """
    tiers = [("words", [(one.start, one.end, one.text) for one in words])] if words else []
    labels = [(o.start, o.end, "" if o.symbol == SILENCE else o.symbol) for o in phones]
    tiers.append(("phones", labels))
    lines = [
        'File type = "ooTextFile"',
        'Object class = "TextGrid"',
        "",
        "xmin = 0",
        f"xmax = {seconds:.6f}",
        "tiers? <exists>",
        f"size = {len(tiers)}",
        "item []:",
    ]
    for number, (name, given) in enumerate(tiers, start=1):
        intervals = _filled(given, seconds)
        lines += [
            f"    item [{number}]:",
            '        class = "IntervalTier"',
            f'        name = "{name}"',
            "        xmin = 0",
            f"        xmax = {seconds:.6f}",
            f"        intervals: size = {len(intervals)}",
        ]
        for place, (start, end, label) in enumerate(intervals, start=1):
            lines += [
                f"        intervals [{place}]:",
                f"            xmin = {start:.6f}",
                f"            xmax = {end:.6f}",
                f'            text = "{_quoted(label)}"',
            ]
    return "\n".join(lines) + "\n"


def _filled(given: Sequence[Interval], seconds: float) -> list[Interval]:
    """Return intervals without gaps and overlaps from 0 to the end."""
    found: list[Interval] = []
    at = 0.0
    for begins, ends, label in given:
        start, end = max(begins, at), min(ends, seconds)
        if end - start < 1e-6:
            continue
        if start - at > 1e-6:
            found.append((at, start, ""))
        found.append((start, end, label))
        at = end
    if seconds - at > 1e-6:
        found.append((at, seconds, ""))
    return found


def _quoted(label: str) -> str:
    return " ".join(label.split()).replace('"', '""')
