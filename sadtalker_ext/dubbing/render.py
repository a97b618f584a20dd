"""Draws what people say onto the frames of a video, and encodes it part by part."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt

from sadtalker_ext.compositor.repaint import repaint
from sadtalker_ext.compositor.workers import in_order
from sadtalker_ext.dubbing.schedule import Schedule, scheduled
from sadtalker_ext.encoder.label import Label
from sadtalker_ext.encoder.reel import ReelLook, ReelPart
from sadtalker_ext.engines.base import Dubbing, DubFrame, Rows
from sadtalker_ext.inputs.footage import Footage, FootageFrame
from sadtalker_ext.performance import Said
from sadtalker_ext.planes import Planes, Repainted
from sadtalker_ext.progress import Progress, Stage
from sadtalker_ext.speech.spans import spans_of
from sadtalker_ext.types import FloatArray

PART_SECONDS: Final = 20.0
"""Length of a part; what a crash loses at most."""
_THREADS: Final = 2
_PREVIEW_SECONDS: Final = 0.5
_FADE_SECONDS: Final = 0.2
"""Before and after what is said the mouth takes so long to come from and go to the filmed one."""
_KEPT: Final = 0.5
"""From this share of the video's own sound on, its own mouths are left as they are in between."""

_Row = tuple[int, FootageFrame]
"""Number of a frame of the result, and the video's frame that is shown then."""


@dataclass(frozen=True, slots=True, eq=False)
class Actor:
    """One person and what this person does in every frame of the result.

    Attributes:
        dubbing: Draws the mouth.
        rows: What the mouth does.
        amount: (n,) float32, 0 where the filmed mouth stays .. 1.
    """

    dubbing: Dubbing
    rows: Rows
    amount: FloatArray


def amount_of(line: Sequence[Said], times: npt.NDArray[np.float64], between: float) -> FloatArray:
    """Return (n,) how far the filmed mouth gives way, 0..1.

    Where the video's own sound is heard between what is said, its own mouths are seen.

    Args:
        line: What this person says.
        times: (n,) seconds.
        between: How much of the video's own sound is heard where nothing is said.
    """
    if between < _KEPT:
        return np.ones(len(times), np.float32)
    amount = np.zeros(len(times), np.float32)
    for begin, end in spans_of([(said.at, said.speech) for said in line]):
        before, after = begin - times, times - end
        away = np.maximum(np.maximum(before, after), 0)
        amount = np.maximum(amount, np.clip(1 - away / _FADE_SECONDS, 0, 1)).astype(np.float32)
    return amount


def render_parts(
    footage: Footage,
    stamps: npt.NDArray[np.int64],
    schedule: Schedule,
    actors: Sequence[Actor],
    look: ReelLook,
    folder: Path,
    progress: Progress,
    *,
    label: str = "",
    stamp: Callable[[Planes], None] | None = None,
) -> list[tuple[Path, int]]:
    """Draw and encode all parts; those that are there already stay.

    Args:
        footage: The video.
        stamps: Time stamps of its frames.
        schedule: Which frame is shown when.
        actors: Who speaks.
        look: How pictures are stored.
        folder: Where parts go.
        progress: Counts frames, and stops the work.
        label: Words of the visible label on every frame; empty for none.
        stamp: Gets every finished frame last of all, and changes it.

    Returns:
        The parts, and the time stamp of the first frame of each.
    """
    total = len(schedule.source)
    per_part = max(1, round(PART_SECONDS * float(look.rate)))
    parts = [folder / f"part-{number:05}.mp4" for number in range(-(-total // per_part))]
    progress.enter(Stage.RENDERING, total)
    done = 0
    while done < len(parts) and parts[done].exists():
        done += 1
    first = min(done * per_part, total)
    if first:
        progress.advance(first)
    shown = 0.0
    badge = Label(label) if label else None
    frames = _drawn(footage, stamps, schedule, actors, first)
    for number in range(done, len(parts)):
        begin, end = number * per_part, min((number + 1) * per_part, total)
        with ReelPart(parts[number], look, int(schedule.pts[begin])) as part:
            for row in range(begin, end):
                planes = next(frames, None)
                if planes is None:
                    break
                if badge is not None:
                    _mark(planes, badge)
                after = schedule.pts[row + 1] if row + 1 < total else 0
                pts = int(schedule.pts[row])
                if stamp is not None:
                    stamp(planes)
                part.write(planes, pts, max(int(after) - pts, 0))
                progress.advance()
                progress.check()
                if time.monotonic() - shown > _PREVIEW_SECONDS and progress.shows:
                    progress.show(planes.picture())
                    shown = time.monotonic()
    return [(path, int(schedule.pts[n * per_part])) for n, path in enumerate(parts)]


def _mark(planes: Planes, badge: Label) -> None:
    """Put the visible label on a frame."""
    picture = planes.picture()
    change = badge.draw(picture).astype(np.float32) - picture
    rows, columns = np.flatnonzero(change.any((1, 2))), np.flatnonzero(change.any((0, 2)))
    if len(rows):
        box = planes.inside(
            (int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1)
        )
        planes.draw(box, change[box[1] : box[3], box[0] : box[2]])


def _drawn(
    footage: Footage,
    stamps: npt.NDArray[np.int64],
    schedule: Schedule,
    actors: Sequence[Actor],
    first: int,
) -> Iterator[Planes]:
    """Yield finished frames from one of the result's rows on."""
    rows = zip(
        range(first, len(schedule.source)),
        scheduled(footage, stamps, schedule.source[first:]),
        strict=False,
    )
    width, height = footage.facts.size
    together = max((actor.dubbing.batch for actor in actors), default=1)
    blocks = _blocks(rows, together)
    size = 3 * width * height * together
    for block in in_order(lambda one: _draw(one, actors), blocks, _THREADS, size):
        yield from block


def _blocks(rows: Iterable[_Row], size: int) -> Iterator[list[_Row]]:
    """Yield rows some at a time."""
    rest = iter(rows)
    while block := list(itertools.islice(rest, size)):
        yield block


def _draw(block: Sequence[_Row], actors: Sequence[Actor]) -> list[Planes]:
    """Draw all mouths into some frames; every mouth is drawn from the frames as they were."""
    changes = [
        actor.dubbing.draw(
            [
                DubFrame(frame.planes, frame.number, actor.rows[row], float(actor.amount[row]))
                for row, frame in block
            ]
        )
        for actor in actors
    ]
    for one in changes:
        for (_, frame), found in zip(block, one, strict=True):
            drawn = repaint(frame.planes, found) if isinstance(found, Repainted) else found
            if drawn is not None:
                frame.planes.draw(drawn.box, drawn.change)
    return [frame.planes for _, frame in block]
