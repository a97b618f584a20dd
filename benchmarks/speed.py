"""How fast the puppet engine is, from fresh processes as a person would run it.

Wall-clock times mean little on a machine that does other work; the processor time is then the
fairer number: with both of two cores free, frames per second are about 2000 / milliseconds.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from benchmarks.subject import PORTRAIT, SPEECH

RUNS = 5
SECONDS = 8


def run() -> dict[str, Any]:
    """Render 8 s of the example at 512x512 five times; medians and extremes."""
    walls, rates, works = [], [], []
    with tempfile.TemporaryDirectory() as folder:
        for _ in range(RUNS + 1):
            began, before = time.perf_counter(), _work()
            done = subprocess.run(
                [
                    sys.executable, "-m", "sadtalker_ext", "generate", str(PORTRAIT), str(SPEECH),
                    "-o", str(Path(folder) / "video.mp4"), "--engine", "puppet", "--seed", "1",
                    "--audio-end", str(SECONDS), "--overwrite", "--preprocess", "full", "--json",
                    "--mark", "none",  # the measures of the first versions, which had none
                ],
                capture_output=True,
                text=True,
                check=True,
            )  # fmt: skip
            walls.append(time.perf_counter() - began)
            works.append(_work() - before)
            video = json.loads(done.stdout)
            rates.append(video["frames"] / video["timings"]["render"])
    walls, rates, works = walls[1:], rates[1:], works[1:]  # the first one warms the disk
    return {
        "what": "whole command, 8 s of speech, 512x512; render and encode per second",
        "size": [video["width"], video["height"]],
        "runs": RUNS,
        "whole_job_seconds": _spread(walls),
        "render_and_encode_fps": _spread(rates),
        "whole_job_processor_seconds": _spread(works),
        "timings_of_the_last_run": video["timings"],
    }


def _work() -> float:
    """Return the processor time that finished child processes have used so far, in seconds."""
    spent = os.times()
    return spent.children_user + spent.children_system


def _spread(values: list[float]) -> dict[str, float]:
    return {
        "median": round(statistics.median(values), 2),
        "min": round(min(values), 2),
        "max": round(max(values), 2),
    }
