"""The puppet engine by description."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sadtalker_ext.engines.spec import ALGORITHMIC, EngineSpec, Workshop

if TYPE_CHECKING:
    from collections.abc import Callable

    from sadtalker_ext.engines.base import Dubber, Engine, PaintEyes
    from sadtalker_ext.engines.spec import Require
    from sadtalker_ext.types import FloatArray, ImageArray
    from sadtalker_ext.weights.manifest import WeightFile
    from sadtalker_ext.weights.store import WeightStore


def _build(workshop: Workshop) -> Engine:
    from sadtalker_ext.engines.puppet.engine import PuppetEngine

    return PuppetEngine(workshop.face_models())


def _dub(load: Callable[[], Engine], require: Require) -> Dubber:
    from sadtalker_ext.engines.puppet.dub.dubber import PuppetDubber

    del load  # nothing of the engine is needed
    return PuppetDubber(require)


def _paint_eyes(picture: ImageArray, points: FloatArray) -> PaintEyes:
    from sadtalker_ext.engines.puppet.eyes.over import painter_of

    return painter_of(picture, points)


def _lacking(store: WeightStore) -> tuple[WeightFile, ...]:
    """Return the files without which nothing works.

    Without ears it still follows loudness; without the finders of hands nobody is told of one that
    lies over a mouth.
    """
    from sadtalker_ext.weights.manifest import HAND, PALMS, RECOGNISER, VOCABULARY

    can_wait = (RECOGNISER, VOCABULARY, PALMS, HAND)
    return tuple(file for file in store.missing(SPEC.weights) if file.name not in can_wait)


SPEC = EngineSpec(
    name="puppet",
    title="Puppet",
    gain="built in, quick, needs no graphics card",
    modules=("cv2", "av"),
    packages=(),
    build=_build,
    weights=("face", "phones"),
    lacking=_lacking,
    built_in=True,
    uses_device=False,
    motion_term=ALGORITHMIC,
    options=frozenset({"gaze", "acting"}),
    dub=_dub,
    paint_eyes=_paint_eyes,
)
