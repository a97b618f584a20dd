"""The directed part of a performance: emotions, controls, gaze, gestures and head, frame by frame.

`Directing` turns options, timeline, marks in the text and the voice into tracks; the planner lays
them over what speech does by itself. Where nothing is directed there is no `Directing`, and motion
is what it would be without this module.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np

from sadtalker_ext.blendshapes import BLENDSHAPES, COLUMN, PARTING, SPOKEN
from sadtalker_ext.curves import smooth, smoothstep
from sadtalker_ext.directions import EMOTIONS, NEUTRAL, read_blend
from sadtalker_ext.motion import gestures
from sadtalker_ext.motion.acting import acted, arousal
from sadtalker_ext.motion.cues import Cue, cues_of
from sadtalker_ext.motion.emotion_track import control_track, emotion_weights, living
from sadtalker_ext.motion.emotions import COLOURS, recipes
from sadtalker_ext.motion.looks import LOOKS, apart, turned_eyes
from sadtalker_ext.motion.marks import marked_cues
from sadtalker_ext.motion.own_eyes import USUAL, OwnEyes
from sadtalker_ext.options import GenerateOptions
from sadtalker_ext.speech.hearing import Hearing
from sadtalker_ext.timeline import read_timeline
from sadtalker_ext.types import FloatArray, Speech

AUTO = "auto"
_LIVING = 0.045
"""How much a held blendshape varies to either side, as a share of its weight."""
_CHANNELS = 6
"""Independent variations that all blendshapes are mixed from."""
_UNEVEN = 0.05
"""How much stronger one side of a face is, at most: no face is symmetric."""
_BROWS_FIRST = 0.06
"""Seconds by which brows and eyes are ahead of the mouth when an emotion comes."""
_GIVES_WAY, _PARTING_GIVES_WAY = 0.6, 0.85
"""Shares of the mouth's part, and of what parts the lips, that speech takes away."""
_LOOK_SECONDS, _HEAD_SECONDS = 0.12, 0.5
_LIDS = tuple(COLUMN[f"eyeBlink{side}"] for side in ("Left", "Right"))
_PICTURE_DEGREES = 60.0
"""Width of the picture as seen by the face: it looks at a point as far as this tells."""
_LED = ("gaze", "head")
_BREATH = 0.5
"""Share of the breath's range that a sigh's 1 stands for."""


