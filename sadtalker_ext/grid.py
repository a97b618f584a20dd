"""One video for every combination of options, and a wall that shows all of them in step.

The wall has a column for every value of the first option and a row for every value of the second.
All videos share a seed, so that only what was asked for differs.
"""

from __future__ import annotations

import itertools
import math
import re
import secrets
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from sadtalker_ext.encoder.label import caption_strip
from sadtalker_ext.encoder.metadata import VideoMetadata, read_metadata
from sadtalker_ext.encoder.output_file import check_output
from sadtalker_ext.encoder.video import VideoWriter
from sadtalker_ext.errors import InvalidOption, UnreadableAudio
from sadtalker_ext.inputs.audio import open_speech
from sadtalker_ext.inputs.video import open_driving
from sadtalker_ext.options import GenerateOptions, OptionSpec, option_specs
from sadtalker_ext.progress import Progress, Stage
from sadtalker_ext.service import Request
from sadtalker_ext.types import ImageArray, VideoFile

MOST_CELLS = 64
LONGEST_SIDE = 3840
"""Pixels of the wall; its tiles are scaled down to fit."""
_STRIP_SHARE = 0.09
_SMALLEST_STRIP = 22
_SUFFIXES = (".mp4", ".webm")

Make = Callable[[Request, Progress], VideoFile]
"""Makes one video, as `Service.generate` does."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Axis:
    """One option and the values it takes.

    Attributes:
        name: The option's name.
        values: At least one, each checked.
    """

    name: str
    values: tuple[Any, ...]

    def words(self, value: Any) -> str:
        """Return how a value is written over the tiles."""
        shown = {True: "yes", False: "no"}.get(value, value) if isinstance(value, bool) else value
        return (
            f"{self.name.replace('_', ' ')} {shown:g}"
            if isinstance(shown, float)
            else (f"{self.name.replace('_', ' ')} {shown}")
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Grid:
    """What was made.

    Attributes:
        wall: The video of all tiles.
        videos: The single videos, row by row.
        columns: Number of columns.
        warnings: Sentences about what was done differently than asked.
    """

    wall: VideoFile
    videos: tuple[VideoFile, ...]
    columns: int
    warnings: tuple[str, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """Return everything as plain values."""
        return {
            "wall": self.wall.as_dict(),
            "videos": [video.as_dict() for video in self.videos],
            "columns": self.columns,
            "warnings": [*self.warnings],
        }


def parse_axis(text: str) -> Axis:
    """Read "head_motion=0,0.5,1"; values that hold commas are parted by "|" instead.

    Raises:
        InvalidOption: There is no such option, or a value does not fit it.
    """
    name, equals, listed = text.partition("=")
    name = name.strip().lstrip("-").replace("-", "_")
    specs = {spec.name: spec for spec in option_specs()}
    if not equals or name not in specs:
        known = ", ".join(specs)
        raise InvalidOption(
            f"What varies should be an option with its values, such as head_motion=0,0.5,1, found "
            f"{text!r}.",
            hint="" if name in specs else f"Known options: {known}.",
        )
    words = listed.split("|" if "|" in listed or specs[name].numbers else ",")
    values = tuple(dict.fromkeys(specs[name].check(_typed(specs[name], word)) for word in words))
    return Axis(name=name, values=values)


def make_grid(make: Make, request: Request, axes: Sequence[Axis], progress: Progress) -> Grid:
    """Make all videos and the wall.

    Args:
        make: Makes one video.
        request: The common part; `output` is the wall, the single videos go into a folder of the
            same name beside it.
        axes: One or two.
        progress: Reports every video, and stops the work; videos that are whole are kept.

    Raises:
        InvalidOption: The axes do not make a grid, or the wall's format is none for it.
        SadTalkerError: Whatever a single video raises.
    """
    cells = _cells(axes)
    wall = request.target
    if wall.suffix.lower() not in _SUFFIXES:
        raise InvalidOption(f"The wall should be a .mp4 or .webm file, found {wall.name}.")
    check_output(wall, overwrite=request.overwrite, suffix=wall.suffix.lower())
    folder = wall.with_suffix("")
    folder.mkdir(parents=True, exist_ok=True)
    seed = request.options.seed if request.options.seed >= 0 else secrets.randbelow(2**32)
    common = replace(request.options, seed=seed)
    videos = []
    for cell in cells:
        options = GenerateOptions.from_mapping({**common.as_dict(), **cell})
        single = folder / f"{_file_name(cell)}{wall.suffix}"
        videos.append(make(replace(request, output=single, options=options), progress))
    columns = len(axes[0].values)
    labels = [[axis.words(cell[axis.name]) for axis in axes] for cell in cells]
    made = _wall(wall, videos, columns, labels, request, progress)
    return Grid(wall=made, videos=tuple(videos), columns=columns, warnings=_told(axes))


def _cells(axes: Sequence[Axis]) -> list[dict[str, Any]]:
    names = [axis.name for axis in axes]
    if len(axes) not in (1, 2) or len(set(names)) != len(names):
        raise InvalidOption(f"A grid varies one or two different options, found {len(names)}.")
    if "format" in names:
        raise InvalidOption("A grid cannot vary format: its videos are shown side by side.")
    count = math.prod(len(axis.values) for axis in axes)
    if not 2 <= count <= MOST_CELLS:
        raise InvalidOption(f"A grid has 2 to {MOST_CELLS} videos, found {count}.")
    rows = itertools.product(*(axis.values for axis in reversed(axes)))
    return [dict(zip(reversed(names), row, strict=True)) for row in rows]


def _wall(
    path: Path,
    videos: Sequence[VideoFile],
    columns: int,
    labels: Sequence[Sequence[str]],
    request: Request,
    progress: Progress,
) -> VideoFile:
    rows = -(-len(videos) // columns)
    tile, strip = _tile(videos, columns, rows)
    strips = [caption_strip(", ".join(words), tile[0], strip) for words in labels]
    frames = max(video.frames for video in videos)
    fps = max(video.fps for video in videos)
    try:
        speech = open_speech(videos[0].path)
    except UnreadableAudio:
        speech = None
    writer = VideoWriter(
        path,
        fps=fps,
        speech=speech,
        quality=request.options.quality,
        overwrite=request.overwrite,
        metadata=_about(videos, labels),
    )
    shown = _side_by_side(videos, columns, rows, tile, strips, fps, frames)
    with writer:
        for frame in progress.track(shown, Stage.WRITING, frames):
            writer.write(frame)
    return replace(
        videos[0],
        path=writer.path,
        width=writer.size[0],
        height=writer.size[1],
        fps=fps,
        frames=writer.frames,
        seconds=writer.seconds,
        timings={},
        warnings=(),
        motion=None,
    )


def _tile(videos: Sequence[VideoFile], columns: int, rows: int) -> tuple[tuple[int, int], int]:
    """Return width and height of a tile's picture, and the height of the strip over it."""
    width, height = max(v.width for v in videos), max(v.height for v in videos)
    strip = _STRIP_SHARE * min(width, height)
    scale = min(1.0, LONGEST_SIDE / (columns * width), LONGEST_SIDE / (rows * (height + strip)))
    across, down = (max(2 * round(side * scale / 2), 2) for side in (width, height))
    return (across, down), max(2 * round(strip * scale / 2), _SMALLEST_STRIP)


