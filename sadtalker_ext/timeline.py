"""Reading a timeline from JSON, and refusing what makes no sense, entry by entry."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

from sadtalker_ext.directions import (
    EASES,
    GAZES,
    GESTURES,
    LONGEST_TRANSITION,
    SHORTEST_TRANSITION,
    WIDEST_HEAD,
    Direction,
    Moment,
    Timeline,
    control_named,
    emotion_named,
    unknown,
)
from sadtalker_ext.errors import InvalidOption
from sadtalker_ext.text_files import read_utf8

MOST_ENTRIES: Final = 1000
_KINDS: Final = ("emotion", "blend", "control", "gaze", "gesture", "head")
_KEYS: Final = ("at", "until", *_KINDS, "intensity", "transition", "ease", "point")
_NUMBER: Final = re.compile(r"([-+]?\d*\.?\d+)\s*(s|f|%)?")
_WORD: Final = re.compile(r"(on|after)\s+['\"\u2018\u201c]?(.+?)['\"\u2019\u201d]?(?:\s+(\d+))?")
_UNITS: Final = {None: "seconds", "s": "seconds", "f": "frames", "%": "percent"}
_FARTHEST_LOOK: Final = 45.0


def read_timeline(text: str) -> Timeline:
    """Read a timeline.

    Args:
        text: A JSON list of entries as docs/directing.md describes them, or what D-ID calls
            `driver_expressions`; empty text is an empty timeline.

    Raises:
        InvalidOption: Something in it cannot be used; the entry is named.
    """
    if not text.strip():
        return Timeline()
    try:
        value = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise InvalidOption(f"Option timeline should be JSON: {error}.") from None
    entries = _entries(value)
    if len(entries) > MOST_ENTRIES:
        raise InvalidOption(
            f"Option timeline should have at most {MOST_ENTRIES} entries, found {len(entries)}."
        )
    return Timeline(tuple(_direction(number, one) for number, one in enumerate(entries, 1)))


def timeline_text(given: str) -> str:
    """Return the text of a timeline that is given as JSON, or by the name of a .json file.

    Raises:
        InvalidOption: The file cannot be read.
    """
    if not given.endswith(".json"):
        return given
    hint = "Name a .json file that is there, or write the JSON itself."
    return read_utf8(Path(given), "The timeline", hint=hint)


def refused(number: int, why: object) -> InvalidOption:
    """Return the refusal of one entry."""
    sentence = f"Entry {number} of the timeline cannot be used: {why}"
    return InvalidOption(sentence if sentence.endswith(("?", ".")) else f"{sentence}.")


def _entries(value: Any) -> list[Any]:
    if isinstance(value, Mapping):
        # D-ID: {"expressions": [{"start_frame", "expression", "intensity"}]}
        inner = value.get("driver_expressions", value)
        found = inner.get("expressions") if isinstance(inner, Mapping) else None
        if isinstance(inner, Mapping) and isinstance(found, list):
            length = inner.get("transition_frames")
            return [_of_did(number, one, length) for number, one in enumerate(found, 1)]
    if not isinstance(value, list):
        raise InvalidOption(
            "Option timeline should be a JSON list of entries.",
            hint='For example [{"at": 1.5, "emotion": "happy"}].',
        )
    return value


def _of_did(number: int, entry: Any, transition_frames: Any) -> dict[str, Any]:
    """Turn one expression of D-ID into an entry; its videos have 25 frames a second."""
    if not isinstance(entry, Mapping) or "expression" not in entry:
        raise refused(number, "it should have an expression")
    start = entry.get("start_frame", 0)
    if isinstance(start, bool) or not isinstance(start, (int, float)):
        raise refused(number, f"start_frame should be a number, found {start!r}")
    known = isinstance(transition_frames, (int, float)) and transition_frames >= 0
    return {
        "at": f"{start:g}f",
        "emotion": entry["expression"],
        "intensity": entry.get("intensity", 1.0),
        "transition": min(transition_frames / 25, LONGEST_TRANSITION) if known else None,
    }


def _direction(number: int, entry: Any) -> Direction:
    if not isinstance(entry, Mapping):
        raise refused(number, f"it should be an object, found {entry!r}")
    for key in entry:
        if key not in _KEYS:
            raise refused(number, unknown("key", key, _KEYS))
    kinds = [kind for kind in _KINDS if kind in entry]
    if len(kinds) != 1:
        found = " and ".join(kinds) or "none of them"
        raise refused(number, f"it should have one of {', '.join(_KINDS)}, found {found}")
    kind = kinds[0]
    try:
        if "at" not in entry:
            raise ValueError("it does not say when: at is missing")
        ease = entry.get("ease", EASES[0])
        if ease not in EASES:
            raise LookupError(unknown("ease", ease, EASES))
        transition = entry.get("transition")
        return Direction(
            number=number,
            at=_moment("at", entry["at"]),
            until=_moment("until", entry["until"]) if entry.get("until") is not None else None,
            intensity=_number("intensity", entry.get("intensity", 1.0), 0.0, 1.0),
            transition=None
            if transition is None
            else max(
                SHORTEST_TRANSITION, _number("transition", transition, 0.0, LONGEST_TRANSITION)
            ),
            ease=ease,
            **_READERS[kind](entry[kind], entry),
        )
    except (ValueError, LookupError) as error:
        raise refused(number, error.args[0]) from None


def _moment(key: str, value: Any) -> Moment:
    """Read a moment: seconds, "12f", "40%", "on 'word'" or "after 'word' 2"."""
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return Moment(text=f"{value:g}", value=_number(key, value, 0.0, math.inf))
    text = value.strip() if isinstance(value, str) else ""
    number = _NUMBER.fullmatch(text)
    if number:
        unit = _UNITS[number[2]]
        most = 100.0 if unit == "percent" else math.inf
        return Moment(text=text, value=_number(key, float(number[1]), 0.0, most), unit=unit)
    word = _WORD.fullmatch(text)
    if word:
        nth = int(word[3] or 1)
        return Moment(text=text, value=float(max(nth, 1)), unit=word[1], word=word[2])
    raise ValueError(
        f'{key} should be seconds, frames ("12f"), percent ("40%") or a word '
        f"(\"on 'really'\"), found {value!r}"
    )


def _number(key: str, value: Any, low: float, high: float) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise ValueError(f"{key} should be a number, found {value!r}")
    # written as "not low <= value <= high" so that NaN is refused too
    if not low <= value <= high:
        span = f"{low:g} or more" if math.isinf(high) else f"from {low:g} to {high:g}"
        raise ValueError(f"{key} should be a number, {span}, found {value!r}")
    if not math.isfinite(value):
        raise ValueError(f"{key} should be a number, found {value!r}")
    return float(value)


def _numbers(key: str, value: Any, names: tuple[str, ...], limit: float) -> tuple[float, ...]:
    """Read a list of numbers, or a mapping with these names, each from -limit to limit."""
    if isinstance(value, Mapping):
        for name in value:
            if name not in names:
                raise LookupError(unknown(f"part of {key}", name, names))
        value = [value.get(name, 0.0) for name in names]
    if not isinstance(value, (list, tuple)) or len(value) != len(names):
        raise ValueError(f"{key} should be {', '.join(names)} in degrees, found {value!r}")
    return tuple(_number(name, one, -limit, limit) for name, one in zip(names, value, strict=True))


def _emotion(value: Any, entry: Mapping[str, Any]) -> dict[str, Any]:  # noqa: ARG001
    if not isinstance(value, str):
        raise ValueError(f"emotion should be a name, found {value!r}")
    return {"kind": "emotion", "weights": ((emotion_named(value), 1.0),)}


def _blend(value: Any, entry: Mapping[str, Any]) -> dict[str, Any]:  # noqa: ARG001
    if not isinstance(value, Mapping) or not value:
        raise ValueError(f"blend should be emotions with weights, found {value!r}")
    weights = tuple((emotion_named(k), _number(k, v, 0.0, 1.0)) for k, v in value.items())
    return {"kind": "emotion", "weights": weights}


def _control(value: Any, entry: Mapping[str, Any]) -> dict[str, Any]:  # noqa: ARG001
    given = {value: 1.0} if isinstance(value, str) else value
    if not isinstance(given, Mapping) or not given:
        raise ValueError(f"control should be a blendshape or several with weights, found {value!r}")
    weights = [
        (one, _number(str(name), weight, 0.0, 1.0))
        for name, weight in given.items()
        for one in control_named(str(name))
    ]
    return {"kind": "control", "weights": tuple(weights)}


def _gaze(value: Any, entry: Mapping[str, Any]) -> dict[str, Any]:  # noqa: ARG001
    if isinstance(value, str):
        if value not in GAZES:
            raise LookupError(unknown("gaze", value, GAZES))
        return {"kind": "gaze", "name": value, "angles": GAZES[value]}
    return {"kind": "gaze", "angles": _numbers("gaze", value, ("right", "down"), _FARTHEST_LOOK)}


def _gesture(value: Any, entry: Mapping[str, Any]) -> dict[str, Any]:
    if value not in GESTURES:
        raise LookupError(unknown("gesture", value, GESTURES))
    if value != "look_at":
        return {"kind": "gesture", "name": value}
    point = entry.get("point", "camera")
    if isinstance(point, str):
        return _gaze(point, entry) | {"name": "look_at"}
    if not isinstance(point, (list, tuple)) or len(point) != 2:
        raise ValueError(f"point should be camera, away, or x and y in 0..1, found {point!r}")
    x, y = (_number("point", one, 0.0, 1.0) for one in point)
    return {"kind": "gaze", "name": "look_at", "point": (x, y)}


def _head(value: Any, entry: Mapping[str, Any]) -> dict[str, Any]:  # noqa: ARG001
    return {
        "kind": "head",
        "angles": _numbers("head", value, ("yaw", "pitch", "roll"), WIDEST_HEAD),
    }


_READERS: Final[Mapping[str, Callable[[Any, Mapping[str, Any]], dict[str, Any]]]] = {
    "emotion": _emotion,
    "blend": _blend,
    "control": _control,
    "gaze": _gaze,
    "gesture": _gesture,
    "head": _head,
}
