"""What is asked for: a video, and who says what in it."""

from __future__ import annotations

import contextlib
import dataclasses
import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeGuard

from sadtalker_ext.dubbing.lengths import LENGTHS as LENGTHS
from sadtalker_ext.errors import InvalidOption
from sadtalker_ext.options import GenerateOptions
from sadtalker_ext.speech.parts import speakers_of

FACES = ("largest", "all")
MOST_ROLES = 8
MOST_SEGMENTS = 2000
MOST_TRACKS = 100


def is_number(face: str | Path) -> TypeGuard[str]:
    """Tell whether somebody is meant by a number: "²" is none."""
    return isinstance(face, str) and face.isascii() and face.isdecimal()


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
        start: Where the sound is used from, in seconds of the file; None takes the option
            `audio_start`.
        end: Where its used part ends; 0 is its end, None takes the option `audio_end`.
        track: Number of the sound track; None takes the option `audio_track`.
        channel: Only this channel of the sound, counted from 0: stereo with a person on each side.
        cues: A .srt or .vtt file that is spoken cue by cue.
        segments: Further pieces.
        voice: Voice of this role's texts; empty takes the option `voice`.
        emotion: How this person looks; empty takes the option.
        emotion_intensity: How strongly; None takes the option.
        timeline: What this person's face does when, JSON as the option takes it; empty takes the
            option. Its moments count from the beginning of the video.
        box: In a video, whose face is inside this box most of the time, in place of `face`: left,
            top, right, bottom in pixels.
    """

    face: str | Path = "largest"
    name: str = ""
    speech: Path | None = None
    text: str = ""
    at: float = 0.0
    start: float | None = None
    end: float | None = None
    track: int | None = None
    channel: int | None = None
    cues: Path | None = None
    segments: tuple[DubSegment, ...] = ()
    voice: str = ""
    emotion: str = ""
    emotion_intensity: float | None = None
    timeline: str = ""
    box: tuple[int, int, int, int] | None = None

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

    def told(self) -> dict[str, Any]:
        """Return what a video may say about this role, as JSON values; files by name only."""
        given = {
            "face": self.face if isinstance(self.face, str) else self.face.name,
            "at": self.at,
            "text": self.text,
            "speech": self.speech.name if self.speech else "",
            "voice": self.voice,
            "emotion": self.emotion,
        }
        return {name: value for name, value in given.items() if value}

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
        box: The box of the first role, if it has none itself.
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
    def described(self) -> GenerateOptions:
        """The options as the video tells them: a dialogue is its text."""
        if not self.dialogue:
            return self.options
        return dataclasses.replace(self.options, text=self.dialogue)

    @property
    def speakers(self) -> list[dict[str, Any]]:
        """What the video tells of each of several roles; a dialogue says it itself."""
        if self.dialogue or len(self.roles) < 2:
            return []
        return [role.told() for role in self.roles]

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
        raise InvalidOption(
            f"There should be 1 to {MOST_ROLES} roles, found {len(request.roles) or 'none'}.",
            hint="Give one for everybody who speaks.",
        )
    if not request.dialogue and not any(role.says_something for role in request.roles):
        raise InvalidOption(
            "Speech is needed, none was given.",
            hint="Give a sound file, a text, captions, segments, or a dialogue.",
        )
    if len(request.roles) == 1:
        _check_role(request.roles[0])
        request.roles[0].directed(request.options)
        return
    for number, role in enumerate(request.roles):
        with of_role(number):
            _check_role(role)
            role.directed(request.options)


@contextlib.contextmanager
def of_role(number: int, where: str = "roles") -> Iterator[None]:
    """Name the role in what is refused inside.

    Args:
        number: Of the role, counted from 0.
        where: What the list of roles is called.
    """
    try:
        yield
    except InvalidOption as error:
        # a role's emotion is no option of the whole video
        told = error.message.removeprefix("Option ")
        raise InvalidOption(f"{where}[{number}]: {told}", hint=error.hint) from error


def _check_role(role: DubRole) -> None:
    given = {"a sound": role.speech, "a text": role.text, "cues": role.cues}
    ways = [name for name, value in given.items() if value]
    if len(ways) > 1:
        raise InvalidOption(
            f"What one person says should be given once, found {' and '.join(ways)}.",
            hint="Leave one of them out; segments take several pieces.",
        )
    if len(role.segments) > MOST_SEGMENTS:
        raise InvalidOption(f"segments should be at most {MOST_SEGMENTS}.")
    for at in (role.at, *(one.at for one in role.segments)):
        if not (math.isfinite(at) and at >= 0):
            raise InvalidOption(f"at should be 0 seconds or more, found {at}.")
    for one in role.segments:
        if bool(one.speech) == bool(one.text):
            raise InvalidOption("A segment should have either speech or text.")
    _check_sound(role)


def _check_sound(role: DubRole) -> None:
    if role.channel is not None and not 0 <= role.channel < 8:
        raise InvalidOption(f"channel should be 0 to 7, found {role.channel}.")
    for name, moment in (("start", role.start), ("end", role.end)):
        if moment is not None and not (math.isfinite(moment) and moment >= 0):
            raise InvalidOption(f"{name} should be 0 seconds or more, found {moment}.")
    if role.track is not None and not 0 <= role.track < MOST_TRACKS:
        raise InvalidOption(f"track should be 0 to {MOST_TRACKS - 1}, found {role.track}.")


def default_roles(dialogue: str) -> tuple[DubRole, ...]:
    """Return a role for everybody who speaks in a dialogue, faces by size.

    Letters are sorted, so that A has the largest face; names count as they first speak.

    Raises:
        InvalidOption: It is no dialogue.
    """
    names = enumerate(speakers_of(dialogue))
    return tuple(DubRole(name=name, face=str(number)) for number, name in names)
