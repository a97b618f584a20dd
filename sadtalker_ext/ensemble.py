"""Several people of one picture who talk with each other: each has a rig, all share the frame.

Who does not speak listens: looks at whoever does, turns a little towards them, nods now and then,
and goes on blinking and breathing.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from sadtalker_ext.compositor.lay import Role
from sadtalker_ext.curves import smooth
from sadtalker_ext.engines.base import Rig
from sadtalker_ext.shot.territory import middle, territories
from sadtalker_ext.types import Face, FloatArray, Motion, Patch

_LOOK_DEGREES = 9.0
"""How far eyes go to somebody who stands beside."""
_TURN_DEGREES = 4.0
"""How far the head follows."""
_NOD_DEGREES = 2.2
_NOD_SECONDS = 0.45
_NODS_EVERY = 3.5
"""Seconds of listening between two nods, about."""
_SETTLE_SECONDS = 0.18
"""How long attention takes to move."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Speaking:
    """When one person speaks.

    Attributes:
        spans: First and last second of every piece.
    """

    spans: tuple[tuple[float, float], ...]

    def rows(self, frames: int, fps: float) -> npt.NDArray[np.bool_]:
        """Return (T,) whether the person speaks."""
        times = (np.arange(frames) + 0.5) / fps
        found = np.zeros(frames, np.bool_)
        for begin, end in self.spans:
            found |= (times >= begin) & (times <= end)
        return found


def listening(
    motions: Sequence[Motion], faces: Sequence[Face], speaking: Sequence[Speaking], seed: int
) -> list[Motion]:
    """Return motions in which those who are silent attend to whoever speaks.

    Args:
        motions: What each person does alone, equally long.
        faces: Where they are.
        speaking: When they speak.
        seed: Repeats the nods.
    """
    frames, fps = len(motions[0]), motions[0].fps
    talks = np.stack([one.rows(frames, fps) for one in speaking])
    middles = np.array([middle(face) for face in faces])
    found = []
    for number, motion in enumerate(motions):
        way = np.zeros((frames, 2), np.float32)
        for other in range(len(motions)):
            if other != number:
                direction = middles[other] - middles[number]
                direction = direction / max(float(np.linalg.norm(direction)), 1e-6)
                attends = talks[other] & ~talks[number]
                way[attends] = direction
        way = smooth(way, _SETTLE_SECONDS * fps)
        head = motion.head.copy()
        head[:, 0] += _TURN_DEGREES * way[:, 0]
        head[:, 1] += 0.5 * _TURN_DEGREES * way[:, 1]
        silent = talks.any(0) & ~talks[number]
        head[:, 1] += _nods(silent, fps, np.random.default_rng([seed, 77, number]))
        gaze = motion.gaze + _LOOK_DEGREES * way
        found.append(dataclasses.replace(motion, head=head, gaze=gaze.astype(np.float32)))
    return found


def _nods(silent: npt.NDArray[np.bool_], fps: float, rng: np.random.Generator) -> FloatArray:
    """Return (T,) degrees of nodding, at irregular times of listening."""
    nods = np.zeros(len(silent), np.float32)
    length = max(2, round(_NOD_SECONDS * fps))
    shape = np.sin(np.linspace(0, np.pi, length)) ** 2
    at = round(rng.uniform(0.4, 1.0) * _NODS_EVERY * fps)
    while at + length < len(silent):
        if silent[at : at + length].all():
            nods[at : at + length] += (_NOD_DEGREES * rng.uniform(0.5, 1.0) * shape).astype(
                np.float32
            )
        at += round(rng.uniform(0.6, 1.4) * _NODS_EVERY * fps)
    return nods


def roles_of(
    rigs: Sequence[Rig],
    motions: Sequence[Motion],
    size: tuple[int, int],
    scale: tuple[float, float] = (1.0, 1.0),
    bystanders: Sequence[Face] = (),
) -> list[Role]:
    """Return the roles of people who share whole frames: each draws the part round itself.

    Args:
        rigs: One for each person, on the same picture.
        motions: What they do.
        size: Width and height of the frames.
        scale: Of the frames against the picture, across and down.
        bystanders: Further people, who stay as they are.
    """
    everybody = [*(rig.face for rig in rigs), *bystanders]
    shares = territories([_scaled(face, scale) for face in everybody], size)[: len(rigs)]
    width, height = size
    place = (0, 0, width, height)

    def patches(rig: Rig, motion: Motion, matte: FloatArray) -> Iterator[Patch]:
        for patch in rig.draw(motion):
            yield dataclasses.replace(patch, place=place, matte=matte)

    return [
        Role(patches=patches(rig, motion, matte), place=place, points=rig.face.points)
        for rig, motion, matte in zip(rigs, motions, shares, strict=True)
    ]


def _scaled(face: Face, scale: tuple[float, float]) -> Face:
    return dataclasses.replace(
        face, points=(face.points * np.array([*scale, scale[0]], np.float32)).astype(np.float32)
    )
