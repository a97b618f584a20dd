"""A flag for every option, made from its declaration."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from sadtalker_ext.errors import InvalidOption
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


OF_FRAMES = (
    *("enhancer", "enhancer_strength", "upscaler", "output_side", "blend", "format", "alpha"),
    *("quality", "debug_overlay", "mark", "label_language", "provenance", "consent_by"),
    "keep_partial",
)
"""Options about frames and the video's file; what plans a motion alone takes and ignores them."""


def add_options(
    command: argparse.ArgumentParser,
    *,
    without: Sequence[str] = ("captions",),
    unseen: Sequence[str] = (),
) -> None:
    """Add a flag for every option, in the sections of their groups.

    Args:
        command: Gets them.
        without: Options that get no flag; captions take a file, too, where they have one.
        unseen: Options that the help does not show.
    """
    sections = {name: command.add_argument_group(title) for name, title in GROUPS.items()}
    for spec in option_specs():
        if spec.name not in without:
            add_option(sections[spec.group], spec)
    for action in command._actions:
        if action.dest in unseen:
            action.help = argparse.SUPPRESS


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
            help=f"{spec.help} [{_range(spec)}]",
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
        words += f" [{_range(spec)}{' ' + spec.unit if spec.unit else ''}]"
    if spec.default != "":
        words += f" (default: {spec.default})"
    section.add_argument(
        flag,
        type=_type_of(spec),
        default=argparse.SUPPRESS,
        choices=spec.choices or None,
        metavar=_metavar(spec),
        help=words,
    )


def _type_of(spec: OptionSpec) -> Callable[[str], Any]:
    """Return what makes a value of a word, in whose errors the option stands already."""
    if spec.kind is str:
        return spec.spelled if spec.choices else str

    def number(text: str) -> int | float:
        try:
            return spec.typed_number(text)
        except InvalidOption as error:
            told = error.message.removeprefix(f"Option {spec.name} ")
            raise argparse.ArgumentTypeError(f"{told} {error.hint}".strip()) from None

    return number


def _range(spec: OptionSpec) -> str:
    """Return the range of a number; a large one has all its digits."""
    if spec.low is None or spec.high is None:
        return ""
    return " to ".join(f"{one:.10g}" for one in (spec.low, spec.high))


def _metavar(spec: OptionSpec) -> str | None:
    """Return what stands for the value in the help; None lets all choices stand there."""
    if not spec.choices:
        return spec.kind.__name__.upper()
    return f"{{{','.join(spec.menu)},...}}" if spec.menu else None
