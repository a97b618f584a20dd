"""From speech to everything a face does."""

from __future__ import annotations

import math

import numpy as np

from sadtalker_ext.curves import smooth
from sadtalker_ext.motion import blinks, gaze, head_motion
from sadtalker_ext.motion.acting import in_manner
from sadtalker_ext.motion.acts import Acts, phrases_of, plan_acts
from sadtalker_ext.motion.breathing import breath_track
from sadtalker_ext.motion.brow_motion import brow_track
from sadtalker_ext.motion.controls import (
    BREATH,
    BROW,
    CONTROLS,
    MOUTH,
    PRESS,
    RELAX,
    TUCK,
    control_gains,
    rest,
)
from sadtalker_ext.motion.directing import Directing, is_directed
from sadtalker_ext.motion.driven_face import DrivenFace
from sadtalker_ext.motion.driving import FaceTracker
from sadtalker_ext.motion.lips.mouth_track import MouthTrack
from sadtalker_ext.motion.lips.relaxing import REACH, relax_rows, speaks
from sadtalker_ext.motion.own_eyes import USUAL, OwnEyes
from sadtalker_ext.motion.tracking import Tracked, over_again, read_driving, there_and_back
from sadtalker_ext.options import GenerateOptions
from sadtalker_ext.performance import Performance
from sadtalker_ext.progress import Progress, Stage
from sadtalker_ext.speech.accents import Accent, accents, pauses
from sadtalker_ext.speech.hear.recogniser import Require
from sadtalker_ext.speech.hearing import Hearing, listen
from sadtalker_ext.speech.loudness import FRAME_HZ
from sadtalker_ext.types import MOTION_FPS, FloatArray, Motion, Speech

# One stream of random numbers per kind of motion: a change to one leaves the others alone.
_HEAD, _ACTS, _BLINK, _BREATH, _BROW, _DIRECTED = range(6)
_STILL_BREATH = 0.3
_SPEAKS_SMOOTH = 0.12
"""Seconds by which the edges of speech are softened when a directed mouth gives way to it."""
_SPEAKS_REACH = 4 * _SPEAKS_SMOOTH


def plan_motion(
    performance: Performance,
    options: GenerateOptions,
    seed: int,
    progress: Progress,
    track: FaceTracker,
    require: Require | None = None,
    eyes: OwnEyes = USUAL,
) -> Motion:
    """Listen, follow the driving videos, and return the motion at 25 frames per second.

    Lips follow the sound, unless a driving video gives them.

    Args:
        performance: What drives the face.
        options: Head, eye and mouth options are applied.
        seed: Same performance, options and seed give the same motion.
        progress: Counts the chunks listened to.
        track: Follows the face of a driving video.
        require: Gives the weight files of the phone recogniser.
        eyes: Those of the picture.

    Raises:
        InvalidOption: A direction of the timeline cannot be followed.
        NoFaceFound: A driving video shows no face.
        Cancelled: A stop was asked for.
    """
    progress.enter(Stage.LISTENING)
    seconds = performance.seconds
    frames = None if seconds is None else math.ceil(seconds * MOTION_FPS)
    driven = read_driving(performance.driving, track, progress, frames)
    if seconds is None:
        seconds = 0.0 if driven.head is None else len(driven.head) / MOTION_FPS
    said, heard = performance.speech, performance.hearing
    return build_motion(said, seconds, options, seed, progress, driven, require, eyes, heard)


def build_motion(
    speech: Speech | None,
    seconds: float,
    options: GenerateOptions,
    seed: int,
    progress: Progress,
    driven: Tracked | None = None,
    require: Require | None = None,
    eyes: OwnEyes = USUAL,
    hearing: Hearing | None = None,
) -> Motion:
    """Return the motion of the face at 25 frames per second as one long block.

    Args:
        speech: What is said; None for idle motion: breathing, blinking, looking around.
        seconds: Length of the video.
        options: Head, eye and mouth options are applied.
        seed: Same speech, options and seed give the same motion.
        progress: Counts the chunks listened to.
        driven: What driving videos give, instead of planned tracks.
        require: Gives the weight files of the phone recogniser.
        eyes: Those of the picture.
        hearing: What is heard, if somebody listened already.

    Raises:
        InvalidOption: A direction of the timeline cannot be followed.
        Cancelled: A stop was asked for.
    """
    if hearing is None and speech is not None:
        hearing = listen(speech, progress, require)
    planner = Planner(hearing, seconds, options, seed, driven, speech, eyes)
    return planner.rows(0, planner.frames)


