"""Directed faces of the sadtalker engine: a model is measured once, then asked for blendshapes."""

from __future__ import annotations

import dataclasses
import hashlib
import logging
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from sadtalker_ext.curves import smooth
from sadtalker_ext.engines.sadtalker.calibration import (
    Calibration,
    Expressions,
    calibrate,
    solve,
)
from sadtalker_ext.engines.sadtalker.coefficients import ANGLES, EXPRESSION
from sadtalker_ext.engines.sadtalker.driving import FaceTracker
from sadtalker_ext.engines.sadtalker.eyes_over import PAINTED, SAID, asked_of
from sadtalker_ext.engines.sadtalker.reading import at_rows, places_of
from sadtalker_ext.motion.directed import undrawn
from sadtalker_ext.motion.directing import AUTO, Directing
from sadtalker_ext.motion.resampling import cubic
from sadtalker_ext.options import GenerateOptions
from sadtalker_ext.progress import Progress
from sadtalker_ext.types import MOTION_FPS, FloatArray, Motion, Speech

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from sadtalker_ext.engines.sadtalker.networks import Networks
    from sadtalker_ext.engines.sadtalker.render import PreparedFace
    from sadtalker_ext.types import ImageArray

log = logging.getLogger(__name__)

_STREAM = 5
"""Number of the stream of random numbers of directed motion; the same as in `motion.plan`."""
_SPEAKS = 0.15
"""Loudness above which the mouth has something to say."""
_SOFT_SECONDS = 0.12
_SAME_DEG = 1e-4
"""Angles nearer than this to what the networks do were not changed by anybody."""
_SAME = 1e-3
"""Differences below this were not asked for by anybody."""
_DEAF = "The sadtalker engine does not listen to the tone: the emotion auto has no effect in it."


class ModelExpressions:
    """The blendshapes of one loaded model, measured when first asked for.

    Args:
        networks: The model.
        folder: Where its weights lie; the measurement is kept there, if that can be written.
    """

    def __init__(self, networks: Networks, folder: Path | None) -> None:
        self._networks = networks
        self._folder = folder
        self._known: Expressions | None = None

    def __call__(
        self, prepared: PreparedFace, row: FloatArray, track: FaceTracker, progress: Progress
    ) -> Expressions:
        """Return the blendshapes, measuring the model on a face if that was never done.

        Args:
            prepared: The face.
            row: (K,) float32 its driving row at rest.
            track: Follows the face in what is drawn.
            progress: Counts the numbers measured; may stop the work.

        Raises:
            NoFaceFound: The face is lost in what the model draws.
            Cancelled: A stop was asked for.
        """
        if self._known is None:
            self._known = solve(self.measured(prepared, row, track, progress))
        return self._known

    def measured(
        self, prepared: PreparedFace, row: FloatArray, track: FaceTracker, progress: Progress
    ) -> Calibration:
        """Return how the face answers to the model's numbers; see `__call__`."""
        path = None if self._folder is None else self._folder / f"expressions-{self._name()}.npz"
        kept = None if path is None else Calibration.load(path)
        if kept is not None:
            return kept
        renderer = self._networks.renderer

        def render(changes: FloatArray) -> Iterator[ImageArray]:
            for change in changes:
                changed = row.copy()
                changed[EXPRESSION] += change
                # a single row: the mapping network sees it in all of its 27 frames
                points = renderer.key_points(prepared, changed[None])
                yield from renderer.draw(prepared, points, 1)

        found = calibrate(render, track, progress)
        if path is not None:
            try:
                found.save(path)
            except OSError as error:
                log.warning("the model's expressions cannot be kept: %s", error)
        return found

    def _name(self) -> str:
        """Return a short name of the model, made from its numbers."""
        digest = hashlib.sha256()
        for number in self._networks.renderer.numbers():
            digest.update(number)
        return digest.hexdigest()[:12]


def directed(motion: Motion, options: GenerateOptions, speech: Speech | None, seed: int) -> Motion:
    """Return the motion the networks made with what is directed on top.

    Args:
        motion: In neutral words, at 25 frames per second.
        options: What is directed.
        speech: What is said, for words and marks.
        seed: Repeats the variations of held emotions.

    Raises:
        InvalidOption: A direction of the timeline cannot be followed.
    """
    rng = np.random.default_rng([seed, _STREAM])
    frames = len(motion)
    directing = Directing(frames, motion.fps, options, speech, None, rng)
    busy = smooth((motion.jaw > _SPEAKS).astype(np.float32), _SOFT_SECONDS * motion.fps)
    deaf = options.emotion == AUTO
    return dataclasses.replace(
        motion,
        head=directing.head(motion.head, still=options.still),
        lids=directing.lids(motion.lids),
        # how an emotion colours the gaze is no request; what is told by name is
        gaze=directing.gaze(motion.gaze, fixed=True),
        face=directing.face(0, frames, busy, np.zeros(frames, np.float32)),
        warnings=(*motion.warnings, *((_DEAF,) if deaf else ())),
    )


def unable_of(
    motion: Motion, own: Motion, missing: Sequence[str], *, paints: bool
) -> tuple[str, ...]:
    """Say which parts of a motion the networks have no numbers for, and which are painted.

    Args:
        motion: What is asked.
        own: What the networks do.
        missing: Names of the blendshapes that the model cannot make.
        paints: Whether gaze and lids are painted over what the networks draw.
    """
    nearest = np.round(places_of(motion, 0, len(own))).astype(int)
    kept = {"mouth shapes and face controls": (motion.controls, own.controls[nearest])}
    if not paints:
        eyes = {
            "lids": (motion.lids, own.lids[nearest]),
            "gaze": (motion.gaze, own.gaze[nearest]),
        }
        kept = {**eyes, **kept}
    named = [name for name in missing if not (paints and name in PAINTED)]
    said = [
        f"The {name} of this motion were changed; the sadtalker engine cannot draw that and keeps "
        "what its networks do."
        for name, (asked, does) in kept.items()
        if motion.fps == MOTION_FPS and np.abs(asked - does).max(initial=0) > _SAME
    ]
    told = (SAID,) if paints and asked_of(motion, own, missing).wanted.any() else ()
    return (*undrawn(motion, named, "sadtalker"), *said, *told)


def with_changes(
    rows: FloatArray,
    own: Motion,
    motion: Motion,
    solved: Expressions | None,
    at: npt.NDArray[np.float64],
) -> FloatArray:
    """Return rows with what is directed, and with what was changed in the head's angles.

    Args:
        rows: (T, K) float32 driving rows, not modified.
        own: What they do.
        motion: What is asked, at any rate.
        solved: The model's numbers for blendshapes, where it was measured.
        at: Where each row of the motion lies between the rows.
    """
    if motion.face is not None and solved is not None:
        rows = rows.copy()
        rows[:, EXPRESSION] += at_rows(solved.of(motion.face), at, len(rows))
    change: FloatArray = motion.head - cubic(own.head, at)
    if np.abs(change).max(initial=0) < _SAME_DEG:
        return rows
    radians = np.radians(at_rows(change, at, len(rows)))
    rows = rows.copy()
    rows[:, ANGLES] += np.stack([radians[:, 1], radians[:, 0], -radians[:, 2]], axis=1)
    return rows
