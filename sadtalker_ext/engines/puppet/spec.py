"""The puppet engine by description."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sadtalker_ext.engines.spec import ALGORITHMIC, EngineSpec, Workshop

if TYPE_CHECKING:
    from sadtalker_ext.engines.base import Engine
    from sadtalker_ext.weights.manifest import WeightFile
    from sadtalker_ext.weights.store import WeightStore


def _build(workshop: Workshop) -> Engine:
    from sadtalker_ext.engines.puppet.engine import PuppetEngine

    return PuppetEngine(workshop.face_models())


def _lacking(store: WeightStore) -> tuple[WeightFile, ...]:
    return store.missing([SPEC.name])


SPEC = EngineSpec(
    name="puppet",
    title="Puppet",
    gain="built in, quick, needs no graphics card",
    modules=("cv2", "av"),
    packages=("pocketsphinx",),
    build=_build,
    lacking=_lacking,
    built_in=True,
    uses_device=False,
    motion_term=ALGORITHMIC,
    options=frozenset({"gaze"}),
)