class Planner:
    """Plans the motion of one performance from all that is heard; gives it in blocks of any length.

    Head, lids, gaze, brows and breath follow from few events and are planned for the whole, some
    tens of bytes per frame. Mouth shapes are computed where they are read.

    Args:
        hearing: What is heard; None for idle motion.
        seconds: Length of the performance.
        options: Head, eye and mouth options are applied.
        seed: Repeats the motion.
        driven: What driving videos give, instead of planned tracks.
        speech: What is said, for words and marks that directions refer to.
        eyes: Those of the picture.

    Raises:
        InvalidOption: A direction of the timeline cannot be followed.
    """

    look_ahead = REACH
    """Seconds of `Hearing` after a row that can still change it."""

    def __init__(
        self,
        hearing: Hearing | None,
        seconds: float,
        options: GenerateOptions,
        seed: int,
        driven: Tracked | None = None,
        speech: Speech | None = None,
        eyes: OwnEyes = USUAL,
    ) -> None:
        self.frames = frames = max(1, math.ceil(seconds * MOTION_FPS - 1e-6))
        driven = driven or Tracked()
        found = accents(hearing.loudness, hearing.semitones) if hearing else []
        rests = pauses(hearing.phonemes) if hearing else []
        self._gains = control_gains(options)
        self._mouth = MouthTrack(hearing, frames, MOTION_FPS) if hearing else None
        self._driven = DrivenFace(driven, frames, heard=hearing is not None)
        length = frames / MOTION_FPS
        acts = plan_acts(
            phrases_of(rests, length, spoken=hearing is not None), found, _stream(seed, _ACTS)
        )
        acts = in_manner(acts, options.acting)
        directing = None
        if is_directed(options, speech):
            drawn = _stream(seed, _DIRECTED)
            directing = Directing(frames, MOTION_FPS, options, speech, hearing, drawn, eyes)
        self._brow = brow_track(frames, MOTION_FPS, acts.lifts, _stream(seed, _BROW))
        if driven.brows is not None:
            self._brow = self._driven.brow
        breath = breath_track(frames, MOTION_FPS, rests, _stream(seed, _BREATH))
        if driven.head is None or options.still:
            self._head = _head(frames, hearing, found, acts, breath, options, seed)
        else:
            moved = there_and_back(driven.head, frames) * options.head_motion
            self._head = head_motion.limited(moved)
        self._breath = breath * np.float32(_STILL_BREATH) if options.still else breath
        self._gaze = gaze.gaze_track(acts.looks, self._head, MOTION_FPS)
        if driven.gaze is not None:
            self._gaze = there_and_back(driven.gaze, frames)
        if options.gaze == "fixed":
            self._gaze = np.zeros_like(self._gaze)
        cues = sorted([*(one.start for one in rests), *gaze.wide_jumps(acts.looks)])
        often = 1.0 if directing is None else directing.blinks
        self._lids = (
            _blink(frames, cues, options, seed, often)
            if driven.lids is None
            else over_again(driven.lids, frames)
        )
        self._directing = directing
        if directing is not None:
            self._follow(directing, options)
        self._warnings = (*driven.warnings, *(hearing.warnings if hearing else ()))

    def rows(self, first: int, end: int) -> Motion:
        """Return a block of motion: the rows from `first` to before `end`.

        Blocks of any length, in any order, are the same rows as one long block.
        """
        part = slice(first, end)
        controls = rest(end - first)
        controls[:, : len(MOUTH)] = self._shapes(first, end)
        controls[:, BROW] = self._brow[part]
        controls[:, BREATH] = self._breath[part]
        controls[:, BROW] = np.clip(controls[:, BROW] * self._gains["brow"], -1, 1)
        controls[:, RELAX] = self._relaxed(first, end)
        return Motion(
            fps=MOTION_FPS,
            head=self._head[part],
            lids=self._lids[part],
            gaze=self._gaze[part],
            controls=controls,
            names=CONTROLS,
            face=self._face(first, end, controls),
            warnings=self._warnings,
        )

    def _follow(self, directing: Directing, options: GenerateOptions) -> None:
        """Let the planned tracks follow what is directed."""
        self._head = directing.head(self._head, still=options.still)
        self._gaze = directing.gaze(self._gaze, fixed=options.gaze == "fixed")
        self._lids = directing.lids(self._lids)
        self._breath = directing.breath(self._breath)
        self._brow = directing.brows(self._brow)

    def _face(self, first: int, end: int, controls: FloatArray) -> FloatArray | None:
        """Return (n, 52) directed blendshapes, and let the picture's own smile go for them."""
        directing = self._directing
        driven = self._driven.face(first, end, self._gains)
        if directing is None:
            return driven
        go = directing.letting_go(first, end)
        controls[:, RELAX] = np.maximum(controls[:, RELAX], go)
        reach = math.ceil(_SPEAKS_REACH * MOTION_FPS)
        low, high = max(0, first - reach), min(self.frames, end + reach)
        shapes = self._shapes(low, high)
        busy = smooth(speaks(shapes).astype(np.float32), _SPEAKS_SMOOTH * MOTION_FPS)
        contact = np.maximum(shapes[:, PRESS], shapes[:, TUCK])[first - low : end - low]
        face = directing.face(first, end, busy[first - low : end - low], contact)
        return face if driven is None else np.maximum(face, driven)

    def _shapes(self, first: int, end: int) -> FloatArray:
        """Return (n, 7) mouth shapes with their amounts."""
        heard = None if self._mouth is None else self._mouth.rows(first, end)
        spoken = self._driven.mouth(first, end, heard)
        if spoken is None:
            return np.zeros((end - first, len(MOUTH)), np.float32)
        gains = np.array([self._gains[name] for name in MOUTH], np.float32)
        shapes: FloatArray = np.clip(spoken * gains, -1, 1)
        return shapes.astype(np.float32)

    def _relaxed(self, first: int, end: int) -> FloatArray:
        reach = math.ceil(REACH * MOTION_FPS)
        low, high = max(0, first - reach), min(self.frames, end + reach)
        speaking = speaks(self._shapes(low, high))
        return relax_rows(speaking, first, end, MOTION_FPS, low)


