"""Long speech planned in parts against the same planned at once, and when the first part is there.

    python -m benchmarks.in_parts [SOUND ...]

Sounds are said one after the other and again until there are 100 s; without any the example is.
Half of the speech is 12 dB quieter, as levels change in long recordings. Numbers are those of the
motion; nothing is drawn.
"""

from __future__ import annotations

import dataclasses
import functools
import json
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.subject import SPEECH
from sadtalker_ext.inputs.audio import open_speech
from sadtalker_ext.motion.controls import JAW, MOUTH, PRESS, TUCK
from sadtalker_ext.motion.in_parts import joined, motion_parts
from sadtalker_ext.motion.plan import Planner
from sadtalker_ext.options import GenerateOptions
from sadtalker_ext.performance import Performance
from sadtalker_ext.progress import Progress
from sadtalker_ext.speech.hearing import listen
from sadtalker_ext.types import FloatArray, Motion, Speech

SECONDS = 100.0
RATE_HZ = 16000
QUIETER = 0.25
AROUND = 75
"""Rows before and behind a place where plans meet."""
SEED = 3


def run(paths: tuple[Path, ...] = (SPEECH,)) -> dict[str, Any]:
    """Plan both ways and compare."""
    speech, options = long_speech(paths), GenerateOptions()
    performance = Performance(speech=speech)
    next(motion_parts(performance, options, SEED, Progress()))  # loads the recogniser
    began, worked = time.perf_counter(), time.process_time()
    source = motion_parts(performance, options, SEED, Progress())
    parts = [next(source)]
    first = time.perf_counter() - began, time.process_time() - worked
    parts += source
    all_parts = time.process_time() - worked
    worked = time.process_time()
    planner = Planner(listen(speech, Progress()), speech.seconds, options, SEED, speech=speech)
    whole = planner.rows(0, planner.frames)
    at_once = time.process_time() - worked
    made = joined(parts)
    seams = np.cumsum([len(one) for one in parts])[:-1].tolist()
    return {
        "seconds": speech.seconds,
        "parts_begin_at_s": [0.0, *(round(one / made.fps, 2) for one in seams)],
        "first_part_wall_s": round(first[0], 3),
        "first_part_processor_s": round(first[1], 3),
        "all_parts_processor_s": round(all_parts, 2),
        "at_once_processor_s": round(at_once, 2),
        "lips": _lips(made, whole, slice(0, len(made))),
        "lips_where_plans_meet": [
            _lips(made, whole, slice(max(one - AROUND, 0), one + AROUND)) for one in seams
        ],
        "contacts": {name: _contacts(made, whole, column) for name, column in CONTACTS.items()},
        "fastest_head_degrees_per_frame": {
            "parts": _fastest(made.head),
            "where_plans_meet": [_fastest(made.head[one - 1 : one + 26]) for one in seams],
            "at_once": _fastest(whole.head),
        },
    }


CONTACTS = {"press": PRESS, "tuck": TUCK}


def long_speech(paths: tuple[Path, ...]) -> Speech:
    """Return sounds in a row as one speech, every other half louder."""
    once = np.concatenate([np.concatenate(list(open_speech(p).read(RATE_HZ))) for p in paths])
    samples = np.resize(once, round(SECONDS * RATE_HZ)).astype(np.float32)
    samples[len(samples) // 4 : -len(samples) // 4] *= np.float32(QUIETER)
    return dataclasses.replace(
        open_speech(paths[0]), seconds=SECONDS, read=functools.partial(_read, samples)
    )


def _read(samples: FloatArray, rate_hz: int | None) -> Iterator[FloatArray]:
    if rate_hz not in (None, RATE_HZ):
        raise ValueError(f"the speech is read at {RATE_HZ} Hz, found {rate_hz}")
    for first in range(0, len(samples), RATE_HZ):
        yield samples[first : first + RATE_HZ]


def _lips(made: Motion, whole: Motion, rows: slice) -> dict[str, float]:
    """Return how alike the openings are, and by how many frames one is behind the other."""
    ours, theirs = made.controls[rows, JAW], whole.controls[rows, JAW]
    lags = range(-3, 4)
    by_lag = [
        float(np.corrcoef(ours[3 + lag : len(ours) - 3 + lag], theirs[3:-3])[0, 1]) for lag in lags
    ]
    shapes = np.abs(made.controls[rows, : len(MOUTH)] - whole.controls[rows, : len(MOUTH)])
    return {
        "r": round(float(np.corrcoef(ours, theirs)[0, 1]), 4),
        "lag_frames": lags[int(np.argmax(by_lag))],
        "largest_difference_of_a_shape": round(float(shapes.max()), 3),
    }


def _contacts(made: Motion, whole: Motion, column: int) -> dict[str, int]:
    """Count closures of the plan at once, and those that the parts have in the same frames."""
    theirs, ours = (one.controls[:, column] >= 0.9 for one in (whole, made))
    edges = np.flatnonzero(np.diff(np.concatenate([[0], theirs, [0]]))).reshape(-1, 2)
    kept = sum(bool(ours[first:end].any()) for first, end in edges)
    own = np.flatnonzero(np.diff(np.concatenate([[0], ours, [0]]))).reshape(-1, 2)
    return {"at_once": len(edges), "kept": kept, "in_parts": len(own)}


def _fastest(head: FloatArray) -> list[float]:
    return [round(float(one), 2) for one in np.abs(np.diff(head, axis=0)).max(axis=0)]


if __name__ == "__main__":
    given = tuple(Path(one) for one in sys.argv[1:])
    print(json.dumps(run(given or (SPEECH,)), indent=2))
