"""Texts that were spoken for a dubbing, kept with the work: a voice says nothing twice the same.

What was drawn before the work was stopped fits only the sound it was drawn for.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from sadtalker_ext.errors import InputError
from sadtalker_ext.inputs.audio import open_speech
from sadtalker_ext.provenance.hashes import file_hash
from sadtalker_ext.spoken_words import Mark, Phoneme, Word
from sadtalker_ext.types import Speech


def kept_speech(folder: Path, key: str, speak: Callable[[], Speech]) -> Speech:
    """Return what was spoken in a folder, or speak it.

    Args:
        folder: Where `speak` writes the sound.
        key: What is said and how; another one, or a sound that has changed, is spoken anew.
        speak: Speaks it.
    """
    file = folder / "spoken.json"
    known = _read(file, key)
    if known is not None:
        return known
    speech = speak()
    phones = None if speech.phonemes is None else [*map(dataclasses.asdict, speech.phonemes)]
    facts = {
        "key": key,
        "sound": speech.path.name,
        "content": file_hash(speech.path),
        "text": speech.text,
        "phonemes": phones,
        "words": [dataclasses.asdict(one) for one in speech.words],
        "marks": [dataclasses.asdict(one) for one in speech.marks],
        "warnings": speech.warnings,
    }
    part = file.with_suffix(".part")
    part.write_text(json.dumps(facts), encoding="utf-8")
    part.replace(file)
    return speech


def _read(file: Path, key: str) -> Speech | None:
    try:
        facts: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
        path = file.with_name(facts["sound"])
        if facts["key"] != key or facts["content"] != file_hash(path):
            return None
        phones = facts["phonemes"]
        return dataclasses.replace(
            open_speech(path),
            text=facts["text"],
            phonemes=None if phones is None else tuple(Phoneme(**one) for one in phones),
            words=tuple(Word(**one) for one in facts["words"]),
            marks=tuple(Mark(**one) for one in facts["marks"]),
            warnings=tuple(facts["warnings"]),
        )
    except (OSError, ValueError, KeyError, TypeError, InputError):
        return None
