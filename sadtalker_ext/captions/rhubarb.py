"""Mouth cues as Rhubarb Lip Sync writes them (.json)."""

from __future__ import annotations

import json
from collections.abc import Sequence

from sadtalker_ext.captions.mouth_shapes import shapes
from sadtalker_ext.types import Phoneme


def as_rhubarb(phones: Sequence[Phoneme], seconds: float, sound: str) -> str:
    """Return the text of the file; neighbours of the same shape are one cue.

    Args:
        phones: In order and without gaps.
        seconds: Length of the speech.
        sound: Name of the sound file.
    """
    cues: list[dict[str, float | str]] = []
    for phone, shape in shapes(phones):
        start, end = round(phone.start, 2), round(min(phone.end, seconds), 2)
        if end <= start:
            continue
        if cues and cues[-1]["value"] == shape.rhubarb:
            cues[-1]["end"] = end
        else:
            cues.append({"start": start, "end": end, "value": shape.rhubarb})
    about = {"soundFile": sound, "duration": round(seconds, 2)}
    return json.dumps({"metadata": about, "mouthCues": cues}, indent=2) + "\n"
