"""Which engines can be used here, and what the others lack."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from sadtalker_ext.engines.spec import EngineSpec
from sadtalker_ext.errors import Cancelled, InputError, SadTalkerError
from sadtalker_ext.installing import how_to_add, sadtalker
from sadtalker_ext.weights.manifest import WeightFile


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineStatus:
    """Whether an engine can be used here.

    Attributes:
        name: The engine's name.
        ready: True when a job can start at once.
        reason: What is missing, as one sentence; empty when ready.
        hint: What to do about it.
        can_fetch: True when nothing but weight files is missing.
    """

    name: str
    ready: bool
    reason: str = ""
    hint: str = ""
    can_fetch: bool = False


Advice = Callable[[EngineSpec, EngineStatus, Sequence[WeightFile]], EngineStatus]
"""Gets a description, what was found, and the weight files that are missing."""


def found_status(spec: EngineSpec, files: Sequence[WeightFile]) -> EngineStatus:
    """Return whether an engine can be used.

    Args:
    spec: The engine.
    files: Weight files that it still needs.
    """
    absent = [one for one in spec.modules if not _installed(one)]
    if absent:
        return EngineStatus(
            name=spec.name,
            ready=False,
            reason=f"The {spec.name} engine needs {', '.join(absent)}, not installed here.",
            hint=how_to_add(spec.extra or "core"),
        )
    if files:
        names = ", ".join(file.name for file in files)
        return EngineStatus(
            name=spec.name,
            ready=False,
            reason=f"The {spec.name} engine needs weight files that were not found: {names}.",
            hint=f"Run `{sadtalker(f'weights fetch {spec.name}')}`.",
            can_fetch=True,
        )
    return EngineStatus(name=spec.name, ready=True)


def _installed(module: str) -> bool:
    # `find_spec` raises ValueError for a module that another thread is importing right now
    return module in sys.modules or importlib.util.find_spec(module) is not None


def offer_other(
    error: SadTalkerError, failed: str, engines: Callable[[], Sequence[EngineStatus]]
) -> None:
    """Name another engine in the hint of an engine's own failure; never swap silently."""
    if isinstance(error, (InputError, Cancelled)):
        return
    others = [one.name for one in engines() if one.ready and one.name != failed]
    if others:
        error.hint = f"{error.hint} The engine {others[0]} is ready, too.".strip()
