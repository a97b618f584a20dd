"""A flag for every option, made from its declaration."""

from __future__ import annotations

import argparse
from pathlib import Path

from sadtalker_ext.options import OptionSpec, option_specs

TRANSCRIPT = "transcript"
"""An option that is a text; on the command line it is named by its file."""

TIMELINE = "timeline"
"""An option that is JSON; on the command line it may be named by its file."""

GROUPS = {
    "look": "look",
    "acting": "emotion and acting",
    "head and eyes": "head and eyes",
    "speech": "speech",
    "output": "output",
    "engine": "engine",
}


def add_options(command: argparse.ArgumentParser) -> None:
    """Add a flag for every option, in the sections of their groups."""
    sections = {name: command.add_argument_group(title) for name, title in GROUPS.items()}
    for spec in option_specs():
        if spec.name != "captions":  # it takes a file, too
            add_option(sections[spec.group], spec)


def add_option(section: argparse._ArgumentGroup, spec: OptionSpec) -> None:
    """Add the flag of one option."""
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
        metavar=_metavar(spec),
        help=f"{words} (default: {spec.default})",
    )


def _metavar(spec: OptionSpec) -> str | None:
    """Return what stands for the value in the help; None lets all choices stand there."""
    if not spec.choices:
        return spec.kind.__name__.upper()
    return f"{{{','.join(spec.menu)},...}}" if spec.menu else None
