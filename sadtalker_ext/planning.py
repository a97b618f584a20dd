"""The motion of one video: planned at once, or part by part while its first frames are drawn."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from typing import Protocol

from sadtalker_ext.encoder.video import frame_count
from sadtalker_ext.engines.base import Rig
from sadtalker_ext.motion.in_parts import is_long, joined
from sadtalker_ext.motion.resampling import resample
from sadtalker_ext.motion.view import AXES, with_view
from sadtalker_ext.options import GenerateOptions
from sadtalker_ext.performance import Performance
from sadtalker_ext.progress import Progress
from sadtalker_ext.types import MOTION_FPS, ImageArray, Motion, Patch


class Plan(Protocol):
    """What a face does in a video, at the video's rate; use it as a context manager.

    Attributes:
        frames: Of the video.
    """

    frames: int

    @property
    def motion(self) -> Motion:
        """All of it; waits for what is not planned yet."""

    @property
    def so_far(self) -> Motion:
        """What is planned of it."""

    @property
    def warnings(self) -> tuple[str, ...]:
        """What is done differently than asked, by what is planned so far."""

    def patches(self) -> Iterator[Patch]:
        """Yield what the rig draws, frame by frame."""

    def planes(self) -> Iterator[ImageArray]:
        """Yield the same as planes for the encoder, where the rig has `draw_planes`."""

    def __enter__(self) -> Plan:
        """Begin to use it."""

    def __exit__(self, *_: object) -> None:
        """End what is still planned."""


class WholePlan:
    """A motion that is planned.

    Args:
        rig: Draws it.
        motion: At the video's rate.
        warnings: What is done differently than asked.
    """

    def __init__(self, rig: Rig, motion: Motion, warnings: tuple[str, ...]) -> None:
        self._rig = rig
        self.motion = self.so_far = motion
        self.warnings = warnings
        self.frames = len(motion)

    def patches(self) -> Iterator[Patch]:
        """Yield what the rig draws, frame by frame."""
        return self._rig.draw(self.motion)

    def planes(self) -> Iterator[ImageArray]:
        """Yield the same as planes for the encoder, where the rig has `draw_planes`."""
        drawn: Iterator[ImageArray] = self._rig.draw_planes(self.motion)  # type: ignore[attr-defined]
        return drawn

    def __enter__(self) -> WholePlan:
        return self

    def __exit__(self, *_: object) -> None:
        pass


class GrowingPlan:
    """A motion whose later parts are planned in a thread of their own while earlier ones are drawn.

    The first part is planned here and now.

    Args:
        rig: Draws it.
        parts: Gives the parts at 25 frames per second.
        frames: Of the whole video, at that rate; no more than the parts have.
        later: Stops the work on the parts but the first.
    """

    def __init__(self, rig: Rig, parts: Iterator[Motion], frames: int, later: Progress) -> None:
        self.frames = frames
        self._rig, self._source, self._later = rig, parts, later
        self._parts = [next(parts)]
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="sadtalker-plan")
        self._next: Future[Motion | None] | None = self._pool.submit(self._further)

    @property
    def motion(self) -> Motion:
        """All parts as one motion."""
        while self._grown():
            pass
        return self.so_far

    @property
    def so_far(self) -> Motion:
        """The parts that are planned."""
        return joined(self._parts)

    @property
    def warnings(self) -> tuple[str, ...]:
        """Those of the plan and of the rig."""
        motion = self.so_far
        return (*motion.warnings, *self._rig.unable(motion))

    def patches(self) -> Iterator[Patch]:
        """Yield what the rig draws, frame by frame."""
        for part, first in self._blocks():
            yield from self._rig.draw(part, first)

    def planes(self) -> Iterator[ImageArray]:
        """Yield the same as planes for the encoder, where the rig has `draw_planes`."""
        for part, first in self._blocks():
            yield from self._rig.draw_planes(part, first)  # type: ignore[attr-defined]

    def _blocks(self) -> Iterator[tuple[Motion, int]]:
        """Yield the parts, each with the number of its first row."""
        number = first = 0
        while number < len(self._parts) or self._grown():
            part = self._parts[number]
            yield part, first
            number, first = number + 1, first + len(part)

    def _further(self) -> Motion | None:
        return next(self._source, None)

    def _grown(self) -> bool:
        """Wait for the next part and begin the one after it; tell whether there is one."""
        part = None if self._next is None else self._next.result()
        if part is None:
            self._next = None
            return False
        self._next = self._pool.submit(self._further)
        # the video may end a row earlier than its sound
        missing = self.frames - sum(map(len, self._parts))
        self._parts.append(part.rows(0, min(len(part), missing)))
        return True

    def __enter__(self) -> GrowingPlan:
        return self

    def __exit__(self, *_: object) -> None:
        self._later.stop()
        self._pool.shutdown(wait=True, cancel_futures=True)


def plan_video(
    rig: Rig,
    performance: Performance,
    options: GenerateOptions,
    progress: Progress,
    seed: int,
    *,
    mirrored: bool,
    at_once: bool = False,
) -> Plan:
    """Return what a face does in a video.

    Args:
        rig: The face.
        performance: What drives it.
        options: How to move.
        progress: Counts what is listened to first, and stops the work.
        seed: Repeats the motion.
        mirrored: Whether the engine takes positive yaw for the other side.
        at_once: Whether all of it is needed before anything is drawn.

    Raises:
        InputError: The speech or an option cannot be used.
        Cancelled: The work was stopped.
    """
    parts = getattr(rig, "plan_parts", None)
    seconds = performance.seconds
    plain = options.fps == MOTION_FPS and not any(getattr(options, axis) for axis in AXES)
    grows = parts is not None and plain and not at_once and is_long(performance, options)
    if parts is not None and seconds is not None and grows:
        later = progress.quiet()
        grown = parts(performance, options, progress, seed, later)
        return GrowingPlan(rig, grown, frame_count(seconds, MOTION_FPS), later)
    motion = planned(rig, performance, options, progress, seed)
    motion = with_view(motion, options, mirrored=mirrored)
    warnings = (*motion.warnings, *rig.unable(motion))
    return WholePlan(rig, at_rate(motion, options.fps, seconds), warnings)


def planned(
    rig: Rig, performance: Performance, options: GenerateOptions, progress: Progress, seed: int
) -> Motion:
    """Return the motion of a performance at 25 frames per second, planned or given.

    A given one is as long as the performance: its last row is held, or its end is left out. The rig
    plans all the same, because engines keep what they draw with.
    """
    motion = rig.plan(performance, options, progress, seed)
    if performance.motion is None:
        return motion
    given = resample(performance.motion, motion.fps, len(motion))
    return replace(given, warnings=(*given.warnings, *motion.warnings))


def at_rate(motion: Motion, fps: float, seconds: float | None) -> Motion:
    """Return a motion at the video's rate, as long as the performance or as the motion itself."""
    lasts = len(motion) / motion.fps if seconds is None else seconds
    return resample(motion, fps, frame_count(lasts, fps))
