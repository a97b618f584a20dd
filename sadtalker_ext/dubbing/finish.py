"""The end of a dubbing: pictures and sound become one file that says what it is."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Final

import numpy as np

from sadtalker_ext.dubbing.analysis import Analysis
from sadtalker_ext.dubbing.cast import ranked
from sadtalker_ext.dubbing.schedule import Schedule
from sadtalker_ext.dubbing.workplace import Work
from sadtalker_ext.encoder.formats import FORMATS
from sadtalker_ext.encoder.metadata import describe_video
from sadtalker_ext.encoder.output_file import discard, hidden_name, move_into_place
from sadtalker_ext.encoder.reel import ReelLook, join_reel
from sadtalker_ext.errors import SilentAudio
from sadtalker_ext.inputs.audio import open_speech
from sadtalker_ext.inputs.footage import Footage
from sadtalker_ext.performance import Said
from sadtalker_ext.provenance.claim import claim_of
from sadtalker_ext.provenance.marking import Marking
from sadtalker_ext.shot.track_file import TrackFile
from sadtalker_ext.speech.laid import Laid, laid_out
from sadtalker_ext.speech.spans import GivingWay, spans_of
from sadtalker_ext.types import Picture, Speech, VideoFile

SMALL_PX: Final = 40
"""Width of a face below which lips are a few pixels."""
_MEASURED: Final = 60
"""Faces whose width is measured, spread over the video."""


def marking_of(work: Work, footage: Footage, lines: Sequence[Sequence[Said]]) -> Marking:
    """Return the marks of the dubbed video; its claim names the first frame and the first words."""
    options = work.request.options
    speech = next((one.speech for line in lines for one in line), None)
    claim = claim_of(options, work.tools.spec, _first(work, footage), speech)
    spoken = "\n".join(one.speech.text for line in lines for one in line)
    return Marking(options, claim, spoken=spoken, overwrite=work.request.overwrite)


def _first(work: Work, footage: Footage) -> Picture:
    pixels = next(footage.frames()).planes.picture()
    return Picture(pixels=pixels, name=work.request.video.name)


def write_dub(
    work: Work,
    footage: Footage,
    parts: Sequence[tuple[Path, int]],
    look: ReelLook,
    lines: Sequence[Sequence[Said]],
    schedule: Schedule,
) -> Path | None:
    """Join the parts with what is heard, mark the file, and give it its name.

    Args:
        work: The job.
        footage: The video.
        parts: Encoded pictures, and the time stamp of the first frame of each.
        look: How pictures are stored.
        lines: What everybody says.
        schedule: How long it is.

    Returns:
        A manifest beside the video, where it cannot hold it.
    """
    request = work.request
    sound = _sound(work, footage, lines, float(schedule.seconds))
    metadata = describe_video(
        request.described,
        engine=work.tools.spec,
        seed=work.seed,
        picture=_first(work, footage),
        speech=next((one.speech for line in lines for one in line), None),
        speakers=request.speakers,
    )
    unfinished = hidden_name(request.target)
    try:
        work.warnings += join_reel(
            [path for path, _ in parts],
            unfinished,
            look,
            begins=[begins for _, begins in parts],
            seconds=schedule.seconds,
            sound=sound,
            beside=footage.path if footage.facts.other_streams else None,
            tags=metadata.tags(),
        )
        FORMATS["mp4"].complete(unfinished, metadata)
        spare = hidden_name(request.target)
        try:
            work.marking.seal(unfinished, spare)
        finally:
            discard(spare)
        work.made = move_into_place(
            unfinished, request.target, overwrite=request.overwrite, beside=request.beside
        )
    finally:
        discard(unfinished)
    return work.marking.finish(work.made)


def _sound(work: Work, footage: Footage, lines: Sequence[Sequence[Said]], seconds: float) -> Speech:
    """Lay everything that is heard over one another."""
    laid = [Laid(speech=one.speech, at=one.at) for line in lines for one in line]
    under, between = work.request.keep_audio, work.request.between
    keep = max(under, between)
    if keep > 0 and not footage.facts.sound_tracks:
        work.warnings.append(f"{footage.path.name} has no sound to be kept.")
    elif keep > 0:
        try:
            own = open_speech(footage.path)
        except SilentAudio:
            work.warnings.append(f"The sound of {footage.path.name} is silent.")
        else:
            way = None
            if under != between:
                spans = spans_of([(one.at, one.speech) for line in lines for one in line])
                way = GivingWay(tuple(spans), under, between)
            at, gain = footage.facts.sound_delay, keep if way is None else 1.0
            laid.append(Laid(speech=own, at=at, gain=gain, gives_way=way))
    return laid_out(laid, seconds)


def small_faces(tracks: TrackFile, wanted: Collection[int]) -> list[str]:
    """Say so where the faces of some people are too small for lips to be read.

    Args:
        tracks: What was found in the video.
        wanted: Numbers of the people.
    """
    rows = np.flatnonzero(np.isin(tracks.person_of, list(wanted)))
    if not len(rows):
        return []
    spread = rows[np.unique(np.linspace(0, len(rows) - 1, _MEASURED).astype(int))]
    wide = np.median([np.ptp(tracks.points(int(row))[:, 0]) for row in spread])
    if wide >= SMALL_PX:
        return []
    return [
        f"The face is only {wide:.0f} pixels wide: its lips are a few pixels, and what they say is "
        "hardly seen."
    ]


def described(
    work: Work,
    analysis: Analysis,
    people: Sequence[Sequence[int]],
    schedule: Schedule,
    look: ReelLook,
    manifest: Path | None,
) -> VideoFile:
    """Return what was made, and say what of it is not as people may expect."""
    tracks = analysis.tracks
    wanted = {one for persons in people for one in persons}
    seen = np.unique(tracks.frame_of[np.isin(tracks.person_of, list(wanted))])
    absent = len(tracks.frames) - len(seen)
    if absent:
        work.warnings.append(
            f"{absent} of {len(tracks.frames)} frames do not show the face; they stay as they are."
        )
    work.warnings += small_faces(tracks, wanted)
    others = [one for one in ranked(analysis) if one not in wanted]
    if others:
        work.warnings.append(f"{len(others)} more people are seen; their mouths stay as they are.")
    width, height = look.size
    return VideoFile(
        path=work.made,
        width=width + width % 2,
        height=height + height % 2,
        fps=float(look.rate),
        frames=len(schedule.source),
        seconds=float(schedule.seconds),
        engine=work.tools.spec.name,
        seed=work.seed,
        timings=work.timings.seconds,
        warnings=(*work.warnings, *work.marking.warnings),
        marks=work.marking.marks,
        credentials=manifest,
    )
