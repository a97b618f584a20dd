"""One video for every combination of options, and a wall that shows all of them in step.

The wall has a column for every value of the first option and a row for every value of the second.
All videos share a seed, so that only what was asked for differs.
"""

from __future__ import annotations

import itertools
import math
import os
import re
import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from sadtalker_ext.encoder.label import caption_strip
from sadtalker_ext.encoder.metadata import VideoMetadata, read_metadata
from sadtalker_ext.encoder.output_file import check_output
from sadtalker_ext.encoder.video import VideoWriter
from sadtalker_ext.engines import registry
from sadtalker_ext.errors import InvalidOption, UnreadableAudio
from sadtalker_ext.folders import make_folder
from sadtalker_ext.inputs.audio import open_speech
from sadtalker_ext.options import GenerateOptions, OptionSpec, option_specs
from sadtalker_ext.progress import Progress, Stage
from sadtalker_ext.provenance.claim import Claim, wall_claim
from sadtalker_ext.provenance.marking import Marking
from sadtalker_ext.service import Request
from sadtalker_ext.spelling import nearest
from sadtalker_ext.types import VideoFile
from sadtalker_ext.wall import side_by_side, tile_of

MOST_CELLS = 64
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
        raise InvalidOption(
            f"What varies should be an option with its values, such as head_motion=0,0.5,1, found "
            f"{text!r}.",
            hint=_meant(name, specs),
        )
    words = listed.split("|" if "|" in listed or specs[name].numbers else ",")
    values = tuple(dict.fromkeys(specs[name].check(_typed(specs[name], word)) for word in words))
    return Axis(name=name, values=values)


def _meant(name: str, specs: Mapping[str, OptionSpec]) -> str:
    """Return the hint for an axis that cannot be read."""
    if name in specs:
        return "Write its values behind =, with commas between them."
    near = nearest(name, specs)
    return f"Did you mean '{near}'?" if near else f"Known options: '{', '.join(specs)}'."


def make_grid(make: Make, request: Request, axes: Sequence[Axis], progress: Progress) -> Grid:
    """Make all videos and the wall.

    Args:
        make: Makes one video.
        request: The common part; `output` is the wall, the single videos go into a folder of the
            same name beside it. With `beside`, both get another name where that folder is there.
        axes: One or two.
        progress: Reports every video, and stops the work; videos that are whole are kept.

    Raises:
        InvalidOption: The axes do not make a grid, or the wall's format is none for it.
        SadTalkerError: Whatever a single video raises.
    """
    cells = cells_of(axes)
    wall = request.target
    if wall.suffix.lower() not in _SUFFIXES:
        raise InvalidOption(f"The wall should be a .mp4 or .webm file, found {wall.name}.")
    free = request.overwrite or request.beside
    check_output(wall, overwrite=free, suffix=wall.suffix.lower())
    folder = _folder_of(wall, new=request.beside)
    wall = folder.with_name(f"{folder.name}{wall.suffix}")
    seed = request.options.seed if request.options.seed >= 0 else secrets.randbelow(2**32)
    common = replace(request.options, seed=seed)
    videos = []
    for cell, name in zip(cells, _file_names(cells), strict=True):
        options = GenerateOptions.from_mapping({**common.as_dict(), **cell})
        single = folder / f"{name}{wall.suffix}"
        videos.append(make(replace(request, output=single, options=options), progress))
    columns = len(axes[0].values)
    labels = [[axis.words(cell[axis.name]) for axis in axes] for cell in cells]
    made = _wall(wall, videos, columns, labels, request, progress)
    return Grid(wall=made, videos=tuple(videos), columns=columns, warnings=_told(axes))


def cells_of(axes: Sequence[Axis]) -> list[dict[str, Any]]:
    """Return what each video sets, in rows.

    Raises:
        InvalidOption: The axes do not make a grid.
    """
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


def _folder_of(wall: Path, *, new: bool) -> Path:
    """Make the folder of the single videos; a new one belongs to this grid alone."""
    folder = wall.with_suffix("")
    if not new:
        make_folder(folder)
        return folder
    for number in itertools.count(1):
        found = folder if number == 1 else folder.with_name(f"{folder.name}-{number}")
        if not os.path.lexists(found) and make_folder(found):
            break
    return found


def _wall(
    path: Path,
    videos: Sequence[VideoFile],
    columns: int,
    labels: Sequence[Sequence[str]],
    request: Request,
    progress: Progress,
) -> VideoFile:
    rows = -(-len(videos) // columns)
    tile, strip = tile_of(videos, columns, rows)
    strips = [caption_strip(", ".join(words), tile[0], strip) for words in labels]
    frames = max(video.frames for video in videos)
    fps = max(video.fps for video in videos)
    about, options = _about(videos, labels), request.options
    marking = Marking(options, _claim(videos, about, options), overwrite=request.overwrite)
    try:
        speech = open_speech(videos[0].path)
    except UnreadableAudio:
        speech = None
    writer = VideoWriter(
        path,
        fps=fps,
        speech=speech,
        quality=options.quality,
        overwrite=request.overwrite,
        beside=request.beside,
        metadata=about,
        stamp=marking.stamp,
        seal=marking.seal,
    )
    shown = side_by_side(videos, columns, rows, tile, strips, fps, frames)
    with writer:
        for frame in progress.track(shown, Stage.WRITING, frames):
            writer.write(frame)
    manifest = marking.finish(writer.path)
    return replace(
        videos[0],
        path=writer.path,
        width=writer.size[0],
        height=writer.size[1],
        fps=fps,
        frames=writer.frames,
        seconds=writer.seconds,
        timings={},
        warnings=marking.warnings,
        motion=None,
        marks=tuple(one for one in marking.marks if one != "label"),
        credentials=manifest,
    )


def _about(videos: Sequence[VideoFile], labels: Sequence[Sequence[str]]) -> VideoMetadata:
    first = read_metadata(videos[0].path)
    tiles = [", ".join(words) for words in labels]
    return replace(first, data={**first.data, "grid": tiles})


def _claim(videos: Sequence[VideoFile], about: VideoMetadata, options: GenerateOptions) -> Claim:
    known, used = registry.engine_specs(), {video.engine for video in videos}
    picture = about.data.get("picture") or {}
    return wall_claim(
        options,
        # of engines that are not registered nobody knows whether they are trained
        [spec for spec in known if spec.name in used] or known,
        [video.path for video in videos],
        generated=bool(picture.get("parameters")),
    )


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


def _file_names(cells: Sequence[Mapping[str, Any]]) -> list[str]:
    """Return a name for every single video; words that differ only in signs are numbered."""
    names: list[str] = []
    for cell in cells:
        words = "_".join(f"{name}-{value}" for name, value in cell.items())
        plain = re.sub(r"[^\w.+-]+", "_", words)[:120]
        tried = (plain if number == 1 else f"{plain}-{number}" for number in itertools.count(1))
        # upper and lower case are one on some disks
        taken = {one.casefold() for one in names}
        names.append(next(one for one in tried if one.casefold() not in taken))
    return names
