"""The words of a sound that somebody wrote down: plain text, or captions (SRT, WebVTT)."""

from __future__ import annotations

import html
import re
from pathlib import Path

from sadtalker_ext.errors import InvalidOption
from sadtalker_ext.text_files import why_unreadable

SUFFIXES = (".txt", ".srt", ".vtt")
MAX_BYTES = 2_000_000

_TIMES = re.compile(r"^\s*(?:\d+:)?\d{1,2}:\d{2}[.,]\d{3}\s*-->")
_TAG = re.compile(r"<[^>]*>|\{\\[^}]*\}")
_SPEAKER = re.compile(r"^\s*(?:>>+|-)\s*")
_NOISE = re.compile(r"\[[^\]]*\]|\([^)]*\)|[♪♫]")
_BLOCKS = ("NOTE", "STYLE", "REGION", "WEBVTT")


def read_transcript(path: Path, what: str = "transcript") -> str:
    """Return the content of a text or caption file.

    Args:
        path: The file.
        what: What it is called in errors.

    Raises:
        InvalidOption: It is no such file, too long, or cannot be read.
    """
    if path.suffix.lower() not in SUFFIXES:
        raise InvalidOption(
            f"The {what} should be a file of {', '.join(SUFFIXES)}, found {path.name}."
        )
    try:
        data = path.read_bytes()
    except OSError as error:
        raise InvalidOption(
            f"The {what} {path.name} cannot be read: {why_unreadable(error)}.",
            hint="Check the path and the spelling.",
        ) from error
    if len(data) > MAX_BYTES:
        raise InvalidOption(f"The {what} {path.name} is longer than {MAX_BYTES} bytes.")
    for code in ("utf-8-sig", "utf-16", "cp1252"):
        # UTF-16 without its mark would make letters out of any bytes
        if code == "utf-16" and data[:2] not in (b"\xff\xfe", b"\xfe\xff"):
            continue
        try:
            return data.decode(code)
        except UnicodeDecodeError:
            continue
    raise InvalidOption(f"The {what} {path.name} is in no known code; save it as UTF-8.")


def spoken_text(content: str) -> str:
    """Return the words of a text or of captions, without times, numbers, tags and noises."""
    lines = content.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    captions = any(_TIMES.match(line) for line in lines)
    said = [_words(line) for line in (_caption_lines(lines) if captions else lines)]
    # rolling captions repeat the line before
    kept = [
        one
        for number, one in enumerate(said)
        if not captions or one not in said[max(0, number - 2) : number]
    ]
    return "\n".join(one for one in kept if one)


def _words(line: str) -> str:
    plain = _SPEAKER.sub("", html.unescape(_TAG.sub("", line)))
    return " ".join(_NOISE.sub(" ", plain).split())


def _caption_lines(lines: list[str]) -> list[str]:
    """Return the lines of text."""
    kept: list[str] = []
    inside = False
    for line in lines:
        if not line.strip() or line.startswith(_BLOCKS):
            inside = False
        elif _TIMES.match(line):
            inside = True
        elif inside:
            kept.append(line)
    return kept
