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
from sadtalker_ext.errors import NoFaceFound
from sadtalker_ext.portrait import topology
from sadtalker_ext.portrait.landmarks68 import landmarks_68
from sadtalker_ext.progress import Progress
from sadtalker_ext.shot.steady import SteadyTrack
from sadtalker_ext.types import FloatArray, ImageArray

if TYPE_CHECKING:
    from sadtalker_ext.engines.sadtalker.engine import SadTalkerEngine
    from sadtalker_ext.engines.sadtalker.networks import Networks
    from sadtalker_ext.engines.spec import FramesOf

log = logging.getLogger(__name__)

_SEEN_FRAMES: Final = 48
"""Frames from which the expression at rest is learned, spread over the video."""
_SHUT_SHARE: Final = 0.3
"""Share of them, those with the mouth most closed, that counts as rest."""
_BATCH: Final = 16


@dataclass(frozen=True, slots=True, eq=False)
class Person:
    """One person of a video.

    Attributes:
        squares: What the networks see in every frame.
        resting: (64,) float32 expression with a resting mouth.
        part: (64, 64) float32 takes a change of the expression to its mouth part.
        measured: Whether that part was measured; otherwise it is everything.
        side: Usual side of the squares in frame pixels.
    """

    squares: Squares
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
    """Look at some frames of a person.

    Args:
        engine: Knows how the model's numbers move a face, or can measure it.
        networks: The reconstruction is used.
        track: The face; it is seen at least once.
        frames_of: Gives frames of the video.
        size: Side of the square that the networks see.
        progress: Stops the work.
    """
    squares = Squares(track)
    seen = track.frames
    spread = np.unique(np.linspace(0, len(seen) - 1, _SEEN_FRAMES).astype(int))
    rows: list[FloatArray] = []
    openings: list[float] = []
    sides: list[float] = []
    waiting: list[tuple[ImageArray, FloatArray]] = []
    shutest: tuple[float, ImageArray] | None = None
    for number, planes in frames_of(seen[spread].tolist()):
        square, face = squares.at(number), squares.face(number)
        if square is None or face is None:
            continue
        picture = square.cut(planes, size)
        waiting.append((picture, square.points(face[0].points[:, :2], size)))
        openings.append(_opening(face[0].points))
        sides.append(square.side)
        if shutest is None or openings[-1] < shutest[0]:
            shutest = (openings[-1], picture)
        if len(waiting) == _BATCH:
            rows += _rows(networks, waiting)
        progress.check()
    rows += _rows(networks, waiting)
    if shutest is None:
        raise NoFaceFound("The face is in no frame of the video.", hint="Choose another face.")
    rest = np.argsort(openings)[: max(1, round(_SHUT_SHARE * len(openings)))]
    resting = np.stack(rows)[rest, EXPRESSION].mean(0).astype(np.float32)
    part = _mouth_part(engine, networks, shutest[1], rows[int(np.argmin(openings))], progress)
    return Person(
        squares=squares,
        resting=resting,
        part=WHOLE if part is None else part,
        measured=part is not None,
        side=float(np.median(sides)),
    )


def _rows(networks: Networks, waiting: list[tuple[ImageArray, FloatArray]]) -> list[FloatArray]:
    if not waiting:
        return []
    pictures, points = zip(*waiting, strict=True)
    waiting.clear()
    return list(source_rows(networks, np.stack(pictures), points))


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