class Directing:
    """Everything that is directed, for one performance at the motion's rate.

    Args:
        frames: T.
        fps: Rate of the motion.
        options: `emotion`, `emotion_intensity`, `acting` and `timeline` are used.
        speech: What is said, for its words and marks; None for idle motion.
        hearing: What is heard of it.
        rng: Source of randomness of its own.
        eyes: Those of the picture.

    Attributes:
        emotions: (T, E) float32 strengths of `EMOTIONS`.

    Raises:
        InvalidOption: A direction cannot be followed; the entry is named.
    """

    def __init__(
        self,
        frames: int,
        fps: float,
        options: GenerateOptions,
        speech: Speech | None,
        hearing: Hearing | None,
        rng: np.random.Generator,
        eyes: OwnEyes = USUAL,
    ) -> None:
        self._frames, self._fps, seconds = frames, fps, frames / fps
        words = speech.words if speech is not None else ()
        cues = cues_of(read_timeline(options.timeline), seconds, options.fps, words)
        marked = marked_cues(speech, seconds) if speech is not None else []
        felt = (cue for cue in [*cues, *marked] if cue.direction.kind == "emotion")
        emotional = sorted(felt, key=lambda cue: cue.start)
        blend = {} if options.emotion == AUTO else dict(read_blend(options.emotion))
        base = {name: weight * options.emotion_intensity for name, weight in blend.items()}
        self.emotions = emotion_weights(frames, fps, base, emotional)
        if options.emotion == AUTO and hearing is not None:
            heard = arousal(hearing, frames, fps) * np.float32(options.emotion_intensity)
            self.emotions = np.maximum(self.emotions, heard)
        self._noise = living(frames, fps, _CHANNELS, rng)
        self._mix, self._even = _mixing(rng), _sides(rng)
        self._recipes, self.channels = recipes(eyes.room), gestures.Channels.rest(frames)
        for cue in [*cues, *marked]:
            if cue.direction.kind == "gesture":
                self._perform(cue)
        for gesture in acted(options.acting, speech, hearing, rng):
            gestures.perform(self.channels, fps, gesture)
        self._controls = self._control_tracks([*cues, *marked])
        kinds = {kind: [cue for cue in cues if cue.direction.kind == kind] for kind in _LED}
        self._gazes, self._heads, self._eyes = kinds["gaze"], kinds["head"], eyes.place

    def head(self, head: FloatArray, *, still: bool) -> FloatArray:
        """Return the (T, 3) head movement of the plan as directed.

        Args:
            head: Degrees, as planned.
            still: Whether only explicit directions may move the head.
        """
        weights = self.emotions
        lean = np.zeros_like(head)
        lively = np.ones(len(head), np.float32)
        for column, name in enumerate(EMOTIONS):
            colour = COLOURS[name]
            lean += weights[:, column, None] * np.array(colour.head, np.float32)
            lively += weights[:, column] * np.float32(colour.liveliness - 1)
        moved = head if still else head * np.maximum(lively, 0.2)[:, None] + lean
        added = self.channels.head + self._led(self._heads, 3, _HEAD_SECONDS)
        return np.asarray(moved + smooth(added, 0.04 * self._fps), np.float32)

    def gaze(self, gaze: FloatArray, *, fixed: bool) -> FloatArray:
        """Return the (T, 2) gaze of the plan as directed, degrees to the right and down."""
        drawn = np.array([COLOURS[name].gaze for name in EMOTIONS], np.float32)
        lean = sum(
            (self.emotions[:, k, None] * drawn[k] for k in range(len(EMOTIONS))), np.zeros((1, 2))
        )
        looked = gaze if fixed else gaze + lean
        held = self._led(self._gazes, 3, _LOOK_SECONDS, whole=True)
        # the eyes' own small movements stay, fainter
        looked = looked * (1 - 0.8 * held[:, 2:]) + held[:, :2]
        return np.asarray(looked + self.channels.gaze + self._looks(), np.float32)

    def lids(self, lids: FloatArray) -> FloatArray:
        """Return the (T, 2) closure of the plan as directed; a blink always closes the lids."""
        closed = np.maximum(lids, self.channels.lids)
        face = self._felt(0, self._frames)
        for column, side in enumerate(("Right", "Left")):
            weight = face[:, COLUMN[f"eyeBlink{side}"]]
            closed[:, column] = 1 - (1 - closed[:, column]) * (1 - np.clip(weight, 0, 1))
        return np.asarray(np.clip(closed, 0, 1), np.float32)

    def breath(self, breath: FloatArray) -> FloatArray:
        """Return the (T,) breath of the plan as directed."""
        factor = self._mean(lambda name: COLOURS[name].breath)
        return np.asarray(
            np.clip(breath * factor + _BREATH * self.channels.breath, -1.6, 1.6), np.float32
        )

    def brows(self, brow: FloatArray) -> FloatArray:
        """Return the (T,) lifts of the brows as the emotion lets them rise."""
        return np.asarray(brow * self._mean(lambda name: COLOURS[name].brows), np.float32)

    @property
    def blinks(self) -> float:
        """Factor of the blink rate over the whole performance."""
        return float(self._mean(lambda name: COLOURS[name].blinks).mean())

    def letting_go(self, first: int, end: int) -> FloatArray:
        """Return (n,) 0..1: how far the smile of the picture itself must go."""
        happy, rest = EMOTIONS.index("happy"), EMOTIONS.index(NEUTRAL)
        other = self.emotions[first:end].sum(1) - self.emotions[first:end, [happy, rest]].sum(1)
        return np.asarray(smoothstep(0, 0.5, other), np.float32)

    def face(self, first: int, end: int, speaking: FloatArray, contact: FloatArray) -> FloatArray:
        """Return (n, 52) weights of the blendshapes, for the rows from `first` to before `end`.

        The mouth's part gives way where speech needs the lips, and what parts the lips is gone
        where they are shut.

        Args:
            first: First row.
            end: Behind the last row.
            speaking: (n,) 0..1, how much the mouth has to say.
            contact: (n,) 0..1, how far lips are shut, or the lower one touches the teeth.
        """
        face = self._felt(first, end)
        for name in SPOKEN:
            if name in PARTING:
                gives = (1 - _PARTING_GIVES_WAY * speaking) * (1 - contact)
            else:
                gives = 1 - _GIVES_WAY * speaking
            face[:, COLUMN[name]] *= gives
        # eyelids, and where both eyes look, are tracks of the motion itself
        face[:, _LIDS] = 0
        face[:, LOOKS] = apart(self._looked(first, end))[:, LOOKS]
        return face

    def _felt(self, first: int, end: int) -> FloatArray:
        """Return (n, 52) weights before speech takes its part."""
        early = self.emotions[first:end]
        late = self.emotions[np.maximum(np.arange(first, end) - round(_BROWS_FIRST * self._fps), 0)]
        face = np.zeros((end - first, len(BLENDSHAPES)), np.float32)
        for row in range(len(EMOTIONS)):
            for column in np.flatnonzero(self._recipes[row]):
                weight = late if BLENDSHAPES[column] in SPOKEN else early
                face[:, column] += weight[:, row] * self._recipes[row, column]
        # lids of a blend come no farther down than those of the emotion that lowers them most
        face[:, _LIDS] = np.minimum(face[:, _LIDS], self._recipes[:, _LIDS].max(0))
        for column in np.flatnonzero(face.any(0)):
            alive = sum(self._noise[first:end, k] * self._mix[column, k] for k in range(_CHANNELS))
            # only ever weaker, so that a weight at its limit lives, too
            face[:, column] *= self._even[column] * (1 - np.float32(_LIVING) * (1 + np.tanh(alive)))
        for name, track in (*self._controls.items(), *self.channels.face.items()):
            face[:, COLUMN[name]] = np.maximum(face[:, COLUMN[name]], track[first:end])
        return np.clip(face, 0, 1)

    def _perform(self, cue: Cue) -> None:
        one = cue.direction
        seconds = None if math.isinf(cue.end) else cue.end - cue.start
        made = gestures.Gesture(one.name, cue.start, seconds, one.intensity)
        gestures.perform(self.channels, self._fps, made)

    def _control_tracks(self, cues: Sequence[Cue]) -> dict[str, FloatArray]:
        found: dict[str, list[Cue]] = {}
        for cue in cues:
            if cue.direction.kind == "control":
                for name, _ in cue.direction.weights:
                    found.setdefault(name, []).append(cue)
        return {
            name: control_track(self._frames, self._fps, name, several)
            for name, several in found.items()
        }

    def _led(
        self, cues: Sequence[Cue], width: int, seconds: float, *, whole: bool = False
    ) -> FloatArray:
        """Return (T, width) degrees that cues ask for; with `whole` the last column is their share.

        One cue goes over into the next without coming back in between.
        """
        track = np.zeros((self._frames, width), np.float32)
        times = np.arange(self._frames, dtype=np.float32) / np.float32(self._fps)
        for cue in cues:
            one = cue.direction
            angles = np.array(self._angles(cue), np.float32) * np.float32(one.intensity)
            target = np.append(angles, 1.0) if whole else angles
            length = seconds if one.transition is None else one.transition
            came = smoothstep(cue.start, cue.start + length, times)[:, None]
            track = track + (target - track) * came
            if not math.isinf(cue.end):
                left = smoothstep(cue.end, cue.end + length, times)[:, None]
                track = track * (1 - left)
        return np.asarray(track, np.float32)

    def _angles(self, cue: Cue) -> tuple[float, ...]:
        one = cue.direction
        if one.point is None:
            return one.angles
        right, down = ((one.point[k] - self._eyes[k]) * _PICTURE_DEGREES for k in range(2))
        return right, down

    def _looks(self) -> FloatArray:
        """Return (T, 2) degrees that directed `eyeLook` blendshapes ask of both eyes."""
        return np.asarray(turned_eyes(self._looked(0, self._frames)).mean(axis=1), np.float32)

    def _looked(self, first: int, end: int) -> FloatArray:
        """Return (n, 52) the directed `eyeLook` blendshapes, everything else zero."""
        face = np.zeros((end - first, len(BLENDSHAPES)), np.float32)
        for column in LOOKS:
            track = self._controls.get(BLENDSHAPES[column])
            if track is not None:
                face[:, column] = track[first:end]
        return face

    def _mean(self, factor: Callable[[str], float]) -> FloatArray:
        """Return (T,) the factor of the emotions, each by its strength; 1 without any."""
        track = np.ones(self._frames, np.float32)
        for column, name in enumerate(EMOTIONS):
            track += self.emotions[:, column] * np.float32(factor(name) - 1)
        return np.maximum(track, 0.1)


