"""What everybody but an engine itself needs to know about an engine: data, and how it is built."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sadtalker_ext.engines.base import Dubber, Engine, EyePainter
    from sadtalker_ext.planes import Planes
    from sadtalker_ext.portrait.models import FaceModels
    from sadtalker_ext.weights.manifest import WeightFile
    from sadtalker_ext.weights.store import WeightStore

    FramesOf = Callable[[Sequence[int]], Iterator[tuple[int, Planes]]]
    Require = Callable[[str], Path]

TRAINED = "trainedAlgorithmicMedia"
ALGORITHMIC = "algorithmicMedia"
"""Terms of the IPTC digital source type for motion that was learned, and for motion by rules."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Workshop:
    """What an engine may be built from.

    Attributes:
        find: Gives the path of a weight file by name, or None.
        device: Names the torch device to work on; asked only when needed.
        face_models: Gives the detector, mesh and matte; loaded when first asked for.
        paint_eyes: An engine's way to paint the eyes of a picture; None where none has one.
    """

    find: Callable[[str], Path | None]
    device: Callable[[], str]
    face_models: Callable[[], FaceModels]
    paint_eyes: EyePainter | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineSpec:
    """One engine by description; see `engines.registry`.

    Attributes:
        name: What the option `engine` takes.
        title: What people read.
        gain: Why somebody would choose it, in a few words.
        modules: Modules that must be importable.
        packages: Distributions that bring them, for the report of `doctor`.
        build: Makes the engine.
        weights: Features of `weights.manifest` that it needs.
        lacking: Returns the published weight files that are still missing.
        extra: Extra of this package that installs what is needed; empty when the core does.
        built_in: Whether it works wherever this package does; it is offered first.
        uses_device: Whether jobs wait for the host's device.
        motion_term: IPTC digital source type of its motion, `TRAINED` or `ALGORITHMIC`.
        mirrors_yaw: Whether positive yaw of a free view turns to the left edge of the picture.
        options: Options that not every engine honours, but this one does.
        dub: Gives the engine's way to dub videos, from what loads the engine and what gives
            weight files; None where the engine cannot dub.
        paint_eyes: Paints gaze and lids of a picture for other engines; None where it cannot.
    """

    name: str
    title: str
    gain: str
    modules: tuple[str, ...]
    packages: tuple[str, ...]
    build: Callable[[Workshop], Engine]
    lacking: Callable[[WeightStore], tuple[WeightFile, ...]]
    weights: tuple[str, ...] = ()
    extra: str = ""
    built_in: bool = False
    uses_device: bool = True
    motion_term: str = ALGORITHMIC
    mirrors_yaw: bool = False
    options: frozenset[str] = frozenset()
    dub: Callable[[Callable[[], Engine], Require], Dubber] | None = None
    paint_eyes: EyePainter | None = None
