"""A dubbed video from beginning to end."""

from __future__ import annotations

import logging
import shutil
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path

import numpy as np
import numpy.typing as npt

from sadtalker_ext.dubbing.analysis import Analysis, analyse
from sadtalker_ext.dubbing.cast import cast
from sadtalker_ext.dubbing.finish import described, marking_of, write_dub
from sadtalker_ext.dubbing.planned import kept_plan, plan_key
from sadtalker_ext.dubbing.render import Actor, amount_of, render_parts
from sadtalker_ext.dubbing.request import DubRequest, check_dub
from sadtalker_ext.dubbing.said import Speakers, last_end
from sadtalker_ext.dubbing.schedule import Schedule, plan_frames
from sadtalker_ext.dubbing.workplace import DubTools as DubTools
from sadtalker_ext.dubbing.workplace import Work, kept_seed, work_folder
from sadtalker_ext.encoder.leftovers import clear_now_and_then
from sadtalker_ext.encoder.output_file import check_output
from sadtalker_ext.encoder.reel import ReelLook
from sadtalker_ext.engines.base import Engine
from sadtalker_ext.engines.spec import EngineSpec
from sadtalker_ext.errors import InvalidOption
from sadtalker_ext.inputs.footage import Footage, FootageFrame
from sadtalker_ext.inputs.image import read_picture
from sadtalker_ext.performance import Said
from sadtalker_ext.planes import Planes
from sadtalker_ext.portrait.find import find_face
from sadtalker_ext.portrait.identity import Likeness, likeness
from sadtalker_ext.portrait.models import FaceModels
from sadtalker_ext.progress import Progress, Stage
from sadtalker_ext.provenance.consent import keep_consent
from sadtalker_ext.shot.steady import STEADY_SECONDS, SteadyTrack
from sadtalker_ext.types import VideoFile
from sadtalker_ext.weights.store import WeightStore

_SEEK_FRAMES = 120
"""Frames further ahead are sought in the file, which begins again at its last key frame."""
_FINER = 6
"""The video is coded a second time: so much lower a CRF keeps what is not drawn as it was."""

log = logging.getLogger(__name__)


def make_dub(request: DubRequest, tools: DubTools, progress: Progress) -> VideoFile:
    """Dub a video.

    Nothing has the final name before the video is whole; memory does not grow with its length.

    Raises:
        InputError: The video, a sound or a value cannot be used.
        EncodingError: The video could not be encoded.
        Cancelled: The work was stopped.
    """
    check_dub(request)
    free = request.overwrite or request.beside
    check_output(request.target, overwrite=free, suffix=".mp4")
    clear_now_and_then(request.target.parent)
    footage = Footage(request.video, shrink=request.shrink, turn=request.turn)
    folder = work_folder(request, tools.spec.name)
    seed = kept_seed(request, folder)
    work = Work(request, tools, progress, folder, seed)
    try:
        made = _made(work, footage)
    except BaseException:
        if not request.resume:
            shutil.rmtree(folder, ignore_errors=True)
        raise
    shutil.rmtree(folder, ignore_errors=True)
    return made


def dub_video(
    request: DubRequest,
    spec: EngineSpec,
    load: Callable[[], Engine],
    models: FaceModels,
    store: WeightStore,
    progress: Progress,
) -> VideoFile:
    """Dub a video with one engine; see `make_dub`.

    Args:
        request: What is asked for.
        spec: The engine.
        load: Loads it; asked only by engines that need more than their description to dub.
        models: The face models.
        store: Where weight files and voices are.
        progress: Reports stages, and stops the work.
    """
    if spec.dub is None:
        raise InvalidOption(f"The {spec.name} engine cannot dub.", hint="Choose engine auto.")
    dubber = spec.dub(load, store.require)
    tools = DubTools(spec=spec, dubber=dubber, models=models, store=store)
    return make_dub(request, tools, progress)


