"""The only pipeline: a picture and speech become a video, stage by stage."""

from __future__ import annotations

import itertools
import logging
import secrets
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from sadtalker_ext.compositor.finish import Finisher, FinishTools
from sadtalker_ext.compositor.paste_back import Blend
from sadtalker_ext.compositor.transparency import with_alpha
from sadtalker_ext.drawing import composed, get_ready, start_processes
from sadtalker_ext.encoder.formats import TRANSPARENT
from sadtalker_ext.encoder.joined import SegmentJoiner
from sadtalker_ext.encoder.metadata import describe_video
from sadtalker_ext.encoder.output_file import check_output
from sadtalker_ext.encoder.subtitles import caption_track
from sadtalker_ext.encoder.video import VideoWriter
from sadtalker_ext.engines.base import Engine, Rig
from sadtalker_ext.engines.registry import special_options
from sadtalker_ext.engines.spec import EngineSpec
from sadtalker_ext.errors import Cancelled
from sadtalker_ext.motion.view import with_view
from sadtalker_ext.options import GenerateOptions
from sadtalker_ext.performance import Performance
from sadtalker_ext.planning import at_rate, plan_video, planned
from sadtalker_ext.progress import Progress, Stage
from sadtalker_ext.provenance.claim import claim_of
from sadtalker_ext.provenance.credentials import OwnCertificate
from sadtalker_ext.provenance.marking import Marking
from sadtalker_ext.segments import Elsewhere, Scene, join_segments, unsplit
from sadtalker_ext.shot.mouth_seen import HiddenByHands, mouth_warnings
from sadtalker_ext.types import FloatArray, ImageArray, Motion, Shot, VideoFile

log = logging.getLogger(__name__)

PREVIEW_SECONDS = 0.5


@dataclass
class Timings:
    """Seconds spent per stage of one job."""

    seconds: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def measure(self, name: str) -> Iterator[None]:
        """Time one stage and log it in one line."""
        began = time.perf_counter()
        try:
            yield
        finally:
            self.seconds[name] = time.perf_counter() - began
            log.info("%s took %.2f s", name, self.seconds[name])


def generate(
    shot: Shot,
    performance: Performance,
    output: Path,
    options: GenerateOptions,
    *,
    engine: Engine,
    progress: Progress,
    overwrite: bool = False,
    beside: bool = False,
    tools: FinishTools | None = None,
    own: OwnCertificate | None = None,
    elsewhere: Elsewhere | None = None,
    hands: HiddenByHands | None = None,
) -> VideoFile:
    """Make one video.

    Nothing has the final name before the video is whole; memory does not grow with its length.

    Args:
        shot: The frames to draw on.
        performance: What drives the face.
        output: The file to write; ends in `options.suffix`.
        options: How to make it; a negative seed is drawn here.
        engine: Who moves the face.
        progress: Reports stages, and stops the work.
        overwrite: Whether an existing file may be replaced.
        beside: Whether a similar name will do where that one is taken meanwhile.
        tools: For enhancer, upscaler and debug overlay.
        own: Certificate that signs the C2PA manifest; by default what the environment names.
        elsewhere: Draws the frames in other processes, segment by segment.
        hands: Tells what hands hide; without it none is noticed over the mouth.

    Raises:
        InputError: The picture, speech, output or an option cannot be used.
        EncodingError: The video could not be encoded.
        Cancelled: The work was stopped.
    """
    check_output(output, overwrite=overwrite or beside, suffix=options.suffix)
    claim = claim_of(options, engine.spec, shot.picture, performance.speech)
    spoken = "" if performance.speech is None else performance.speech.text
    marking = Marking(options, claim, spoken=spoken, own=own, overwrite=overwrite)
    seed, timings = options.seed if options.seed >= 0 else secrets.randbelow(2**32), Timings()
    alone = 0.0 if elsewhere else performance.seconds
    with ExitStack() as ending:  # whatever happens: others draw and listen
        with get_ready(engine, alone):
            with timings.measure("analyse"):
                rig = engine.prepare(shot, options, progress)
            with timings.measure("move"):
                plan = ending.enter_context(
                    plan_video(
                        rig,
                        performance,
                        options,
                        progress,
                        seed,
                        mirrored=engine.spec.mirrors_yaw,
                        at_once=elsewhere is not None or options.alpha,
                    )
                )
            # not before: networks listen on all cores, and wait for each other's threads
            ending.enter_context(start_processes(rig, alone))
        captions, told = caption_track(
            options, performance.speech, explained=performance.tells_no_words
        )
        metadata = describe_video(
            options, engine=engine.spec, seed=seed, picture=shot.picture, speech=performance.speech
        )
        unlike: tuple[str, ...] = ()
        if elsewhere is not None and (why := unsplit(options)):
            elsewhere, unlike = None, (why,)
        writer = (VideoWriter if elsewhere is None else SegmentJoiner)(
            output,
            fps=options.fps,
            speech=performance.speech,
            quality=options.quality,
            overwrite=overwrite,
            beside=beside,
            keep_partial=options.keep_partial,
            metadata=metadata,
            label=marking.label,
            captions=captions,
            stamp=marking.stamp,
            seal=marking.seal,
        )
        finisher = Finisher(options, _known_face(rig, shot), tools)
        with timings.measure("render"):
            if isinstance(writer, SegmentJoiner) and elsewhere is not None:
                scene = Scene(
                    key=secrets.token_hex(8),
                    picture=shot.picture,
                    options=options,
                    engine=engine.spec.name,
                    motion=plan.motion,
                    kept=getattr(rig, "kept", None),
                    label=marking.label,
                    stamped=marking.stamp is not None,
                )
                partial = join_segments(writer, elsewhere, scene, plan.frames, progress)
            else:
                direct = writer.takes_planes and finisher.idle and draws_planes(rig, options)
                drawn: Iterator[Any] = plan.planes() if direct else plan.patches()
                ending.callback(getattr(drawn, "close", lambda: None))
                whole = drawn if direct else composed(rig, shot, drawn, Blend(options.blend))
                frames = finisher.frames(whole)
                if options.alpha:
                    frames, unkept = transparent(frames, rig, shot, plan.motion, options)
                    unlike = (*unlike, *unkept)
                partial = write_frames(writer, frames, plan.frames, progress)
            motion = plan.so_far if partial else plan.motion
    made = _written(writer, motion, engine=engine.spec.name, seed=seed, partial=partial)
    manifest = marking.finish(made.path)
    # hands are looked for last: the first frame would wait for it
    asked = (*ignored(options, engine.spec), *told, *mouth_warnings(shot.picture, rig.face, hands))
    return replace(
        made,
        timings=timings.seconds,
        warnings=(*asked, *plan.warnings, *unlike, *finisher.warnings, *marking.warnings),
        marks=marking.marks,
        credentials=manifest,
    )


