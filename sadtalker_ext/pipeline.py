"""The only pipeline: a picture and speech become a video, stage by stage."""

from __future__ import annotations

import logging
import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from sadtalker_ext.compositor.finish import Finisher, FinishTools
from sadtalker_ext.compositor.place import Blend, Placer
from sadtalker_ext.encoder.metadata import describe_video
from sadtalker_ext.encoder.place import check_output
from sadtalker_ext.encoder.video import VideoWriter, frame_count
from sadtalker_ext.engines.base import Engine
from sadtalker_ext.errors import Cancelled
from sadtalker_ext.motion.resampling import resample
from sadtalker_ext.options import GenerateOptions
from sadtalker_ext.progress import Progress, Stage
from sadtalker_ext.types import (
    Borrowed,
    ImageArray,
    MotionTrack,
    Picture,
    Portrait,
    Speech,
    VideoFile,
)

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
    picture: Picture,
    speech: Speech | None,
    output: Path,
    options: GenerateOptions,
    *,
    engine: Engine,
    progress: Progress,
    overwrite: bool = False,
    borrowed: Borrowed | None = None,
    tools: FinishTools | None = None,
) -> VideoFile:
    """Make one video.

    Nothing appears under the final name before the video is whole. Frames go from the renderer to
    the encoder one by one, so memory does not grow with the length of the speech.

    Args:
        picture: The portrait.
        speech: What it says; None for idle motion of `options.idle_seconds`.
        output: The file to write; ends in `options.suffix`.
        options: How to make it; a negative seed is drawn here and returned with the result.
        engine: Who moves the face.
        progress: Reports stages, and stops the work.
        overwrite: Whether an existing file may be replaced.
        borrowed: Reference videos, for an engine that can read them.
        tools: For enhancer, upscaler and debug overlay.

    Raises:
        InputError: The picture, the speech, an option or the output cannot be used.
        EncodingError: The video could not be encoded.
        Cancelled: The work was stopped.
    """
    check_output(output, overwrite=overwrite, suffix=options.suffix)
    seed = options.seed if options.seed >= 0 else secrets.randbelow(2**32)
    timings = Timings()
    with timings.measure("analyse"):
        portrait = engine.analyse(picture, options, progress)
    with timings.measure("move"):
        motion = engine.move(portrait, speech, options, progress, seed, borrowed)
    seconds = speech.total_seconds if speech else options.idle_seconds
    if speech is None and borrowed is not None and borrowed.whole is not None:
        seconds = len(motion) / motion.fps  # a reference video without sound lasts as it lasts
    motion = resample(motion, options.fps, frame_count(seconds, options.fps))
    metadata = describe_video(
        options, engine=engine.spec, seed=seed, picture=picture, speech=speech
    )
    writer = VideoWriter(
        output,
        fps=options.fps,
        speech=speech,
        quality=options.quality,
        overwrite=overwrite,
        keep_partial=options.keep_partial,
        metadata=metadata,
        label=options.mark == "label",
    )
    finisher = Finisher(options, portrait, tools)
    frames = _placed(engine.render(portrait, motion, options), portrait, motion, options)
    with timings.measure("render"):
        partial = _write(writer, finisher.frames(frames), len(motion), progress)
    return VideoFile(
        path=writer.partial_path if partial and writer.partial_path else writer.path,
        width=writer.size[0],
        height=writer.size[1],
        fps=options.fps,
        frames=writer.frames,
        seconds=writer.seconds,
        engine=engine.spec.name,
        seed=seed,
        partial=partial,
        timings=timings.seconds,
        warnings=(*motion.warnings, *finisher.warnings),
        motion=motion,
    )


def _write(
    writer: VideoWriter, frames: Iterator[ImageArray], count: int, progress: Progress
) -> bool:
    """Render into the encoder; tell whether only the beginning was kept after a stop."""
    shown = 0.0
    try:
        with writer:
            for frame in progress.track(frames, Stage.RENDERING, count):
                writer.write(frame)
                if time.monotonic() - shown > PREVIEW_SECONDS:
                    progress.show(frame)
                    shown = time.monotonic()
            progress.enter(Stage.WRITING)
    except Cancelled:
        if writer.partial_path is None:
            raise
        return True
    return False


def _placed(
    frames: Iterator[ImageArray], portrait: Portrait, motion: MotionTrack, options: GenerateOptions
) -> Iterator[ImageArray]:
    """Put frames back into the picture where the engine rendered only a part of it."""
    if portrait.paste_box is None:
        yield from frames
        return
    placer = Placer(
        portrait.picture.pixels,
        portrait.paste_box,
        blend=Blend(options.blend),
        points=portrait.face.points,
    )
    for frame, (yaw, pitch, roll) in zip(frames, motion.head, strict=True):
        yield placer.place(frame, (float(yaw), float(pitch), float(roll)))
