"""The process that `inspector` starts: answers one question about one file after the other.

Questions and answers are lines of JSON on the standard streams. The process writes no file, and
ends when its parent does.
"""

from __future__ import annotations

import importlib
import json
import os
import sys
import traceback
from pathlib import Path
from typing import IO, Any

from sadtalker_ext.errors import SadTalkerError
from sadtalker_ext.inputs.looking import (
    Bounds,
    Part,
    look_at_driving,
    look_at_picture,
    look_at_sound,
    picture_bytes,
)
from sadtalker_ext.installing import sadtalker


def serve(memory: int) -> None:
    """Answer until the parent closes the line.

    Args:
        memory: Bytes of address space this process may use.
    """
    # whatever a library prints must not be taken for an answer
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    _bound(memory)
    # the parent's clock begins when everything is imported
    answers.write("{}\n")
    answers.flush()
    _serve(sys.stdin, answers)


def _serve(questions: IO[str], answers: IO[str]) -> None:
    for line in questions:
        question = json.loads(line)
        _bound_processor(question["seconds"])
        answers.write(json.dumps(_answer(question)) + "\n")
        answers.flush()


def _answer(question: dict[str, Any]) -> dict[str, Any]:
    path = Path(question["path"])
    try:
        return {"value": _value(question, path)}
    except SadTalkerError as error:
        return {"class": type(error).__name__, **error.as_dict()}
    except MemoryError:
        return {
            "class": "InputTooLarge",
            "message": f"{path.name} takes too much memory to read.",
            "hint": "Scale it down first.",
        }
    except ImportError as error:
        return {
            "class": "PackageMissing",
            "message": f"The Python package {error.name} cannot be used on this machine.",
            "hint": f"Install it anew; `{sadtalker('doctor')}` names what is missing.",
        }
    except Exception:  # noqa: BLE001 - the border of the process; the parent logs it
        return {"trace": traceback.format_exc(limit=-12)}


def _value(question: dict[str, Any], path: Path) -> float | None:
    """Look at a file, and return the number that was asked for."""
    bounds, part = Bounds(**question["bounds"]), Part(**question["part"])
    kind = question["kind"]
    if reader := question.get("reader"):
        module, _, function = reader.partition(":")
        return float(getattr(importlib.import_module(module), function)(path))
    if kind == "measure":
        return picture_bytes(path)
    if kind == "picture":
        look_at_picture(path, bounds)
    elif kind == "sound":
        return look_at_sound(path, part, bounds)
    else:
        look_at_driving(path, part, bounds)
    return None


def _bound(memory: int) -> None:
    try:
        import resource
    except ImportError:  # Windows
        return
    for what, most in (
        (resource.RLIMIT_AS, memory),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_CORE, 0),
    ):
        _set_limit(what, most)


def _bound_processor(seconds: float) -> None:
    """Let the system end this process when the next file takes more processor time than this."""
    try:
        import resource
    except ImportError:  # Windows
        return
    used = resource.getrusage(resource.RUSAGE_SELF)
    _set_limit(resource.RLIMIT_CPU, int(used.ru_utime + used.ru_stime + seconds) + 1)


def _set_limit(what: int, most: int) -> None:
    import resource

    hard = resource.getrlimit(what)[1]
    if hard != resource.RLIM_INFINITY:
        most = min(most, hard)
    try:
        resource.setrlimit(what, (most, hard))
    except (ValueError, OSError):  # macOS bounds no address space
        return
