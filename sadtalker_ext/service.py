"""Composition root: one host, its engines, one pipeline call."""

from __future__ import annotations

import importlib.util
import logging
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import numpy as np

from sadtalker_ext.engines.base import Engine
from sadtalker_ext.errors import (
    Cancelled,
    InputError,
    PackageMissing,
    SadTalkerError,
    WeightsMissing,
)
from sadtalker_ext.finish_tools import ToolBox, needs_device
from sadtalker_ext.host.base import Host
from sadtalker_ext.installing import how_to_add, sadtalker
from sadtalker_ext.options import GenerateOptions
from sadtalker_ext.pipeline import generate
from sadtalker_ext.progress import Progress, Stage
from sadtalker_ext.request import Request as Request
from sadtalker_ext.request import borrowed_motion as borrowed_motion
from sadtalker_ext.request import check_request, open_picture, open_said
from sadtalker_ext.types import (
    Face,
    FloatArray,
    ImageArray,
    MotionTrack,
    Picture,
    Speech,
    VideoFile,
)
from sadtalker_ext.weights.checkpoint import locate
from sadtalker_ext.weights.manifest import WeightFile
from sadtalker_ext.weights.store import WeightStore

if TYPE_CHECKING:
    from sadtalker_ext.portrait.models import FaceModels

log = logging.getLogger(__name__)

_PLOT_RATE_HZ = 8000
_PLOT_BINS = 600

ENGINES = ("sadtalker", "puppet")
"""Best first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineStatus:
    """Whether an engine can be used here.

    Attributes:
        name: "sadtalker" or "puppet".
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


def save_plot(motion: MotionTrack, speech: Speech | None, path: Path) -> None:
    """Draw a video's motion beside its sound into a PNG file."""
    from sadtalker_ext.motion.plot import plot_motion, sound_envelope

    envelope = None
    if speech is not None:
        said = round(_PLOT_BINS * speech.seconds / max(speech.total_seconds, 1e-9))
        heard = sound_envelope(list(speech.read(_PLOT_RATE_HZ)), max(said, 1))
        envelope = np.pad(heard, (0, _PLOT_BINS - len(heard)))
    plot_motion(motion, envelope).save(path)


