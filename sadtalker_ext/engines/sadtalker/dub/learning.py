"""What is learned of a person before the first frame is drawn."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from sadtalker_ext.engines.sadtalker.alignment import align, aligned_picture
from sadtalker_ext.engines.sadtalker.coefficients import DRIVEN, EXPRESSION, coefficient_row
from sadtalker_ext.engines.sadtalker.dub.mouth_part import WHOLE, mouth_part
from sadtalker_ext.engines.sadtalker.dub.squares import Squares
from sadtalker_ext.engines.sadtalker.dub.steady_rows import SteadyRows
from sadtalker_ext.errors import NoFaceFound
from sadtalker_ext.portrait import topology
from sadtalker_ext.portrait.filmed.cover import CoverFinder, learn_covers
from sadtalker_ext.portrait.filmed.habits import learn_habits
from sadtalker_ext.portrait.landmarks68 import landmarks_68
from sadtalker_ext.progress import Progress, Stage
from sadtalker_ext.shot.steady import SteadyTrack
from sadtalker_ext.types import FloatArray, ImageArray

if TYPE_CHECKING:
    from sadtalker_ext.engines.sadtalker.engine import SadTalkerEngine
    from sadtalker_ext.engines.sadtalker.networks import Networks
    from sadtalker_ext.engines.spec import FramesOf

log = logging.getLogger(__name__)

_LEARNED_FRAMES: Final = 240
"""Frames from which the shape of the face at rest is learned, spread over the video."""
_SHUT_SHARE: Final = 0.3
"""Share of the frames, those with the mouth most closed, that counts as rest."""
_BATCH: Final = 16


@dataclass(frozen=True, slots=True, eq=False)
class Person:
    """One person of a video.

    Attributes:
        squares: What the networks see in every frame.
        rows: The coefficients of every frame, steady; 280 bytes a frame, 25 MB an hour.
        covers: Finds what lies before the mouth.
        resting: (64,) float32 expression with a resting mouth.
        part: (64, 64) float32 takes a change of the expression to its mouth part.
        measured: Whether that part was measured; otherwise it is everything.
        side: Usual side of the squares in frame pixels.
    """

    squares: Squares
    rows: SteadyRows
    covers: CoverFinder
    resting: FloatArray
    part: FloatArray
    measured: bool
    side: float


def source_rows(
    networks: Networks, squares: ImageArray, points: Sequence[FloatArray]
) -> FloatArray:
    """Return the (B, 73) float32 coefficients of faces.

    Args:
        networks: The reconstruction is used.
        squares: (B, S, S, 3) uint8.
        points: (478, 2) mesh points in each square, pixels.
    """
    size = squares.shape[1]
    alignments = [align(landmarks_68(one), (size, size)) for one in points]
    pairs = zip(squares, alignments, strict=True)
    found = networks.recover_all(np.stack([aligned_picture(*pair) for pair in pairs]))
    return np.stack([coefficient_row(*pair) for pair in zip(found, alignments, strict=True)])


def learn_person(
    engine: SadTalkerEngine,
    networks: Networks,
    track: SteadyTrack,
    frames_of: FramesOf,
    size: int,
    progress: Progress,
) -> Person:
    """Look at every frame of a person once.

    Args:
        engine: Knows how the model's numbers move a face, or can measure it.
        networks: The reconstruction is used.
        track: The face; it is seen at least once.
        frames_of: Gives frames of the video.
        size: Side of the square that the networks see.
        progress: Counts frames, and stops the work.
    """
    squares = Squares(track)
    seen = track.frames
    pictures = _Pictures(networks, size)
    openings: list[float] = []
    sides: list[float] = []
    numbers: list[int] = []
    shutest: tuple[float, int, ImageArray] | None = None
    progress.enter(Stage.PREPARING, len(seen))
    for number, planes in frames_of(seen.tolist()):
        square, face = squares.at(number), squares.face(number)
        progress.advance()
        progress.check()
        if square is None or face is None:
            continue
        picture = square.cut(planes, size)
        pictures.add(picture, square.points(face[0].points[:, :2], size))
        openings.append(_opening(face[0].points))
        sides.append(square.side)
        numbers.append(number)
        if shutest is None or openings[-1] < shutest[0]:
            shutest = (openings[-1], len(openings) - 1, picture)
    if shutest is None:
        raise NoFaceFound("The face is in no frame of the video.", hint="Choose another face.")
    rows = pictures.rows()
    rest = np.argsort(openings)[: max(1, round(_SHUT_SHARE * len(openings)))]
    part = _mouth_part(engine, networks, shutest[2], rows[shutest[1]], progress)
    return Person(
        squares=squares,
        rows=SteadyRows(np.array(numbers), rows[:, :DRIVEN]),
        covers=_covers(track, frames_of),
        resting=rows[rest, EXPRESSION].mean(0).astype(np.float32),
        part=WHOLE if part is None else part,
        measured=part is not None,
        side=float(np.median(sides)),
    )


def _covers(track: SteadyTrack, frames_of: FramesOf) -> CoverFinder:
    """Learn the usual colours of the lower face, so that what lies before it is known."""

    def face_in(number: int) -> tuple[FloatArray, FloatArray] | None:
        face = track.at(number)
        return None if face is None else (face.points, face.skin)

    seen = track.frames
    spread = np.unique(np.linspace(0, len(seen) - 1, _LEARNED_FRAMES).astype(int))
    meshes = [face.points for face in map(track.at, seen[spread].tolist()) if face is not None]
    return learn_covers(learn_habits(meshes), seen, frames_of, face_in)


class _Pictures:
    """Recovers the coefficients of faces, some at once.

    Args:
        networks: The reconstruction is used.
        size: Side of the squares.
    """

    def __init__(self, networks: Networks, size: int) -> None:
        self._networks = networks
        self._squares = np.empty((_BATCH, size, size, 3), np.uint8)
        self._points: list[FloatArray] = []
        self._found: list[FloatArray] = []

    def add(self, picture: ImageArray, points: FloatArray) -> None:
        """Take one more (S, S, 3) uint8 square with its (478, 2) mesh points."""
        self._squares[len(self._points)] = picture
        self._points.append(points)
        if len(self._points) == _BATCH:
            self._recover()

    def rows(self) -> FloatArray:
        """Return the (n, 73) float32 coefficients of all; at least one."""
        self._recover()
        return np.concatenate(self._found)

    def _recover(self) -> None:
        if self._points:
            squares = self._squares[: len(self._points)]
            self._found.append(source_rows(self._networks, squares, self._points))
            self._points = []


def _opening(points: FloatArray) -> float:
    """Return how far a mouth is open, in face widths."""
    upper, lower = points[topology.LIPS_INNER_UPPER[5]], points[topology.LIPS_INNER_LOWER[5]]
    width = np.linalg.norm(points[topology.CHEEK_RIGHT] - points[topology.CHEEK_LEFT])
    return float(np.linalg.norm(lower - upper) / max(float(width), 1e-6))


def _mouth_part(
    engine: SadTalkerEngine,
    networks: Networks,
    picture: ImageArray,
    row: FloatArray,
    progress: Progress,
) -> FloatArray | None:
    """Return the mouth part of the model; None where the model cannot be measured."""
    if engine.track_face is None:
        return None
    own = row[:DRIVEN]
    prepared = networks.renderer.prepare(picture, own)
    try:
        known = engine.expressions_of(networks).measured(prepared, own, engine.track_face, progress)
    except NoFaceFound as error:
        log.warning("the model's expressions were not measured: %s", error)
        return None
    return mouth_part(known)
