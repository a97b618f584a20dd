"""Whole frames of a video, all of them or a segment, and the file that a segment becomes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, nullcontext
from pathlib import Path

from sadtalker_ext.compositor.finish import Finisher
from sadtalker_ext.compositor.lay import Compositor, Role
from sadtalker_ext.compositor.paste_back import Blend
from sadtalker_ext.encoder.video import VideoWriter
from sadtalker_ext.engines.base import Engine, Rig
from sadtalker_ext.progress import Progress
from sadtalker_ext.segments import Scene
from sadtalker_ext.types import ImageArray, Motion, Patch, Shot


def composed(rig: Rig, shot: Shot, patches: Iterator[Patch], blend: Blend) -> Iterator[ImageArray]:
    """Yield whole frames, (H, W, 3) uint8 RGB.

    Args:
        rig: Who draws the patches.
        shot: What they are laid on.
        patches: One per frame.
        blend: How they go in.
    """
    role = Role(patches=patches, place=rig.place, points=rig.face.points)
    return Compositor(shot, blend, device=rig.device).frames([role])


def get_ready(engine: Engine, seconds: float | None) -> AbstractContextManager[None]:
    """Let an engine that draws in processes of its own start them, while it prepares a rig.

    Args:
        engine: Prepares a rig.
        seconds: Length of the video; None where nobody knows.

    Returns:
        A context manager that ends those that no rig has started to use.
    """
    start = getattr(engine, "get_ready", None)
    ready: AbstractContextManager[None] = nullcontext() if start is None else start(seconds)
    return ready


def start_processes(rig: Rig, seconds: float | None) -> ExitStack:
    """Let a rig that draws in processes of its own start them, once its motion is planned.

    Args:
        rig: Draws a video, in one piece.
        seconds: Length of the video; None where nobody knows.

    Returns:
        A context manager that ends them.
    """
    ending = ExitStack()
    start, end = (getattr(rig, f"{do}_processes", None) for do in ("start", "end"))
    if start is not None and end is not None:
        start(seconds)
        ending.callback(end)
    return ending


def patches_of(rig: Rig, motion: Motion, rows: range) -> Iterator[Patch]:
    """Let a rig draw some rows; one that looks beside them has `draw_part`."""
    draw = getattr(rig, "draw_part", None)
    if draw is not None:
        drawn: Iterator[Patch] = draw(motion, rows)
        return drawn
    return rig.draw(motion.rows(rows.start, rows.stop), rows.start)


def draw_segment(
    scene: Scene,
    rows: range,
    rig: Rig,
    shot: Shot,
    path: Path,
    progress: Progress,
    stamp: Callable[[ImageArray], ImageArray] | None,
) -> None:
    """Draw a segment into an mp4 without sound, which begins with a frame that stands alone.

    Args:
        scene: The video.
        rows: Which of its frames.
        rig: The face, prepared, with what the scene keeps of its plan.
        shot: The scene's picture.
        path: The file to write.
        progress: Stops the work.
        stamp: Puts the invisible mark into a frame.

    Raises:
        EncodingError: The file could not be written.
        Cancelled: The work was stopped.
    """
    options = scene.options
    frames = composed(rig, shot, patches_of(rig, scene.motion, rows), Blend(options.blend))
    with VideoWriter(
        path, fps=scene.motion.fps, quality=options.quality, label=scene.label, stamp=stamp
    ) as writer:
        for frame in Finisher(options).frames(frames):
            progress.check()
            writer.write(frame)
