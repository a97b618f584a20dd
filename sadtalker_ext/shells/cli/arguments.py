"""The argument parser, made from the option declarations."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from sadtalker_ext import __version__
from sadtalker_ext.options import GenerateOptions, OptionSpec, option_specs
from sadtalker_ext.presets import preset_options
from sadtalker_ext.shells.cli.dub_arguments import OPTIONS, add_dub_arguments
from sadtalker_ext.shells.cli.helping import Parser, add_short_help
from sadtalker_ext.speech.transcript import read_transcript

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

TRANSCRIPT = "transcript"
"""An option that is a text; on the command line it is named by its file."""

GROUPS = {
    "look": "look",
    "head and eyes": "head and eyes",
    "speech": "speech",
    "output": "output",
    "engine": "engine",
}


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
    _add_grid(commands, common)
    _add_batch(commands, common)
    _add_weights(commands, common)
    _add_serve(commands, common)
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
        help="the video to write: .mp4, .webm, .gif or .zip (PNG frames)",
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
    generate.add_argument(
        "--reference-video", type=Path, help="a video whose motion is borrowed, see --reference-use"
    )
    # two flags of the original: they may name two videos
    for flag in ("--ref-pose", "--ref-eyeblink"):
        generate.add_argument(flag, type=Path, help=argparse.SUPPRESS)
    generate.add_argument(
        "--landmarks-file",
        type=Path,
        help="68 landmarks of the face (.txt, .pts, .json) instead of found ones (sadtalker)",
    )
    generate.add_argument(
        "--motion-plot", type=Path, help="draw pose, mouth and blinks over time into this .png"
    )
    generate.add_argument(
        "--captions",
        metavar="track|srt|vtt|FILE",
        help="captions of a spoken text: a track in the mp4, a file beside the video, or a .srt or "
        ".vtt file",
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
    _add_device(generate)
    sections = {name: generate.add_argument_group(title) for name, title in GROUPS.items()}
    for spec in option_specs():
        if spec.name != "captions":  # it takes a file, too
            _add_option(sections[spec.group], spec)


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
    _add_device(grid)
    for spec in option_specs():
        if spec.name not in ("captions", "format"):
            _add_option(grid.add_argument_group(GROUPS[spec.group]), spec)


def _add_device(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--device", default="auto", help="auto, cpu, or a name torch knows (default: auto)"
    )


def _add_option(section: argparse._ArgumentGroup, spec: OptionSpec) -> None:
    flag = "--" + spec.name.replace("_", "-")
    if spec.kind is bool:
        section.add_argument(
            flag,
            action=argparse.BooleanOptionalAction,
            default=argparse.SUPPRESS,
            help=spec.help,
        )
        return
    if spec.numbers:
        section.add_argument(
            flag,
            nargs="+",
            default=argparse.SUPPRESS,
            metavar=spec.unit.upper(),
            help=f"{spec.help} [{spec.low:g} to {spec.high:g}]",
        )
        return
    if spec.name == TRANSCRIPT:
        section.add_argument(
            flag,
            type=Path,
            default=argparse.SUPPRESS,
            metavar="FILE",
            help="what is said in the sound file: .txt, .srt or .vtt; lips then know the words",
        )
        return
    words = spec.help.replace("%", "%%")
    if spec.low is not None:
        words += f" [{spec.low:g} to {spec.high:g}{' ' + spec.unit if spec.unit else ''}]"
    section.add_argument(
        flag,
        type=spec.spelled if spec.kind is str and spec.choices else spec.kind,
        default=argparse.SUPPRESS,
        choices=spec.choices or None,
        metavar=None if spec.choices else spec.kind.__name__.upper(),
        help=f"{words} (default: {spec.default})",
    )


def _add_dub(commands: argparse._SubParsersAction[Parser], common: Parser) -> None:
    dub = commands.add_parser(
        "dub",
        parents=[common],
        help="let the people of a video say something else",
        allow_abbrev=False,
    )
    add_dub_arguments(dub)
    section = dub.add_argument_group("options")
    for spec in option_specs():
        if spec.name in OPTIONS:
            _add_option(section, spec)


def _add_batch(commands: argparse._SubParsersAction[Parser], common: Parser) -> None:
    batch = commands.add_parser(
        "batch", parents=[common], help="make the videos of a list, one JSON object per line"
    )
    batch.add_argument("jobs", type=Path, help="a .jsonl file; each line as a call of generate")
    batch.add_argument("--overwrite", action="store_true", help="replace outputs that exist")
    _add_device(batch)


def _add_weights(commands: argparse._SubParsersAction[Parser], common: Parser) -> None:
    weights = commands.add_parser("weights", help="list, fetch, verify or convert weight files")
    actions = weights.add_subparsers(dest="action", required=True, metavar="ACTION")
    actions.add_parser("list", parents=[common], help="every file, where it is, and its licence")
    fetch = actions.add_parser("fetch", parents=[common], help="download and check files")
    fetch.add_argument(
        "names", nargs="+", metavar="NAME", help="file names, or a set such as puppet or sadtalker"
    )
    verify = actions.add_parser("verify", parents=[common], help="check size and SHA-256")
    verify.add_argument("names", nargs="*", metavar="NAME", help="all installed files by default")
    convert = actions.add_parser(
        "convert", parents=[common], help="rewrite a legacy .pth(.tar) file as safetensors"
    )
    convert.add_argument("source", type=Path)
    convert.add_argument("target", type=Path)


def _add_serve(commands: argparse._SubParsersAction[Parser], common: Parser) -> None:
    serve = commands.add_parser("serve", parents=[common], help="answer REST requests")
    serve.add_argument("--host", default="127.0.0.1", help="address to listen on")
    serve.add_argument("--port", type=int, default=7861, help="port (default: 7861)")
    serve.add_argument(
        "--data-dir",
        type=Path,
        default=Path("sadtalker-data"),
        help="folder of jobs and videos (default: sadtalker-data)",
    )
    serve.add_argument(
        "--api-auth",
        metavar="USER:PASSWORD",
        help="who may come in, several separated by commas; the environment variables "
        "SADTALKER_API_AUTH and SADTALKER_API_TOKEN keep them out of the list of processes",
    )
    serve.add_argument("--keep-days", type=float, default=7.0, help="0 keeps videos (default: 7)")
    serve.add_argument("--max-upload-mb", type=int, default=200, help="(default: 200)")
    serve.add_argument("--max-seconds", type=float, default=900.0, help="of video (default: 900)")
    serve.add_argument("--max-queued", type=int, default=1000, help="jobs (default: 1000)")
    serve.add_argument(
        "--allowed-host",
        action="append",
        default=[],
        metavar="NAME",
        help="a name the server answers to besides its own address and localhost, such as the one "
        "a proxy shows it under; may be repeated, * for any",
    )
    serve.add_argument(
        "--allow-origin",
        action="append",
        default=[],
        metavar="ORIGIN",
        help="a web page's origin that may send requests, such as https://example.org",
    )


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
