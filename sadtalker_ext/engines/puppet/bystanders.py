"""Other people on a picture of which one person is moved: they stay as they are."""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import Sequence
from typing import Final

import numpy as np

from sadtalker_ext.engines.puppet.stage import StageView
from sadtalker_ext.errors import FaceTooSmall, NoFaceFound
from sadtalker_ext.shot.faces import first_face
from sadtalker_ext.shot.territory import middle, territories
from sadtalker_ext.types import Face, FloatArray, Shot

_APART: Final = 0.6
"""Face heights, of the larger one, between the middles of two people: what is nearer is the same
face found twice, or drawn on the person."""


def bystanders(shot: Shot, face: Face) -> list[Face]:
    """Return the faces of a shot beside the one that is moved, without those of few pixels."""
    others = []
    for index in range(face.count):
        if index != face.index:
            with contextlib.suppress(FaceTooSmall, NoFaceFound):
                others.append(first_face(shot, index))
    return others


def own_part(mask: FloatArray, view: StageView, face: Face, others: Sequence[Face]) -> FloatArray:
    """Return a mask without what belongs to other people.

    Args:
        mask: (H, W) float32 persons on the stage, 0..1.
        view: The stage.
        face: The face that is moved, in the picture.
        others: Further faces of the picture.
    """
    # the stage is a part of the picture, enlarged or made smaller
    moved = view.points[0] - np.float32(view.scale) * face.points[0]
    mine = dataclasses.replace(face, points=view.points)
    theirs = [
        dataclasses.replace(one, points=np.float32(view.scale) * one.points + moved)
        for one in others
    ]
    apart = [one for one in theirs if _distance(mine, one) > _APART]
    if not apart:
        return mask
    height, width = mask.shape
    return np.asarray(mask * territories([mine, *apart], (width, height))[0], np.float32)


def _distance(one: Face, other: Face) -> float:
    """Return the distance of two middles in heights of the larger face."""
    larger = max(float(np.ptp(face.points[:, 1])) for face in (one, other))
    return float(np.hypot(*(middle(one) - middle(other)))) / max(larger, 1.0)
