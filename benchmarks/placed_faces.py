"""How well lips close on ten drawn faces that no detector finds, their points placed by hand.

No detector can measure such a mouth, so its opening is what is seen of the cavity: the mouth that
was prepared for the picture moves on a canvas of one colour that no cavity has. Around every P, B
and M the least of it is divided by that of the open vowels, as in `closures`. Needs the test extra
(espeak-ng).
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

import numpy as np

from benchmarks.closures import REACHED
from benchmarks.measure import closure_shares
from benchmarks.subject import face_models
from sadtalker_ext.engines.puppet.engine import PuppetEngine
from sadtalker_ext.engines.puppet.mouth.layer import MouthLayer
from sadtalker_ext.options import GenerateOptions
from sadtalker_ext.performance import Performance
from sadtalker_ext.portrait.find import find_face, find_faces
from sadtalker_ext.progress import Progress
from sadtalker_ext.shot.still import still_shot
from sadtalker_ext.types import FloatArray, Motion

SENTENCE = "Papa brought my mama a big map of Panama."
OPTIONS = GenerateOptions(
    preprocess="full", still=True, head_motion=0.0, blink="off", gaze="fixed", acting="off"
)
CANVAS = (255, 0, 255)
SEEN = 60
"""Levels by which a pixel of the cavity differs from the canvas at least."""


def run() -> dict[str, Any]:
    """Speak a sentence with each of the faces and measure every closure."""
    from tests.support.espeak import say
    from tests.support.odd_faces import odd_faces

    said, models = say(SENTENCE), face_models()
    results: dict[str, Any] = {}
    for odd in odd_faces():
        found = len(find_faces(odd.picture, models))
        picture = dataclasses.replace(odd.picture, face_points=odd.points)
        shot = still_shot(picture, lambda one, index: find_face(one, models, index))
        rig = PuppetEngine(models).prepare(shot, OPTIONS, Progress())
        motion = rig.plan(Performance(speech=said.speech()), OPTIONS, Progress(), 3)
        seen = openings(rig.mouth, picture.pixels.shape, motion)
        shares = closure_shares(seen, said.phonemes)
        results[odd.name] = {
            "found_by_detector": found,
            "closures": len(shares),
            "reached": int((shares <= REACHED).sum()),
            "widest_cavity_px": int(seen.max()),
            "worst_share": round(float(shares.max()), 3),
        }
    return results


def openings(mouth: MouthLayer, shape: tuple[int, ...], motion: Motion) -> FloatArray:
    """Return how many pixels of the cavity are seen in every row of a motion, (T,)."""
    rows = [dict(zip(motion.names, map(float, row), strict=True)) for row in motion.controls]
    return np.array([cavity_px(mouth, shape, row) for row in rows], np.float32)


def cavity_px(mouth: MouthLayer, shape: tuple[int, ...], controls: Mapping[str, float]) -> int:
    """Return how many pixels of the cavity are seen.

    Args:
        mouth: Prepared for the picture.
        shape: Of the picture.
        controls: Of the mouth, by name.
    """
    canvas = np.full(shape, CANVAS, np.uint8)
    mouth.apply(canvas, controls)
    away = np.abs(canvas.astype(np.int16) - np.array(CANVAS)).max(axis=-1)
    return int(np.count_nonzero(away > SEEN))