def _made(work: Work, footage: Footage) -> VideoFile:
    request, progress = work.request, work.progress
    with work.timings.measure("speak"):
        speakers = Speakers(request, work.folder, progress, work.tools.store)
        lines = speakers.lines()
    work.marking = marking_of(work, footage, lines)
    with work.timings.measure("analyse"):
        analysis = analyse(
            footage, work.tools.models, work.folder, progress, first_only=request.static
        )
    people = cast(
        analysis,
        request.roles,
        request.video.name,
        box=request.box,
        likeness_of=lambda path: _likeness_of(path, work.tools.models),
        tell=work.warnings.append,
    )
    schedule = plan_frames(
        np.asarray(analysis.tracks.frames["pts"]),
        footage.facts.time_base,
        footage.facts.rate,
        last_end(lines),
        request.length,
        static=request.static,
    )
    work.warnings += [*speakers.warnings, *([schedule.told] if schedule.told else [])]
    with work.timings.measure("prepare"):
        actors = _actors(work, footage, analysis, people, lines, schedule)
    look = _look(footage, request.options.quality)
    stamps = np.asarray(analysis.tracks.frames["pts"], np.int64)
    with work.timings.measure("render"):
        parts = render_parts(
            footage,
            stamps,
            schedule,
            actors,
            look,
            work.folder,
            progress,
            label=work.marking.label,
            stamp=work.marking.plane_stamp,
        )
    progress.enter(Stage.WRITING)
    with work.timings.measure("write"):
        manifest = write_dub(work, footage, parts, look, lines, schedule)
    made = described(work, analysis, people, schedule, look, manifest)
    keep_consent(made.path, request.video, request.options.consent_by)
    return made


def _actors(
    work: Work,
    footage: Footage,
    analysis: Analysis,
    people: Sequence[Sequence[int]],
    lines: Sequence[Sequence[Said]],
    schedule: Schedule,
) -> list[Actor]:
    """Prepare everybody who speaks; who says nothing stays as filmed."""
    request = work.request
    stamps = np.asarray(analysis.tracks.frames["pts"], np.int64)
    times = schedule.middles(footage.facts.time_base)
    steady = STEADY_SECONDS if request.smooth else 0.0
    actors: list[Actor] = []
    for role, persons, line in zip(request.roles, people, lines, strict=True):
        if not line:
            continue
        options = role.directed(request.options)
        amount = amount_of(line, times, request.between)
        for person in persons:
            work.progress.enter(Stage.PREPARING)
            track = SteadyTrack(analysis.tracks, person, steady_seconds=steady)
            dubbing = work.tools.dubber.learn(
                track,
                lambda numbers: _frames(footage, stamps, numbers),
                options,
                work.progress,
            )
            rows, told = kept_plan(
                work.folder / f"planned-{len(actors)}.npz",
                plan_key(line, times, options, work.seed),
                partial(dubbing.plan, line, times, options, work.seed, work.progress),
            )
            work.warnings += [one for one in told if one not in work.warnings]
            actors.append(Actor(dubbing, rows, amount))
            work.progress.check()
    return actors


def _frames(
    footage: Footage, stamps: npt.NDArray[np.int64], numbers: Sequence[int]
) -> Iterator[tuple[int, Planes]]:
    """Yield frames by their numbers, which rise; those between near ones are decoded, too."""
    reading: Iterator[FootageFrame] = iter(())
    at = -1
    for number in numbers:
        if at < 0 or number - at > _SEEK_FRAMES:
            reading = footage.frames(number, pts=int(stamps[number]), origin=int(stamps[0]))
        for frame in reading:
            at = frame.number
            if at >= number:
                yield number, frame.planes
                break


def _likeness_of(path: Path, models: FaceModels) -> Likeness:
    picture = read_picture(path)
    return likeness(picture.pixels, find_face(picture, models).points)


def _look(footage: Footage, quality: int) -> ReelLook:
    facts = footage.facts
    return ReelLook(
        size=facts.size,
        time_base=facts.time_base,
        rate=facts.rate,
        bits=facts.bits,
        tags=facts.tags,
        aspect=1 / facts.aspect if facts.turned else facts.aspect,
        quality=max(quality - _FINER, 1),
    )
