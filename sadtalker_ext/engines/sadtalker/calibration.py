"""What the 64 expression numbers of the model do to a face, and which of them make a blendshape.

The numbers have no names. Each is nudged to both sides, the face is rendered and its mesh tracked;
the change of some landmarks per unit of each number is the *response* J. A blendshape is wanted as
ways of landmarks t. The numbers c that make it are those with the least

    |J c - t|^2 + ridge |c|^2,   |c_k| <= limit_k

(regularised linear least squares with bounds, solved by `scipy.optimize.lsq_linear`). How much of t
is reached, (J c . t) / (t . t), says whether the model can make the movement at all.

Landmarks are measured in face widths after the head's own movement is taken out by the similarity
transform of the points that expressions leave alone (Umeyama, "Least-squares estimation of
transformation parameters", 1991).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np

from sadtalker_ext.blendshapes import BLENDSHAPES, COLUMN, both_sides
from sadtalker_ext.errors import NoFaceFound
from sadtalker_ext.progress import Progress, Stage
from sadtalker_ext.types import FloatArray, ImageArray

EXPRESSIONS: Final = 64
NUDGE: Final = 1.0
"""By so much each number is moved to either side: about a standard deviation of spoken ones."""
LIMIT: Final = 2.5
"""No number is asked for more than this at a blendshape of 1: beyond, faces fall apart."""
ABLE: Final = 0.35
"""A blendshape of which less than this share is reached counts as one the model cannot make."""
_RIDGE: Final = 2e-6
_VERSION: Final = 1

_STABLE: Final = (6, 168, 195, 197, 33, 133, 362, 263, 234, 454, 127, 356)
"""Bridge of the nose, corners of the eyes and the sides of the head."""


class Aim(NamedTuple):
    """What a blendshape does: ways of points on the left and on the right side of the picture.

    Attributes:
        left: Mesh points on the left side of the picture.
        right: The same on its right side; the same points on the middle of the face.
        out: Way away from the middle, in face widths.
        up: Way towards the forehead.
    """

    left: tuple[int, ...]
    right: tuple[int, ...]
    out: float = 0.0
    up: float = 0.0


AIMS: Final[Mapping[str, Aim]] = {
    "browInnerUp": Aim((55, 107, 66), (285, 336, 296), up=0.035),
    "browDown": Aim((55, 107, 52), (285, 336, 282), out=-0.008, up=-0.025),
    "browOuterUp": Aim((63, 53, 105), (293, 283, 334), up=0.035),
    "eyeWide": Aim((159, 158, 160), (386, 385, 387), up=0.012),
    "eyeSquint": Aim((145, 144, 153), (374, 373, 380), up=0.010),
    "cheekSquint": Aim((50, 117, 118), (280, 346, 347), up=0.015),
    "noseSneer": Aim((129, 64, 203), (358, 294, 423), up=0.018),
    "jawOpen": Aim((152, 17, 14, 200), (152, 17, 14, 200), up=-0.10),
    "mouthSmile": Aim((61, 78), (291, 308), out=0.035, up=0.030),
    "mouthFrown": Aim((61, 78), (291, 308), up=-0.030),
    "mouthStretch": Aim((61, 78), (291, 308), out=0.035, up=-0.006),
    "mouthDimple": Aim((61, 78), (291, 308), out=0.022),
    "mouthUpperUp": Aim((37, 39, 82), (267, 269, 312), up=0.018),
    "mouthLowerDown": Aim((84, 181, 87), (314, 405, 317), up=-0.020),
    "mouthPucker": Aim((61, 78), (291, 308), out=-0.040),
    "mouthFunnel": Aim((61, 78), (291, 308), out=-0.030, up=-0.004),
    "mouthShrugLower": Aim((17, 18, 200), (17, 18, 200), up=0.015),
    "mouthShrugUpper": Aim((0, 11, 13), (0, 11, 13), up=0.012),
}
"""By the name of a blendshape without its side; what is not here is not asked of the model."""

LANDMARKS: Final = tuple(sorted({p for aim in AIMS.values() for p in (*aim.left, *aim.right)}))

Render = Callable[[FloatArray], Iterable[ImageArray]]
"""Draws one picture for each row of (N, 64) changes of the expression."""
Track = Callable[[Iterable[ImageArray]], Iterator[FloatArray | None]]
"""Gives the (478, 3) mesh points of the face of every picture, or None."""


@dataclass(frozen=True, slots=True, eq=False)
class Calibration:
    """How landmarks answer to the expression numbers.

    Attributes:
        response: (64, L, 2) change of the landmarks in face widths, out to the right and up, per
            unit of each number.
    """

    response: FloatArray

    def save(self, path: Path) -> None:
        """Write it beside the weights; a file that is half written is never left."""
        part = path.with_suffix(".part.npz")
        np.savez_compressed(part, version=_VERSION, response=self.response)
        part.replace(path)

    @classmethod
    def load(cls, path: Path) -> Calibration | None:
        """Read one; None where there is none, or one of another version."""
        try:
            with np.load(path, allow_pickle=False) as found:
                response = np.asarray(found["response"], np.float32)
                fits = int(found["version"]) == _VERSION
        except (OSError, KeyError, ValueError):
            return None
        return cls(response) if fits and response.shape == _shape() else None


@dataclass(frozen=True, slots=True, eq=False)
class Expressions:
    """Expression numbers of every blendshape.

    Attributes:
        rows: (52, 64) float32 numbers that a blendshape of 1 adds; zero where it cannot be made.
        reached: (52,) float32 share of each that the model reaches.
    """

    rows: FloatArray
    reached: FloatArray

    @property
    def unable(self) -> tuple[str, ...]:
        """Names of the blendshapes that the model cannot make."""
        return tuple(
            name for name, share in zip(BLENDSHAPES, self.reached, strict=True) if share < ABLE
        )

    def of(self, face: FloatArray) -> FloatArray:
        """Return (T, 64) changes of the expression for (T, 52) weights."""
        total = np.zeros((len(face), EXPRESSIONS), np.float32)
        for column in np.flatnonzero(face.any(0)):
            total += face[:, column, None] * self.rows[column]
        return total


def calibrate(render: Render, track: Track, progress: Progress) -> Calibration:
    """Nudge every number to both sides, and measure what the face does.

    Args:
        render: Draws the face with changed expressions.
        track: Finds the mesh in what was drawn.
        progress: Counts the numbers; may stop the work.

    Raises:
        NoFaceFound: The face is not found in what was drawn.
        Cancelled: A stop was asked for.
    """
    progress.enter(Stage.PREPARING, EXPRESSIONS)
    response = np.zeros(_shape(), np.float32)
    for number in range(EXPRESSIONS):
        changes = np.zeros((2, EXPRESSIONS), np.float32)
        changes[:, number] = (NUDGE, -NUDGE)
        found = list(track(render(changes)))
        if len(found) != 2 or any(points is None for points in found):
            raise NoFaceFound(
                "The face is lost while the model's expressions are measured.",
                hint="Use a larger or more frontal face once; the result is kept for all others.",
            )
        more, less = (measured(points) for points in found if points is not None)
        response[number] = (more - less) / (2 * NUDGE)
        progress.advance(1)
    return Calibration(response)


def measured(points: FloatArray) -> FloatArray:
    """Return (L, 2) places of `LANDMARKS` in face widths, right and up, without the head's pose.

    Args:
        points: (478, 3) mesh points in pixels.
    """
    flat = np.asarray(points[:, :2], np.float64)
    stable = flat[list(_STABLE)]
    middle = stable.mean(0)
    width = max(float(np.linalg.norm(points[454] - points[234])), 1e-6)
    across = flat[[263, 362, 454, 356]].mean(0) - flat[[33, 133, 234, 127]].mean(0)
    across /= max(float(np.linalg.norm(across)), 1e-6)
    up = np.array([across[1], -across[0]])
    local = (flat[list(LANDMARKS)] - middle) / width
    return np.stack([local @ across, local @ up], axis=1).astype(np.float32)


def solve(calibration: Calibration, limit: float = LIMIT) -> Expressions:
    """Return the numbers that make each blendshape, within a limit for every number."""
    from scipy.optimize import lsq_linear

    response = calibration.response.reshape(EXPRESSIONS, -1).astype(np.float64)
    ridge = np.sqrt(_RIDGE) * np.eye(EXPRESSIONS)
    matrix = np.concatenate([response.T, ridge])
    rows = np.zeros((len(BLENDSHAPES), EXPRESSIONS), np.float32)
    reached = np.zeros(len(BLENDSHAPES), np.float32)
    for base in AIMS:
        for name in both_sides(base):
            aim = _target(base, name).reshape(-1)
            wanted = np.concatenate([aim, np.zeros(EXPRESSIONS)])
            found = lsq_linear(matrix, wanted, bounds=(-limit, limit))
            share = float((found.x @ response) @ aim / (aim @ aim))
            reached[COLUMN[name]] = share
            if share >= ABLE:
                rows[COLUMN[name]] = found.x
    return Expressions(rows, reached)


def _shape() -> tuple[int, int, int]:
    return EXPRESSIONS, len(LANDMARKS), 2


def _target(base: str, name: str) -> FloatArray:
    """Return (L, 2) the ways of all landmarks, right and up, that a blendshape of 1 asks for."""
    aim = AIMS[base]
    target = np.zeros((len(LANDMARKS), 2), np.float32)
    # ARKit's left is the person's, and that is the right side of the picture
    sides = (-1, 1) if name == base else ((1,) if name.endswith("Left") else (-1,))
    for side in sides:
        for point in aim.right if side > 0 else aim.left:
            target[LANDMARKS.index(point)] = (aim.out * side, aim.up)
    return target
