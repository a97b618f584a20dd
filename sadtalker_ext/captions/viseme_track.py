"""Visemes with times (.visemes.json): Azure's numbers and Oculus's names for each phone."""

from __future__ import annotations

import json
from collections.abc import Sequence

from sadtalker_ext.captions.mouth_shapes import shapes
from sadtalker_ext.types import Phoneme

VERSION = 1


def as_viseme_track(phones: Sequence[Phoneme], seconds: float) -> str:
    """Return the text of the file.

    It holds ``version``, ``seconds`` and ``visemes``: a list of ``start`` and ``end`` in seconds,
    ``phone`` (ARPABET), ``azure`` (0 to 21) and ``oculus`` (a name).
    """
    visemes = [
        {
            "start": round(phone.start, 4),
            "end": round(min(phone.end, seconds), 4),
            "phone": phone.symbol,
            "azure": shape.azure,
            "oculus": shape.oculus,
        }
        for phone, shape in shapes(phones)
        if min(phone.end, seconds) > phone.start
    ]
    track = {"version": VERSION, "seconds": round(seconds, 4), "visemes": visemes}
    return json.dumps(track, indent=1, ensure_ascii=False) + "\n"
