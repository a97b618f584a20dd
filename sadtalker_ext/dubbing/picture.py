"""Roles on a still picture: who of its people says what."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from pathlib import Path

from sadtalker_ext.dubbing.request import DubRequest, check_dub, is_number
from sadtalker_ext.dubbing.said import Speakers, last_end
from sadtalker_ext.engines.base import Engine
from sadtalker_ext.ensemble_video import EnsembleRole, generate_ensemble
from sadtalker_ext.errors import InvalidOption
from sadtalker_ext.inputs.image import read_picture
from sadtalker_ext.performance import Said
from sadtalker_ext.progress import Progress
from sadtalker_ext.provenance.consent import keep_consent
from sadtalker_ext.scratch import scratch_folder
from sadtalker_ext.shot.still import FaceFinder
from sadtalker_ext.speech.laid import Laid, laid_out
from sadtalker_ext.types import Face, Picture, Speech, VideoFile
from sadtalker_ext.weights.store import WeightStore

PICTURES = frozenset({".png", ".jpg", ".jpeg", ".webp", ".bmp", ".tif", ".tiff", ".avif", ".heic"})
_TAIL_SECONDS = 0.3
"""How long the picture goes on after the last word."""


def is_picture(path: Path) -> bool:
    """Tell by its name whether a source is a still picture."""
    return path.suffix.lower() in PICTURES


def picture_parts(
    request: DubRequest, folder: Path, progress: Progress, store: WeightStore
) -> tuple[list[EnsembleRole], Speech, list[str]]:
    """Open what everybody says.

    Returns:
        The parts, everything that is heard, and warnings.

    Raises:
        InvalidOption: A role means no single face, or two mean the same one.
        InputError: A sound cannot be read, or a text cannot be spoken.
    """
    speakers = Speakers(request, folder, progress, store)
    lines = speakers.lines()
    seconds = last_end(lines) + _TAIL_SECONDS
    faces = _faces(request)
    parts = [
        EnsembleRole(
            face=face,
            speech=_laid(line, seconds) if line else None,
            spans=tuple((one.at, one.end) for one in line),
            options=role.directed(request.options),
        )
        for face, line, role in zip(faces, lines, request.roles, strict=True)
    ]
    return parts, _laid([one for line in lines for one in line], seconds), speakers.warnings


def _laid(line: Sequence[Said], seconds: float) -> Speech:
    return laid_out([Laid(speech=one.speech, at=one.at) for one in line], seconds)


def _faces(request: DubRequest) -> list[int]:
    """Return the number of each role's face; those that name none take the next by size."""
    named = [int(role.face) if is_number(role.face) else None for role in request.roles]
    for role, face in zip(request.roles, named, strict=True):
        if face is None and role.face != "largest":
            raise InvalidOption(
                f"On a picture a role should name a face by its number, found {role.face}.",
                hint="Faces are counted by size from 0.",
            )
    taken = [face for face in named if face is not None]
    if len(set(taken)) < len(taken):
        raise InvalidOption("Two roles mean the same face.", hint="Choose another one.")
    free = (number for number in range(len(named) + len(taken)) if number not in taken)
    return [next(free) if face is None else face for face in named]


def dub_picture(
    request: DubRequest,
    find_faces: Callable[[Picture], list[Face]],
    find_face: FaceFinder,
    engine: Engine,
    store: WeightStore,
    progress: Progress,
) -> VideoFile:
    """Let several people of a picture talk.

    Args:
        request: Names the picture and who says what.
        find_faces: Gives all faces of a picture.
        find_face: Gives one of them.
        engine: Who moves the faces.
        store: Where the files of voices are.
        progress: Reports stages, and stops the work.

    Raises:
        SadTalkerError: One of its subclasses, with a sentence and a next step.
    """
    check_dub(request)
    picture = read_picture(request.video)
    with scratch_folder() as folder:
        parts, sound, told = picture_parts(request, folder, progress, store)
        speaking = {part.face for part in parts}
        video = generate_ensemble(
            picture,
            find_face,
            parts,
            sound,
            request.target,
            request.described,
            engine=engine,
            progress=progress,
            overwrite=request.overwrite,
            beside=request.beside,
            bystanders=[one for one in find_faces(picture) if one.index not in speaking],
            speakers=request.speakers,
        )
    if request.options.engine not in ("auto", engine.spec.name):
        told.append(f"People of a picture are moved by the {engine.spec.name} engine.")
    keep_consent(video.path, picture, request.options.consent_by)
    return dataclasses.replace(video, warnings=(*picture.notes, *told, *video.warnings))
