"""Help that fits one screen, and "did you mean" for what was mistyped."""

from __future__ import annotations

import argparse
import os
import re
import sys
from collections.abc import Iterable, Sequence
from typing import Any, Final, NoReturn

from sadtalker_ext.errors import DUB_IT, OVERWRITE
from sadtalker_ext.installing import sadtalker
from sadtalker_ext.options import option_specs
from sadtalker_ext.spelling import meant, nearest

EXAMPLES = """\
examples:
  sadtalker generate portrait.png speech.mp3 -o video.mp4
  sadtalker generate portrait.png --text "Good morning!"
  sadtalker generate portrait.png interview.mp4 --preset expressive
  sadtalker generate portrait.png --idle-seconds 5"""

OVERVIEW = """\
sadtalker makes a portrait talk.

  sadtalker generate PORTRAIT SPEECH     a video from a picture and a sound
  sadtalker dub VIDEO SPEECH             the people of a video say something else
  sadtalker batch JOBS.jsonl             many videos, one JSON object a line
  sadtalker grid PORTRAIT SPEECH         every combination of options, and a wall of all
  sadtalker motion PORTRAIT SPEECH -o F  what a face does, for other programs
  sadtalker verify FILE                  which marks a video or picture carries
  sadtalker serve                        the page and REST routes on this machine
  sadtalker weights list|fetch|verify    files that the engines and voices need
  sadtalker forget                       remove what a server stored about somebody
  sadtalker doctor                       what is installed, and what is missing

{examples}

`sadtalker COMMAND --help` says more."""

OFTEN = (
    "-o", "--text", "--voice", "--transcript", "--preset", "--engine", "--preprocess",
    "--head-motion", "--still", "--expression-scale", "--blink", "--captions", "--overwrite",
    "--json",
)  # fmt: skip
"""Flags of `generate` that its short help shows, as far as they exist."""

_CHOICES = re.compile(r"invalid choice: '?(?P<found>.*?)'? \(choose from (?P<known>.*)\)$")
_REQUIRED = re.compile(r"the following arguments are required: (?P<names>.*)$")

_QUOTED: Final = re.compile(r"((?<!\w)'[^']*'(?!\w)|\"[^\"]*\"|`[^`]*`)")
_ALIKE: Final = 0.75
"""How alike two flags must be: --provenance is not meant by --rotate."""
_FILE: Final = re.compile(r"-[^=]*\.[A-Za-z]\w{1,4}")
_FLAGS: Final = {
    OVERWRITE: "--overwrite",
    "face_points": "--face-points or --landmarks-file",
    "voice": "--voice",
}
"""What a hint may tell to do, and the flag that does it here."""
_NO_OPTIONS: Final = ("keep_audio", "keep_outside", "resize_factor")
"""Flags of `dub` that are no options, by their names in Python and JSON."""


class Parser(argparse.ArgumentParser):
    """A parser that says in one sentence what is wrong, and what was probably meant.

    Every command knows ``--help-all``; where the help is whole anyway, it shows the same.
    """

    def __init__(self, **facts: Any) -> None:
        super().__init__(**facts)
        if self.add_help:
            self.add_argument("--help-all", action="help", help=argparse.SUPPRESS)

    def error(self, message: str) -> NoReturn:
        """Exit with status 2; the whole usage would hide the message."""
        found = _CHOICES.search(message)
        if found:
            known = re.findall(r"[^\s,']+", found["known"])
            message = f"{message[: found.start()]}there is no {found['found']!r} here. "
            message += meant(found["found"], known)
        lacking = _REQUIRED.match(message)
        if lacking:
            message = f"{self.prog} needs more: {lacking['names']}."
        print(f"sadtalker: {message}", file=sys.stderr)
        print(f"           `{self.prog} --help` says more.", file=sys.stderr)
        raise SystemExit(2)

    def subparser(self, name: str | None) -> argparse.ArgumentParser:
        """Return the parser of a command; this one if there is none of that name."""
        for action in self._actions:
            if isinstance(action, argparse._SubParsersAction) and name in action.choices:
                found: argparse.ArgumentParser = action.choices[name]
                return found
        return self

    def parse_all(self, words: Sequence[str]) -> argparse.Namespace:
        """Parse the words; what nobody knows is named with what was probably meant."""
        parsed, unknown = self.parse_known_args(words)
        if unknown:
            command = self.subparser(getattr(parsed, "command", None))
            flags = [word for word in unknown if word.startswith("-")]
            word = (flags or unknown)[0].partition("=")[0]
            known = [flag for action in command._actions for flag in action.option_strings]
            near = nearest(word, known, _ALIKE) if flags else ""
            hint = f" Did you mean {near}?" if near else ""
            what = "flag" if flags else "word"
            if flags and not near and _names_a_file(word):
                hint = f" A file of that name is given as ./{word}."
            command.error(f"{command.prog} does not know the {what} {word}.{hint}")
        return parsed


