"""What a face can be told to do, and when: the words of a timeline.

A `Direction` is one entry of a timeline; `timeline` reads them from JSON. Moments may be given in
seconds, frames, percent, or by the words of the speech; they become seconds once the length and
the words of a performance are known.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from sadtalker_ext.blendshapes import BLENDSHAPES, both_sides
from sadtalker_ext.errors import InvalidOption
from sadtalker_ext.spelling import nearest
from sadtalker_ext.spoken_words import Word

NEUTRAL: Final = "neutral"
EMOTIONS: Final = (
    NEUTRAL,
    *("happy", "sad", "angry", "surprised", "disgusted", "fearful", "contempt"),
)
"""Names of the emotions; `motion.emotions` says what each is made of."""
ALIASES: Final[Mapping[str, str]] = {
    "happiness": "happy",
    "joy": "happy",
    "cheerful": "happy",
    "excited": "happy",
    "friendly": "happy",
    "sadness": "sad",
    "anger": "angry",
    "surprise": "surprised",
    "disgust": "disgusted",
    "fear": "fearful",
    "terrified": "fearful",
    "serious": "neutral",
    "calm": "neutral",
}
"""Other names of emotions, as D-ID, SSML's express-as and emotion tables use them."""
GESTURES: Final = (
    *("nod", "shake", "tilt", "look_at", "wink_left", "wink_right", "eye_roll"),
    *("raise_brows", "smile", "sigh"),
)
"""Names of the gestures; left and right are the person's own sides, as in `blendshapes`."""
GAZES: Final[Mapping[str, tuple[float, float]]] = {
    "camera": (0.0, 0.0),
    "away": (11.0, 4.0),
    "left": (-14.0, 0.0),
    "right": (14.0, 0.0),
    "up": (0.0, -10.0),
    "down": (0.0, 11.0),
}
"""Where the eyes can look, by name: degrees to the right side of the picture, and down."""
EASES: Final = ("smooth", "linear", "in", "out")
LONGEST_TRANSITION: Final = 10.0
SHORTEST_TRANSITION: Final = 0.1
"""Seconds; a shorter change would be a jump."""
WIDEST_HEAD: Final = 45.0

_SAME: Final = 1e-6
_ALIKE: Final = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """A moment of a performance, as it was written.

    Attributes:
        text: As it was written, for messages.
        value: Seconds, frames, percent, or which of several equal words (1 is the first).
        unit: "seconds", "frames", "percent", "on" (where a word begins) or "after" (where it ends).
        word: The word, for the last two.
    """

    text: str
    value: float
    unit: str = "seconds"
    word: str = ""

    def seconds(self, length: float, fps: float, words: Sequence[Word]) -> float:
        """Return the moment in seconds.

        Args:
            length: Seconds of the performance.
            fps: Frames per second of the video.
            words: Those of the speech, in order, with their times.

        Raises:
            LookupError: The word is not said; the message says so.
        """
        if self.unit == "seconds":
            return self.value
        if self.unit == "frames":
            return self.value / fps
        if self.unit == "percent":
            return self.value / 100 * length
        same = [one for one in words if plain(one.text) == plain(self.word)]
        if len(same) < self.value:
            raise LookupError(_not_said(self.word, int(self.value), words))
        found = same[int(self.value) - 1]
        return found.start if self.unit == "on" else found.end


@dataclass(frozen=True, slots=True, kw_only=True)
class Direction:
    """One entry of a timeline.

    Attributes:
        number: Which entry it is, from 1.
        at: When it begins.
        until: When it ends; None: when another one of its kind begins, or never.
        kind: "emotion", "control", "gaze", "gesture" or "head".
        weights: Emotions or blendshapes by name; of a blend, all.
        name: Of a gesture, or of what a gaze goes to.
        angles: Degrees: yaw, pitch and roll of a head, or right and down of a gaze.
        point: A point of the picture to look at, in shares of its width and height.
        intensity: 0..1.
        transition: Seconds of its coming and going; None: as people do.
        ease: How it comes and goes, one of `EASES`.
    """

    number: int
    at: Moment
    kind: str
    until: Moment | None = None
    weights: tuple[tuple[str, float], ...] = ()
    name: str = ""
    angles: tuple[float, ...] = ()
    point: tuple[float, float] | None = None
    intensity: float = 1.0
    transition: float | None = None
    ease: str = "smooth"


@dataclass(frozen=True, slots=True)
class Timeline:
    """Directions in the order in which they were written."""

    directions: tuple[Direction, ...] = field(default=())

    def __bool__(self) -> bool:
        return bool(self.directions)


def plain(word: str) -> str:
    """Return a word without case and punctuation, for comparing."""
    return re.sub(r"[^\w']+", "", word.lower())


def emotion_named(name: str) -> str:
    """Return the emotion that a name or another name of it means.

    Raises:
        LookupError: There is none; the message says what was meant, perhaps.
    """
    low = name.strip().lower()
    low = ALIASES.get(low, low)
    if low in EMOTIONS:
        return low
    raise LookupError(unknown("emotion", name, EMOTIONS))


def control_named(name: str) -> tuple[str, ...]:
    """Return the blendshapes that a name means: itself, or those of both sides.

    Raises:
        LookupError: There is none; the message says what was meant, perhaps.
    """
    found = both_sides(name)
    if found:
        return found
    bases = {one.removesuffix("Left").removesuffix("Right") for one in BLENDSHAPES}
    raise LookupError(unknown("control", name, [*BLENDSHAPES, *sorted(bases - {"jaw", "mouth"})]))


def unknown(kind: str, name: object, known: Iterable[str]) -> str:
    """Return the sentence for a name that does not exist, with the nearest one that does."""
    names = list(known)
    near = nearest(str(name), names, _ALIKE)
    if near:
        return f"there is no {kind} called {name!r}, did you mean {near}?"
    listed = ", ".join(names) if len(names) < 20 else f"one of the {len(BLENDSHAPES)} blendshapes"
    return f"there is no {kind} called {name!r}; known: {listed}."


def read_blend(text: str) -> tuple[tuple[str, float], ...]:
    """Read the emotions of an option: "happy", or "happy:0.6+surprised:0.4".

    Raises:
        InvalidOption: A name is unknown, or a weight is no number from 0 to 1.
    """
    found: dict[str, float] = {}
    for part in text.split("+"):
        name, _, share = part.partition(":")
        try:
            emotion = emotion_named(name)
        except LookupError as error:
            raise InvalidOption(f"Option emotion cannot be used: {error}") from None
        try:
            weight = float(share) if share.strip() else 1.0
        except ValueError:
            weight = math.nan
        if not 0 <= weight <= 1:
            raise InvalidOption(
                f"Option emotion should give {emotion} a weight from 0 to 1, found {share!r}."
            )
        found[emotion] = found.get(emotion, 0.0) + weight
    return tuple(found.items())


def _not_said(word: str, nth: int, words: Sequence[Word]) -> str:
    if not words:
        found = f"so {word!r} cannot be found without a transcript"
        return f"the words of this speech are not known, {found}"
    count = sum(plain(one.text) == plain(word) for one in words)
    if count:
        return f"{word!r} is said {count} times, not {nth}"
    near = nearest(plain(word), [plain(one.text) for one in words])
    return f"{word!r} is not said" + (f", did you mean {near!r}?" if near else "")
