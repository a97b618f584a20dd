"""What mouths do in every frame, kept with the work, so that who goes on does not listen again."""

from __future__ import annotations

import json
import zipfile
import zlib
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from sadtalker_ext import __version__
from sadtalker_ext.engines.base import Rows
from sadtalker_ext.kept import content_key
from sadtalker_ext.options import GenerateOptions
from sadtalker_ext.performance import Said

DubPlan = tuple[Rows, tuple[str, ...]]
"""Rows, and sentences about what is done differently than asked; see `Dubbing.plan`."""


def plan_key(
    line: Sequence[Said], times: npt.NDArray[np.float64], options: GenerateOptions, seed: int
) -> str:
    """Return a name for everything that a plan depends on.

    Args:
        line: What is said.
        times: (n,) middles of the frames' time on the screen, in seconds.
        options: How to speak.
        seed: Repeats the motion.
    """
    parts: list[str | float] = [__version__, repr(options), seed]
    for one in line:
        speech, facts = one.speech, one.speech.path.stat()
        parts += [one.at, str(speech.path), facts.st_size, facts.st_mtime_ns]
        parts += [speech.start, speech.total_seconds, speech.channels, speech.text]
        parts += [repr(speech.phonemes), repr(speech.words), repr(speech.marks)]
    return content_key(*parts, np.ascontiguousarray(times).view(np.uint8))


def kept_plan(path: Path, key: str, plan: Callable[[], DubPlan]) -> DubPlan:
    """Return a plan from a file, or make it and keep it there.

    Args:
        path: The file, an .npz.
        key: What the plan depends on; a file of another one counts for nothing, nor does a damaged
            one.
        plan: Makes it. Only rows that are a plain array are kept.
    """
    known = _read(path, key)
    if known is not None:
        return known
    rows, told = plan()
    if isinstance(rows, np.ndarray):
        part = path.with_suffix(".part.npz")
        words = json.dumps(told)
        np.savez(part, rows=rows, told=words, key=key, content=content_key(rows, words))
        part.replace(path)
    return rows, told


def _read(path: Path, key: str) -> DubPlan | None:
    try:
        with path.open("rb") as opened, np.load(opened, allow_pickle=False) as file:
            rows, told = np.asarray(file["rows"]), str(file["told"])
            whole = str(file["key"]) == key and str(file["content"]) == content_key(rows, told)
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile, zlib.error):
        return None
    return (rows, tuple(json.loads(told))) if whole else None
