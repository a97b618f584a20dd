"""Dubbing by REST: a talk with `dub` gives its driver video other words, in place of a picture."""

from __future__ import annotations

import json
import shutil
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import Any

from sadtalker_ext.jobs.names import SPEECHES as SPEECHES
from sadtalker_ext.options import GenerateOptions
from sadtalker_ext.progress import Progress
from sadtalker_ext.scratch import scratch_folder
from sadtalker_ext.service import DubRequest, DubRole, Service, default_roles, is_number
from sadtalker_ext.shells.api.dub_schema import MOST_ROLES
from sadtalker_ext.shells.api.errors import InvalidRequest
from sadtalker_ext.speech.parts import speakers_of
from sadtalker_ext.types import VideoFile


def check_dub_order(
    talk: Mapping[str, Any], files: Collection[str], options: GenerateOptions
) -> dict[str, Any]:
    """Return what is asked of a dubbing, after checking what goes with it.

    Raises:
        InvalidRequest: A picture where a video is needed, no video, nothing to say or twice
            something, or another format than mp4.
        InvalidOption: The dialogue names nobody.
    """
    speaks = _speaks(talk["dub"])
    _check_roles(talk["dub"], speaks=speaks)
    if "motion_in" in files:
        raise InvalidRequest("The file motion_in does not go with dub.", field="motion_in")
    pictures = [name for name in ("source_url", "source_image") if talk.get(name)]
    pictures += ["the file source_image"] * ("source_image" in files)
    video = bool(talk.get("driver_url")) or "reference_video" in files
    if pictures and (video or not speaks):
        raise InvalidRequest(
            f"With dub no picture is needed, found {' and '.join(pictures)}.",
            hint="A picture may take the place of the video where dub.dialogue or dub.roles say "
            "what is spoken.",
            field="dub",
        )
    if not video and not pictures:
        raise InvalidRequest(
            "A video to dub is needed.",
            hint="Give driver_url, or a form with the file reference_video.",
            field="driver_url",
        )
    spoken = talk.get("script") or options.text or "audio" in files
    if speaks and spoken:
        raise InvalidRequest(
            "What is said should be given once, found a script beside dub.dialogue or dub.roles.",
            field="script",
        )
    if not speaks and not spoken:
        raise InvalidRequest("The field script is needed.", field="script")
    if options.format != "mp4":
        raise InvalidRequest("A dubbed video is an mp4.", field="config.format")
    if options.reference_use == "all":
        raise InvalidRequest(
            "config.reference_use all does not go with dub.", field="config.reference_use"
        )
    dub = {name: value for name, value in talk["dub"].items() if value is not None}
    for role in _roles(dub | {"face": ""}, options, None, Path()):
        role.directed(options)
    face = str(dub.get("face", "largest"))
    if face not in ("largest", "all") and not is_number(face):
        raise InvalidRequest(
            f"dub.face should be largest, all or a number, found {face!r}.", field="dub.face"
        )
    return dub | {"face": face} | ({"picture": True} if pictures else {})


def speech_name(number: int) -> str:
    """Return the name of the file with what a role says."""
    return SPEECHES[number]


def with_speeches(dub: Mapping[str, Any], files: Collection[str]) -> dict[str, Any]:
    """Return what is asked of a dubbing with a note at every role whose sound came as a file.

    Raises:
        InvalidRequest: A sound belongs to no role, or a role says two things.
    """
    roles = [dict(one) for one in dub.get("roles") or ()]
    for number, name in enumerate(SPEECHES):
        if name not in files:
            continue
        if number >= len(roles):
            raise InvalidRequest(
                f"The file {name} belongs to no role: {len(roles)} are given.",
                hint="Files are counted from 0, in the order of dub.roles.",
                field=name,
            )
        roles[number]["speech_file"] = name
    for number, role in enumerate(roles):
        said = [name for name in ("text", "speech_url", "speech_file") if role.get(name)]
        if len(said) > 1:
            raise InvalidRequest(
                f"Role {number} should say one thing, found {' and '.join(said)}.",
                field=f"dub.roles[{number}]",
            )
    return {**dub, "roles": roles} if roles else dict(dub)


