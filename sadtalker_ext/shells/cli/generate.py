"""``sadtalker generate``: one portrait, one speech, one video."""

from __future__ import annotations

import argparse
import dataclasses
import os
import signal
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from types import FrameType
from typing import Any

from sadtalker_ext.errors import Cancelled, InvalidOption
from sadtalker_ext.folders import make_folder
from sadtalker_ext.host.standalone import StandaloneHost
from sadtalker_ext.options import SUFFIXES, GenerateOptions
from sadtalker_ext.progress import Progress
from sadtalker_ext.provenance.consent import consent_file
from sadtalker_ext.provenance.credentials import OwnCertificate
from sadtalker_ext.service import Request, Service
from sadtalker_ext.shells.cli.arguments import captions_file, options_from
from sadtalker_ext.shells.cli.helping import with_flags
from sadtalker_ext.shells.cli.own_process import suit
from sadtalker_ext.shells.cli.terminal import TerminalProgress
from sadtalker_ext.shells.cli.workers import pool_of, refuse_alone
from sadtalker_ext.types import VideoFile


def run_generate(parsed: argparse.Namespace) -> dict[str, Any]:
    """Make the video and return its description."""
    refuse_alone(parsed)
    options, reference, blink = _references(parsed, with_format(options_from(parsed), parsed))
    portrait = _one("A portrait", parsed.portrait, parsed.portrait_flag)
    speech = _one("The speech", parsed.video, parsed.speech, parsed.speech_flag)
    if portrait is None:
        raise InvalidOption(
            "A portrait is needed, none was given.",
            hint="Usage: sadtalker generate PORTRAIT SPEECH -o OUT.mp4",
        )
    request = Request(
        picture=portrait,
        speech=speech,
        output=_output(parsed, portrait, options),
        options=options,
        overwrite=parsed.overwrite,
        reference_video=reference,
        blink_video=blink,
        landmarks_file=parsed.landmarks_file,
        motion_plot=parsed.motion_plot,
        captions_file=captions_file(parsed),
        phones_files=tuple(parsed.phones),
        motion_file=parsed.motion_in,
        motion_files=tuple(parsed.motion_out),
        own_certificate=own_certificate(parsed),
    )
    bar = TerminalProgress()
    progress = Progress(bar)
    weight_dirs = [parsed.weights_dir] if parsed.weights_dir else []
    host = StandaloneHost(weight_dirs=weight_dirs, device=parsed.device, suit=suit)
    service = Service(host)
    try:
        note_device(parsed, service, options)
        with new_folder(parsed.output_dir), stop_on_interrupt(progress):
            if parsed.ray is None:
                video = service.generate(request, progress)
            else:
                with pool_of(parsed, Path()) as pool:
                    video = service.generate(request, progress, pool.draw)
    finally:
        bar.close()
        service.close()
    if not parsed.json:
        show_video(video, also=_also(request, video))
    # a beginning that was kept is still a video that was not made
    return video.as_dict() | ({"exit_code": Cancelled.exit_code} if video.partial else {})


def note_device(
    parsed: argparse.Namespace, service: Service, options: GenerateOptions, *, dubs: bool = False
) -> None:
    """Say where a device was named that this job would not use."""
    named = parsed.device not in ("auto", "cpu")
    if named and not service.waits_for_device(options, dubs=dubs):
        print(
            f"note: --device {parsed.device} has no effect: the built-in engine works on the "
            "processor",
            file=sys.stderr,
        )


def _one(what: str, *given: Path | None) -> Path | None:
    """Return what was given in one of several ways.

    Raises:
        InvalidOption: It was given in two.
    """
    found = [path for path in given if path is not None]
    if len(found) > 1:
        raise InvalidOption(
            f"{what} should be given once, found {' and '.join(map(str, found))}.",
            hint="Leave one of the two out.",
        )
    return found[0] if found else None


def own_certificate(parsed: argparse.Namespace) -> OwnCertificate | None:
    """Return the certificate that the flags name; None leaves it to the environment."""
    chain, key, stamps = parsed.c2pa_certificate, parsed.c2pa_key, parsed.c2pa_tsa
    if not (chain or key or stamps):
        return None
    named = OwnCertificate.of_environment()
    return OwnCertificate(
        certificate=Path(chain) if chain else named.certificate,
        key=Path(key) if key else named.key,
        time_stamps=stamps or named.time_stamps,
    )


