"""The SadTalker engine by description."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from sadtalker_ext.engines.spec import TRAINED, EngineSpec, Workshop
from sadtalker_ext.errors import WeightsMissing

if TYPE_CHECKING:
    from collections.abc import Callable

    from sadtalker_ext.engines.base import Dubber, Engine
    from sadtalker_ext.engines.spec import Require
    from sadtalker_ext.weights.manifest import WeightFile
    from sadtalker_ext.weights.store import WeightStore


def _build(workshop: Workshop) -> Engine:
    from sadtalker_ext.engines.sadtalker.engine import SadTalkerEngine
    from sadtalker_ext.engines.sadtalker.landmark_sources import LandmarkSource
    from sadtalker_ext.engines.sadtalker.loading import load_networks
    from sadtalker_ext.portrait.find import track_points

    device = workshop.device()
    return SadTalkerEngine(
        partial(load_networks, workshop.find, device),
        lambda frames: track_points(frames, workshop.face_models()),
        LandmarkSource(device),
        partial(_folder, workshop),
        workshop.paint_eyes,
    )


def _dub(load: Callable[[], Engine], require: Require) -> Dubber:
    from sadtalker_ext.engines.sadtalker.dub.dubber import SadTalkerDubber

    del require  # the phones of the speech are not needed
    return SadTalkerDubber(load)


def _folder(workshop: Workshop) -> Path | None:
    """Return the folder in which the weights lie."""
    from sadtalker_ext.weights.checkpoint import locate

    try:
        return locate(workshop.find, 256, full=False)["mapping"].parent
    except WeightsMissing:
        return None


def _lacking(store: WeightStore) -> tuple[WeightFile, ...]:
    """Return the published files that are missing, or nothing if older ones will do."""
    from sadtalker_ext.weights.checkpoint import locate

    files = store.missing(SPEC.weights)
    if not files:
        return files
    try:
        for full in (False, True):
            locate(store.find, 256, full=full)
    except WeightsMissing:
        return files
    return ()


SPEC = EngineSpec(
    name="sadtalker",
    title="SadTalker",
    gain="a neural network, more lifelike",
    modules=("torch", "librosa", "safetensors", "scipy", "soxr"),
    packages=("torch", "librosa", "safetensors", "scipy", "soxr"),
    build=_build,
    weights=("sadtalker",),
    lacking=_lacking,
    extra="sadtalker",
    motion_term=TRAINED,
    mirrors_yaw=True,
    dub=_dub,
    options=frozenset(
        {
            "size",
            "pose_style",
            "blend",
            "batch_size",
            "precision",
            "landmarks",
            "original_crop",
            "eye_layer",
        }
    ),
)
