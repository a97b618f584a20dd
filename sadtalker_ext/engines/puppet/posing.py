"""How head and hair are turned in each row of a motion."""

from __future__ import annotations

import numpy as np

from sadtalker_ext.engines.puppet.head.field import Pose
from sadtalker_ext.engines.puppet.head.hair import Poses, Swing, trailing_poses
from sadtalker_ext.motion.controls import BREATH
from sadtalker_ext.types import Motion

WIDEST = (18.0, 12.0, 12.0)
"""Degrees of yaw, pitch and roll that a head can be turned by: 45 portraits look right so far; a
wider turn needs pixels of the head that the picture does not show."""
_BREATH_LIFT = 0.006
"""How far a full breath lifts head and shoulders, in face heights."""


def head_poses(motion: Motion) -> Poses:
    """Return the poses of all rows of a whole motion."""
    return block_poses(motion, None)[0]


def block_poses(motion: Motion, before: Swing | None) -> tuple[Poses, Swing | None]:
    """Return the poses of a block, and how hair swings at its end.

    Args:
        motion: The block.
        before: How hair swings at the end of the block before it; None for the first one.
    """
    head = motion.head
    if motion.view is not None:
        path = np.clip(motion.view, -np.array(WIDEST), WIDEST)
        head = np.where(np.isnan(path), motion.head, path)
    if not len(motion):
        return Poses(head, head), before
    hair, swing = trailing_poses(head, motion.fps, before)
    return Poses(head, hair), swing


def pose_of(motion: Motion, row: int, poses: Poses) -> Pose:
    """Return the pose of a row of a motion, of which these are all poses."""
    head, hair = ((float(one[row, 0]), float(one[row, 1]), float(one[row, 2])) for one in poses)
    return Pose(head, _BREATH_LIFT * float(motion.controls[row][BREATH]), hair)