def _references(
    parsed: argparse.Namespace, options: GenerateOptions
) -> tuple[GenerateOptions, Path | None, Path | None]:
    """Return the options, the reference video, and another one for the blinks.

    The original's flags name one video for the head and one for the blinks; naming a video says
    what it is used for.

    Raises:
        InvalidOption: Two videos are named for the head.
    """
    pose, blink = parsed.ref_pose, parsed.ref_eyeblink
    if parsed.reference_video is not None and pose is not None:
        raise InvalidOption(
            "The head movement should come from one video, found --reference-video and --ref-pose.",
            hint="Leave one of them out.",
        )
    if parsed.reference_video is not None or (pose is None and blink is None):
        return options, parsed.reference_video, blink
    use = "+".join(name for name, path in (("pose", pose), ("blink", blink)) if path is not None)
    other = blink if pose is not None and blink != pose else None
    return dataclasses.replace(options, reference_use=use), pose or blink, other


def with_format(options: GenerateOptions, parsed: argparse.Namespace) -> GenerateOptions:
    """Let the output's extension choose the format.

    Raises:
        InvalidOption: It contradicts the format asked for.
    """
    if parsed.output is None:
        return options
    suffix = parsed.output.suffix.lower()
    meant = next((name for name, known in SUFFIXES.items() if known == suffix), options.format)
    if "format" in parsed and meant != options.format:
        raise InvalidOption(
            f"Option format is {options.format}, but the output {parsed.output.name} is for "
            f"{meant}.",
            hint=f"Use {parsed.output.stem}{options.suffix}, or leave the format out.",
        )
    return dataclasses.replace(options, format=meant)


def _output(parsed: argparse.Namespace, portrait: Path, options: GenerateOptions) -> Path:
    if parsed.output is not None:
        path: Path = parsed.output
        return path if parsed.output_dir is None else parsed.output_dir / path.name
    return (parsed.output_dir or Path()) / f"{portrait.stem}_talking{options.suffix}"


def tell_notes(notes: Iterable[str]) -> None:
    """Print what was done differently than asked, options by their flags."""
    for note in notes:
        print(f"note: {with_flags(note)}", file=sys.stderr)


def show_video(video: VideoFile, also: Sequence[Path] = ()) -> None:
    """Print where a video is, what was done differently than asked, and what lies beside it.

    Args:
        video: The video.
        also: Other files that were written.
    """
    tell_notes(video.warnings)
    print(
        f"{plainly(video.path)} · {video.seconds:.1f} s · {video.width}x{video.height} · "
        f"{video.engine} · seed {video.seed} · marks: {', '.join(video.marks) or 'none'}"
    )
    if also:
        print(f"also: {', '.join(str(plainly(path)) for path in also)}")


def _also(request: Request, video: VideoFile) -> list[Path]:
    """Return the files that were written beside a video."""
    asked = (request.captions_target, request.motion_plot, video.credentials)
    files = (*asked, *request.phones_files, *request.motion_files)
    found = [path for path in files if path is not None and path.is_file()]
    return [*found, *consented(video, request.options)]


def consented(video: VideoFile, options: GenerateOptions) -> list[Path]:
    """Return the record of consent beside a video, if one was asked for."""
    path = consent_file(video.path)
    return [path] if options.consent_by and path.is_file() else []


def plainly(path: Path) -> Path:
    """Return a path without detours; one through a link that leads elsewhere as it is."""
    short = Path(os.path.normpath(path))
    try:
        return short if short.samefile(path) else path
    except OSError:
        return path


@contextmanager
def new_folder(folder: Path | None) -> Iterator[None]:
    """Make a folder for results where there is none; it goes again if nothing came into it.

    Raises:
        OutputUnwritable: It cannot be made.
    """
    if folder is None:
        yield
        return
    made = make_folder(folder)
    try:
        yield
    finally:
        if made:
            with suppress(OSError):
                folder.rmdir()


@contextmanager
def stop_on_interrupt(progress: Progress) -> Iterator[None]:
    """Turn the first Ctrl-C, or a polite end, into a clean stop; a second one ends at once."""

    def on_signal(number: int, _frame: FrameType | None) -> None:
        progress.stop()
        signal.signal(number, before[number])

    asked = (signal.SIGINT, signal.SIGTERM)
    before = {int(one): signal.signal(one, on_signal) for one in asked}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
