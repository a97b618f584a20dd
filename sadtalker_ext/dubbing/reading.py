"""What is asked for, from names and values as JSON has them."""

from __future__ import annotations

import dataclasses
import json
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from sadtalker_ext.dubbing.request import (
    FACES,
    DubRequest,
    DubRole,
    DubSegment,
    default_roles,
    is_number,
    of_role,
)
from sadtalker_ext.errors import InvalidOption
from sadtalker_ext.options import GenerateOptions
from sadtalker_ext.timeline import timeline_text
from sadtalker_ext.types import Box

_ROLE_NAMES = {one.name for one in dataclasses.fields(DubRole)}
_ROLE_HINT = 'Roles are written as [{"face": "0", "text": "Good morning."}, ...].'
_SEGMENT_NAMES = {one.name for one in dataclasses.fields(DubSegment)}


def role_from(values: Mapping[str, Any], folder: Path) -> DubRole:
    """Return a role from names and values, as JSON has them; files are relative to a folder.

    Raises:
        InvalidOption: A name is unknown or a value has the wrong type.
    """
    _known(values, _ROLE_NAMES, "a role")
    segments = values.get("segments") or ()
    if not isinstance(segments, Sequence) or isinstance(segments, str):
        raise InvalidOption("segments should be a list.")
    face = values.get("face", "largest")
    if isinstance(face, int) and not isinstance(face, bool):
        face = str(face)
    if not isinstance(face, str):
        raise InvalidOption(f"face should be a name, a number or a picture, found {face!r}.")
    return DubRole(
        face=face if face in FACES or is_number(face) else folder / face,
        name=_word(values, "name"),
        speech=_file(values, "speech", folder),
        text=_word(values, "text"),
        at=_number(values, "at"),
        start=_given_number(values, "start"),
        end=_given_number(values, "end"),
        track=_given_count(values, "track"),
        channel=_given_count(values, "channel"),
        cues=_file(values, "cues", folder),
        segments=tuple(segment_from(one, folder) for one in segments),
        voice=_word(values, "voice"),
        emotion=_word(values, "emotion"),
        emotion_intensity=_given_number(values, "emotion_intensity"),
        timeline=_timeline(values, folder),
        box=_box(values),
    )


def roles_from(given: Any, folder: Path, where: str = "roles") -> tuple[DubRole, ...]:
    """Return the roles of a list as JSON has it.

    Args:
        given: The list.
        folder: Files are relative to it.
        where: What the list is called in errors.

    Raises:
        InvalidOption: It is no list of objects, or as for `role_from`.
    """
    if not isinstance(given, Sequence) or isinstance(given, str):
        raise InvalidOption(f"{where} should be a list.", hint=_ROLE_HINT)
    roles = []
    for number, one in enumerate(given):
        if not isinstance(one, Mapping):
            raise InvalidOption(
                f"{where}[{number}] should be an object, found {one!r}.", hint=_ROLE_HINT
            )
        with of_role(number, where):
            roles.append(role_from(one, folder))
    return tuple(roles)


def _timeline(values: Mapping[str, Any], folder: Path) -> str:
    """Return a timeline that is given as it is, as text, or by the name of a .json file."""
    given = values.get("timeline")
    if isinstance(given, (list, Mapping)):
        return json.dumps(given)
    text = _word(values, "timeline")
    return timeline_text(str(folder / text)) if text.endswith(".json") else text


_ROLE_WORDS = ("face", "speech", "at", "cues", "channel", "segments")
_WHOLE_WORDS = ("dialogue", "keep_audio", "keep_outside", "length")


def dub_line(values: Mapping[str, Any], folder: Path, *, overwrite: bool = False) -> DubRequest:
    """Return the request of names and values, as a line of JSON has them.

    Args:
        values: `video` and `output`; `roles`, or what one role has; `dialogue`, `keep_audio` and
            `length`; options by name.
        folder: Files are relative to it.
        overwrite: Whether an existing output may be replaced.

    Raises:
        InvalidOption: A name is unknown or a value has the wrong type.
    """
    own = {"video", "output", "roles", *_ROLE_WORDS, *_WHOLE_WORDS}
    options = GenerateOptions.from_mapping(
        {name: value for name, value in values.items() if name not in own}
    )
    roles = roles_from(values.get("roles") or (), folder)
    dialogue = _word(values, "dialogue")
    if not roles:
        alone = {name: values[name] for name in _ROLE_WORDS if name in values}
        role = role_from({**alone, "text": options.text}, folder)
        shared = bool(dialogue) and not role.says_something
        roles = default_roles(dialogue) if shared else (role,)
    video, output = _file(values, "video", folder), _file(values, "output", folder)
    if video is None or output is None:
        raise InvalidOption("A video to dub needs video and output.")
    return DubRequest(
        video=video,
        output=output,
        roles=roles,
        dialogue=dialogue,
        options=options,
        keep_audio=_number(values, "keep_audio"),
        keep_outside=_given_number(values, "keep_outside"),
        length=_word(values, "length") or "hold",
        overwrite=overwrite,
    )


def segment_from(values: Any, folder: Path) -> DubSegment:
    """Return a segment from names and values; raises as `role_from` does."""
    if not isinstance(values, Mapping):
        raise InvalidOption(f"A segment should be an object, found {values!r}.")
    _known(values, _SEGMENT_NAMES, "a segment")
    return DubSegment(
        at=_number(values, "at"),
        speech=_file(values, "speech", folder),
        text=_word(values, "text"),
    )


def _known(values: Mapping[str, Any], names: set[str], what: str) -> None:
    for name in values:
        if name not in names:
            raise InvalidOption(
                f"There is no {name!r} in {what}.", hint="Known: " + ", ".join(sorted(names)) + "."
            )


def _word(values: Mapping[str, Any], name: str) -> str:
    value = values.get(name) or ""
    if not isinstance(value, str):
        raise InvalidOption(f"{name} should be a text, found {value!r}.")
    return value


def _file(values: Mapping[str, Any], name: str, folder: Path) -> Path | None:
    value = _word(values, name)
    return folder / value if value else None


def _number(values: Mapping[str, Any], name: str) -> float:
    value = values.get(name) or 0
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise InvalidOption(f"{name} should be a number, found {value!r}.")
    try:
        number = float(value)
    except OverflowError:
        number = math.inf
    if not math.isfinite(number):  # JSON knows none, but Python reads and writes NaN and Infinity
        raise InvalidOption(f"{name} should be a finite number, found {number!r}.")
    return number


def _given_number(values: Mapping[str, Any], name: str) -> float | None:
    return None if values.get(name) is None else _number(values, name)


def _given_count(values: Mapping[str, Any], name: str) -> int | None:
    return None if values.get(name) is None else int(_number(values, name))


def _box(values: Mapping[str, Any]) -> Box | None:
    given = values.get("box")
    if given is None:
        return None
    whole = isinstance(given, Sequence) and all(type(one) is int for one in given)
    if not whole or len(given) != 4:
        raise InvalidOption(f"box should be left, top, right and bottom, found {given!r}.")
    left, top, right, bottom = given
    return left, top, right, bottom
