"""Choosing the format by a file's name, and writing the file."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from sadtalker_ext.captions.cues import cues
from sadtalker_ext.captions.rhubarb import as_rhubarb
from sadtalker_ext.captions.srt import as_srt
from sadtalker_ext.captions.textgrid import as_textgrid
from sadtalker_ext.captions.viseme_track import as_viseme_track
from sadtalker_ext.captions.vtt import as_vtt
from sadtalker_ext.errors import InvalidOption
from sadtalker_ext.types import Phoneme, Word

CAPTION_SUFFIXES: Final = (".srt", ".vtt")
PHONE_SUFFIXES: Final = (".textgrid", ".visemes.json", ".json")


def captions_text(path: Path, words: Sequence[Word], seconds: float) -> str:
    """Return the text of a caption file.

    Raises:
        InvalidOption: The name ends neither in .srt nor in .vtt.
    """
    check_captions(path)
    lines = cues(words, seconds)
    return as_vtt(lines) if path.suffix.lower() == ".vtt" else as_srt(lines)


def phones_text(
    path: Path, phones: Sequence[Phoneme], words: Sequence[Word], seconds: float, sound: str
) -> str:
    """Return the text of a file of phones; `sound` names the sound.

    Raises:
        InvalidOption: The name has none of the known endings.
    """
    check_phones(path)
    name = path.name.lower()
    if name.endswith(".textgrid"):
        return as_textgrid(phones, words, seconds)
    if name.endswith(".visemes.json"):
        return as_viseme_track(phones, seconds)
    return as_rhubarb(phones, seconds, sound)


def check_captions(path: Path) -> None:
    """Raise InvalidOption unless a name belongs to captions."""
    if path.suffix.lower() not in CAPTION_SUFFIXES:
        raise InvalidOption(
            f"Captions should be a .srt or .vtt file, found {path.name}.",
            hint="Name it so, or use captions track for a track in the video.",
        )


def check_phones(path: Path) -> None:
    """Raise InvalidOption unless a name belongs to phones."""
    if not path.name.lower().endswith(PHONE_SUFFIXES):
        raise InvalidOption(
            "Phones should be a .TextGrid, .visemes.json or .json (Rhubarb) file, found "
            f"{path.name}.",
            hint="Choose one of these names.",
        )
