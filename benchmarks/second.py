"""What a second job on the same picture takes, when the program stays open.

Ours keeps its networks and what it found out about the picture; the original's program loads and
looks anew for every job, so its second job is as long as its first. `benchmarks.versus` adds these
rows to its own.
"""

from __future__ import annotations

import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.ours import Ours
from benchmarks.pairs import Stages

KEPT = ("load", "analyse", "prepare")
"""Stages of which a second job only looks up the result."""
LOOKS = 3
SOUND_SECONDS = 5


def second_jobs(
    ours: Ours, picture: Path, landmarks: np.ndarray, speech: Path, stages: Stages
) -> dict[str, Any]:
    """Measure the look-up and the built-in engine's jobs.

    Args:
        ours: The sadtalker engine, loaded.
        picture: The picture of all jobs.
        landmarks: (68, 2) its landmarks.
        speech: The sound of all jobs.
        stages: The measured stages.

    Returns:
        Seconds of the look-up, what the kept stages took, and whole jobs of the built-in engine,
        first and second.
    """
    return {
        "kept_stages_s": round(sum(stages.seconds(1, name) for name in KEPT), 2),
        "look_up_s": round(_look_up(ours, picture, landmarks), 4),
        "puppet": _puppet(picture, speech),
    }


def rows(found: dict[str, Any], whole: dict[str, Any]) -> dict[str, Any]:
    """Return second jobs of ours against whole jobs of the original, in seconds and ratios."""
    sadtalker = whole["ours_s"] - found["kept_stages_s"] + found["look_up_s"]
    puppet = found["puppet"]
    return {
        **found,
        "sadtalker": {
            "original_s": whole["original_s"],
            "ours_s": round(sadtalker, 1),
            "ratio": round(whole["original_s"] / sadtalker, 3),
        },
        "puppet_first_to_second_ratio": round(puppet["first_s"] / puppet["second_s"], 2),
        "original_to_second_puppet_ratio": round(whole["original_s"] / puppet["second_s"], 1),
    }


class _Known:
    """Landmarks that are there already, in place of a network that finds them."""

    def __init__(self, landmarks: np.ndarray) -> None:
        self._landmarks = landmarks

    def __call__(self, *_: object) -> np.ndarray:
        return self._landmarks

    def close(self) -> None:
        """Let go of nothing."""


def _look_up(ours: Ours, picture: Path, landmarks: np.ndarray) -> float:
    """Return what the engine takes to find a picture again, in seconds; the median of some."""
    from sadtalker_ext.engines.sadtalker.engine import SadTalkerEngine
    from sadtalker_ext.inputs.image import read_picture
    from sadtalker_ext.portrait.find import find_face
    from sadtalker_ext.portrait.models import FaceModels
    from sadtalker_ext.progress import Progress
    from sadtalker_ext.shot.still import still_shot
    from sadtalker_ext.weights.store import WeightStore

    shown = read_picture(picture)
    face = find_face(shown, FaceModels(WeightStore.standard()))
    engine = SadTalkerEngine(
        lambda _size, _precision: ours.networks, find_landmarks=_Known(landmarks)
    )
    took = []
    for _ in range(1 + LOOKS):
        began = time.perf_counter()
        engine.prepare(still_shot(shown, lambda *_: face), ours.options, Progress())
        took.append(time.perf_counter() - began)
    return statistics.median(took[1:])


def _puppet(picture: Path, speech: Path) -> dict[str, float]:
    """Return the seconds of two whole jobs of the built-in engine in one animator."""
    from sadtalker_ext import load

    took = []
    with tempfile.TemporaryDirectory() as folder, load() as animator:
        for number in range(2):
            began = time.perf_counter()
            animator.animate(
                picture,
                speech,
                Path(folder) / f"{number}.mp4",
                engine="puppet",
                preprocess="full",
                audio_end=SOUND_SECONDS,
                seed=1,
                mark="none",
            )
            took.append(time.perf_counter() - began)
    return {"first_s": round(took[0], 2), "second_s": round(took[1], 2)}