def plan_only(
    shot: Shot,
    performance: Performance,
    options: GenerateOptions,
    *,
    engine: Engine,
    progress: Progress,
) -> Motion:
    """Return the motion that a video would have, at its frame rate, and make none.

    Raises:
        InputError: The picture, speech or an option cannot be used.
        Cancelled: The work was stopped.
    """
    seed = options.seed if options.seed >= 0 else secrets.randbelow(2**32)
    rig = engine.prepare(shot, options, progress)
    motion = planned(rig, performance, options, progress, seed)
    motion = with_view(motion, options, mirrored=engine.spec.mirrors_yaw)
    told = (*ignored(options, engine.spec), *motion.warnings)
    return at_rate(replace(motion, warnings=told), options.fps, performance.seconds)


def transparent(
    frames: Iterator[ImageArray], rig: Rig, shot: Shot, motion: Motion, options: GenerateOptions
) -> tuple[Iterator[ImageArray], tuple[str, ...]]:
    """Give frames the transparency of their picture, where there is some and it can be kept.

    A rig that moves it has `draw_alpha`, as `PuppetRig`; with others it stays where it is.

    Returns:
        The frames, (H, W, 4) if they have transparency, and why they have none.
    """
    alpha = shot.picture.alpha
    if alpha is None:
        return frames, (f"{shot.picture.name} has no transparency that could be kept.",)
    if options.format not in TRANSPARENT:
        names = f"{', '.join(TRANSPARENT[:-1])} and {TRANSPARENT[-1]}"
        return frames, (f"{options.format} keeps no transparency; {names} do.",)
    draw = getattr(rig, "draw_alpha", None)
    if draw is not None:
        return with_alpha(frames, draw(alpha, motion)), ()
    if not whole_frames(rig, shot):
        return frames, ("This framing keeps no transparency; full does.",)
    return with_alpha(frames, itertools.repeat(alpha)), ()


def _written(
    writer: VideoWriter, motion: Motion, *, engine: str, seed: int, partial: bool
) -> VideoFile:
    return VideoFile(
        path=writer.partial_path if partial and writer.partial_path else writer.path,
        width=writer.size[0],
        height=writer.size[1],
        fps=motion.fps,
        frames=writer.frames,
        seconds=writer.seconds,
        engine=engine,
        seed=seed,
        partial=partial,
        motion=motion,
    )


def write_frames(
    writer: VideoWriter, frames: Iterator[ImageArray], count: int, progress: Progress
) -> bool:
    """Render into the encoder; tell whether only the beginning was kept after a stop."""
    shown = 0.0
    try:
        with writer:
            for frame in progress.track(frames, Stage.RENDERING, count):
                writer.write(frame)
                if progress.shows and time.monotonic() - shown > PREVIEW_SECONDS:
                    progress.show(_colours(frame))
                    shown = time.monotonic()
            progress.enter(Stage.WRITING)
    except Cancelled:
        if writer.partial_path is None:
            raise
        return True
    return False


def _colours(frame: ImageArray) -> ImageArray:
    """Return a frame as (H, W, 3) uint8 RGB, whatever kind of frame a writer takes it is."""
    if frame.ndim == 3:
        return frame[:, :, :3]
    from sadtalker_ext.planes import planes_of

    return planes_of(frame).picture()


def draws_planes(rig: Rig, options: GenerateOptions) -> bool:
    """Tell whether a rig's frames can go to the encoder as the planes that it draws itself."""
    draw = getattr(rig, "draw_planes", None)
    return draw is not None and rig.place is None and not options.alpha


def whole_frames(rig: Rig, shot: Shot) -> bool:
    """Tell whether the video shows the shot's whole frames, at their own size."""
    return rig.place is not None or rig.size == shot.picture.size


def _known_face(rig: Rig, shot: Shot) -> tuple[FloatArray, tuple[int, int]] | None:
    """Return the mesh and the frame it is for; None where the video shows something else."""
    return (rig.face.points, shot.picture.size) if whole_frames(rig, shot) else None


def ignored(options: GenerateOptions, spec: EngineSpec) -> tuple[str, ...]:
    """Return a sentence for every option that was asked for and that the engine does not honour."""
    return tuple(
        f"Option {name} has no effect in the {spec.name} engine."
        for name in options.changed()
        if name in special_options() and name not in spec.options
    )
