"""What is asked for: a video, and who says what in it."""

from __future__ import annotations

import dataclasses
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sadtalker_ext.errors import InvalidOption
from sadtalker_ext.options import GenerateOptions
from sadtalker_ext.speech.parts import speakers_of
from sadtalker_ext.timeline import timeline_text

LENGTHS = ("hold", "loop", "cut")
"""What happens where speech and video are not equally long: the last frame is held, the video goes
back and forth, or both end with the shorter one."""
FACES = ("largest", "all")
MOST_ROLES = 8
MOST_SEGMENTS = 2000


@dataclass(frozen=True, slots=True, kw_only=True)
class DubSegment:
    """One piece of speech.

    Attributes:
        at: When it begins in the video, in seconds.
        speech: A file with sound.
        text: Words to be spoken instead.
    """

    at: float = 0.0
    speech: Path | None = None
    text: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class DubRole:
    """One person, and what this person says.

    Attributes:
        face: "largest", "all", a number counted by size from 0, or a picture of the person.
        name: How a dialogue calls this person; by default A, B, C in the order of the roles.
        speech: A file with sound.
        text: Words to be spoken instead.
        at: When that begins, in seconds.
        channel: Only this channel of the sound, counted from 0: stereo with a person on each side.
        cues: A .srt or .vtt file that is spoken cue by cue.
        segments: Further pieces.
        voice: Voice of this role's texts; empty takes the option `voice`.
        emotion: How this person looks; empty takes the option.
        emotion_intensity: How strongly; None takes the option.
        timeline: What this person's face does when, JSON as the option takes it; empty takes the
            option. Its moments count from the beginning of the video.
    """

    face: str | Path = "largest"
    name: str = ""
    speech: Path | None = None
    text: str = ""
    at: float = 0.0
    channel: int | None = None
    cues: Path | None = None
    segments: tuple[DubSegment, ...] = ()
    voice: str = ""
    emotion: str = ""
    emotion_intensity: float | None = None
    timeline: str = ""

    def directed(self, options: GenerateOptions) -> GenerateOptions:
        """Return the options for this person.

        Raises:
            InvalidOption: An emotion does not exist, or a timeline cannot be read.
        """
        own: dict[str, Any] = {
            "emotion": self.emotion or None,
            "emotion_intensity": self.emotion_intensity,
            "timeline": self.timeline or None,
        }
        given = {name: value for name, value in own.items() if value is not None}
        return dataclasses.replace(options, **given) if given else options

    @property
    def says_something(self) -> bool:
        """Whether anything is given to say."""
        return bool(self.speech or self.text or self.cues or self.segments)


@dataclass(frozen=True, slots=True, kw_only=True)
class DubRequest:
    """One video to dub.

    Attributes:
        video: The video.
        output: The .mp4 to write.
        roles: Who says what.
        dialogue: Lines such as "A: Good morning." that the roles say in turn.
        options: Voice, speech, mouth, quality and seed are used.
        keep_audio: How much of the video's own sound is kept, 0..1.
        keep_outside: How much of it is kept where nothing new is said; None is as much.
        length: One of `LENGTHS`.
        overwrite: Whether an existing output may be replaced.
        beside: Whether a similar name will do where the output's is taken meanwhile.
        resume: Go on with what an earlier try left; what is left by this one stays.
        box: Choose the face inside this box: left, top, right, bottom in pixels.
        shrink: Make the video so many times smaller.
        turn: Quarter turns clockwise.
        static: Hold the first frame for as long as the speech lasts.
        smooth: Steady the tracked face over time.
    """

    video: Path
    output: Path
    roles: tuple[DubRole, ...]
    dialogue: str = ""
    options: GenerateOptions = field(default_factory=GenerateOptions)
    keep_audio: float = 0.0
    keep_outside: float | None = None
    length: str = "hold"
    overwrite: bool = False
    beside: bool = False
    resume: bool = False
    box: tuple[int, int, int, int] | None = None
    shrink: int = 1
    turn: int = 0
    static: bool = False
    smooth: bool = True

    @property
    def between(self) -> float:
        """How much of the video's own sound is heard where nothing new is said."""
        return self.keep_audio if self.keep_outside is None else self.keep_outside

    @property
    def target(self) -> Path:
        """The file that will be there."""
        return self.output.absolute()


