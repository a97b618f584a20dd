"""A video of several people of one picture."""

from __future__ import annotations

import dataclasses
import secrets
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from sadtalker_ext.compositor.lay import Compositor
from sadtalker_ext.compositor.paste_back import Blend
from sadtalker_ext.encoder.metadata import describe_video
from sadtalker_ext.encoder.output_file import check_output
from sadtalker_ext.encoder.video import VideoWriter
from sadtalker_ext.engines.base import Engine, Rig
from sadtalker_ext.ensemble import Speaking, listening, roles_of
from sadtalker_ext.options import GenerateOptions
from sadtalker_ext.performance import Performance
from sadtalker_ext.pipeline import Timings, ignored, write_frames
from sadtalker_ext.planning import at_rate
from sadtalker_ext.progress import Progress
from sadtalker_ext.provenance.claim import claim_of
from sadtalker_ext.provenance.credentials import OwnCertificate
from sadtalker_ext.provenance.marking import Marking
from sadtalker_ext.shot.still import FaceFinder, still_shot
from sadtalker_ext.types import Face, ImageArray, Motion, Picture, Shot, Speech, VideoFile


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class EnsembleRole:
    """One person of the picture.

    Attributes:
        face: Which face, counted by size from 0.
        speech: What this person says, as long as the whole video; None listens all the time.
        spans: First and last second of every piece of it.
        options: How this person acts; None takes those of the video.
    """

    face: int
    speech: Speech | None
    spans: tuple[tuple[float, float], ...] = ()
    options: GenerateOptions | None = None


def generate_ensemble(
    picture: Picture,
    find_face: FaceFinder,
    parts: Sequence[EnsembleRole],
    sound: Speech,
    output: Path,
    options: GenerateOptions,
    *,
    engine: Engine,
    progress: Progress,
    overwrite: bool = False,
    beside: bool = False,
    bystanders: Sequence[Face] = (),
    speakers: Sequence[Mapping[str, Any]] = (),
    own: OwnCertificate | None = None,
) -> VideoFile:
    """Make a video in which several people of a picture talk.

    Args:
        picture: The picture.
        find_face: Gives its faces.
        parts: Who says what.
        sound: Everything that is heard; its length is the video's.
        output: The file to write.
        options: How to make it.
        engine: Who moves the faces; its patches must be whole frames.
        progress: Reports stages, and stops the work.
        overwrite: Whether an existing file may be replaced.
        beside: Whether a similar name will do where that one is taken meanwhile.
        bystanders: Further people of the picture, who stay as they are.
        speakers: Who says what, for the video's own words.
        own: Certificate that signs the C2PA manifest; by default what the environment names.

    Raises:
        InputError: The picture, a sound, the output or an option cannot be used.
        Cancelled: The work was stopped.
    """
    check_output(output, overwrite=overwrite or beside, suffix=options.suffix)
    claim = claim_of(options, engine.spec, picture, sound)
    marking = Marking(options, claim, spoken=sound.text, own=own, overwrite=overwrite)
    seed = options.seed if options.seed >= 0 else secrets.randbelow(2**32)
    timings = Timings()
    shot = still_shot(picture, find_face)
    cast = _prepared(shot, parts, options, engine, progress, timings)
    _plan(cast, parts, sound.total_seconds, options, progress, seed, timings)
    frames = _frames(cast, picture, find_face, options, bystanders)
    metadata = describe_video(
        options, engine=engine.spec, seed=seed, picture=picture, speech=sound, speakers=speakers
    )
    writer = VideoWriter(
        output,
        fps=options.fps,
        speech=sound,
        quality=options.quality,
        overwrite=overwrite,
        beside=beside,
        keep_partial=options.keep_partial,
        metadata=metadata,
        label=marking.label,
        stamp=marking.stamp,
        seal=marking.seal,
    )
    with timings.measure("render"):
        partial = write_frames(writer, frames, len(cast.motions[0]), progress)
    path = writer.partial_path if partial and writer.partial_path else writer.path
    manifest = marking.finish(path)
    return VideoFile(
        path=path,
        width=writer.size[0],
        height=writer.size[1],
        fps=options.fps,
        frames=writer.frames,
        seconds=writer.seconds,
        engine=engine.spec.name,
        seed=seed,
        partial=partial,
        timings=timings.seconds,
        warnings=(*cast.warnings(options, engine), *marking.warnings),
        marks=marking.marks,
        credentials=manifest,
    )


@dataclass(slots=True)
class _Cast:
    """The people who move, and what they do."""

    rigs: list[Rig]
    motions: list[Motion]

    def warnings(self, options: GenerateOptions, engine: Engine) -> list[str]:
        """Return what is done differently than asked, each sentence once."""
        told = [*ignored(options, engine.spec)]
        for rig, motion in zip(self.rigs, self.motions, strict=True):
            told += [*motion.warnings, *rig.unable(motion)]
        return list(dict.fromkeys(told))


def _prepared(
    shot: Shot,
    parts: Sequence[EnsembleRole],
    options: GenerateOptions,
    engine: Engine,
    progress: Progress,
    timings: Timings,
) -> _Cast:
    with timings.measure("analyse"):
        whole = dataclasses.replace(options, preprocess="full")
        rigs = [
            engine.prepare(shot, dataclasses.replace(whole, face_index=part.face), progress)
            for part in parts
        ]
    return _Cast(rigs, [])


def _plan(
    cast: _Cast,
    parts: Sequence[EnsembleRole],
    seconds: float,
    options: GenerateOptions,
    progress: Progress,
    seed: int,
    timings: Timings,
) -> None:
    """Plan what everybody does; who is silent listens."""
    with timings.measure("move"):
        motions = [
            rig.plan(
                Performance(speech=part.speech, idle_seconds=seconds),
                part.options or options,
                progress,
                seed + one,
            )
            for one, (rig, part) in enumerate(zip(cast.rigs, parts, strict=True))
        ]
    motions = [at_rate(motion, options.fps, seconds) for motion in motions]
    speaking = [Speaking(spans=part.spans) for part in parts]
    cast.motions = listening(motions, [rig.face for rig in cast.rigs], speaking, seed)


def _frames(
    cast: _Cast,
    picture: Picture,
    find_face: FaceFinder,
    options: GenerateOptions,
    bystanders: Sequence[Face],
) -> Iterator[ImageArray]:
    size = cast.rigs[0].size
    small = np.asarray(cv2.resize(picture.pixels, size, interpolation=cv2.INTER_AREA), np.uint8)
    base = still_shot(dataclasses.replace(picture, pixels=small), find_face)
    scale = (size[0] / picture.size[0], size[1] / picture.size[1])
    roles = roles_of(cast.rigs, cast.motions, size, scale, bystanders)
    return Compositor(base, Blend(options.blend)).frames(roles)
