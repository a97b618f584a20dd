"""``sadtalker dub``: a video whose people say something else."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from sadtalker_ext.errors import InvalidOption
from sadtalker_ext.host.standalone import StandaloneHost
from sadtalker_ext.progress import Progress
from sadtalker_ext.service import (
    DubRequest,
    DubRole,
    Service,
    default_roles,
    is_number,
    roles_from,
)
from sadtalker_ext.shells.cli.arguments import options_from
from sadtalker_ext.shells.cli.dub_arguments import (
    box_of,
    either,
    refuse_meaningless,
    wav2lip_notes,
)
from sadtalker_ext.shells.cli.generate import (
    consented,
    note_device,
    show_video,
    stop_on_interrupt,
)
from sadtalker_ext.shells.cli.own_process import keep_to_callers, suit
from sadtalker_ext.shells.cli.terminal import TerminalProgress
from sadtalker_ext.text_files import read_utf8


def run_dub(parsed: argparse.Namespace) -> dict[str, Any]:
    """Dub the video and return the result's description."""
    refuse_meaningless(parsed)
    for note in wav2lip_notes(parsed):
        print(note, file=sys.stderr)
    request = dub_request(parsed)
    keep_to_callers()
    bar = TerminalProgress()
    progress = Progress(bar)
    weight_dirs = [parsed.weights_dir] if parsed.weights_dir else []
    service = Service(StandaloneHost(weight_dirs=weight_dirs, device=parsed.device, suit=suit))
    try:
        note_device(parsed, service, request.options, dubs=True)
        with stop_on_interrupt(progress):
            video = service.dub(request, progress)
    finally:
        bar.close()
        service.close()
    if not parsed.json:
        manifest = [video.credentials] if video.credentials is not None else []
        show_video(video, also=[*manifest, *consented(video, request.options)])
    return video.as_dict()


def dub_request(parsed: argparse.Namespace) -> DubRequest:
    """Return what the command line asks for.

    Raises:
        InvalidOption: Something is missing, given twice, or cannot be read.
    """
    video, speech, face = parsed.video, parsed.speech, parsed.face
    if video is None and face is not None:
        video, face = Path(face), None  # Wav2Lip's --face names the video
    if video is None:
        raise InvalidOption(
            "A video is needed, none was given.",
            hint="Usage: sadtalker dub VIDEO SPEECH -o OUT.mp4",
        )
    speech = either("speech", speech, parsed.audio)
    output = either("output", parsed.output, parsed.outfile) or Path(f"{video.stem}_dubbed.mp4")
    options = options_from(parsed)
    return DubRequest(
        video=video,
        output=output,
        roles=_roles(parsed, speech, face or "largest"),
        dialogue=read_utf8(parsed.dialogue, "The dialogue") if parsed.dialogue else "",
        options=options,
        keep_audio=parsed.keep_audio,
        keep_outside=parsed.keep_outside,
        length=parsed.length,
        overwrite=parsed.overwrite,
        resume=parsed.resume,
        box=box_of(parsed.box),
        shrink=parsed.resize_factor,
        turn=1 if parsed.rotate else 0,
        static=parsed.static,
        smooth=not parsed.nosmooth,
    )


def _roles(parsed: argparse.Namespace, speech: Path | None, face: str) -> tuple[DubRole, ...]:
    text = getattr(parsed, "text", "") or ""
    if parsed.roles is not None:
        if speech is not None or text or parsed.cues is not None:
            raise InvalidOption("With --roles the roles say what is spoken; leave the speech out.")
        return read_roles(parsed.roles)
    if parsed.split_channels:
        if speech is None:
            raise InvalidOption("--split-channels needs a sound file with two channels.")
        return tuple(
            DubRole(face=str(one), speech=speech, at=parsed.at, channel=one) for one in (0, 1)
        )
    if parsed.dialogue is not None and speech is None and not text and parsed.cues is None:
        return default_roles(read_utf8(parsed.dialogue, "The dialogue"))
    who = face if face in ("largest", "all") or is_number(face) else Path(face)
    return (DubRole(face=who, speech=speech, text=text, cues=parsed.cues, at=parsed.at),)


def read_roles(path: Path) -> tuple[DubRole, ...]:
    """Return the roles of a .json list; files are relative to its folder.

    Raises:
        InvalidOption: It cannot be read, or is no list of objects.
    """
    try:
        values = json.loads(read_utf8(path, "The list of roles"))
    except json.JSONDecodeError as error:
        raise InvalidOption(f"{path.name} is not JSON: {error}.") from error
    return roles_from(values, path.parent, path.name)