class Service:
    """Makes videos for one host; engines are loaded once and kept.

    Args:
        host: What the surrounding program offers.
        store: Where weights are; by default the host's folders and the usual ones.
    """

    def __init__(self, host: Host, store: WeightStore | None = None) -> None:
        self._host = host
        self._store = store or WeightStore.standard(host_folders=host.weight_dirs())
        self._engines: dict[str, Engine] = {}
        self._models: FaceModels | None = None
        self._toolbox = ToolBox(host, self._store, self._face_models)

    @property
    def store(self) -> WeightStore:
        """The weights this service looks at."""
        return self._store

    def engines(self) -> tuple[EngineStatus, ...]:
        """Tell which engines can be used, best first."""
        return tuple(self._status(name) for name in ENGINES)

    def choose(self, wanted: str) -> str:
        """Return the engine's name for an option value; ``auto`` takes the best that is ready.

        The choice is made before the work: a failure later never swaps the engine silently.
        """
        if wanted != "auto":
            return wanted
        ready = [status.name for status in self.engines() if status.ready]
        return ready[0] if ready else "puppet"

    def generate(self, request: Request, progress: Progress) -> VideoFile:
        """Make one video.

        Raises:
            SadTalkerError: One of its subclasses, with a sentence and a next step.
        """
        check_request(request)
        picture = open_picture(request)
        name = self.choose(request.options.engine)
        with TemporaryDirectory(prefix="sadtalker-") as folder:
            speech = open_said(request, Path(folder))
            video = self._generate(request, picture, speech, name, progress)
            if request.motion_plot is not None and video.motion is not None:
                save_plot(video.motion, speech, request.motion_plot)
            return video

    def _generate(
        self,
        request: Request,
        picture: Picture,
        speech: Speech | None,
        name: str,
        progress: Progress,
    ) -> VideoFile:
        options = request.options
        with self._turn(name, options, f"talking portrait of {picture.name}"):
            progress.enter(Stage.LOADING)
            tools = self._toolbox.tools(options)
            borrowed = borrowed_motion(request, speech)
            engine = self._engine(name)
            try:
                return generate(
                    picture,
                    speech,
                    request.target,
                    options,
                    engine=engine,
                    progress=progress,
                    overwrite=request.overwrite,
                    borrowed=borrowed,
                    tools=tools,
                )
            except SadTalkerError as error:
                self._offer_other_engine(error, name)
                raise

    def waits_for_device(self, options: GenerateOptions) -> bool:
        """Tell whether a job has to wait for the host's device; others may run beside it."""
        return self.choose(options.engine) != "puppet" or needs_device(options)

    def _turn(
        self, engine: str, options: GenerateOptions, job: str
    ) -> AbstractContextManager[None]:
        """Wait for the device; the built-in engine needs none and may run beside other work."""
        if engine == "puppet" and not needs_device(options):
            return nullcontext()
        return self._host.gpu_turn(job)

    def faces(self, picture: Picture) -> list[Face]:
        """Return the faces of a picture, largest first.

        Raises:
            WeightsMissing: The face models were not fetched yet.
        """
        from sadtalker_ext.portrait.find import find_faces

        return find_faces(picture, self._face_models())

    def close(self) -> None:
        """Release every engine and network; safe to call twice."""
        self._toolbox.close()
        while self._engines:
            self._engines.popitem()[1].close()

    def _engine(self, name: str) -> Engine:
        if name not in self._engines:
            build: dict[str, Callable[[], Engine]] = {
                "puppet": self._build_puppet,
                "sadtalker": self._build_sadtalker,
            }
            self._engines[name] = build[name]()
        return self._engines[name]

    def _face_models(self) -> FaceModels:
        if self._models is None:
            # needs OpenCV; a tab must be able to appear and say that it is missing
            from sadtalker_ext.portrait.models import FaceModels

            self._models = FaceModels(self._store)
        return self._models

    def _build_puppet(self) -> Engine:
        from sadtalker_ext.engines.puppet.engine import PuppetEngine

        return PuppetEngine(self._face_models())

    def _build_sadtalker(self) -> Engine:
        status = self._status("sadtalker")
        if not status.ready:
            raise PackageMissing(status.reason, hint=status.hint)
        from sadtalker_ext.engines.sadtalker.engine import SadTalkerEngine
        from sadtalker_ext.engines.sadtalker.landmark_sources import LandmarkSource
        from sadtalker_ext.engines.sadtalker.loading import load_networks
        from sadtalker_ext.portrait.find import find_face

        return SadTalkerEngine(
            partial(load_networks, self._store.find, self._host.device()),
            lambda picture, index: find_face(picture, self._face_models(), index),
            self._track_face,
            LandmarkSource(self._host.device()),
        )

    def _track_face(self, frames: Iterable[ImageArray]) -> Iterator[FloatArray | None]:
        """Yield the mesh points of the face of every frame, or None where there is none."""
        models = self._face_models()
        for mesh in models.mesher.track(frames, models.detector):
            yield None if mesh is None else mesh.points

    def _status(self, name: str) -> EngineStatus:
        needed = {
            "sadtalker": ("torch", "librosa", "safetensors", "scipy"),
            "puppet": ("cv2", "av"),
        }
        absent = [one for one in needed[name] if not _installed(one)]
        if absent:
            return EngineStatus(
                name=name,
                ready=False,
                reason=f"The {name} engine needs {', '.join(absent)}, not installed here.",
                hint=how_to_add("sadtalker" if name == "sadtalker" else "core"),
            )
        files = self.lacking(name)
        if files:
            names = ", ".join(file.name for file in files)
            return EngineStatus(
                name=name,
                ready=False,
                reason=f"The {name} engine needs weight files that were not found: {names}.",
                hint=f"Run `{sadtalker(f'weights fetch {name}')}`.",
                can_fetch=True,
            )
        return EngineStatus(name=name, ready=True)

    def lacking(self, name: str) -> tuple[WeightFile, ...]:
        """Return the published files an engine still needs; none where older ones will do."""
        files = self._store.missing([name])
        if name != "sadtalker" or not files:
            return files
        try:
            for full in (False, True):
                locate(self._store.find, 256, full=full)
        except WeightsMissing:
            return files
        return ()

    def _offer_other_engine(self, error: SadTalkerError, failed: str) -> None:
        """Name the other engine in the hint of an engine's own failure; never swap silently."""
        if isinstance(error, (InputError, Cancelled)):
            return
        others = [one.name for one in self.engines() if one.ready and one.name != failed]
        if others:
            error.hint = f"{error.hint} The engine {others[0]} is ready, too.".strip()


def _installed(module: str) -> bool:
    # `find_spec` raises ValueError for a module that another thread is importing right now
    return module in sys.modules or importlib.util.find_spec(module) is not None
