"""The engines of one service: chosen by name, loaded once and kept."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from sadtalker_ext.engine_status import Advice, EngineStatus, found_status
from sadtalker_ext.engines.spec import EngineSpec, Workshop
from sadtalker_ext.errors import PackageMissing
from sadtalker_ext.weights.manifest import WeightFile
from sadtalker_ext.weights.store import WeightStore

if TYPE_CHECKING:
    from sadtalker_ext.engines.base import Engine


class EngineSet:
    """What each engine lacks, and those that were loaded.

    Args:
        specs: The engines, best first.
        store: Where weights are.
        workshop: What engines are built from.
        advise: Puts what an engine lacks into words that fit the place.
    """

    def __init__(
        self,
        specs: Sequence[EngineSpec],
        store: WeightStore,
        workshop: Workshop,
        advise: Advice | None,
    ) -> None:
        self._specs = {spec.name: spec for spec in specs}
        self._store = store
        self._workshop = workshop
        self._advise = advise
        self._loaded: dict[str, Engine] = {}

    @property
    def specs(self) -> tuple[EngineSpec, ...]:
        """The descriptions, best first."""
        return tuple(self._specs.values())

    def spec(self, name: str) -> EngineSpec:
        """Return the description of one engine."""
        return self._specs[name]

    @property
    def built_in(self) -> EngineSpec:
        """The engine that works wherever this package does."""
        return next((spec for spec in self.specs if spec.built_in), self.specs[-1])

    def statuses(self) -> tuple[EngineStatus, ...]:
        """Tell which engines can be used, best first."""
        return tuple(self._status(spec) for spec in self.specs)

    def choose(self, wanted: str) -> str:
        """Return the engine's name for an option value; ``auto`` takes the best that is ready."""
        if wanted != "auto":
            return wanted
        ready = [status.name for status in self.statuses() if status.ready]
        return ready[0] if ready else self.built_in.name

    def to_dub(self, wanted: str) -> EngineSpec:
        """Return the engine that dubs for an option value; ``auto`` takes the built-in one."""
        return self.built_in if wanted == "auto" else self._specs[wanted]

    def load(self, name: str) -> Engine:
        """Return an engine, ready to work.

        Raises:
            PackageMissing: It lacks something.
        """
        if name not in self._loaded:
            spec = self._specs[name]
            status = self._status(spec)
            if not status.ready and not spec.built_in:
                raise PackageMissing(status.reason, hint=status.hint)
            self._loaded[name] = spec.build(self._workshop)
        return self._loaded[name]

    def lacking(self, name: str) -> tuple[WeightFile, ...]:
        """Return the published files an engine still needs; it needs none if older ones will do."""
        return self._specs[name].lacking(self._store)

    def close(self) -> None:
        """Release every engine; safe to call twice."""
        while self._loaded:
            self._loaded.popitem()[1].close()

    def _status(self, spec: EngineSpec) -> EngineStatus:
        lacking = self.lacking(spec.name)
        status = found_status(spec, lacking)
        if status.ready or self._advise is None:
            return status
        return self._advise(spec, status, lacking)
