"""The argument parser, made from the option declarations."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from sadtalker_ext import __version__
from sadtalker_ext.options import GenerateOptions, option_specs
from sadtalker_ext.presets import preset_options
from sadtalker_ext.shells.cli.dub_arguments import OPTIONS, add_dub_arguments
from sadtalker_ext.shells.cli.helping import Parser, add_short_help
from sadtalker_ext.shells.cli.option_arguments import (
    OF_FRAMES,
    TIMELINE,
    TRANSCRIPT,
    add_option,
    add_options,
)
from sadtalker_ext.shells.cli.other_arguments import (
    add_batch,
    add_device,
    add_weights,
    add_workers,
)
from sadtalker_ext.shells.cli.server_arguments import add_forget, add_serve
from sadtalker_ext.speech.transcript import read_transcript
from sadtalker_ext.timeline import timeline_text

ORIGINAL_NAMES = {
    "--driven_audio": "--speech",
    "--source_image": "--portrait",
    "--checkpoint_dir": "--weights-dir",
    "--result_dir": "--output-dir",
    "--cpu": "--device=cpu",
} | {
    f"--{alias}": "--" + spec.name.replace("_", "-")
    for spec in option_specs()
    for alias in spec.aliases
}
"""Flags of the original's command line that are called differently here."""

C2PA_FLAGS = {
    "--c2pa-certificate": "PEM file with the chain of a certificate of your own, which signs the "
    "C2PA manifest (default: one made for the file)",
    "--c2pa-key": "PEM file with the private key of that certificate",
    "--c2pa-tsa": "a server for time stamps (RFC 3161) in the manifest",
}
"""Who signs; no options, so that no request from outside can name a file of this machine."""


def build_parser() -> Parser:
    """Return the parser of all commands."""
    parser = Parser(prog="sadtalker", description="Make a portrait talk.", allow_abbrev=False)
    parser.add_argument("--version", action="version", version=f"sadtalker {__version__}")
    common = Parser(add_help=False)
    common.add_argument("--json", action="store_true", help="print one machine-readable object")
    common.add_argument("-v", "--verbose", action="store_true", help="log what is done")
    common.add_argument("--weights-dir", type=Path, help="a folder to search for weights first")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND")
    _add_generate(commands, common)
    _add_dub(commands, common)
    _add_motion(commands, common)
    _add_grid(commands, common)
    add_batch(commands, common)
    add_weights(commands, common)
    add_serve(commands, common)
    add_forget(commands, common)
    verify = commands.add_parser(
        "verify", parents=[common], help="say which marks a video or picture carries"
    )
    verify.add_argument("file", type=Path, help="a video, a picture, or a zip of pictures")
    commands.add_parser(
        "doctor", parents=[common], help="say what is installed, what is missing, and what to do"
    )
    return parser


def _add_generate(commands: argparse._SubParsersAction[Parser], common: Parser) -> None:
    generate = commands.add_parser(
        "generate",
        parents=[common],
        help="make a video from a portrait and speech",
        allow_abbrev=False,
        add_help=False,
    )
    add_short_help(generate)
    generate.add_argument("portrait", nargs="?", type=Path, help="a picture with a face")
    generate.add_argument(
        "speech", nargs="?", type=Path, help="a sound file, or a video whose sound is used"
    )
    generate.add_argument("--portrait", dest="portrait_flag", type=Path, help=argparse.SUPPRESS)
    generate.add_argument("--speech", dest="speech_flag", type=Path, help=argparse.SUPPRESS)
    generate.add_argument("--video", type=Path, help="use the sound of this video as the speech")
    generate.add_argument(
        "-o",
        "--output",
        type=Path,
        help="the video to write: .mp4, .webm, .mov, .gif or .zip (PNG frames)",
    )
    generate.add_argument("--output-dir", type=Path, help="write NAME.mp4 into this folder")
    generate.add_argument(
        "--overwrite", action="store_true", help="replace the output if it exists"
    )
    generate.add_argument(
        "--preset",
        metavar="NAME|FILE.json",
        help="a set of options: natural, expressive, still-portrait, full-body, fast-preview, or a "
        "file with an object of options; flags given beside it win",
    )
    _add_driving(generate)
    # two flags of the original: they may name two videos
    for flag in ("--ref-pose", "--ref-eyeblink"):
        generate.add_argument(flag, type=Path, help=argparse.SUPPRESS)
    _add_files(generate)
    for flag, words in C2PA_FLAGS.items():
        generate.add_argument(flag, metavar="FILE" if "tsa" not in flag else "URL", help=words)
    add_device(generate)
    add_workers(generate, "draw the frames, segment by segment")
    add_options(generate)


