"""The verbs of the Python interface: `animate` a portrait, `dub` a video, or `load` for many."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from sadtalker_ext.errors import UnreadableImage
from sadtalker_ext.host.standalone import StandaloneHost
from sadtalker_ext.options import GenerateOptions
from sadtalker_ext.progress import Progress, ProgressEvent
from sadtalker_ext.service import (
    DubRequest,
    DubRole,
    DubSegment,
    Request,
    Service,
    default_roles,
    is_number,
    role_from,
    segment_from,
)
from sadtalker_ext.types import ImageArray, Picture, VideoFile

if TYPE_CHECKING:
    from PIL import Image
    from typing_extensions import Unpack

    from sadtalker_ext.option_values import OptionValues

    PictureLike: TypeAlias = str | os.PathLike[str] | ImageArray | Image.Image
    PathLike: TypeAlias = str | os.PathLike[str]


def animate(
    picture: PictureLike,
    speech: PathLike | None = None,
    output: PathLike | None = None,
    *,
    reference_video: PathLike | None = None,
    captions_file: PathLike | None = None,
    phones_files: Sequence[PathLike] = (),
    motion_file: PathLike | None = None,
    motion_files: Sequence[PathLike] = (),
    overwrite: bool = False,
    progress: Progress | Callable[[ProgressEvent], None] | None = None,
    **options: Unpack[OptionValues],
) -> VideoFile:
    """Make a portrait talk; the models are loaded for this video and released after it.

    Args:
        picture: A picture file, a PIL image, or (H, W, 3) uint8 RGB.
        speech: A file with sound; left out with the option `text` or `idle_seconds`.
        output: The video to write; by default "<picture>_talking" in the working folder, with the
            extension of the option `format`.
        reference_video: A video whose motion is taken over, as the option `reference_use` says.
        captions_file: A .srt or .vtt file for the captions of a spoken text.
        phones_files: Files for the sounds with their times: .TextGrid, .visemes.json, or .json as
            Rhubarb writes it.
        motion_file: What the face does, instead of planning it; see docs/motion.md.
        motion_files: Files to write the motion into, in the formats of their names.
        overwrite: Whether an existing output may be replaced.
        progress: Called with every `ProgressEvent`; a `Progress` can also stop the work.
        **options: Every option of the command line, by its name; see docs/options.md.

    Returns:
        Where the video is, its size and length, the seed that repeats it, and warnings.

    Raises:
        SadTalkerError: One of its subclasses in `sadtalker_ext.errors`: what was expected, what
            was found, and what to do next.
    """
    with load() as animator:
        return animator.animate(
            picture,
            speech,
            output,
            reference_video=reference_video,
            captions_file=captions_file,
            phones_files=phones_files,
            motion_file=motion_file,
            motion_files=motion_files,
            overwrite=overwrite,
            progress=progress,
            **options,
        )


def dub(
    video: PathLike,
    speech: PathLike | None = None,
    output: PathLike | None = None,
    *,
    roles: Sequence[DubRole | Mapping[str, Any]] = (),
    face: str | int | PathLike = "largest",
    at: float = 0.0,
    cues: PathLike | None = None,
    segments: Sequence[DubSegment | Mapping[str, Any]] = (),
    dialogue: str = "",
    keep_audio: float = 0.0,
    keep_outside: float | None = None,
    length: str = "hold",
    resume: bool = False,
    overwrite: bool = False,
    progress: Progress | Callable[[ProgressEvent], None] | None = None,
    **options: Unpack[OptionValues],
) -> VideoFile:
    """Let the people of a video say something else.

    Args:
        video: A video with a face.
        speech: A file with sound; left out with the option `text`, or with one of the others.
        output: The .mp4 to write; by default "<video>_dubbed.mp4" in the working folder.
        roles: Who says what, where several people speak; then `speech`, `face`, `at`, `cues` and
            `segments` are left out. See `DubRole` and docs/dubbing.md.
        face: "largest", "all", a number counted by size from 0, or a picture of the person.
        at: When the speech begins, in seconds.
        cues: A .srt or .vtt file that is spoken cue by cue.
        segments: Pieces of speech, each with `at` and `speech` or `text`.
        dialogue: Lines such as "A: Good morning." that the roles say in turn.
        keep_audio: How much of the video's own sound is kept, 0 to 1.
        keep_outside: How much of it is kept where nothing new is said; by default as much.
        length: "hold", "loop" or "cut", where speech and video are not equally long.
        resume: Go on with what an earlier try left.
        overwrite: Whether an existing output may be replaced.
        progress: Called with every `ProgressEvent`; a `Progress` can also stop the work.
        **options: Options of the command line, by name; voice, speech, mouth, quality and seed
            are used.

    Returns:
        Where the video is, and in `warnings` what was done about different lengths.

    Raises:
        SadTalkerError: One of its subclasses in `sadtalker_ext.errors`.
    """
    chosen = GenerateOptions.from_mapping(options)
    given = tuple(one if isinstance(one, DubRole) else role_from(one, Path()) for one in roles)
    if not given and dialogue and not (speech or chosen.text or cues or segments):
        given = default_roles(dialogue)
    if not given:
        who = str(face)
        pieces = [s if isinstance(s, DubSegment) else segment_from(s, Path()) for s in segments]
        alone = DubRole(
            face=who if who in ("largest", "all") or is_number(who) else Path(who),
            speech=None if speech is None else Path(speech),
            text=chosen.text,
            at=at,
            cues=None if cues is None else Path(cues),
            segments=tuple(pieces),
        )
        given = (alone,)
    request = DubRequest(
        video=Path(video),
        output=Path(output) if output is not None else Path(f"{Path(video).stem}_dubbed.mp4"),
        roles=given,
        dialogue=dialogue,
        options=chosen,
        keep_audio=keep_audio,
        keep_outside=keep_outside,
        length=length,
        overwrite=overwrite,
        resume=resume,
    )
    if not isinstance(progress, Progress):
        progress = Progress(progress)
    service = Service(StandaloneHost())
    try:
        return service.dub(request, progress)
    finally:
        service.close()


def load(*, device: str = "auto", weight_dirs: Sequence[PathLike] = ()) -> Animator:
    """Return an animator, which keeps its engines between videos.

    Args:
        device: "auto" (CUDA, then MPS, then the processor) or a name torch knows.
        weight_dirs: Folders to search for weights before the usual ones.
    """
    return Animator(device=device, weight_dirs=weight_dirs)


class Animator:
    """Makes videos one after the other; engines are loaded once. Close it, or use it in `with`.

    Args:
        device: As for `load`.
        weight_dirs: As for `load`.
    """

    def __init__(self, *, device: str = "auto", weight_dirs: Sequence[PathLike] = ()) -> None:
        folders = [Path(folder) for folder in weight_dirs]
        self._service = Service(StandaloneHost(weight_dirs=folders, device=device))

    def animate(
        self,
        picture: PictureLike,
        speech: PathLike | None = None,
        output: PathLike | None = None,
        *,
        reference_video: PathLike | None = None,
        captions_file: PathLike | None = None,
        phones_files: Sequence[PathLike] = (),
        motion_file: PathLike | None = None,
        motion_files: Sequence[PathLike] = (),
        overwrite: bool = False,
        progress: Progress | Callable[[ProgressEvent], None] | None = None,
        **options: Unpack[OptionValues],
    ) -> VideoFile:
        """Make a portrait talk; everything is as for `sadtalker_ext.animate`."""
        chosen = GenerateOptions.from_mapping(options)
        request = Request(
            picture=_picture(picture),
            speech=None if speech is None else Path(speech),
            output=Path(output) if output is not None else _beside(picture, chosen),
            options=chosen,
            overwrite=overwrite,
            reference_video=None if reference_video is None else Path(reference_video),
            captions_file=None if captions_file is None else Path(captions_file),
            phones_files=tuple(Path(file) for file in phones_files),
            motion_file=None if motion_file is None else Path(motion_file),
            motion_files=tuple(Path(file) for file in motion_files),
        )
        if not isinstance(progress, Progress):
            progress = Progress(progress)
        return self._service.generate(request, progress)

    def close(self) -> None:
        """Release every engine; safe to call twice."""
        self._service.close()

    def __enter__(self) -> Animator:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


def _picture(given: PictureLike) -> Path | Picture:
    """Return a file as it is, and a picture in memory as the service takes it."""
    if isinstance(given, (str, os.PathLike)):
        return Path(given)
    if not isinstance(given, np.ndarray):
        given = np.asarray(given.convert("RGB"))
    if given.ndim != 3 or given.shape[2] != 3 or given.dtype != np.uint8:
        raise UnreadableImage(
            "The picture should be an array (height, width, 3) of uint8 RGB, found "
            f"{given.shape} of {given.dtype}.",
            hint="Convert it, or give a PIL image or a file.",
        )
    return Picture(pixels=given, name="portrait")


def _beside(picture: PictureLike, options: GenerateOptions) -> Path:
    stem = Path(picture).stem if isinstance(picture, (str, os.PathLike)) else "portrait"
    return Path(f"{stem}_talking{options.suffix}")
