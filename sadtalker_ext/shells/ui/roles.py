"""What the further speakers of the tab are asked to say: from values to roles, and refusals."""

from __future__ import annotations

import dataclasses
import itertools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sadtalker_ext.errors import InputError, InvalidOption
from sadtalker_ext.options import GenerateOptions
from sadtalker_ext.shells.ui import sound_field
from sadtalker_ext.shells.ui.controls import voice_name
from sadtalker_ext.types import Box

if TYPE_CHECKING:
    from sadtalker_ext.service import DubRole

PICTURE, VIDEO = "Picture", "Video"
SOUND, TEXT = KINDS = ("File", "Text")
NUMBERS = (2, 3, 4)
"""Of the further speakers; the first one says what the panel Speech has."""
NEXT_FACE = "Next by size"
_MOST_FACES = 20
FACES = (NEXT_FACE, *(str(number) for number in range(1, _MOST_FACES + 1)))
SAME_EMOTION = "As the first speaker"
FIELDS = ("face", "at", "emotion", "kind", "sound", "text", "voice")
_NO_TIMELINE = "[]"
"""Directs nothing: the tab's timeline is that of the first speaker."""


def field_name(number: int, field: str) -> str:
    """Return the name of a speaker's value; it ends the element's id, too."""
    return f"speaker_{number}_{field}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Speaker:
    """One further speaker.

    Attributes:
        number: As the tab calls it: 2 to 4.
        face: Number of the face, counted by size from 0; None takes the next one.
        role: All the rest.
    """

    number: int
    face: int | None
    role: DubRole


def are_offered(kind: str, boxes: Sequence[Any] | None) -> bool:
    """Tell whether there can be several speakers: in a video, or a picture of several faces."""
    return kind == VIDEO or len(boxes or ()) > 1


def added(values: Mapping[str, Any]) -> list[int]:
    """Return the numbers of the speakers that were added; see `further_speakers`."""
    if not are_offered(values["source_kind"], values.get("picture_boxes")):
        return []
    opened = values.get("speakers_opened") or ()
    return [number for number, there in zip(NUMBERS, opened, strict=False) if there]


def further_speakers(values: Mapping[str, Any], options: GenerateOptions) -> list[Speaker]:
    """Return the speakers that were added.

    Args:
        values: Values by name: those of `speakers.SpeakersParts.inputs`, `source_kind`, and
            `picture_boxes`, the faces of the picture.
        options: What the first speaker takes; an emotion is tried with them.

    Raises:
        InputError: One of them has nothing to say.
        InvalidOption: A value is out of its range.
    """
    return [_speaker(values, number, options) for number in added(values)]


def _speaker(values: Mapping[str, Any], number: int, options: GenerateOptions) -> Speaker:
    from sadtalker_ext.service import DubRole

    given = {field: values.get(field_name(number, field)) for field in FIELDS}
    face = str(given["face"] or "")
    at = given["at"] or 0.0
    if not (isinstance(at, (int, float)) and math.isfinite(at) and at >= 0):
        raise InvalidOption(f"Speaker {number} should begin at 0 seconds or later, found {at}.")
    emotion = str(given["emotion"] or "").strip()
    spoken = given["kind"] == TEXT
    text = str(given["text"] or "").strip() if spoken else ""
    sound, start, end = (None, 0.0, 0.0) if spoken else _sound(given["sound"])
    if sound is None and not text:
        raise InputError(
            f"Speaker {number} has neither a sound nor a text: drop a sound file on its field, or "
            "choose Text and write what is said."
        )
    role = DubRole(
        speech=sound,
        text=text,
        at=float(at),
        start=start,
        end=end,
        track=0,
        voice=voice_name(str(given["voice"] or "")) if spoken else "",
        emotion="" if emotion == SAME_EMOTION else emotion,
        timeline=_NO_TIMELINE,
    )
    try:
        role.directed(options)
    except InvalidOption as problem:
        raise InvalidOption(f"Speaker {number}: {problem.message}", hint=problem.hint) from None
    return Speaker(number=number, face=named_face(face), role=role)


def _sound(value: Any) -> tuple[Path | None, float, float]:
    """Return the file, and the part of it that was chosen with gradio 3's handles, in seconds."""
    from sadtalker_ext.inputs.audio import open_speech

    if not value:
        return None, 0.0, 0.0
    path, (low, high) = sound_field.split_crop(value)
    if (low, high) == (0.0, 1.0):
        return path, 0.0, 0.0
    seconds = open_speech(path).seconds
    return path, round(low * seconds, 3), round(high * seconds, 3) if high < 1 else 0.0


def cast_roles(
    first: DubRole,
    others: Sequence[Speaker],
    *,
    face: int,
    boxes: Sequence[Box],
    in_video: bool,
) -> tuple[DubRole, ...]:
    """Return the roles of all speakers, each with a face of its own.

    Args:
        first: What the first speaker says.
        others: The further ones.
        face: The first one's face, counted from 0.
        boxes: The numbered faces of the picture, or of a still of the video.
        in_video: Whether a box says who is meant: the still shows who is large there, the numbers
            of a role count who is large in the whole video.

    Raises:
        InvalidOption: Two have the same face, or one has a face that is not there.
    """
    numbers = _faces(face, others, None if in_video else len(boxes))
    numbered = len(boxes) > 1
    roles = []
    for number, role in zip(numbers, [first, *(one.role for one in others)], strict=True):
        if number is None:
            # the next by size of the whole video, whom the still need not show
            roles.append(dataclasses.replace(role, face="largest"))
        elif in_video and numbered and number < len(boxes):
            left, top, right, bottom = boxes[number]
            box = (int(left), int(top), int(right), int(bottom))
            # the number is for the video's own words: it is the one that the still shows
            roles.append(dataclasses.replace(role, box=box, face=str(number)))
        else:
            roles.append(dataclasses.replace(role, face=str(number)))
    return tuple(roles)


def _faces(first: int, others: Sequence[Speaker], most: int | None) -> list[int | None]:
    """Return the face of each speaker; whoever names none has the next that is free.

    In a video, where `most` is None, that is seen later: theirs is None.
    """
    owners = {first: 1}
    for one in others:
        if one.face is None:
            continue
        if one.face in owners:
            raise InvalidOption(
                f"Speaker {one.number} has the same face as speaker {owners[one.face]}: choose "
                "another face for one of them."
            )
        owners[one.face] = one.number
    if most is None:
        return [first, *(one.face for one in others)]
    numbers = with_next_faces(first, [one.face for one in others])
    for one, face in zip(others, numbers[1:], strict=True):
        if face >= most:
            raise InvalidOption(
                f"Speaker {one.number} should have one of the {most} faces that were found: choose "
                "another face, or take this speaker out."
            )
    return [*numbers]


def with_next_faces(first: int, faces: Sequence[int | None]) -> list[int]:
    """Return the face of every speaker, the first one's first.

    Args:
        first: The first speaker's.
        faces: Those of the further ones; None has the next by size that nobody has.
    """
    taken = {first, *(face for face in faces if face is not None)}
    found = [first]
    for named in faces:
        face = named
        if face is None:
            face = next(number for number in itertools.count() if number not in taken)
        taken.add(face)
        found.append(face)
    return found


def named_face(value: str) -> int | None:
    """Return the face that one of `FACES` names, counted from 0; None takes the next by size."""
    return int(value) - 1 if value in FACES[1:] else None
