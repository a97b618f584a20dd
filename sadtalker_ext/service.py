"""Composition root: one host, its engines, one pipeline call."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from functools import partial
from importlib import import_module
from typing import TYPE_CHECKING

from sadtalker_ext.engine_set import EngineSet
from sadtalker_ext.engine_status import Advice as Advice
from sadtalker_ext.engine_status import EngineStatus as EngineStatus
from sadtalker_ext.engine_status import offer_other
from sadtalker_ext.engines import registry
from sadtalker_ext.engines.spec import EngineSpec, Workshop
from sadtalker_ext.errors import NoFaceFound, SadTalkerError
from sadtalker_ext.finish_tools import ToolBox, needs_device
from sadtalker_ext.host.base import Host
from sadtalker_ext.options import GenerateOptions
from sadtalker_ext.portrait.known import KnownFaces
from sadtalker_ext.progress import Progress, Stage
from sadtalker_ext.scratch import scratch_folder
from sadtalker_ext.shot.still import still_shot
from sadtalker_ext.shot.upright import TURNED, upright
from sadtalker_ext.types import Face, FloatArray, ImageArray, Motion, Picture, Shot, VideoFile
from sadtalker_ext.weights.manifest import WeightFile
from sadtalker_ext.weights.store import WeightStore

if TYPE_CHECKING:
    from sadtalker_ext.dubbing.reading import dub_line as dub_line
    from sadtalker_ext.dubbing.reading import role_from as role_from
    from sadtalker_ext.dubbing.reading import roles_from as roles_from
    from sadtalker_ext.dubbing.reading import segment_from as segment_from
    from sadtalker_ext.dubbing.request import DubRequest as DubRequest
    from sadtalker_ext.dubbing.request import DubRole as DubRole
    from sadtalker_ext.dubbing.request import DubSegment as DubSegment
    from sadtalker_ext.dubbing.request import default_roles as default_roles
    from sadtalker_ext.dubbing.request import is_number as is_number
    from sadtalker_ext.engines.base import Rig
    from sadtalker_ext.performance import Performance
    from sadtalker_ext.portrait.models import FaceModels
    from sadtalker_ext.request import Request as Request
    from sadtalker_ext.segments import Elsewhere as Elsewhere
    from sadtalker_ext.segments import Scene as Scene

log = logging.getLogger(__name__)

_HOMES = {
    **dict.fromkeys(("dub_line", "role_from", "roles_from", "segment_from"), "dubbing.reading"),
    **dict.fromkeys(
        ("DubRequest", "DubRole", "DubSegment", "default_roles", "is_number"), "dubbing.request"
    ),
    "Request": "request",
    "Elsewhere": "segments",
    "Scene": "segments",
}


def __getattr__(name: str) -> object:
    """Import what a job is made of when it is first used: long after a WebUI's start."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    found: object = getattr(import_module(f"sadtalker_ext.{_HOMES[name]}"), name)
    globals()[name] = found
    return found


