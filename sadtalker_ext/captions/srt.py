"""SubRip captions (.srt): numbered blocks with times in hours, minutes, seconds, milliseconds."""

from __future__ import annotations

from collections.abc import Sequence

from sadtalker_ext.types import Word


def as_srt(cues: Sequence[Word]) -> str:
    """Return the text of an .srt file.

    Args:
        cues: Captions in order; an empty line inside one would end it and is left out.
    """
    blocks = [
        f"{number}\n{clock(cue.start)} --> {clock(cue.end)}\n{body(cue.text)}\n"
        for number, cue in enumerate(cues, start=1)
    ]
    return "\n".join(blocks)


def clock(seconds: float, point: str = ",") -> str:
    """Return a moment as ``01:02:03,456``."""
    whole = round(seconds * 1000)
    hours, rest = divmod(whole, 3_600_000)
    minutes, rest = divmod(rest, 60_000)
    return f"{hours:02}:{minutes:02}:{rest // 1000:02}{point}{rest % 1000:03}"


def body(text: str) -> str:
    """Return the lines of a caption without empty ones, which would end it."""
    return "\n".join(line for line in text.splitlines() if line.strip()) or " "
