"""Motion of long speeches in parts: the first one is there before the rest is listened to.

The beginning is listened to and planned as if it were the whole, then a longer beginning, and so
on. Each plan goes on where the one before it ends, at a quiet moment some seconds before the end of
what that one knew; the two are faded into each other there. So every row is planned with seconds
of sound behind it, and with everything before it: what a plan takes from the whole sound (levels of
loud and quiet parts, the usual pitch, how a recording is to be listened to) it takes from all that
was heard so far. The parts depend on the speech alone, not on how fast anybody listens.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from functools import partial

import numpy as np

from sadtalker_ext.curves import smoothstep
from sadtalker_ext.motion.controls import BREATH, BROW, RELAX
from sadtalker_ext.motion.directing import is_directed
from sadtalker_ext.motion.own_eyes import USUAL, OwnEyes
from sadtalker_ext.motion.plan import Planner
from sadtalker_ext.options import GenerateOptions
from sadtalker_ext.performance import Performance
from sadtalker_ext.progress import Progress
from sadtalker_ext.speech.aside import listen_aside
from sadtalker_ext.speech.hear.recogniser import Require
from sadtalker_ext.speech.hearing import Hearing, listen
from sadtalker_ext.speech.loudness import FRAME_HZ
from sadtalker_ext.types import MOTION_FPS, FloatArray, Motion, Speech

LONG_SECONDS = 40.0
"""Shorter speeches are planned at once: they are heard in a second."""
_FIRST_SECONDS, _GROWTH = 8.0, 4.0
"""Length of the first beginning, and by how much each next one is longer: frames take longer to be
drawn than the next beginning takes to be heard."""
_SPARE = 0.25
"""Share of a beginning that is heard behind the last row that is used, at most as much as the
planner looks ahead."""
_SOUGHT_SECONDS = 3.0
"""Before that a quiet moment is looked for."""
_QUIET_SECONDS = 0.4
_SLOW_SECONDS, _QUICK_SECONDS = 1.0, 0.2
"""How long head, brows and breath take from one plan to the next, and how long lips and eyes do."""
_OPEN = 0.02


def is_long(performance: Performance, options: GenerateOptions) -> bool:
    """Tell whether a performance is planned in parts: plain speech that has to be listened to."""
    speech = performance.speech
    return (
        speech is not None
        and speech.seconds >= LONG_SECONDS
        and speech.phonemes is None
        and not speech.text
        and performance.hearing is None
        and performance.motion is None
        and not performance.driving.videos()
        and not is_directed(options, speech)
    )


def motion_parts(
    performance: Performance,
    options: GenerateOptions,
    seed: int,
    progress: Progress,
    require: Require | None = None,
    eyes: OwnEyes = USUAL,
    later: Progress | None = None,
) -> Iterator[Motion]:
    """Yield the motion of a long performance part by part, as they are known.

    Args:
        performance: What drives the face; `is_long`.
        options: Head, eye and mouth options are applied.
        seed: Same performance, options and seed give the same motion.
        progress: Counts what is listened to, and stops the work.
        require: Gives the weight files of the phone recogniser.
        eyes: As for `motion.plan.plan_motion`.
        later: The same for all parts but the first; left out, only the last one is counted, for
            which the whole speech is listened to.

    Raises:
        Cancelled: A stop was asked for.
    """
    speech = performance.speech
    if speech is None:
        raise TypeError("A performance that is planned in parts should have speech, found none.")
    lengths: list[float | None] = [*beginnings(speech.seconds), None]
    told = [progress.quiet() for _ in lengths[1:]] + [progress]
    if later is not None:
        told = [progress] + [later for _ in lengths[1:]]
    first, before = 0, None
    for seconds, listening in zip(lengths, told, strict=True):
        part = speech if seconds is None else beginning(speech, seconds)
        hear = listen_aside if first else listen  # nothing is drawn yet
        hearing = hear(part, listening, require)
        if seconds is not None and hearing.warnings:
            continue  # noise alone may be taken for a voice where no voice was heard yet
        lasts = performance.seconds if seconds is None else seconds
        planner = Planner(hearing, lasts or 0.0, options, seed, speech=speech, eyes=eyes)
        end = planner.frames if seconds is None else quiet_row(hearing, seconds)
        rows = planner.rows(first, end)
        yield rows if before is None else faded(before, rows)
        if end < planner.frames:
            on = min(end + round(_SLOW_SECONDS * MOTION_FPS), planner.frames)
            first, before = end, planner.rows(end, on)


def joined(parts: Iterable[Motion]) -> Motion:
    """Return parts in order as one motion, with the warnings of the last."""
    each = list(parts)
    return replace(
        each[-1],
        head=np.concatenate([one.head for one in each]),
        lids=np.concatenate([one.lids for one in each]),
        gaze=np.concatenate([one.gaze for one in each]),
        controls=np.concatenate([one.controls for one in each]),
    )


def beginnings(seconds: float) -> list[float]:
    """Return the lengths of the beginnings that a speech is planned by, before the whole."""
    found, length = [], _FIRST_SECONDS
    while 2 * length <= seconds:
        found.append(length)
        length *= _GROWTH
    return found


def beginning(speech: Speech, seconds: float) -> Speech:
    """Return the first seconds of a speech."""
    read = partial(_first, speech, seconds)
    return replace(speech, seconds=seconds, pad_seconds=0.0, read=read, read_channels=None)


def _first(speech: Speech, seconds: float, rate_hz: int | None) -> Iterator[FloatArray]:
    left = round(seconds * (rate_hz or speech.rate_hz))
    for block in speech.read(rate_hz):
        yield block[:left]
        left -= len(block)
        if left <= 0:
            return


def quiet_row(hearing: Hearing, seconds: float) -> int:
    """Return the row of a beginning from which on the next plan is followed."""
    last = round((seconds - min(_SPARE * seconds, Planner.look_ahead)) * FRAME_HZ)
    sought = slice(last - round(_SOUGHT_SECONDS * FRAME_HZ), last)
    width = round(_QUIET_SECONDS * FRAME_HZ)
    around = np.convolve(hearing.loudness.value, np.full(width, 1 / width), "same")[sought]
    return round((sought.start + int(np.argmin(around))) * MOTION_FPS / FRAME_HZ)


def faded(before: Motion, after: Motion) -> Motion:
    """Return rows of a plan that go on from those of another one.

    Args:
        before: The other plan's rows from the same moment on; no more than the rows.
        after: The rows.
    """
    count = min(len(before), len(after))
    slow, quick = (_leaving(count, seconds) for seconds in (_SLOW_SECONDS, _QUICK_SECONDS))
    share = np.repeat(quick, len(after.names), axis=1)
    share[:, [BROW, BREATH, RELAX]] = slow
    lids = after.lids.copy()
    # a blink is not cut: the lids change hands when all are open, or else when they differ least
    pair = before.lids[:count], after.lids[:count]
    opened = (np.maximum(pair[0], pair[1]) <= _OPEN).all(axis=1)
    nearest = np.abs(pair[0] - pair[1]).max(axis=1)
    kept = int(np.argmax(opened) if opened.any() else np.argmin(nearest))
    lids[:kept] = before.lids[:kept]
    return replace(
        after,
        head=_mixed(before.head, after.head, slow),
        gaze=_mixed(before.gaze, after.gaze, quick),
        controls=_mixed(before.controls, after.controls, share),
        lids=lids,
    )


def _leaving(count: int, seconds: float) -> FloatArray:
    """Return (n, 1) float32 shares of the plan that is left, from nearly 1 to 0."""
    rows = np.arange(1, count + 1, dtype=np.float32) / np.float32(seconds * MOTION_FPS)
    return 1 - smoothstep(0, 1, rows)[:, None]


def _mixed(before: FloatArray, after: FloatArray, share: FloatArray) -> FloatArray:
    mixed = after.copy()
    count = len(share)
    mixed[:count] += share * (before[:count] - after[:count])
    return mixed
