"""What is said when: cues of a caption file, and the lines of a dialogue."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from sadtalker_ext.errors import InvalidOption
from sadtalker_ext.speech.transcript import read_transcript, spoken_text
from sadtalker_ext.types import Word

CAPTIONS = (".srt", ".vtt")

_TIMES = re.compile(
    r"^\s*(?:(\d+):)?(\d{1,2}):(\d{2})[.,](\d{3})\s*-->\s*(?:(\d+):)?(\d{1,2}):(\d{2})[.,](\d{3})"
)
_LINE = re.compile(r"^\s*([A-H](?=\s*:)|[^\W\d_][\w .'-]{0,30}?(?=\s*:\s))\s*:\s*(\S.*)$")
"""A letter and a colon, or a name, a colon and a space: times of day and addresses are no names."""


def read_cues(path: Path) -> tuple[tuple[Word, ...], int]:
    """Return the cues of a .srt or .vtt file in order, each with its text and times.

    Returns:
        The cues, and how many more are left out, because they end before they begin.

    Raises:
        InvalidOption: It is no such file, or has no cue.
    """
    if path.suffix.lower() not in CAPTIONS:
        raise InvalidOption(
            f"Captions to be spoken should be a file of {' or '.join(CAPTIONS)}, found "
            f"{path.name}.",
            hint="A sound is given as the speech, a text without times as text.",
        )
    content = read_transcript(path, "captions").replace("\r\n", "\n").replace("\r", "\n")
    cues: list[Word] = []
    backwards = 0
    lines = content.split("\n")
    for number, line in enumerate(lines):
        found = _TIMES.match(line)
        if found is None:
            continue
        body: list[str] = []
        for text in lines[number + 1 :]:
            if not text.strip():
                break
            body.append(text)
        said = spoken_text("\n".join(body)).replace("\n", " ").strip()
        start, end = _seconds(found.groups()[:4]), _seconds(found.groups()[4:])
        if said and end > start:
            cues.append(Word(text=said, start=start, end=end))
        else:
            backwards += bool(said)
    if not cues:
        raise InvalidOption(
            f"{path.name} should hold captions with times, found none.",
            hint="Give a .srt or .vtt file.",
        )
    return tuple(sorted(cues, key=lambda cue: cue.start)), backwards


def _seconds(parts: Sequence[str | None]) -> float:
    hours, minutes, seconds, thousandths = (int(part or 0) for part in parts)
    return 3600 * hours + 60 * minutes + seconds + thousandths / 1000


def read_dialogue(text: str) -> tuple[tuple[str, str], ...]:
    """Return (speaker, words) of a dialogue in order.

    A line that begins with a name and a colon begins a turn; lines without one go on with it.

    Raises:
        InvalidOption: The first line names nobody.
    """
    turns: list[tuple[str, str]] = []
    for line in text.splitlines():
        found = _LINE.match(line)
        if found is not None:
            turns.append((found.group(1).strip(), found.group(2).strip()))
        elif line.strip():
            if not turns:
                raise InvalidOption(
                    "A dialogue should begin with who speaks, such as 'A: Good morning.', found "
                    f"{line.strip()[:40]!r}.",
                    hint="Write a name and a colon before what each one says.",
                )
            name, said = turns[-1]
            turns[-1] = (name, f"{said} {line.strip()}")
    if not turns:
        raise InvalidOption("The dialogue is empty.", hint="Write lines such as 'A: Hello.'.")
    return tuple(turns)


def speakers_of(dialogue: str) -> tuple[str, ...]:
    """Return who speaks in a dialogue: letters in their order, names as they first speak.

    Raises:
        InvalidOption: As for `read_dialogue`.
    """
    names = tuple(dict.fromkeys(name for name, _ in read_dialogue(dialogue)))
    return tuple(sorted(names)) if all(len(name) == 1 for name in names) else names