def is_directed(options: GenerateOptions, speech: Speech | None) -> bool:
    """Tell whether anything is directed at all."""
    emotional = options.emotion.strip().lower() != NEUTRAL and options.emotion_intensity > 0
    marked = options.acting == "lively" or (speech is not None and bool(speech.marks))
    return emotional or marked or bool(read_timeline(options.timeline).directions)


def _mixing(rng: np.random.Generator) -> FloatArray:
    """Return (52, channels) unit rows; both sides of one movement vary together."""
    drawn: dict[str, FloatArray] = {}
    rows = []
    for name in BLENDSHAPES:
        base = name.removesuffix("Left").removesuffix("Right")
        if base not in drawn:
            row = rng.normal(0, 1, _CHANNELS)
            drawn[base] = np.asarray(row / np.linalg.norm(row), np.float32)
        rows.append(drawn[base])
    return np.stack(rows)


def _sides(rng: np.random.Generator) -> FloatArray:
    """Return (52,) factors: which side of the face is a little stronger, and by how much."""
    lean = float(rng.uniform(-_UNEVEN, _UNEVEN))
    signs = np.array(
        [name.endswith("Left") - float(name.endswith("Right")) for name in BLENDSHAPES]
    )
    return np.asarray(1 - abs(lean) * (signs != 0) + lean * signs, np.float32)
