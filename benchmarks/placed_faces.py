"""How well lips close on ten drawn faces that no detector finds, their points placed by hand.

No detector can measure such a mouth, so its opening is what is seen of the cavity: pixels about
the mouth in colours that the picture has nowhere there. Around every P, B and M the least of it is
divided by that of the open vowels, as in `closures`. Needs the test extra (espeak-ng).
"""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np

from benchmarks.closures import REACHED
from benchmarks.measure import closure_shares
from benchmarks.subject import face_models
from sadtalker_ext.engines.puppet.engine import PuppetEngine
from sadtalker_ext.options import GenerateOptions
from sadtalker_ext.performance import Performance
from sadtalker_ext.portrait.find import find_face, find_faces
from sadtalker_ext.progress import Progress
from sadtalker_ext.shot.still import still_shot
from sadtalker_ext.types import FloatArray, ImageArray, Picture

SENTENCE = "Papa brought my mama a big map of Panama."
OPTIONS = GenerateOptions(
    preprocess="full", still=True, head_motion=0.0, blink="off", gaze="fixed", acting="off"
)
_BITS = 5
"""Colours are compared in cells of 2 ** _BITS levels, with their neighbours."""


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
        seen = cavity(picture, odd.points, [patch.pixels for patch in rig.draw(motion)])
        shares = closure_shares(seen, said.phonemes)
        results[odd.name] = {
            "found_by_detector": found,
            "closures": len(shares),
            "reached": int((shares <= REACHED).sum()),
            "widest_cavity_px": int(seen.max()),
            "worst_share": round(float(shares.max()), 3),
        }
    return results


def cavity(
    picture: Picture, points: dict[str, tuple[float, float]], frames: list[ImageArray]
) -> FloatArray:
    """Return how many pixels about the mouth have colours that the picture lacks there.

    Args:
        picture: The picture.
        points: Of the face, as shares.
        frames: (H, W, 3) uint8 of the same size.
    """
    width, height = picture.size
    left, right = (points[f"mouth_{side}"][0] * width for side in ("left", "right"))
    top, bottom = points["nose_tip"][1] * height, points["chin"][1] * height
    part = np.s_[int(top) : int(bottom), int(left) : int(right) + 1]
    known = np.zeros((256 >> _BITS,) * 3, bool)
    cells = picture.pixels[part].reshape(-1, 3) >> _BITS
    most = (256 >> _BITS) - 1
    for step in np.ndindex(3, 3, 3):
        known[tuple(np.clip(cells + np.array(step) - 1, 0, most).T)] = True
    counts = [
        np.count_nonzero(~known[tuple((frame[part].reshape(-1, 3) >> _BITS).T)]) for frame in frames
    ]
    return np.array(counts, np.float32)
