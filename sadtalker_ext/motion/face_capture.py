"""Blendshapes from the measures of a driving video's face.

How the measures answer to each blendshape is known from the puppet: the table of
`capture_table`, measured on its own renderings. So what is solved for is what a puppet has to do
to show the same movement in widths of its own face, which is the retargeting. Every video has its
own neutral face, and who moves farther than a blendshape of 1 goes is scaled to 1.

T is the number of rows, 25 per second; M of measures, K of blendshapes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from sadtalker_ext.blendshapes import BLENDSHAPES, COLUMN, both_sides
from sadtalker_ext.curves import smooth, smoothstep
from sadtalker_ext.motion.capture_table import ANSWERS, TREMBLE
from sadtalker_ext.motion.face_measures import MEASURES
from sadtalker_ext.types import MOTION_FPS, FloatArray

_SMOOTH = 0.04
"""Seconds; a symmetric filter, so that nothing comes late."""
_PASSES = 80
_RIDGE = 0.01
"""Share of the usual answer that keeps blendshapes small which the measures hardly tell apart."""
_SPARSE = 2.0
"""What a blendshape has to explain at least, in trembles: a few large ones are likelier than many
small ones (Tibshirani's lasso)."""
_CLOSED_SHARE = 0.1
"""Lips are as near each other as in this share of the rows: that is a closed mouth."""
_SHUT_GAP = 0.012
"""Face widths; lips that are farther apart than this are no closed mouth. Seven clips come down to
-0.002 to 0.008."""
_MOVES = 0.02
"""Face widths; lips that never part farther than by this are at rest, however they are."""
_CALM_SHARE = 0.6
"""Share of the rows, those with the most closed mouth, whose median is the neutral face."""
_UNSMILING = 0.35
"""Share of them in which the corners of the mouth are lower than in the neutral face: people smile
more often than they pull a face."""
_TOP = 0.98
_LEAST_MOVEMENT = 0.12
"""Largest jawOpen below which a mouth does not move: tracked still faces stay below 0.05."""
_NEAR, _OPEN = (0.006, 0.016), 0.035
"""Gaps of lips above the closed mouth's, in face widths: shut, and open in a mouth that speaks."""
_AROUND = 0.28
"""Seconds before and after in which an open mouth shows that shut lips are part of speech."""
_TURN = 10.0
_LEAK: Final = np.array([0.03 if name.endswith("_x") else 0.002 for name in MEASURES])
"""A turn of so many degrees moves a measure by about so much, where the mesh's depth is wrong:
more what lies before the middle of the head."""
_ROBUST = 8
_LOOK_TREMBLE, _LOOK_LEAK = 0.04, 0.005
_EYE_RADIUS = 12.0 / 11.7
"""Of the eyeball, in diameters of the iris; both are nearly the same in all adults."""
_SEEN = 0.7
"""Share of a gaze that is seen: of our puppet's the tracker sees 0.42 to 0.58, of people's more."""
_FARTHEST: Final = (25.0, 20.0)

_BLINKS = 0.3
_UPPER = ("inner_", "outer_", "brows_", "lower_lid", "eye_")
_LIDS: Final = [k for k, name in enumerate(MEASURES) if name.startswith(("lower_lid", "eye_"))]
Rows = npt.NDArray[np.float64]
PerMeasure = float | Rows

BROWS: Final = tuple(n for n in BLENDSHAPES if n.startswith(("brow", "eyeWide")))
"""What the brows of a driving video are: brows, and how wide its eyes are."""
MOUTH: Final = tuple(n for n in BLENDSHAPES if n.startswith(("mouth", "jaw")))
"""What its mouth is: mouth and jaw. A sneer looks like a raised lip to the mesh, a squint like a
blink: they come as those."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Captured:
    """What a face does beside turning and blinking.

    Attributes:
        shapes: (T, 52) float32 weights of the blendshapes `BROWS` and `MOUTH`.
        gaze: (T, 2) float32 degrees to the right and down.
        press: (T,) float32 0..1, how far lips are shut in speech.
    """

    shapes: FloatArray
    gaze: FloatArray
    press: FloatArray

    @property
    def speaks(self) -> bool:
        """Whether the mouth moves at all."""
        return float(self.shapes[:, COLUMN["jawOpen"]].max(initial=0.0)) > _LEAST_MOVEMENT


def capture(
    measures: FloatArray, looks: FloatArray, closed: FloatArray, head: FloatArray
) -> Captured:
    """Return what a face does.

    Args:
        measures: (T, M) float32, see `face_measures.MEASURES`.
        looks: (T, 4) float32, see `face_measures.LOOKS`.
        closed: (T, 2) float32 closure of the lids: closed eyes look nowhere.
        head: (T, 3) float32 degrees by which the head is turned.
    """
    looks = without_pose(looks, head, _LOOK_TREMBLE, _LOOK_LEAK)
    gaze = _gaze(looks, closed)
    measures = _between_blinks(measures, closed)
    measures = without_pose(smooth(measures, _SMOOTH * MOTION_FPS), head, TREMBLE, _LEAK)
    # lids follow the gaze
    measures[:, _LIDS] = without_pose(measures[:, _LIDS], gaze, TREMBLE[_LIDS], _LEAK[_LIDS])
    gap = measures[:, MEASURES.index("gap")]
    shut, far = (float(level) for level in np.quantile(gap, (_CLOSED_SHARE, _TOP)))
    if far - shut > _MOVES:
        # a mouth that moves and is never closed is open all the time
        shut = min(shut, _SHUT_GAP)
    calm = gap <= np.quantile(gap, _CALM_SHARE)
    neutral = np.median(measures[calm], axis=0)
    # of a mouth that is never closed in the video the neutral one is
    jaw = np.array(ANSWERS["jawOpen"])
    ajar = max(float(neutral[MEASURES.index("gap")]) - shut, 0) / jaw[MEASURES.index("gap")]
    neutral = neutral - ajar * jaw
    corners = [MEASURES.index(f"corner_up_{side}") for side in ("left", "right")]
    lower = np.quantile(measures[calm][:, corners], _UNSMILING, axis=0)
    neutral[corners] += lower - np.median(measures[calm][:, corners], axis=0)
    weights = _solved(measures - neutral)
    weights /= np.maximum(np.quantile(weights, _TOP, axis=0), 1.0)
    shapes = np.zeros((len(measures), len(BLENDSHAPES)), np.float32)
    for column, name in enumerate(ANSWERS):
        for one in both_sides(name):
            shapes[:, COLUMN[one]] = np.clip(weights[:, column], 0, 1)
    return Captured(shapes=shapes, gaze=gaze, press=_press(gap - shut))


def _between_blinks(measures: FloatArray, closed: FloatArray) -> FloatArray:
    """Return measures whose brows and lids do nothing while the eyes blink."""
    blinks = np.pad(closed.max(axis=1) > _BLINKS, 1, mode="edge")
    seen = ~np.lib.stride_tricks.sliding_window_view(blinks, 3).any(axis=-1)
    if not seen.any():
        return measures
    rows, found = np.arange(len(measures)), measures.copy()
    for column, name in enumerate(MEASURES):
        if name.startswith(_UPPER):
            found[:, column] = np.interp(rows, rows[seen], measures[seen, column])
    return found


def without_pose(
    rows: FloatArray, head: FloatArray, tremble: PerMeasure, leak: PerMeasure
) -> FloatArray:
    """Return measures (T, M) without what follows the turn of the head.

    The depth of a mesh is a guess, so a turned head still looks a little different. What goes with
    the angles, and their squares, in most rows is taken away: by least squares that give rows far
    off the less weight (Cauchy's), and that expect little.

    Args:
        rows: (T, M) float32.
        head: (T, A) float32 degrees of head and eyes.
        tremble: (M,) or one number: what counts as near.
        leak: (M,) or one number: what `_TURN` degrees are expected to do.
    """
    turned = head.astype(np.float64) / _TURN
    causes = np.concatenate([turned, turned**2, np.ones((len(head), 1))], axis=1)
    cleaned = rows.astype(np.float64)
    spread = 2.0 * np.broadcast_to(tremble, rows.shape[1:])
    leaks = np.broadcast_to(leak, rows.shape[1:])
    for column, size in enumerate(spread):
        values = rows[:, column].astype(np.float64)
        expected = np.array([*[leaks[column]] * (causes.shape[1] - 1), 1e3])
        found = np.zeros(len(expected))
        found[-1] = np.median(values)
        for _ in range(_ROBUST):
            weight = 1 / (1 + ((values - causes @ found) / size) ** 2) / size**2
            normal = (causes * weight[:, None]).T @ causes + np.diag(1 / expected**2)
            found = np.linalg.solve(normal, causes.T @ (weight * values))
        cleaned[:, column] -= causes[:, :-1] @ found[:-1]
    return cleaned.astype(np.float32)


def _solved(changes: FloatArray) -> FloatArray:
    """Return (T, K) weights, 0 or more, that explain changes (T, M) of the measures.

    First which blendshapes, then how much of those.
    """
    table = np.array([*ANSWERS.values()], np.float64).T / TREMBLE[:, None]
    wanted = changes.astype(np.float64) / TREMBLE
    weights = np.zeros((len(changes), table.shape[1]))
    _descend(weights, table, wanted, _SPARSE, np.ones_like(weights))
    _descend(weights, table, wanted, 0.0, (weights > 0).astype(np.float64))
    return weights.astype(np.float32)


def _descend(weights: Rows, table: Rows, wanted: Rows, sparse: float, allowed: Rows) -> None:
    """Bring weights nearer to what is wanted: column after column, until they agree, in place.

    Args:
        weights: (T, K) to begin with.
        table: (M, K) what a weight of 1 does.
        wanted: (T, M) what all weights together should do.
        sparse: See `_SPARSE`.
        allowed: (T, K) 0 where a weight must be 0.
    """
    sizes = (table**2).sum(0)
    least, ridge = sparse * np.sqrt(sizes), _RIDGE * float(np.median(sizes))
    left = wanted - weights @ table.T
    for _ in range(_PASSES):
        for column, answer in enumerate(table.T):
            seen = left @ answer + sizes[column] * weights[:, column] - least[column]
            found = np.clip(seen / (sizes[column] + ridge), 0, 2) * allowed[:, column]
            left -= np.outer(found - weights[:, column], answer)
            weights[:, column] = found


def _press(open_by: FloatArray) -> FloatArray:
    """Return (T,) 0..1: lips that are shut while the mouth around it opens."""
    reach = round(_AROUND * MOTION_FPS)
    padded = np.pad(open_by, reach, mode="edge")
    around = np.lib.stride_tricks.sliding_window_view(padded, 2 * reach + 1).max(axis=-1)
    speaking = smoothstep(0.5 * _OPEN, _OPEN, around)
    return np.asarray(speaking * (1 - smoothstep(*_NEAR, open_by)), np.float32)


def _gaze(looks: FloatArray, closed: FloatArray) -> FloatArray:
    """Return (T, 2) degrees right and down of both eyes together, around the usual gaze."""
    both = looks.reshape(len(looks), 2, 2).astype(np.float64)
    seen = np.maximum(1 - 2 * closed, 1e-3)[..., None].astype(np.float64)
    sines = (both * seen).sum(1) / seen.sum(1) / (_EYE_RADIUS * _SEEN)
    open_eyes = closed.max(axis=1) < 0.6
    rows = np.arange(len(looks))
    if open_eyes.any():
        sines = np.stack([np.interp(rows, rows[open_eyes], s[open_eyes]) for s in sines.T], axis=1)
    sines -= np.median(sines, axis=0)
    degrees = np.degrees(np.arcsin(np.clip(sines, -0.8, 0.8)))
    limited = np.clip(degrees, -np.array(_FARTHEST), _FARTHEST)
    return smooth(limited.astype(np.float32), _SMOOTH * MOTION_FPS)