def speech_sources(dub: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield the file of every role with a sound of its own, and its address; "" of an upload."""
    for number, role in enumerate(dub.get("roles") or ()):
        if role.get("speech_file") or role.get("speech_url"):
            yield speech_name(number), str(role.get("speech_url") or "")


def speaks_itself(dub: Mapping[str, Any] | None) -> bool:
    """Tell whether a dubbing says itself what is spoken, so that there is no script."""
    return dub is not None and _speaks(dub)


def words_of(dub: Mapping[str, Any]) -> str:
    """Return everything that a dubbing's roles and dialogue say, to be measured."""
    said = [str(one.get("text") or "") for one in dub.get("roles") or ()]
    return "\n".join([*said, str(dub.get("dialogue") or "")]).strip()


def _check_roles(dub: Mapping[str, Any], *, speaks: bool) -> None:
    """Refuse roles that nobody would hear."""
    if dub.get("roles") and not speaks:
        raise InvalidRequest(
            "At least one of dub.roles should have a text or a sound.",
            hint="With a script leave roles out: dub.face and dub.at say who speaks it, and when.",
            field="dub.roles",
        )
    if dub.get("dialogue"):
        people = speakers_of(dub["dialogue"])
        most = len(dub["roles"]) if dub.get("roles") else MOST_ROLES
        if len(people) > most:
            raise InvalidRequest(
                f"The dialogue should have at most {most} people, found {len(people)}.",
                hint="Give a role for everybody who speaks.",
                field="dub.dialogue",
            )


def _speaks(dub: Mapping[str, Any]) -> bool:
    roles = dub.get("roles") or ()
    said = ("text", "speech_url", "speech_file")
    return bool(dub.get("dialogue")) or any(one.get(name) for one in roles for name in said)


def dub_video(
    service: Service,
    dub: Mapping[str, Any],
    options: GenerateOptions,
    *,
    video: Path,
    speech: Path | None,
    inputs: Path,
    output: Path,
    progress: Progress,
) -> VideoFile:
    """Dub the video of a job, or let the people of its picture talk with each other.

    Args:
        service: Makes it.
        dub: What is asked for, as `check_dub_order` returns it.
        options: Options by name.
        video: The video, or the picture.
        speech: What is said, where roles say nothing themselves.
        inputs: Folder with the sounds of roles.
        output: The .mp4 to write.
        progress: Reports stages, and stops the work.
    """
    with scratch_folder() as folder:
        if dub.get("picture"):
            # what is a picture is known by its name
            video = Path(shutil.copyfile(video, folder / "picture.png"))
        request = DubRequest(
            video=video,
            output=output,
            roles=_roles(dub, options, speech, inputs),
            dialogue=str(dub.get("dialogue") or ""),
            options=options,
            keep_audio=float(dub.get("keep_audio", 0.0)),
            keep_outside=dub.get("keep_outside"),
            length=dub.get("length", "hold"),
            overwrite=True,
        )
        return service.dub(request, progress)


def _roles(
    dub: Mapping[str, Any], options: GenerateOptions, speech: Path | None, inputs: Path
) -> tuple[DubRole, ...]:
    at = float(dub.get("at", 0.0))
    given = dub.get("roles") or ()
    if not given and dub.get("dialogue"):
        return default_roles(str(dub["dialogue"]))
    if not given:
        text = "" if speech is not None else options.text
        return (DubRole(face=dub["face"], speech=speech, text=text, at=at),)
    sounds = {name: inputs / name for name, _ in speech_sources(dub)}
    return tuple(
        DubRole(
            face=str(one.get("face", number)),
            speech=sounds.get(speech_name(number)),
            emotion=str(one.get("emotion") or ""),
            emotion_intensity=one.get("emotion_intensity"),
            timeline=_timeline(one.get("timeline")),
            name=str(one.get("name") or ""),
            text=str(one.get("text") or ""),
            voice=str(one.get("voice") or ""),
            at=float(at if one.get("at") is None else one["at"]),
        )
        for number, one in enumerate(given)
    )


def _timeline(given: Any) -> str:
    """Return a timeline as the option takes it."""
    return json.dumps(given) if isinstance(given, list) else str(given or "")
