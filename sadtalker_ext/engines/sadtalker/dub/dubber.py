"""The SadTalker networks on video: every frame is the source of its own new frame.

Per frame the 3-D face coefficients are recovered; the mouth's part of the expression is replaced by
that of the new speech, and everything else stays. The networks draw the frame's square with it, and
only the lower face of what they draw goes back.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Final

import numpy as np
import numpy.typing as npt

from sadtalker_ext.curves import smoothstep
from sadtalker_ext.engines.base import DubFrame, Engine, Rows
from sadtalker_ext.engines.sadtalker.batch import choose_batch
from sadtalker_ext.engines.sadtalker.coefficients import DRIVEN, EXPRESSION
from sadtalker_ext.engines.sadtalker.dub.learning import Person, learn_person, source_rows
from sadtalker_ext.engines.sadtalker.dub.lower_face import lower_face
from sadtalker_ext.engines.sadtalker.dub.squares import Square
from sadtalker_ext.engines.sadtalker.dub.words import spoken_rows
from sadtalker_ext.engines.sadtalker.engine import SadTalkerEngine
from sadtalker_ext.engines.sadtalker.memory import give_back, told_when_out_of_memory
from sadtalker_ext.engines.sadtalker.networks import Networks
from sadtalker_ext.engines.sadtalker.semantics import source_window
from sadtalker_ext.engines.sadtalker.transfer import PrecisionLost
from sadtalker_ext.errors import OutOfMemory
from sadtalker_ext.motion.directing import is_directed
from sadtalker_ext.options import GenerateOptions
from sadtalker_ext.performance import Said
from sadtalker_ext.planes import Drawn, Repainted, box_around
from sadtalker_ext.progress import Progress, Stage
from sadtalker_ext.shot.steady import SteadyFace, SteadyTrack
from sadtalker_ext.types import FloatArray, ImageArray

if TYPE_CHECKING:
    from sadtalker_ext.engines.spec import FramesOf

_SHOWN: Final = 0.25
"""From this amount on the drawn mouth covers the filmed one wholly; until then it fades in."""
_LARGER: Final = 1.15
"""A square that has so many times more pixels than the networks draw looks soft."""
DIRECTED: Final = (
    "The sadtalker engine gives the people of a video no emotions, gestures or timeline: their "
    "faces stay as filmed, and their mouths follow the speech."
)
UNMEASURED: Final = (
    "The model's expressions could not be measured on this face: its cheeks may follow the new "
    "speech more than the mouth alone needs."
)


class SadTalkerDubber:
    """Makes people of videos speak with the published networks; see `engines.base.Dubber`.

    Args:
        load: Gives the engine.
    """

    def __init__(self, load: Callable[[], Engine]) -> None:
        self._load = load

    def learn(
        self,
        track: SteadyTrack,
        frames_of: FramesOf,
        options: GenerateOptions,
        progress: Progress,
    ) -> SadTalkerDubbing:
        """Load the networks, and learn how the person looks at rest; see `Dubber`."""
        engine = self._load()
        if not isinstance(engine, SadTalkerEngine):
            raise TypeError(f"The sadtalker engine is needed, found {engine.spec.name}.")
        progress.enter(Stage.LOADING)
        with told_when_out_of_memory("the networks"):
            networks = engine.networks_for(options)
        progress.enter(Stage.PREPARING)
        with told_when_out_of_memory("the frames of the video"):
            person = learn_person(engine, networks, track, frames_of, options.size, progress)
        batch = choose_batch(options.batch_size, networks.device, options.size)
        return SadTalkerDubbing(networks, person, options.size, batch)


class SadTalkerDubbing:
    """One person of a video; see `engines.base.Dubbing`.

    Args:
        networks: The networks of one face resolution.
        person: What is known of the person.
        size: Side of the square that the networks draw.
        batch: Frames that are drawn at once.
    """

    def __init__(self, networks: Networks, person: Person, size: int, batch: int) -> None:
        self._networks = networks
        self._person = person
        self._size = size
        self._batch = batch
        self._turn = threading.Lock()

    @property
    def batch(self) -> int:
        """Frames that are drawn at once."""
        return self._batch

    def plan(
        self,
        line: Sequence[Said],
        times: npt.NDArray[np.float64],
        options: GenerateOptions,
        seed: int,
        progress: Progress,
    ) -> tuple[Rows, tuple[str, ...]]:
        """Return the expressions of the speech around every frame, (27, 64) each; see `Dubbing`."""
        del seed  # the networks draw no lots for the mouth
        progress.enter(Stage.LISTENING)
        with told_when_out_of_memory("the speech"):
            rows = spoken_rows(self._networks, self._person.resting, line, times, options)
        directed = any(is_directed(options, said.speech) for said in line)
        return rows, (*((DIRECTED,) if directed else ()), *self._told())

    def _told(self) -> tuple[str, ...]:
        told = []
        if not self._person.measured:
            told.append(UNMEASURED)
        if self._person.side > _LARGER * self._size:
            told.append(
                f"The face takes {self._person.side:.0f} pixels of the video, and the networks "
                f"draw {self._size}: the mouth is softer than the rest."
                + (" Choose size 512." if self._size < 512 else "")
            )
        return tuple(told)

    def draw(self, frames: Sequence[DubFrame]) -> list[Drawn | Repainted | None]:
        """Return the drawn square of each frame, None where the face is not seen."""
        seen = [self._seen(one) for one in frames]
        asked = [(frame, one) for frame, one in zip(frames, seen, strict=True) if one is not None]
        if not asked:
            return [None] * len(frames)
        squares = np.stack([square.cut(frame.planes, self._size) for frame, (_, square) in asked])
        landmarks = [square.points(face.points[:, :2], self._size) for _, (face, square) in asked]
        amounts = np.array([frame.amount * face.presence for frame, (face, _) in asked])
        spoken = np.stack([frame.row for frame, _ in asked])
        numbers = [frame.number for frame, _ in asked]
        drawn = iter(self._drawn(squares, landmarks, numbers, spoken, amounts))
        found: list[Drawn | Repainted | None] = []
        left = iter(zip(asked, amounts, strict=True))
        for one in seen:
            if one is None:
                found.append(None)
                continue
            (frame, (face, square)), amount = next(left)
            found.append(self._repainted(next(drawn), frame, face, square, float(amount)))
        return found

    def _seen(self, asked: DubFrame) -> tuple[SteadyFace, Square] | None:
        if asked.amount <= 0:
            return None
        square = self._person.squares.at(asked.number)
        face = self._person.squares.face(asked.number)
        return None if square is None or face is None else (face[0], square)

    def _drawn(
        self,
        squares: ImageArray,
        landmarks: Sequence[FloatArray],
        numbers: Sequence[int],
        spoken: FloatArray,
        amounts: npt.NDArray[np.float64],
    ) -> ImageArray:
        """Return the squares with new mouths, (B, S, S, 3) uint8."""
        with self._turn:  # one device, one batch at a time
            rows = self._rows(squares, landmarks, numbers)
            windows = np.stack([source_window(row) for row in rows])  # (B, 70, 27)
            change = (spoken - rows[:, None, EXPRESSION]) @ self._person.part.T  # (B, 27, 64)
            change *= amounts[:, None, None].astype(np.float32)
            windows[:, EXPRESSION] += change.transpose(0, 2, 1)
            return self._halving(squares, rows, windows)

    def _halving(self, squares: ImageArray, rows: FloatArray, windows: FloatArray) -> ImageArray:
        """Draw a batch; halve it when memory runs out, and widen what does not fit into float16."""
        renderer = self._networks.renderer
        done: list[ImageArray] = []
        at, step = 0, min(self._batch, len(rows))
        while at < len(rows):
            part = slice(at, at + step)
            try:
                done.append(renderer.redraw(squares[part], rows[part], windows[part]))
                at += step
            except PrecisionLost:
                renderer.widen()
            except OutOfMemory:
                if step == 1:
                    raise
                step //= 2
                self._batch = step
                give_back(renderer.device)
        return np.concatenate(done)

    def _rows(
        self, squares: ImageArray, landmarks: Sequence[FloatArray], numbers: Sequence[int]
    ) -> FloatArray:
        """Return the (B, 70) coefficients of frames, steady over time.

        Frames between those that show the face, where it is only expected, are looked at alone.
        """
        person = self._person
        known = [person.rows.at(number, person.squares.ways(number)) for number in numbers]
        missing = [place for place, row in enumerate(known) if row is None]
        if missing:
            alone = source_rows(
                self._networks, squares[missing], [landmarks[place] for place in missing]
            )
            for place, row in zip(missing, alone, strict=True):
                known[place] = row[:DRIVEN]
        return np.stack([row for row in known if row is not None])

    def _repainted(
        self, pixels: ImageArray, frame: DubFrame, face: SteadyFace, square: Square, amount: float
    ) -> Repainted:
        outline = lower_face(face.points)
        box = box_around(frame.planes, outline)
        covers, cover = self._person.covers, None
        if box is not None:
            cover = covers.cover(frame.planes, covers.pose(face.points), face.skin, box)
        return Repainted(
            pixels=pixels,
            corner=square.corner,
            side=square.side,
            outline=outline,
            amount=float(smoothstep(0.0, _SHOWN, np.float32(amount))),
            cover=cover,
        )
