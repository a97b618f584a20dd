"""What drives one face: sound, driving videos, or nothing but being alive."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from sadtalker_ext.types import ImageArray, Motion, Speech

if TYPE_CHECKING:
    from sadtalker_ext.speech.hearing import Hearing

PARTS = ("head", "lids", "brows", "gaze", "mouth")
"""What a driving video can give."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Said:
    """One piece of speech in a video that is dubbed.

    Attributes:
        at: When it begins in the video, in seconds.
        speech: The sound.
    """

    at: float
    speech: Speech

    @property
    def end(self) -> float:
        """When it is over."""
        return self.at + self.speech.total_seconds


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class DrivingVideo:
    """A video whose motion is taken over, read frame by frame.

    Attributes:
        path: The file.
        seconds: Where the used part ends at most, from its beginning.
        read: `read()` yields (seconds, frame): when each frame is shown, counted from the first
            one used, and (H, W, 3) uint8 RGB, upright. It can be called any number of times.
    """

    path: Path
    seconds: float
    read: Callable[[], Iterator[tuple[float, ImageArray]]]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Driving:
    """Which video gives what; one video may give several things.

    Attributes:
        head: Gives its head movement.
        lids: Gives its blinks.
        brows: Gives its brows, and how wide its eyes are.
        gaze: Gives where it looks.
        mouth: Gives its mouth and jaw.
        whole: Gives everything, and the speech is its sound; the others are None then.
    """

    head: DrivingVideo | None = None
    lids: DrivingVideo | None = None
    brows: DrivingVideo | None = None
    gaze: DrivingVideo | None = None
    mouth: DrivingVideo | None = None
    whole: DrivingVideo | None = None

    def videos(self) -> dict[str, DrivingVideo]:
        """Return the videos that are there, by what they give."""
        given = {name: getattr(self, name) for name in (*PARTS, "whole")}
        return {name: video for name, video in given.items() if video is not None}


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Performance:
    """What drives one face.

    Attributes:
        speech: What is said; of a driving video that gives everything, its sound.
        driving: Driving videos.
        idle_seconds: Length of a performance without speech.
        motion: What the face does, given instead of planned; the speech is only heard.
        hearing: What is heard in the speech, where somebody listened to it already.
    """

    speech: Speech | None = None
    driving: Driving = Driving()
    idle_seconds: float = 0.0
    motion: Motion | None = None
    hearing: Hearing | None = None

    @property
    def tells_no_words(self) -> bool:
        """Whether listening says already why the words of a text have no times."""
        return self.hearing is not None and self.hearing.tells_no_words

    @property
    def mute(self) -> bool:
        """Whether a video without sound gives everything; it lasts as long as it lasts."""
        return self.speech is None and self.driving.whole is not None

    @property
    def seconds(self) -> float | None:
        """Length, or None where only reading the driving video tells it."""
        if self.speech is not None:
            return self.speech.total_seconds
        return None if self.mute else self.idle_seconds