def _head(
    frames: int,
    hearing: Hearing | None,
    found: list[Accent],
    acts: Acts,
    breath: FloatArray,
    options: GenerateOptions,
    seed: int,
) -> FloatArray:
    if options.still:
        return np.zeros((frames, 3), dtype=np.float32)
    if hearing is not None and len(hearing.semitones):
        at = (np.arange(frames) + 0.5) / MOTION_FPS * FRAME_HZ
        voiced = hearing.semitones * hearing.loudness.present
        melody = np.interp(at, np.arange(len(voiced)), voiced, right=0.0).astype(np.float32)
    else:
        melody = np.zeros(frames, dtype=np.float32)
    head = head_motion.head_track(
        frames,
        MOTION_FPS,
        postures=acts.postures,
        accents=found,
        semitones=melody,
        breath=breath,
        rng=_stream(seed, _HEAD),
    )
    return head_motion.limited(head * options.head_motion)


def _blink(
    frames: int, cues: list[float], options: GenerateOptions, seed: int, often: float
) -> FloatArray:
    rng = _stream(seed, _BLINK)
    if options.blink == "original":
        return blinks.original_blinks(frames, rng)
    rate = options.blink_rate if options.blink == "natural" else 0.0
    return blinks.natural_blinks(frames, MOTION_FPS, rate * often, cues, rng)


def _stream(seed: int, kind: int) -> np.random.Generator:
    return np.random.default_rng([seed, kind])
