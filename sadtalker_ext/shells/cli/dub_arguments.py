"""The arguments of ``sadtalker dub``, and Wav2Lip's words for them."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from sadtalker_ext.errors import InvalidOption

OPTIONS = (
    *("text", "voice", "speech_rate", "speech_pitch", "audio_start", "audio_end", "audio_track"),
    *("mouth_scale", "expression_scale", "quality", "seed"),
    *("mark", "label_language", "provenance", "consent_by"),
    *("engine", "size", "batch_size", "precision"),
)
"""Options of `generate` that dubbing honours."""

_MEANINGLESS = {
    "--checkpoint-path": "no checkpoint is needed",
    "--crop": "crop the video before, or choose a face with --box",
    "--face-det-batch-size": "there are no batches",
    "--wav2lip-batch-size": "there are no batches",
    "--img-size": "mouths are drawn at the size the video has",
    "--save-frames": "frames are not kept",
}
"""Wav2Lip's other flags, and why there is nothing to set."""


def add_dub_arguments(dub: argparse.ArgumentParser) -> None:
    """Add everything but the options that `generate` has, too."""
    dub.add_argument("video", nargs="?", type=Path, help="a video with a face")
    dub.add_argument("speech", nargs="?", type=Path, help="a sound file, or a video with sound")
    dub.add_argument("-o", "--output", type=Path, help="the .mp4 to write")
    dub.add_argument("--overwrite", action="store_true", help="replace the output if it exists")
    dub.add_argument(
        "--resume",
        action="store_true",
        help="go on with what an earlier try left, and leave what this one does if it is stopped",
    )
    dub.add_argument(
        "--face",
        default=None,
        metavar="WHO",
        help="largest, all, a number counted by size from 0, or a picture of the person "
        "(default: largest)",
    )
    dub.add_argument(
        "--keep-audio",
        type=float,
        default=0.0,
        metavar="LEVEL",
        help="how much of the video's own sound is kept, 0 to 1 (default: 0)",
    )
    dub.add_argument(
        "--keep-outside",
        type=float,
        default=None,
        metavar="LEVEL",
        help="how much of it is kept where nothing new is said, such as music, 0 to 1 "
        "(default: as much as --keep-audio)",
    )
    dub.add_argument(
        "--length",
        choices=("hold", "loop", "cut"),
        default="hold",
        help="where speech and video are not equally long: hold the last frame, run back and "
        "forth, or end with the shorter one (default: hold)",
    )
    dub.add_argument("--at", type=float, default=0.0, help="when the speech begins, in seconds")
    dub.add_argument("--cues", type=Path, help="a .srt or .vtt file that is spoken cue by cue")
    dub.add_argument("--dialogue", type=Path, help="a text of lines such as 'A: Good morning.'")
    dub.add_argument(
        "--roles", type=Path, help="a .json list of who says what: face, speech or text, at, ..."
    )
    dub.add_argument(
        "--split-channels",
        action="store_true",
        help="the left channel is said by the first face, the right one by the second",
    )
    _add_wav2lip(dub)


def _add_wav2lip(dub: argparse.ArgumentParser) -> None:
    group = dub.add_argument_group("Wav2Lip's words")
    group.add_argument("--audio", type=Path, help="the speech")
    group.add_argument("--outfile", type=Path, help="the output")
    group.add_argument("--pads", nargs=4, type=int, help="not needed: the mesh finds the chin")
    group.add_argument("--static", action="store_true", help="hold the first frame")
    group.add_argument("--fps", type=float, help="not needed: the video's own is kept")
    group.add_argument("--resize-factor", type=int, default=1, help="make the video smaller")
    group.add_argument(
        "--box",
        nargs=4,
        type=int,
        metavar=("TOP", "BOTTOM", "LEFT", "RIGHT"),
        help="the face in this box",
    )
    group.add_argument("--rotate", action="store_true", help="turn the video by 90 degrees")
    group.add_argument("--nosmooth", action="store_true", help="do not steady the face over time")
    for flag in _MEANINGLESS:
        group.add_argument(flag, nargs="*", default=None, help=argparse.SUPPRESS)


def refuse_meaningless(parsed: argparse.Namespace) -> None:
    """Raise InvalidOption for flags of Wav2Lip that mean nothing here, naming all of them."""
    given = [
        flag
        for flag in _MEANINGLESS
        if getattr(parsed, flag[2:].replace("-", "_"), None) is not None
    ]
    if given:
        raise InvalidOption(
            f"Flags without meaning here: {', '.join(given)}.",
            hint="; ".join(f"{flag}: {_MEANINGLESS[flag]}" for flag in given) + ".",
        )


def wav2lip_notes(parsed: argparse.Namespace) -> list[str]:
    """Return a note for each flag that is understood and changes nothing."""
    notes = []
    if parsed.pads is not None:
        notes.append("note: --pads has no effect: the mesh finds the chin")
    if parsed.fps is not None:
        notes.append("note: --fps has no effect: the video's own frames and times are kept")
    return notes


def box_of(given: Sequence[int] | None) -> tuple[int, int, int, int] | None:
    """Return left, top, right, bottom for Wav2Lip's order; -1 means no box."""
    if given is None or min(given) < 0:
        return None
    top, bottom, left, right = given
    return left, top, right, bottom


def either(name: str, *given: Any) -> Any:
    """Return the one value that is given.

    Raises:
        InvalidOption: Two are given.
    """
    found = [one for one in given if one is not None]
    if len(found) > 1:
        raise InvalidOption(f"The {name} is given twice: {found[0]} and {found[1]}.")
    return found[0] if found else None
