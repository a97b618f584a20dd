"""Web captions (.vtt): W3C WebVTT."""

from __future__ import annotations

from collections.abc import Sequence

from sadtalker_ext.captions.srt import body, clock
from sadtalker_ext.types import Word


def as_vtt(cues: Sequence[Word]) -> str:
    """Return the text of a .vtt file; ``&``, ``<`` and ``>`` are escaped."""
    blocks = [
        f"{clock(cue.start, '.')} --> {clock(cue.end, '.')}\n{_escaped(cue.text)}" for cue in cues
    ]
    return "\n\n".join(["WEBVTT", *blocks]) + "\n"


def _escaped(text: str) -> str:
    for sign, written in (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;")):
        text = text.replace(sign, written)
    return body(text)
