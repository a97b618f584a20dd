"""A dubbed video from beginning to end."""

from __future__ import annotations

import logging
import shutil
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import numpy.typing as npt

from sadtalker_ext.dubbing.analysis import Analysis, analyse
from sadtalker_ext.dubbing.cast import cast, ranked
from sadtalker_ext.dubbing.render import Actor, amount_of, controls_of, render_parts
from sadtalker_ext.dubbing.request import DubRequest, check_dub
from sadtalker_ext.dubbing.said import Said, Speakers, last_end
from sadtalker_ext.dubbing.schedule import Schedule, plan_frames
from sadtalker_ext.dubbing.workplace import kept_seed, work_folder
from sadtalker_ext.encoder.formats import FORMATS
from sadtalker_ext.encoder.metadata import describe_video
from sadtalker_ext.encoder.output_file import (
    check_output,
    discard,
    hidden_name,
    move_into_place,
)
from sadtalker_ext.encoder.reel import ReelLook, join_reel
from sadtalker_ext.engines.spec import EngineSpec
from sadtalker_ext.errors import SilentAudio
from sadtalker_ext.inputs.audio import open_speech
from sadtalker_ext.inputs.footage import Footage, FootageFrame
from sadtalker_ext.inputs.image import read_picture
from sadtalker_ext.motion.plan import plan_motion
from sadtalker_ext.performance import Performance
from sadtalker_ext.planes import Planes
from sadtalker_ext.portrait.find import find_face
from sadtalker_ext.portrait.identity import Likeness, likeness
from sadtalker_ext.portrait.models import FaceModels
from sadtalker_ext.progress import Progress, Stage
from sadtalker_ext.shot.steady import STEADY_SECONDS, SteadyTrack
from sadtalker_ext.speech.hear.recogniser import Require
from sadtalker_ext.speech.laid import Laid, laid_out
from sadtalker_ext.types import Motion, Picture, Speech, VideoFile
from sadtalker_ext.weights.store import WeightStore

_SEEK_FRAMES = 120
"""Frames further ahead are sought in the file, which begins again at its last key frame."""
_FINER = 6
"""The video is coded a second time: so much lower a CRF keeps what is not drawn as it was."""

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class DubTools:
    """What dubbing needs of whoever calls it.

    Attributes:
        spec: The engine, one that can dub.
        models: The face models.
        store: Where weight files and voices are.
        require: Gives the weight files of the phone recogniser.
    """

    spec: EngineSpec
    models: FaceModels
    store: WeightStore
    require: Require


@dataclass(slots=True)
class _Work:
    """One job on its way."""

    request: DubRequest
    tools: DubTools
    progress: Progress
    folder: Path
    seed: int
    warnings: list[str] = field(default_factory=list)
    timings: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def measure(self, name: str) -> Iterator[None]:
        """Time one stage and log it in one line."""
        began = time.perf_counter()
        try:
            yield
        finally:
            self.timings[name] = time.perf_counter() - began
            log.info("%s took %.2f s", name, self.timings[name])


def make_dub(request: DubRequest, tools: DubTools, progress: Progress) -> VideoFile:
    """Dub a video.

    Nothing has the final name before the video is whole; memory does not grow with its length.

    Raises:
        InputError: The video, a sound or a value cannot be used.
        EncodingError: The video could not be encoded.
        Cancelled: The work was stopped.
    """
    check_dub(request)
    check_output(request.target, overwrite=request.overwrite, suffix=".mp4")
    footage = Footage(request.video, shrink=request.shrink, turn=request.turn)
    folder = work_folder(request)
    seed = kept_seed(request, folder)
    work = _Work(request, tools, progress, folder, seed)
    try:
        made = _made(work, footage)
    except BaseException:
        if not request.resume:
            shutil.rmtree(folder, ignore_errors=True)
        raise
    shutil.rmtree(folder, ignore_errors=True)
    return made


def _made(work: _Work, footage: Footage) -> VideoFile:
    request, progress = work.request, work.progress
    with work.measure("speak"):
        speakers = Speakers(request, work.folder, progress, work.tools.store)
        lines = speakers.lines()
    with work.measure("analyse"):
        analysis = analyse(
            footage, work.tools.models, work.folder, progress, first_only=request.static
        )
    people = cast(
        analysis,
        request.roles,
        request.video.name,
        box=request.box,
        likeness_of=lambda path: _likeness_of(path, work.tools.models),
    )
    with work.measure("move"):
        motions = [_motions(work, line) for line in lines]
    schedule = plan_frames(
        np.asarray(analysis.tracks.frames["pts"]),
        footage.facts.time_base,
        footage.facts.rate,
        last_end(lines),
        request.length,
        static=request.static,
    )
    work.warnings += [*speakers.warnings, *([schedule.told] if schedule.told else [])]
    with work.measure("prepare"):
        actors = _actors(work, footage, analysis, people, lines, motions, schedule)
    look = _look(footage, request.options.quality)
    stamps = np.asarray(analysis.tracks.frames["pts"], np.int64)
    with work.measure("render"):
        parts = render_parts(
            footage,
            stamps,
            schedule,
            actors,
            look,
            work.folder,
            progress,
            label=request.options.mark == "label",
        )
    progress.enter(Stage.WRITING)
    with work.measure("write"):
        _write(work, footage, parts, look, lines, schedule)
    return _described(work, analysis, people, schedule, look)


