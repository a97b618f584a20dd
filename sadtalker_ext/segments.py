"""A video drawn in segments by several workers: what they are given, and where it is cut.

The motion is planned once and all of it goes to every worker, so that hair, key points and whatever
else looks beside a frame sees the same as in one piece.
"""

from __future__ import annotations

import contextlib
import itertools
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from sadtalker_ext.encoder.output_file import explain, hidden_name
from sadtalker_ext.errors import Cancelled
from sadtalker_ext.folders import make_folder
from sadtalker_ext.options import GenerateOptions
from sadtalker_ext.progress import Progress, Stage
from sadtalker_ext.types import Motion, Picture
from sadtalker_ext.unfinished import SEGMENTS

if TYPE_CHECKING:  # it needs OpenCV; a tab must be able to say that it is missing
    from sadtalker_ext.encoder.joined import SegmentJoiner

SEGMENT_SECONDS: Final = 10.0
"""About how long a segment is, however many workers there are: their number changes no file."""
_SEARCH: Final = 0.3
"""A cut may lie this share of a segment away from the even one, to fall into a pause."""
_CLOSED: Final = 0.05
"""Opening of the mouth below which somebody pauses."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Scene:
    """Everything a worker needs to draw any frame of a video; it travels to other processes.

    Attributes:
        key: Tells this scene from others.
        picture: The picture, with its face upright.
        options: How the video is made.
        engine: Name of the engine.
        motion: Of the whole video, at its frame rate.
        kept: What the rig keeps of its plan; None where it keeps nothing.
        label: Words of the visible label; empty for none.
        stamped: Whether frames carry the invisible mark.
    """

    key: str
    picture: Picture
    options: GenerateOptions
    engine: str
    motion: Motion
    kept: Any
    label: str
    stamped: bool


@dataclass(frozen=True, slots=True)
class SegmentFolder:
    """Keeps drawn segments until they are joined.

    Attributes:
        path: The folder.
        output: The video that they become.
    """

    path: Path
    output: Path

    def keep(self, number: int, content: bytes) -> Path:
        """Write a segment, and return its file.

        Raises:
            DiskFull: There is no space.
            OutputUnwritable: It cannot be written.
        """
        file = self.path / f"{number:06}.mp4"
        try:
            file.write_bytes(content)
        except OSError as problem:
            raise explain(problem, self.output) from problem
        return file


@contextlib.contextmanager
def segment_folder(output: Path) -> Iterator[SegmentFolder]:
    """Give a folder beside a video, where there is room for it; it is removed at the end."""
    folder = hidden_name(output, SEGMENTS)
    make_folder(folder, private=True)
    try:
        yield SegmentFolder(folder, output)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


Elsewhere = Callable[[Scene, SegmentFolder, Progress], Iterator[tuple[range, Path]]]
"""Draws a scene in segments that it keeps in a folder, and yields them in order: rows and file."""


def cut_at_pauses(motion: Motion, seconds: float = SEGMENT_SECONDS) -> list[range]:
    """Return the rows of every segment: about even, with borders in the middle of pauses.

    Args:
        motion: Of the whole video.
        seconds: About how long a segment is.
    """
    total = len(motion)
    count = max(1, round(total / (seconds * motion.fps)))
    reach = round(_SEARCH * total / count)
    borders = [0, *(_quietest(motion, round(n * total / count), reach) for n in range(1, count))]
    rows = sorted({*borders, total})
    return [range(begin, end) for begin, end in itertools.pairwise(rows)]


def _quietest(motion: Motion, row: int, reach: int) -> int:
    """Return the middle of the longest pause near a row; the row itself where there is none."""
    low, high = max(row - reach, 1), min(row + reach, len(motion) - 1)
    if high <= low or "jaw" not in motion.names:
        return row
    shut = np.concatenate([[False], motion.jaw[low:high] < _CLOSED, [False]]).astype(int)
    begins, ends = np.flatnonzero(np.diff(shut) == 1), np.flatnonzero(np.diff(shut) == -1)
    if not len(begins):
        return row
    longest = int(np.argmax(ends - begins))
    return low + int(begins[longest] + ends[longest]) // 2


def unsplit(options: GenerateOptions) -> str:
    """Return a sentence why a video is drawn in one piece; empty where it can be split."""
    follows = {
        "an enhancer": options.enhancer != "none",
        "an upscaler": options.upscaler not in ("", "none"),
        "the debug overlay": options.debug_overlay,
        "transparency": options.alpha,
        f"the format {options.format}": options.format != "mp4",
    }
    found = [name for name, there in follows.items() if there]
    if not found:
        return ""
    return f"The video was drawn in one piece: {' and '.join(found)} cannot be split."


def join_segments(
    writer: SegmentJoiner, elsewhere: Elsewhere, scene: Scene, total: int, progress: Progress
) -> bool:
    """Put segments together as they come; tell whether only the beginning was kept after a stop.

    Args:
        writer: Of the joined file.
        elsewhere: Draws the segments.
        scene: What is drawn.
        total: Frames of the video.
        progress: Counts the frames, and stops the work.
    """
    progress.enter(Stage.RENDERING, total)
    try:
        with segment_folder(writer.path) as folder, writer:
            for rows, file in elsewhere(scene, folder, progress):
                writer.add(file, len(rows))
                progress.advance(len(rows))
            progress.enter(Stage.WRITING)
    except Cancelled:
        if writer.partial_path is None:
            raise
        return True
    return False
