"""What a page does with uploads before it reads them, where others than its owner may send some."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sadtalker_ext.errors import InputTooLarge, SadTalkerError
from sadtalker_ext.options import GenerateOptions
from sadtalker_ext.shells.ui import words
from sadtalker_ext.shells.ui.contract import TabHost
from sadtalker_ext.shells.ui.roles import Speaker

if TYPE_CHECKING:
    from sadtalker_ext.inputs.inspector import Inspector
    from sadtalker_ext.inputs.looking import Bounds

CHARACTERS_PER_SECOND = 12.0
"""Slow speech; a text is judged by it before it is spoken."""


@dataclass(frozen=True, slots=True, kw_only=True)
class UploadCheck:
    """Looks at uploads in processes of their own, within the bounds of the REST routes.

    Attributes:
        inspector: Has the processes.
        bounds: What is too much.
    """

    inspector: Inspector
    bounds: Bounds

    def picture(self, value: Any) -> None:
        """Look at the value of the picture's component; one that gradio decoded is let pass.

        Raises:
            InputError: It cannot be used.
        """
        if isinstance(value, (str, Path)):
            self.inspector.look_at_picture(Path(value), self.bounds)

    def job(self, options: GenerateOptions, sound: Path | None, *videos: Path | None) -> None:
        """Look at everything else that a video is made of.

        Raises:
            InputError: Something cannot be used, or is too long.
        """
        from sadtalker_ext.inputs.looking import Part

        part = Part(
            start=options.audio_start,
            end=options.audio_end,
            pad=options.pad_audio,
            track=options.audio_track,
            whole=options.reference_use == "all",
        )
        if sound is not None:
            self.inspector.look_at_sound(sound, part, self.bounds)
        for video in videos:
            if video is not None:
                self.inspector.look_at_driving(video, part, self.bounds)
        spoken = _spoken_seconds(options.text, options)
        longest = max(options.idle_seconds, 0.0 if sound else spoken)
        if longest > self.bounds.seconds:
            raise InputTooLarge(
                f"The video should be at most {self.bounds.seconds:g} seconds long, but would be "
                f"about {longest:.0f}.",
                hint="Choose fewer seconds, or split the text.",
            )

    def speakers(self, options: GenerateOptions, others: Sequence[Speaker]) -> None:
        """Look at what further speakers say, and until when.

        Raises:
            InputError: Something cannot be used, or is said too late.
        """
        from sadtalker_ext.inputs.looking import Part

        for one in others:
            role = one.role
            # nothing is opened for somebody who begins too late anyway
            end = role.at + _spoken_seconds(role.text, options)
            if role.speech is not None and end <= self.bounds.seconds:
                part = Part(start=role.start or 0.0, end=role.end or 0.0)
                end += self.inspector.look_at_sound(role.speech, part, self.bounds)
            if end > self.bounds.seconds:
                raise InputTooLarge(
                    f"The video should be at most {self.bounds.seconds:g} seconds long, but "
                    f"speaker {one.number} would end at about {end:.0f}.",
                    hint="Let people begin earlier, or say less.",
                )


def _spoken_seconds(text: str, options: GenerateOptions) -> float:
    return len(text) / CHARACTERS_PER_SECOND / options.speech_rate


def is_shared(host: TabHost) -> bool:
    """Tell whether several people with names and passwords of their own use a host's page."""
    return bool(getattr(host, "shared", False))


def told_html(error: SadTalkerError, host: TabHost) -> str:
    """Return an error as HTML; strangers are not told where files lie on this machine."""
    return words.error_html(error, places=not is_shared(host))


def uploads_of(host: TabHost) -> UploadCheck | None:
    """Return how a host wants uploads checked; None where only its owner sends any."""
    check: UploadCheck | None = getattr(host, "uploads", None)
    return check