class Service:
    """Makes videos for one host; engines are loaded once and kept.

    Args:
        host: What the surrounding program offers.
        store: Where weights are; by default the host's folders and the usual ones.
        specs: The engines, best first; by default all registered ones.
        advise: Puts what an engine lacks into words that fit the place.
    """

    def __init__(
        self,
        host: Host,
        store: WeightStore | None = None,
        *,
        specs: Sequence[EngineSpec] | None = None,
        advise: Advice | None = None,
    ) -> None:
        self._host = host
        self._store = store or WeightStore.standard(host_folders=host.weight_dirs())
        self._models: FaceModels | None = None
        known = tuple(specs or registry.engine_specs())
        workshop = Workshop(
            find=self._store.find,
            device=host.device,
            face_models=self._face_models,
            paint_eyes=registry.eye_painter(known),
        )
        self._engines = EngineSet(known, self._store, workshop, advise)
        self._known = KnownFaces(self._face_models)
        self._toolbox = ToolBox(host, self._store, self._face_models)

    @property
    def store(self) -> WeightStore:
        """The weights this service looks at."""
        return self._store

    def engines(self) -> tuple[EngineStatus, ...]:
        """Tell which engines can be used, best first."""
        return self._engines.statuses()

    @property
    def specs(self) -> tuple[EngineSpec, ...]:
        """The descriptions of the engines, best first."""
        return self._engines.specs

    def spec(self, name: str) -> EngineSpec:
        """Return the description of one engine."""
        return self._engines.spec(name)

    def choose(self, wanted: str) -> str:
        """Return the engine's name for an option value; ``auto`` takes the best that is ready.

        The choice is made before the work: a failure later never swaps the engine silently.
        """
        return self._engines.choose(wanted)

    def generate(
        self, request: Request, progress: Progress, elsewhere: Elsewhere | None = None
    ) -> VideoFile:
        """Make one video; `elsewhere` draws its frames in other processes.

        Raises:
            SadTalkerError: One of its subclasses, with a sentence and a next step.
        """
        # here: a WebUI that starts makes a service long before anybody asks for a video
        from sadtalker_ext.provenance.consent import keep_consent
        from sadtalker_ext.request import open_request
        from sadtalker_ext.transcripts import with_words, write_transcripts

        name = self.choose(request.options.engine)
        with scratch_folder() as folder:
            picture, performance = open_request(request, folder, progress, self._store)
            performance = with_words(request, performance, progress, self._store.require)
            video = self._of_upright(
                picture,
                lambda shot: self._generate(request, shot, performance, name, progress, elsewhere),
            )
            if request.motion_plot is not None and video.motion is not None:
                from sadtalker_ext.motion.plot import plot_with_sound

                plot = plot_with_sound(video.motion, performance.speech)
                plot.save(request.motion_plot)
            if video.motion is not None and request.motion_files:
                from sadtalker_ext.motion_files import write_motion_files

                write_motion_files(request.motion_files, video.motion)
            told = write_transcripts(request, performance.speech, performance.hearing)
            told = (*picture.notes, *told)
            keep_consent(video.path, picture, request.options.consent_by)
            return replace(video, warnings=(*video.warnings, *told)) if told else video

    def _of_upright(self, picture: Picture, make: Callable[[Shot], VideoFile]) -> VideoFile:
        """Make a video; a picture without a face is turned upright, if that shows one."""
        try:
            return make(still_shot(picture, self._known.face))
        except NoFaceFound:
            upright = self.turned_upright(picture)
            if upright is None:
                raise
            video = make(still_shot(upright, self._known.face))
            return replace(video, warnings=(TURNED, *video.warnings))

    def turned_upright(self, picture: Picture) -> Picture | None:
        """Return a picture that lies on its side or its head as it should stand; None otherwise.

        None also when it stands upright, or when faces cannot be looked for.
        """
        return upright(picture, self.faces)

    def plan(self, request: Request, progress: Progress) -> Motion:
        """Return the motion of a video that is not made, and write the files asked for.

        Raises:
            SadTalkerError: One of its subclasses, with a sentence and a next step.
        """
        from sadtalker_ext.pipeline import plan_only
        from sadtalker_ext.request import open_request
        from sadtalker_ext.transcripts import with_words

        name = self.choose(request.options.engine)
        with scratch_folder() as folder:
            picture, performance = open_request(request, folder, progress, self._store)
            performance = with_words(request, performance, progress, self._store.require)
            with self._turn(name, request.options, f"motion for {picture.name}"):
                progress.enter(Stage.LOADING)
                motion = plan_only(
                    still_shot(picture, self._known.face),
                    performance,
                    request.options,
                    engine=self._engines.load(name),
                    progress=progress,
                )
        if request.motion_files:
            from sadtalker_ext.motion_files import write_motion_files

            write_motion_files(request.motion_files, motion)
        return motion

    def _generate(
        self,
        request: Request,
        shot: Shot,
        performance: Performance,
        name: str,
        progress: Progress,
        elsewhere: Elsewhere | None,
    ) -> VideoFile:
        from sadtalker_ext.pipeline import generate

        options = request.options
        with self._turn(name, options, f"talking portrait of {shot.picture.name}"):
            progress.enter(Stage.LOADING)
            tools = self._toolbox.tools(options)
            engine = self._engines.load(name)
            try:
                return generate(
                    shot,
                    performance,
                    request.target,
                    options,
                    engine=engine,
                    progress=progress,
                    overwrite=request.overwrite,
                    beside=request.beside,
                    tools=tools,
                    own=request.own_certificate,
                    elsewhere=elsewhere,
                    hands=self._behind_hands,
                )
            except SadTalkerError as error:
                offer_other(error, name, self.engines)
                raise

    def rig_of(self, scene: Scene, progress: Progress) -> tuple[Rig, Shot]:
        """Return what draws the frames of a scene that was planned elsewhere, and its shot."""
        shot = still_shot(scene.picture, self._known.face)
        rig = self._engines.load(scene.engine).prepare(shot, scene.options, progress)
        take = getattr(rig, "take", None)
        if take is not None and scene.kept is not None:
            take(scene.kept)
        return rig, shot

    def dub(self, request: DubRequest, progress: Progress) -> VideoFile:
        """Dub a video, or let people of a picture talk; ``auto`` takes the built-in engine.

        It bends the video's own pixels, at any size, which a network that draws faces of 256 or
        512 pixels cannot.

        Raises:
            SadTalkerError: One of its subclasses, with a sentence and a next step.
        """
        from sadtalker_ext.dubbing.make import dub_video
        from sadtalker_ext.dubbing.picture import dub_picture, is_picture

        if is_picture(request.video):
            engine = self._engines.load(self._engines.built_in.name)
            return dub_picture(request, self.faces, self._known.face, engine, self._store, progress)
        spec = self._engines.to_dub(request.options.engine)
        job = f"dubbing of {request.video.name}"
        with self._host.gpu_turn(job) if spec.uses_device else nullcontext():
            load = partial(self._engines.load, spec.name)
            return dub_video(request, spec, load, self._face_models(), self._store, progress)

    def waits_for_device(self, options: GenerateOptions, *, dubs: bool = False) -> bool:
        """Tell whether a job has to wait for the host's device; others may run beside it."""
        if dubs:
            return self._engines.to_dub(options.engine).uses_device
        return self._needs_device(self.choose(options.engine), options)

    def _needs_device(self, engine: str, options: GenerateOptions) -> bool:
        return self.spec(engine).uses_device or needs_device(options)

    def _turn(
        self, engine: str, options: GenerateOptions, job: str
    ) -> AbstractContextManager[None]:
        """Wait for the device, if the job needs one; others run beside whatever holds it."""
        if not self._needs_device(engine, options):
            return nullcontext()
        return self._host.gpu_turn(job)

    def faces(self, picture: Picture) -> list[Face]:
        """Return the faces of a picture, largest first.

        Raises:
            WeightsMissing: The face models were not fetched yet.
        """
        return self._known.faces(picture)

    def close(self) -> None:
        """Release every engine and network; safe to call twice."""
        self._toolbox.close()
        self._engines.close()

    def _behind_hands(self, picture: ImageArray, outline: FloatArray, height: float) -> float:
        """Return how much of an area hands hide; none where they cannot be looked for."""
        finder = self._face_models().hands
        return 0.0 if finder is None else finder.share_hidden(picture, outline, height)

    def _face_models(self) -> FaceModels:
        if self._models is None:
            # needs OpenCV; a tab must be able to appear and say that it is missing
            from sadtalker_ext.portrait.models import FaceModels

            self._models = FaceModels(self._store)
        return self._models

    def lacking(self, name: str) -> tuple[WeightFile, ...]:
        """Return the published files an engine still needs; it needs none if older ones will do."""
        return self._engines.lacking(name)
