"""Our own JSON: a whole `Motion`, nothing left out and nothing changed."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import numpy as np

from sadtalker_ext.blendshapes import BLENDSHAPES
from sadtalker_ext.errors import UnreadableMotion
from sadtalker_ext.motion.controls import CONTROLS
from sadtalker_ext.motion.formats.numbers import rate, rounded, table
from sadtalker_ext.types import FloatArray, Motion

SUFFIX = ".json"
FORMAT, VERSION = "sadtalker motion", 1


def write(motion: Motion) -> bytes:
    """Return the file of a motion."""
    told: dict[str, Any] = {
        "format": FORMAT,
        "version": VERSION,
        "fps": motion.fps,
        "head": rounded(motion.head),
        "lids": rounded(motion.lids),
        "gaze": rounded(motion.gaze),
        "controls": {"names": [*motion.names], "rows": rounded(motion.controls)},
    }
    if motion.view is not None:
        told["view"] = rounded(motion.view)
    if motion.face is not None:
        told["face"] = {"names": [*BLENDSHAPES], "rows": rounded(motion.face)}
    return json.dumps(told).encode("ascii")


def is_own(told: Mapping[str, Any]) -> bool:
    """Tell whether a JSON object is of this format."""
    return told.get("format") == FORMAT


def read(told: Mapping[str, Any]) -> Motion:
    """Read such an object.

    Raises:
        UnreadableMotion: Something in it is missing, of another length, or no number.
    """
    if told.get("version") != VERSION:
        raise UnreadableMotion(
            f"The motion should be of version {VERSION}, found {told.get('version')!r}.",
            hint="A newer program wrote it; use that one.",
        )
    try:
        parts: dict[str, Any] = {
            "head": table(told["head"], 3, "head"),
            "lids": table(told["lids"], 2, "lids"),
            "gaze": table(told["gaze"], 2, "gaze"),
            "controls": _named(told["controls"], CONTROLS, "controls"),
        }
        if "view" in told:
            parts["view"] = table(told["view"], 3, "view", gaps=True)
        if "face" in told:
            parts["face"] = _named(told["face"], BLENDSHAPES, "face")
        return Motion(fps=rate(told.get("fps"), "fps"), names=CONTROLS, **parts)
    except KeyError as problem:
        raise UnreadableMotion(f"The motion should have {problem}, but that is missing.") from None
    except ValueError as problem:
        raise UnreadableMotion(f"The motion's parts do not fit: {problem}.") from problem


def _named(told: Any, names: tuple[str, ...], part: str) -> FloatArray:
    """Return columns in our order; those that another version did not know are zero."""
    if not isinstance(told, dict) or not isinstance(told.get("names"), list):
        raise UnreadableMotion(f"{part} should have names and rows.")
    rows = table(told.get("rows"), len(told["names"]), part)
    columns = {str(name): rows[:, number] for number, name in enumerate(told["names"])}
    zero = np.zeros(len(rows), np.float32)
    return np.stack([columns.get(name, zero) for name in names], axis=1)