def _add_files(generate: Parser) -> None:
    """Add what is read and written beside portrait, speech and video."""
    generate.add_argument(
        "--landmarks-file",
        type=Path,
        help="68 landmarks of the face (.txt, .pts, .json), or points by name (.json, "
        "docs/face-points.md), where no face is found",
    )
    generate.add_argument(
        "--motion-plot", type=Path, help="draw pose, mouth and blinks over time into this .png"
    )
    generate.add_argument(
        "--captions",
        metavar="track|srt|vtt|FILE",
        help="captions of a spoken text or a transcript: a track in the mp4, a file beside the "
        "video, or a .srt or .vtt file",
    )
    generate.add_argument(
        "--phones",
        type=Path,
        action="append",
        default=[],
        metavar="FILE",
        help="write the sounds with their times: .TextGrid, .visemes.json (Azure, Oculus), or "
        ".json (Rhubarb); may be repeated",
    )
    generate.add_argument(
        "--motion-in",
        type=Path,
        metavar="FILE",
        help="what the face does, instead of planning it: .csv (Live Link Face), .vrma, "
        ".arkit.json, .motion3.json (Live2D) or our own .json",
    )
    generate.add_argument(
        "--motion-out",
        type=Path,
        action="append",
        default=[],
        metavar="FILE",
        help="write the motion into a file of one of these kinds; may be repeated",
    )


def _add_driving(command: Parser) -> None:
    command.add_argument(
        "--reference-video",
        "--driving",
        type=Path,
        metavar="VIDEO",
        help="a driving video: its motion is taken over, see --reference-use",
    )


def _add_motion(commands: argparse._SubParsersAction[Parser], common: Parser) -> None:
    motion = commands.add_parser(
        "motion",
        parents=[common],
        help="plan what a face does, without making a video",
        allow_abbrev=False,
    )
    motion.add_argument("portrait", type=Path, help="a picture with a face")
    motion.add_argument("speech", nargs="?", type=Path, help="a sound file, or a video with sound")
    motion.add_argument(
        "-o",
        "--output",
        type=Path,
        action="append",
        required=True,
        help=".csv (Live Link Face), .vrma, .arkit.json, .motion3.json (Live2D) or our own .json; "
        "may be repeated",
    )
    motion.add_argument("--overwrite", action="store_true", help="replace files that exist")
    _add_driving(motion)
    add_device(motion)
    add_options(motion, unseen=OF_FRAMES)


def _add_grid(commands: argparse._SubParsersAction[Parser], common: Parser) -> None:
    grid = commands.add_parser(
        "grid",
        parents=[common],
        help="one video for every combination of options, and a wall of all of them",
        allow_abbrev=False,
    )
    grid.add_argument("portrait", type=Path, help="a picture with a face")
    grid.add_argument("speech", nargs="?", type=Path, help="a sound file, or a video")
    grid.add_argument(
        "--vary",
        action="append",
        default=[],
        metavar="OPTION=VALUE,VALUE",
        help="an option and its values, for example head_motion=0,0.5,1; a second one makes rows",
    )
    grid.add_argument("-o", "--output", type=Path, help="the wall: a .mp4 or .webm file")
    grid.add_argument("--overwrite", action="store_true", help="replace videos that exist")
    grid.set_defaults(captions=None)
    add_device(grid)
    add_options(grid, without=("captions", "format"))


def _add_dub(commands: argparse._SubParsersAction[Parser], common: Parser) -> None:
    dub = commands.add_parser(
        "dub",
        parents=[common],
        help="let the people of a video say something else",
        allow_abbrev=False,
    )
    add_dub_arguments(dub)
    add_device(dub)
    section = dub.add_argument_group("options")
    for spec in option_specs():
        if spec.name in OPTIONS:
            add_option(section, spec)


def modernise(words: Sequence[str]) -> tuple[list[str], list[str]]:
    """Translate flags of the original's command line.

    Returns:
        The words to parse, and one note per old flag that says its new name.
    """
    translated, notes = [], []
    for word in words:
        flag, equals, value = word.partition("=")
        new = ORIGINAL_NAMES.get(flag)
        if new is None and flag.startswith("--") and "_" in flag:
            new = flag.replace("_", "-")
        if new is None:
            translated.append(word)
            continue
        notes.append(f"note: {flag} is called {new} here")
        translated.append(new + equals + value)
    return translated, notes


def options_from(parsed: argparse.Namespace) -> GenerateOptions:
    """Return the options that were given on the command line."""
    options = {spec.name for spec in option_specs()}
    given = {
        name: " ".join(value) if isinstance(value, list) else value
        for name, value in vars(parsed).items()
        if name in options
    }
    if _names_file(given.get("captions")):
        del given["captions"]
    named = given.get(TRANSCRIPT)
    if isinstance(named, Path):
        given[TRANSCRIPT] = read_transcript(named)
    if TIMELINE in given:
        given[TIMELINE] = timeline_text(given[TIMELINE])
    preset = preset_options(parsed.preset) if getattr(parsed, "preset", None) else {}
    chosen = {
        spec.name: given[spec.name] for spec in option_specs() if given.get(spec.name) is not None
    }
    return GenerateOptions.from_mapping({**preset, **chosen})


def captions_file(parsed: argparse.Namespace) -> Path | None:
    """Return the file of captions that was named, if one was."""
    return Path(parsed.captions) if _names_file(parsed.captions) else None


def _names_file(captions: str | None) -> bool:
    return captions is not None and "." in captions
