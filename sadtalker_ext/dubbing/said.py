"""What every role says and when: sound files, spoken texts, captions, and dialogues."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from sadtalker_ext.dubbing.request import DubRequest, DubRole
from sadtalker_ext.dubbing.spoken import kept_speech
from sadtalker_ext.errors import InvalidOption
from sadtalker_ext.inputs.audio import open_speech
from sadtalker_ext.kept import content_key
from sadtalker_ext.performance import Said
from sadtalker_ext.progress import Progress
from sadtalker_ext.speech.laid import one_channel
from sadtalker_ext.speech.parts import read_cues, read_dialogue
from sadtalker_ext.speech.voice import speak
from sadtalker_ext.types import Speech
from sadtalker_ext.weights.store import WeightStore

_FASTEST = 1.6
"""A cue is not spoken faster than so many times the usual speed."""
_FITTING_TRIES = 2
_TURN_PAUSE = 0.25
"""Seconds between the turns of a dialogue."""
_ROOM = 0.05
"""Seconds before the next cue at which one should be over."""

_OVERLAP = 0.001
"""Seconds that captions may overlap; times are written to a thousandth."""


class Speakers:
    """Opens and speaks what roles say.

    Args:
        request: Names it.
        folder: Where spoken sound lives while the video is made.
        progress: Told about the speaking of texts.
        store: Where the files of voices are.
    """

    def __init__(
        self, request: DubRequest, folder: Path, progress: Progress, store: WeightStore | None
    ) -> None:
        self._request, self._folder = request, folder
        self._progress, self._store = progress, store
        self._spoken = 0
        self.warnings: list[str] = []
        """Sentences about what is said differently than asked."""

    def lines(self) -> list[tuple[Said, ...]]:
        """Return what each role says, in order of time.

        Raises:
            InputError: A sound cannot be read, or a text cannot be spoken.
        """
        lines = [self._role(role) for role in self._request.roles]
        if self._request.dialogue:
            self._add_dialogue(lines)
        return [tuple(sorted(line, key=lambda one: one.at)) for line in lines]

    def _role(self, role: DubRole) -> list[Said]:
        line: list[Said] = []
        if role.speech is not None:
            line.append(Said(at=role.at, speech=self._sound(role.speech, role)))
        if role.text:
            line.append(Said(at=role.at, speech=self._speak(role.text, role)))
        for one in role.segments:
            if one.speech is not None:
                line.append(Said(at=one.at, speech=self._sound(one.speech, role)))
            else:
                line.append(Said(at=one.at, speech=self._speak(one.text, role)))
        if role.cues is not None:
            line += self._cues(role)
        return line

    def _sound(self, path: Path, role: DubRole) -> Speech:
        options, channel = self._request.options, role.channel
        speech = open_speech(
            path,
            start=options.audio_start if role.start is None else role.start,
            end=options.audio_end if role.end is None else role.end,
            track=options.audio_track if role.track is None else role.track,
        )
        if channel is None:
            return speech
        if channel >= speech.channels:
            raise InvalidOption(
                f"Channel {channel} of {path.name} was asked for, but it has {speech.channels}.",
                hint="Channels are counted from 0.",
            )
        return one_channel(speech, channel)

    def _speak(self, text: str, role: DubRole, faster: float = 1.0) -> Speech:
        options = self._request.options
        folder = self._folder / f"spoken-{self._spoken:05}"
        folder.mkdir(parents=True, exist_ok=True)
        self._spoken += 1
        voice, rate = role.voice or options.voice, min(options.speech_rate * faster, 2.0)
        pitch = options.speech_pitch
        speech = kept_speech(
            folder,
            content_key(text, voice, rate, pitch),
            lambda: speak(
                text,
                folder,
                voice=voice,
                rate=rate,
                pitch=pitch,
                progress=self._progress,
                store=self._store,
            ),
        )
        self.warnings += [one for one in speech.warnings if one not in self.warnings]
        return speech

    def _cues(self, role: DubRole) -> list[Said]:
        """Speak captions cue by cue, each as fast as it must be to end in time."""
        cues, backwards = read_cues(role.cues) if role.cues is not None else ((), 0)
        line: list[Said] = []
        late = overlapping = 0
        for number, cue in enumerate(cues):
            begin = max(cue.start, line[-1].end) if line else cue.start
            overlapping += number > 0 and cue.start < cues[number - 1].end - _OVERLAP
            following = cues[number + 1].start - _ROOM if number + 1 < len(cues) else cue.end + 1.0
            room = max(following, cue.end) - begin if following < cue.end else following - begin
            speech = self._speak(cue.text, role)
            faster = 1.0
            for _ in range(_FITTING_TRIES):
                if speech.seconds <= room or faster >= _FASTEST:
                    break
                faster = min(faster * max(speech.seconds / max(room, 0.1), 1.02) * 1.01, _FASTEST)
                speech = self._speak(cue.text, role, faster)
            late += speech.seconds > room + 0.1
            line.append(Said(at=begin, speech=speech))
        if late:
            self.warnings.append(
                f"{late} of {len(cues)} captions are longer than their time even at "
                f"{_FASTEST:g} times the usual speed; what follows begins later."
            )
        if overlapping:
            self.warnings.append(
                f"{overlapping} of {len(cues)} captions begin before the one before is over; one "
                "voice says one after the other."
            )
        if backwards:
            self.warnings.append(
                f"{backwards} of {len(cues) + backwards} captions end before they begin, and are "
                "left out."
            )
        return line

    def _add_dialogue(self, lines: list[list[Said]]) -> None:
        """Let the roles say the turns of a dialogue one after the other."""
        turns = read_dialogue(self._request.dialogue)
        roles = self._request.roles
        names = {role.name: number for number, role in enumerate(roles) if role.name}
        for name, _ in turns:
            if name not in names:
                free = [n for n in range(len(roles)) if n not in names.values()]
                if not free:
                    raise InvalidOption(
                        f"The dialogue names {name!r}, and there are {len(roles)} roles.",
                        hint="Give a role for everybody who speaks.",
                    )
                names[name] = free[0]
        at = max((one.end for line in lines for one in line), default=0.0)
        for name, text in turns:
            number = names[name]
            said = Said(at=at, speech=self._speak(text, roles[number]))
            lines[number].append(said)
            at = said.end + _TURN_PAUSE


def last_end(lines: Sequence[Sequence[Said]]) -> float:
    """Return when everything has been said, in seconds."""
    return max((one.end for line in lines for one in line), default=0.0)
