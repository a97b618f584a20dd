"""Stages of the golden check: what they yield, how close they must be, and the list of them.

A file `tests/golden/stages/<topic>.py` holds small functions marked with `stages`. Each gets the
golden folder and yields `Stage`s, usually made with `compare`.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from tests.golden.folder import GoldenFolder
from tests.golden.rounding import Rounding, rounding_of


@dataclass(frozen=True, kw_only=True)
class Tolerance:
    """How close two arrays must be.

    Attributes:
        absolute, relative: A value is close when |a - b| <= absolute + relative * |b|.
        share: Part of the values that must be close.
        mean: Largest mean of |a - b|, or None.
        largest: Largest single |a - b|, or None.
    """

    absolute: float = 0.0
    relative: float = 0.0
    share: float = 1.0
    mean: float | None = None
    largest: float | None = None


EXACT = Tolerance()
NETWORK = Tolerance(absolute=1e-4)
"""Coefficients and networks before the renderer."""
PICTURE = Tolerance(absolute=1e-4, share=0.999, mean=1e-5, largest=5e-3)
"""A rendered picture as floats in [0, 1]."""
FRAMES = Tolerance(absolute=1.0, share=0.999)
"""Rendered frames in grey levels."""


@dataclass(frozen=True)
class Stage:
    """One computed array beside the recorded one."""

    name: str
    got: Any
    wanted: Any
    tolerance: Tolerance = NETWORK
    truth: Any = None
    """Float64 values; with them `tests.golden.rounding` judges the stage, not the tolerance."""
    noise: float | None = None
    """What the recording's index says of the original's own mean distance from float64."""


StageFunction = Callable[[GoldenFolder], Iterator[Stage]]


@dataclass(frozen=True)
class Topic:
    """A function that yields stages, and the files (patterns) it cannot do without."""

    name: str
    needs: tuple[str, ...]
    run: StageFunction

    def missing(self, folder: GoldenFolder) -> list[str]:
        """Return the patterns that no file of the folder fits."""
        return [pattern for pattern in self.needs if not folder.files(pattern)]


_TOPICS: list[Topic] = []


def stages(name: str, *needs: str) -> Callable[[StageFunction], StageFunction]:
    """Mark a function as the stages of a topic that need files fitting these patterns."""

    def register(function: StageFunction) -> StageFunction:
        _TOPICS.append(Topic(name, needs, function))
        return function

    return register


def topics() -> list[Topic]:
    """Import every file of `tests/golden/stages` and return all topics, sorted by name."""
    package = importlib.import_module("tests.golden.stages")
    for module in sorted(info.name for info in pkgutil.iter_modules(package.__path__)):
        importlib.import_module(f"tests.golden.stages.{module}")
    return sorted(_TOPICS, key=lambda topic: topic.name)


def compare(
    folder: GoldenFolder, file: str, key: str, got: Any, tolerance: Tolerance = NETWORK
) -> Stage:
    """Pair a computed array with a recorded one, thinned out as the recording is."""
    name = f"{file}:{key}"
    return Stage(name, folder.thin(file, key, got), folder.arrays(file)[key], tolerance)


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """The outcome of one stage."""

    topic: str
    name: str
    passed: bool
    count: int = 0
    max_abs: float = 0.0
    max_rel: float = 0.0
    mean_abs: float = 0.0
    share: float = 1.0
    rounding: Rounding | None = None
    note: str = ""


def judge(topic: str, stage: Stage) -> Verdict:
    """Compare one stage."""
    got, wanted = np.asarray(stage.got), np.asarray(stage.wanted)
    if got.shape != wanted.shape:
        note = f"shape {got.shape}, recorded {wanted.shape}"
        return Verdict(topic=topic, name=stage.name, passed=False, count=wanted.size, note=note)
    if got.size == 0:
        return Verdict(topic=topic, name=stage.name, passed=False, note="nothing to compare")
    limit = stage.tolerance
    reference = wanted.astype(np.float64)
    difference = np.abs(got.astype(np.float64) - reference)
    close = difference <= limit.absolute + limit.relative * np.abs(reference)
    share = float(close.mean())
    worst, mean = float(difference.max()), float(difference.mean())
    scale = np.maximum(np.abs(reference), 1e-3)
    rounding = None if stage.truth is None else rounding_of(got, wanted, stage.truth, stage.noise)
    within = (
        bool(np.isfinite(difference).all())
        and share >= limit.share
        and (limit.mean is None or mean <= limit.mean)
        and (limit.largest is None or worst <= limit.largest)
    )
    return Verdict(
        topic=topic,
        name=stage.name,
        passed=within if rounding is None else rounding.passed,
        count=int(got.size),
        max_abs=worst,
        max_rel=float((difference / scale).max()),
        mean_abs=mean,
        share=share,
        rounding=rounding,
    )
