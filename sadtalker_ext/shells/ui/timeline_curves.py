"""What a timeline does over the speech, as curves: the same tracks that the engines are given."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from sadtalker_ext.directions import (
    EMOTIONS,
    GAZES,
    NEUTRAL,
    Direction,
    Moment,
    Timeline,
    read_blend,
)
from sadtalker_ext.motion import gestures
from sadtalker_ext.motion.cues import Cue, cues_of
from sadtalker_ext.motion.emotion_track import control_track, eased, emotion_weights
from sadtalker_ext.options import GenerateOptions
from sadtalker_ext.spoken_words import Word
from sadtalker_ext.timeline import read_timeline
from sadtalker_ext.types import FloatArray, Speech

RATE: Final = 25.0
MOST_SAMPLES: Final = 1500
_BARS, _READ_HZ = 300, 8000
_WORDS_PER_SECOND: Final = 2.6
_UNSPACED_PER_SECOND: Final = 5.5
"""Signs of scripts without spaces: Chinese has 5 syllables a second, Japanese 7 or 8 morae."""
_MOST_SIGNS: Final = 100_000
_UNSPACED: Final = "[\u0e00-\u0eff\u1000-\u109f\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff]"
"""Compiled by the first text: that takes longer than the rest of this module."""
_LOOK_SECONDS, _HEAD_SECONDS = 0.12, 0.5
"""As long as `motion.directing` takes for a gaze and a head that are told no transition."""
_UNKNOWN_SECONDS: Final = 5.0
_SEEN: Final = 0.004


@dataclass(frozen=True, slots=True, kw_only=True)
class Curve:
    """One curve.

    Attributes:
        kind: "emotion", "control", "gaze", "gesture" or "head".
        name: Of the emotion, blendshape or gesture, or where the gaze or the head goes.
        values: (N,) 0..1, evenly over the length.
    """

    kind: str
    name: str
    values: FloatArray


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """Where one entry lies.

    Attributes:
        start: When it begins, in seconds.
        end: When it is over: the end of the speech where nothing else ends it.
        told: Whether the entry itself says so.
        curve: Kind and name of the curve that shows it best.
    """

    start: float
    end: float
    told: bool
    curve: tuple[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Performance:
    """All that is drawn of a timeline.

    Attributes:
        curves: What moves how much.
        spans: Where the entries lie, in their order in the text.
        seconds: How long it all is.
    """

    curves: tuple[Curve, ...]
    spans: tuple[Span, ...]
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Sound:
    """What is known of the speech.

    Attributes:
        seconds: Its length; 0 is unknown.
        about: Whether length and words are only estimated.
        words: Its words, with their times.
        bars: (B,) 0..1 how loud it is, evenly over the length; empty without a sound.
    """

    seconds: float = 0.0
    about: bool = False
    words: tuple[Word, ...] = ()
    bars: tuple[float, ...] = ()


def sound_of(speech: Speech, transcript: str = "") -> Sound:
    """Return the waveform of a sound, and its words at an even pace where they are known.

    Raises:
        UnreadableAudio: It cannot be decoded.
    """
    block = max(1, math.ceil(speech.seconds * _READ_HZ / _BARS))
    peaks, rest = [], np.zeros(0, np.float32)
    for samples in speech.read(_READ_HZ):
        rest = np.concatenate([rest, np.abs(samples)])
        whole = len(rest) // block * block
        peaks += rest[:whole].reshape(-1, block).max(axis=1).tolist()
        rest = rest[whole:]
    if len(rest):
        peaks.append(float(rest.max()))
    loudest = max(peaks, default=0.0) or 1.0
    silent = round(len(peaks) * speech.pad_seconds / max(speech.seconds, 1e-6))
    bars = (*(round(one / loudest, 3) for one in peaks), *[0.0] * silent)
    words = _evenly(transcript, 0.0, speech.seconds)
    return Sound(seconds=speech.total_seconds, about=False, words=words, bars=bars)


def sound_of_text(text: str, rate: float = 1.0) -> Sound:
    """Return the length of a text that is still to be spoken, and its words, both estimated.

    Args:
        text: With its marks; what a voice would not take any more of it is left out.
        rate: Factor of the voice's speed.

    Raises:
        InvalidOption: A mark is wrong, see `read_marked`.
    """
    from sadtalker_ext.speech.marked_text import read_marked

    words: list[Word] = []
    end = pause = 0.0
    for part in read_marked(text[:_MOST_SIGNS]).parts:
        start = end + pause
        end = start + _spoken_seconds(part.text) / (rate * part.rate)
        pause = part.pause or 0.0  # the one after the last word is hardly waited for
        words += _evenly(part.text, start, end)
    return Sound(seconds=end, about=True, words=tuple(words))


def _spoken_seconds(text: str) -> float:
    """Return about how long a voice of usual speed needs for a text without marks."""
    unspaced = len(re.findall(_UNSPACED, text))
    spaced = len(re.sub(_UNSPACED, " ", text).split())
    return spaced / _WORDS_PER_SECOND + unspaced / _UNSPACED_PER_SECOND


def curves_of(options: GenerateOptions, sound: Sound) -> Performance:
    """Return what a timeline does.

    Args:
        options: `timeline`, `emotion` and `emotion_intensity` are used.
        sound: What is known of the speech; without a length it is as long as the timeline.

    Raises:
        InvalidOption: An entry cannot be followed; it is named.
    """
    seconds = length_of(options, sound)
    cues = cues_of(read_timeline(options.timeline), seconds, options.fps, sound.words)
    count = int(np.clip(round(seconds * RATE), 2, MOST_SAMPLES))
    rate = count / seconds
    return Performance(
        curves=(*_emotions(options, cues, count, rate), *_others(cues, count, rate)),
        spans=tuple(_spans(cues, seconds)),
        seconds=seconds,
    )


def length_of(options: GenerateOptions, sound: Sound) -> float:
    """Return the length of the speech in seconds; one that fits the timeline where it is unknown.

    An estimate refuses nothing: it grows with the timeline.

    Raises:
        InvalidOption: The timeline cannot be read.
    """
    if sound.seconds and not sound.about:
        return sound.seconds
    latest = _latest(read_timeline(options.timeline), options.fps)
    return max(sound.seconds, latest) if sound.seconds else max(_UNKNOWN_SECONDS, latest + 1.0)


def _spans(cues: Sequence[Cue], seconds: float) -> Iterator[Span]:
    for cue in sorted(cues, key=lambda cue: cue.direction.number):
        one = cue.direction
        end = cue.end
        if one.kind == "gesture" and one.until is None:
            end = cue.start + gestures.natural_seconds(one.name)
        yield Span(
            start=cue.start,
            end=min(end, seconds),
            told=one.until is not None,
            curve=(one.kind, _shown_by(one)),
        )


def _shown_by(one: Direction) -> str:
    """Return the name of the curve that shows most of a direction."""
    if one.weights:
        return max(one.weights, key=lambda part: part[1])[0]
    return one.name if one.kind == "gesture" else _place(one)


def _emotions(
    options: GenerateOptions, cues: Sequence[Cue], count: int, rate: float
) -> list[Curve]:
    blend = {} if options.emotion == "auto" else dict(read_blend(options.emotion))
    base = {name: weight * options.emotion_intensity for name, weight in blend.items()}
    felt = [cue for cue in cues if cue.direction.kind == "emotion"]
    weights = emotion_weights(count, rate, base, felt)
    return [
        Curve(kind="emotion", name=name, values=weights[:, column])
        for column, name in enumerate(EMOTIONS)
        if name != NEUTRAL and weights[:, column].max() > _SEEN
    ]


def _others(cues: Sequence[Cue], count: int, rate: float) -> list[Curve]:
    found: dict[tuple[str, str], FloatArray] = {}
    for cue in cues:
        one = cue.direction
        if one.kind == "emotion":
            continue
        if one.kind == "control":
            parts = {name: control_track(count, rate, name, [cue]) for name, _ in one.weights}
        elif one.kind == "gesture":
            parts = {one.name: _gesture(cue, count, rate)}
        else:
            parts = {_place(one): _led(cue, count, rate)}
        for name, values in parts.items():
            before = found.get((one.kind, name))
            found[one.kind, name] = values if before is None else np.maximum(before, values)
    return [Curve(kind=kind, name=name, values=values) for (kind, name), values in found.items()]


def _gesture(cue: Cue, count: int, rate: float) -> FloatArray:
    """Return (N,) how much of a gesture is seen, as a share of its own largest movement."""
    channels = gestures.Channels.rest(count)
    seconds = None if math.isinf(cue.end) else cue.end - cue.start
    gestures.perform(channels, rate, gestures.Gesture(cue.direction.name, cue.start, seconds, 1.0))
    moved = np.concatenate(
        [channels.head, channels.gaze, channels.lids, channels.breath[:, None]], axis=1
    )
    moved = np.abs(np.column_stack([moved, *channels.face.values()]))
    seen = (moved / np.maximum(moved.max(axis=0), 1e-6)).max(axis=1)
    return np.asarray(seen * cue.direction.intensity, np.float32)


def _led(cue: Cue, count: int, rate: float) -> FloatArray:
    """Return (N,) how far a gaze or a head has come to where it is led."""
    one = cue.direction
    usual = _LOOK_SECONDS if one.kind == "gaze" else _HEAD_SECONDS
    length = usual if one.transition is None else one.transition
    times = np.arange(count, dtype=np.float32) / np.float32(rate)
    share = eased("smooth", np.clip((times - cue.start) / length, 0, 1))
    if not math.isinf(cue.end):
        share = share * (1 - eased("smooth", np.clip((times - cue.end) / length, 0, 1)))
    return np.asarray(share * np.float32(one.intensity), np.float32)


def _place(one: Direction) -> str:
    """Return where a gaze or a head goes, in a word or in numbers."""
    if one.point is not None:
        return ", ".join(f"{part:g}" for part in one.point)
    named = [name for name, angles in GAZES.items() if one.kind == "gaze" and angles == one.angles]
    return named[0] if named else ", ".join(f"{part:g}°" for part in one.angles)


def _latest(timeline: Timeline, fps: float) -> float:
    """Return the latest of all moments that are given in seconds or frames."""
    moments: list[Moment] = []
    for one in timeline.directions:
        moments += [one.at, *([] if one.until is None else [one.until])]
    scales = {"seconds": 1.0, "frames": 1 / fps}
    return max((one.value * scales.get(one.unit, 0.0) for one in moments), default=0.0)


def _evenly(text: str, start: float, end: float) -> tuple[Word, ...]:
    """Return the words of a text, each with its share of the time by its letters."""
    words = text.split()
    if not words:
        return ()
    ends = np.cumsum([len(word) + 1 for word in words], dtype=float)
    times = start + np.concatenate([[0.0], ends / ends[-1]]) * (end - start)
    return tuple(
        Word(text=word, start=float(times[k]), end=float(times[k + 1]))
        for k, word in enumerate(words)
    )