def _motions(work: _Work, line: Sequence[Said]) -> list[Motion]:
    """Plan how a mouth says every piece."""
    found = []
    for said in line:
        performance = Performance(speech=said.speech)
        motion = plan_motion(
            performance,
            work.request.options,
            work.seed,
            work.progress,
            lambda _: iter(()),
            work.tools.require,
        )
        found.append(motion)
        work.warnings += [one for one in motion.warnings if one not in work.warnings]
    return found


def _actors(
    work: _Work,
    footage: Footage,
    analysis: Analysis,
    people: Sequence[Sequence[int]],
    lines: Sequence[Sequence[Said]],
    motions: Sequence[Sequence[Motion]],
    schedule: Schedule,
) -> list[Actor]:
    """Prepare everybody who speaks; who says nothing stays as filmed."""
    work.progress.enter(Stage.PREPARING)
    dub = work.tools.spec.dub
    if dub is None:
        raise ValueError(f"the engine {work.tools.spec.name} cannot dub")
    stamps = np.asarray(analysis.tracks.frames["pts"], np.int64)
    times = schedule.middles(footage.facts.time_base)
    steady = STEADY_SECONDS if work.request.smooth else 0.0
    actors = []
    for persons, line, spoken in zip(people, lines, motions, strict=True):
        if not line:
            continue
        controls = controls_of(line, spoken, times)
        amount = amount_of(line, times, work.request.keep_audio)
        for person in persons:
            track = SteadyTrack(analysis.tracks, person, steady_seconds=steady)
            dubbing = dub(track, lambda numbers: _frames(footage, stamps, numbers))
            actors.append(Actor(dubbing, controls, amount))
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


def _write(
    work: _Work,
    footage: Footage,
    parts: Sequence[tuple[Path, int]],
    look: ReelLook,
    lines: Sequence[Sequence[Said]],
    schedule: Schedule,
) -> None:
    request = work.request
    sound = _sound(work, footage, lines, float(schedule.seconds))
    first = next(footage.frames()).planes.picture()
    metadata = describe_video(
        request.options,
        engine=work.tools.spec,
        seed=work.seed,
        picture=Picture(pixels=first, name=request.video.name),
        speech=next((one.speech for line in lines for one in line), None),
    )
    unfinished = hidden_name(request.target)
    try:
        work.warnings += join_reel(
            [path for path, _ in parts],
            unfinished,
            look,
            begins=[begins for _, begins in parts],
            seconds=schedule.seconds,
            sound=sound,
            beside=footage.path if footage.facts.other_streams else None,
            tags=metadata.tags(),
        )
        FORMATS["mp4"].complete(unfinished, metadata)
        move_into_place(unfinished, request.target, overwrite=request.overwrite)
    finally:
        discard(unfinished)


def _sound(
    work: _Work, footage: Footage, lines: Sequence[Sequence[Said]], seconds: float
) -> Speech:
    """Lay everything that is heard over one another."""
    laid = [Laid(speech=one.speech, at=one.at) for line in lines for one in line]
    keep = work.request.keep_audio
    if keep > 0 and not footage.facts.sound_tracks:
        work.warnings.append(f"{footage.path.name} has no sound to be kept.")
    elif keep > 0:
        try:
            own = open_speech(footage.path)
        except SilentAudio:
            work.warnings.append(f"The sound of {footage.path.name} is silent.")
        else:
            laid.append(Laid(speech=own, at=footage.facts.sound_delay, gain=keep))
    return laid_out(laid, seconds)


def _described(
    work: _Work,
    analysis: Analysis,
    people: Sequence[Sequence[int]],
    schedule: Schedule,
    look: ReelLook,
) -> VideoFile:
    tracks = analysis.tracks
    wanted = {one for persons in people for one in persons}
    seen = np.unique(tracks.frame_of[np.isin(tracks.person_of, list(wanted))])
    absent = len(tracks.frames) - len(seen)
    if absent:
        work.warnings.append(
            f"{absent} of {len(tracks.frames)} frames do not show the face; they stay as they are."
        )
    others = [one for one in ranked(analysis) if one not in wanted]
    if others:
        work.warnings.append(f"{len(others)} more people are seen; their mouths stay as they are.")
    width, height = look.size
    return VideoFile(
        path=work.request.target,
        width=width + width % 2,
        height=height + height % 2,
        fps=float(look.rate),
        frames=len(schedule.source),
        seconds=float(schedule.seconds),
        engine=work.tools.spec.name,
        seed=work.seed,
        timings=work.timings,
        warnings=tuple(work.warnings),
    )
