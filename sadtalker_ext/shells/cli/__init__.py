"""The command line: generate, dub, motion, grid, batch, verify, weights, serve, forget, doctor."""

from __future__ import annotations

import importlib
import json
import logging
import os
import sys
from collections.abc import Callable, Sequence
from typing import Any

from sadtalker_ext.errors import Cancelled, SadTalkerError
from sadtalker_ext.shells.cli.arguments import build_parser, modernise
from sadtalker_ext.shells.cli.helping import hint_with_flags, overview, with_flags

log = logging.getLogger(__name__)

Answer = dict[str, Any]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return the exit status, which follows the class of the error."""
    words, notes = modernise(sys.argv[1:] if arguments is None else arguments)
    parsed = build_parser().parse_all(words)
    logging.basicConfig(
        level=logging.DEBUG if getattr(parsed, "verbose", False) else logging.WARNING
    )
    for note in notes:
        print(note, file=sys.stderr)
    try:
        if parsed.command is None:
            print(overview())
            return 0
        answer = _load(parsed.command)(parsed)
    except SadTalkerError as error:
        _report(error, as_json=parsed.json)
        return error.exit_code
    except KeyboardInterrupt:
        _report(Cancelled("Stopped."), as_json=parsed.json)
        return Cancelled.exit_code
    except BrokenPipeError:
        # the reader of our output has gone ("| head"): nothing is left to say
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except Exception:
        log.exception("unexpected error")
        unexpected = SadTalkerError("This is a bug in sadtalker.", hint="Please report it.")
        _report(unexpected, as_json=parsed.json)
        return SadTalkerError.exit_code
    if parsed.json:
        print(json.dumps(answer, ensure_ascii=False))
    return int(answer.get("exit_code", 0))


def _load(command: str) -> Callable[[Any], Answer]:
    """Import only the command that runs: ``--help`` must not wait for numpy.

    Each is a module of this package with a function run_NAME.
    """
    module = importlib.import_module(f"{__name__}.{command}")
    run: Callable[[Any], Answer] = getattr(module, f"run_{command}")
    return run


def _report(error: SadTalkerError, *, as_json: bool) -> None:
    if as_json:
        print(json.dumps({"error": error.as_dict()}, ensure_ascii=False))
    print(f"sadtalker: {with_flags(error.message)}", file=sys.stderr)
    if error.hint:
        print(f"           {hint_with_flags(error.hint, error.remedy)}", file=sys.stderr)