def check_dub(request: DubRequest) -> None:
    """Refuse what cannot become a video, before any work.

    Raises:
        InvalidOption: Nobody says anything, or a value is out of its range.
    """
    if request.target.suffix.lower() != ".mp4":
        raise InvalidOption(
            f"A dubbed video is an .mp4, found {request.output.name}.",
            hint=f"Use {request.output.stem}.mp4.",
        )
    for name, value in (("keep_audio", request.keep_audio), ("keep_outside", request.between)):
        if not 0.0 <= value <= 1.0:
            raise InvalidOption(f"{name} should be 0 to 1, found {value}.")
    if request.length not in LENGTHS:
        raise InvalidOption(
            f"length should be one of {', '.join(LENGTHS)}, found {request.length!r}."
        )
    if not 1 <= request.shrink <= 16:
        raise InvalidOption(f"resize_factor should be 1 to 16, found {request.shrink}.")
    if not 1 <= len(request.roles) <= MOST_ROLES:
        raise InvalidOption(f"roles should be 1 to {MOST_ROLES}, found {len(request.roles)}.")
    if not request.dialogue and not any(role.says_something for role in request.roles):
        raise InvalidOption(
            "Speech is needed, none was given.",
            hint="Give a sound file, a text, captions, segments, or a dialogue.",
        )
    for role in request.roles:
        _check_role(role)
        role.directed(request.options)


def _check_role(role: DubRole) -> None:
    ways = [bool(role.speech), bool(role.text), bool(role.cues)]
    if sum(ways) > 1:
        raise InvalidOption(
            "A role should have one of speech, text and cues, found several.",
            hint="Use segments for several pieces.",
        )
    if len(role.segments) > MOST_SEGMENTS:
        raise InvalidOption(f"segments should be at most {MOST_SEGMENTS}.")
    for at in (role.at, *(one.at for one in role.segments)):
        if not (math.isfinite(at) and at >= 0):
            raise InvalidOption(f"at should be 0 seconds or more, found {at}.")
    for one in role.segments:
        if bool(one.speech) == bool(one.text):
            raise InvalidOption("A segment should have either speech or text.")
    if role.channel is not None and not 0 <= role.channel < 8:
        raise InvalidOption(f"channel should be 0 to 7, found {role.channel}.")


def default_roles(dialogue: str) -> tuple[DubRole, ...]:
    """Return a role for everybody who speaks in a dialogue, faces by size.

    Letters are sorted, so that A has the largest face; names count as they first speak.

    Raises:
        InvalidOption: It is no dialogue.
    """
    names = enumerate(speakers_of(dialogue))
    return tuple(DubRole(name=name, face=str(number)) for number, name in names)


_ROLE_NAMES = {one.name for one in dataclasses.fields(DubRole)}
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
        face=face if face in FACES or face.isdigit() else folder / face,
        name=_word(values, "name"),
        speech=_file(values, "speech", folder),
        text=_word(values, "text"),
        at=_number(values, "at"),
        channel=None if values.get("channel") is None else int(_number(values, "channel")),
        cues=_file(values, "cues", folder),
        segments=tuple(segment_from(one, folder) for one in segments),
        voice=_word(values, "voice"),
        emotion=_word(values, "emotion"),
        emotion_intensity=_given_number(values, "emotion_intensity"),
        timeline=_timeline(values, folder),
    )


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
    given = values.get("roles") or ()
    if not isinstance(given, Sequence) or isinstance(given, str):
        raise InvalidOption("roles should be a list.")
    if not all(isinstance(one, Mapping) for one in given):
        raise InvalidOption("roles should be a list of objects.")
    roles = tuple(role_from(one, folder) for one in given)
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
    return float(value)


def _given_number(values: Mapping[str, Any], name: str) -> float | None:
    return None if values.get(name) is None else _number(values, name)