def _side_by_side(
    videos: Sequence[VideoFile],
    columns: int,
    rows: int,
    tile: tuple[int, int],
    strips: Sequence[ImageArray],
    fps: float,
    frames: int,
) -> Iterator[ImageArray]:
    """Yield the wall's frames; a video that ends before the others holds its last one."""
    width, height = tile
    strip = strips[0].shape[0]
    wall = np.full((rows * (height + strip), columns * width, 3), 24, np.uint8)
    films = [_timed(video.path, fps, frames) for video in videos]
    for number, words in enumerate(strips):
        top, left = (number // columns) * (height + strip), (number % columns) * width
        wall[top : top + strip, left : left + width] = words
    for pictures in zip(*films, strict=True):
        for number, picture in enumerate(pictures):
            top = (number // columns) * (height + strip) + strip
            left = (number % columns) * width
            wall[top : top + height, left : left + width] = _fitted(picture, width, height)
        yield wall


def _timed(path: Path, fps: float, frames: int) -> Iterator[ImageArray]:
    """Yield what a video shows at the times of the wall's frames."""
    film = open_driving(path).read()
    _, now = next(film)
    following = next(film, None)
    for number in range(frames):
        while following is not None and following[0] <= (number + 0.5) / fps:
            now, following = following[1], next(film, None)
        yield now


def _fitted(picture: ImageArray, width: int, height: int) -> ImageArray:
    import cv2

    scale = min(width / picture.shape[1], height / picture.shape[0])
    size = (max(round(picture.shape[1] * scale), 1), max(round(picture.shape[0] * scale), 1))
    if size != picture.shape[1::-1]:
        picture = np.asarray(cv2.resize(picture, size, interpolation=cv2.INTER_AREA), np.uint8)
    if size == (width, height):
        return picture
    room = np.full((height, width, 3), 24, np.uint8)
    top, left = (height - size[1]) // 2, (width - size[0]) // 2
    room[top : top + size[1], left : left + size[0]] = picture
    return room


def _about(videos: Sequence[VideoFile], labels: Sequence[Sequence[str]]) -> VideoMetadata:
    first = read_metadata(videos[0].path)
    tiles = [", ".join(words) for words in labels]
    return replace(first, data={**first.data, "grid": tiles})


def _told(axes: Sequence[Axis]) -> tuple[str, ...]:
    heard = {"text", "voice", "speech_rate", "speech_pitch", "audio_start", "audio_end"}
    if heard & {axis.name for axis in axes}:
        return ("The wall has the sound of its first video; the others are heard one by one.",)
    return ()


def _typed(spec: OptionSpec, word: str) -> Any:
    word = word.strip()
    if spec.kind is bool:
        return {"yes": True, "true": True, "no": False, "false": False}.get(word.lower(), word)
    if spec.kind is str:
        return word
    try:
        return float(word)
    except ValueError:
        return word


def _file_name(cell: Mapping[str, Any]) -> str:
    words = "_".join(f"{name}-{value}" for name, value in cell.items())
    return re.sub(r"[^\w.+-]+", "_", words)[:120]
