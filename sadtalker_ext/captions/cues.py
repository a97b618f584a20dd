"""From timed words to captions that can be read."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from sadtalker_ext.types import Word

LINE_CHARACTERS: Final = 42
"""Usual length of a line of subtitles; a caption has two."""
_LONGEST_SECONDS = 6.0
_SHORTEST_SECONDS = 1.0
_PAUSE_SECONDS = 0.7
_ENDS: Final = (".", "!", "?", "…", "。", "！", "？")
_BREAKS: Final = (",", ";", ":", "—", "、", "，")
_CLOSING: Final = "\"”»’')]"


def cues(words: Sequence[Word], seconds: float | None = None) -> tuple[Word, ...]:
    """Return captions: pieces of one or two lines, each with its time.

    A caption ends with a sentence, at a pause, or where it is full; better behind a comma than in
    the middle of a phrase. It stays for a second at least where the next one leaves room.

    Args:
        words: Words in order.
        seconds: Length of the video, at which everything ends.
    """
    groups: list[list[Word]] = []
    for word in words:
        if groups and _goes_on(groups[-1], word):
            groups[-1].append(word)
        else:
            groups.append([word])
    groups = _with_own_times([part for group in groups for part in _split(group)])
    found: list[Word] = []
    for index, group in enumerate(groups):
        start, end = group[0].start, group[-1].end
        limit = groups[index + 1][0].start if index + 1 < len(groups) else seconds
        wanted = max(end, start + _SHORTEST_SECONDS)
        end = wanted if limit is None else min(wanted, limit)
        if end > start:
            text = _lines(" ".join(word.text for word in group))
            found.append(Word(text=text, start=start, end=end))
    return tuple(found)


def _with_own_times(groups: Sequence[list[Word]]) -> list[list[Word]]:
    """Join a caption with the next where that begins no later: alone it could not be shown."""
    found: list[list[Word]] = []
    for group in groups:
        if found and found[-1][0].start >= group[0].start:
            found[-1] = [*found[-1], *group]
        else:
            found.append(group)
    return found


def _goes_on(group: Sequence[Word], word: Word) -> bool:
    last = group[-1]
    if last.text.rstrip(_CLOSING).endswith(_ENDS) or word.start - last.end > _PAUSE_SECONDS:
        return False
    return word.end - group[0].start <= 2 * _LONGEST_SECONDS


def _split(group: list[Word]) -> list[list[Word]]:
    """Cut a sentence into captions that fit."""
    parts: list[list[Word]] = []
    while group:
        count = _fitting(group)
        if count < len(group):
            behind = [
                place
                for place in range(max(1, count // 2), count + 1)
                if group[place - 1].text.endswith(_BREAKS)
            ]
            count = behind[-1] if behind else _even(group, count)
        parts.append(group[:count])
        group = group[count:]
    return parts


def _fitting(group: Sequence[Word]) -> int:
    """Return how many words fit into two lines and the time."""
    count = 1
    while count < len(group):
        text = _lines(" ".join(word.text for word in group[: count + 1]))
        long = any(len(line) > LINE_CHARACTERS for line in text.split("\n"))
        if long or group[count].end - group[0].start > _LONGEST_SECONDS:
            break
        count += 1
    return count


def _even(group: Sequence[Word], count: int) -> int:
    """Return a cut that leaves no single word for the next caption."""
    rest = len(group) - count
    return max(1, (len(group) + 1) // 2) if rest < 3 and len(group) > 4 else count


def _lines(text: str) -> str:
    """Break a text into two lines of about the same length when it is longer than one."""
    if len(text) <= LINE_CHARACTERS:
        return text
    spaces = [place for place, sign in enumerate(text) if sign == " "]
    if not spaces:
        return text
    best = min(spaces, key=lambda place: abs(len(text) - 2 * place))
    return f"{text[:best]}\n{text[best + 1 :]}"