def _names_a_file(word: str) -> bool:
    """Tell whether a word that looks like a flag is rather a file whose name begins with a dash."""
    return os.path.isfile(word) or bool(_FILE.fullmatch(word))  # noqa: PTH113  any length


class ShortHelp(argparse.Action):
    """``--help`` of a command with many flags: the ones that are used often, and examples."""

    def __call__(
        self,
        parser: argparse.ArgumentParser,
        namespace: argparse.Namespace,  # noqa: ARG002  argparse's signature
        values: object,  # noqa: ARG002
        option_string: str | None = None,  # noqa: ARG002
    ) -> None:
        """Print the help and exit."""
        print(short_help(parser))
        parser.exit()


def short_help(parser: argparse.ArgumentParser) -> str:
    """Return the help of `generate` that fits one screen."""
    shown = argparse.ArgumentParser(prog=parser.prog, add_help=False, usage=argparse.SUPPRESS)
    section = shown.add_argument_group("flags used most")
    by_flag = {flag: action for action in parser._actions for flag in action.option_strings}
    for flag in OFTEN:
        if flag in by_flag:
            section._group_actions.append(by_flag[flag])
    return (
        f"usage: {parser.prog} PORTRAIT [SPEECH] [-o VIDEO] [flags]\n\n{EXAMPLES}\n\n"
        f"{shown.format_help().strip()}\n\n`{parser.prog} --help-all` shows every flag."
    )


def overview() -> str:
    """Return what `sadtalker` alone prints."""
    return OVERVIEW.format(examples=EXAMPLES)


def with_flags(text: str) -> str:
    """Name options as the command line does: `idle_seconds` is ``--idle-seconds`` there.

    What stands in quotes is what somebody typed or should type, and stays; so does NAME=VALUE.
    """
    parts = _QUOTED.split(text)
    return "".join(part if place % 2 else _flagged(part) for place, part in enumerate(parts))


def _flagged(text: str) -> str:
    for name in _by_length([*(spec.name for spec in option_specs()), *_NO_OPTIONS]):
        flag = f"--{name.replace('_', '-')}"
        text = re.sub(rf"\bOption {name}\b", flag, text)
        if "_" in name:
            text = re.sub(rf"(?<![-\w]){name}(?![\w=])", flag, text)
    return text


def hint_with_flags(hint: str, remedy: str) -> str:
    """Name options in a hint as flags, and at its end the flag that does what it says."""
    told = with_flags(hint)
    how = sadtalker("dub VIDEO SPEECH") if remedy == DUB_IT else _FLAGS.get(remedy, "")
    return f"{told.rstrip('.')} ({how})." if how else told


def _by_length(names: Iterable[str]) -> list[str]:
    return sorted(names, key=len, reverse=True)


def add_short_help(parser: argparse.ArgumentParser) -> None:
    """Give a parser made without help the short one, and ``--help-all``."""
    facts: dict[str, Any] = {"nargs": 0, "default": argparse.SUPPRESS}
    parser.add_argument(
        "-h", "--help", action=ShortHelp, help="show the flags used most, and exit", **facts
    )
    parser.add_argument("--help-all", action="help", help="show every flag, and exit")
