"""How fast the puppet engine is, from fresh processes as a person would run it.

Wall-clock times mean little on a machine that does other work; the processor time is then the
fairer number: with both of two cores free, frames per second are about 2000 / milliseconds.

``python -m benchmarks.run speed`` measures the example portrait, the same one as large as a
close-up, and a whole person in a 4K picture. ``python -m benchmarks.speed PICTURE ...`` measures
pictures of one's own, in the same way.
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

import cv2
import numpy as np

from benchmarks.subject import PORTRAIT, SPEECH
from sadtalker_ext.engines.puppet.processes.crew import VARIABLE

RUNS, LARGE_RUNS = 5, 3
SECONDS = 8
CLOSE_UP_PX = 1304
WHOLE_PERSON_PX = 2160, 3840
"""Width and height of a 4K picture on end; its video has 1214 x 2160 pixels."""
_GRAIN = 2.5
"""Grey levels of noise in the enlarged pictures, which have no detail as fine as a pixel."""
PROCESSES = ("0", "1", "2")
"""Processes that draw beside the one that encodes; by default one fewer than the cores."""


def run() -> dict[str, Any]:
    """Render 8 s of the example at three sizes; medians and extremes."""
    found = measured(PORTRAIT, RUNS)
    beside = {
        count: measured(PORTRAIT, LARGE_RUNS, {VARIABLE: count})["render_and_encode_fps"]
        for count in PROCESSES
    }
    with tempfile.TemporaryDirectory() as folder:
        close_up, person = Path(folder) / "close-up.png", Path(folder) / "person.png"
        _write(close_up, _enlarged(CLOSE_UP_PX))
        _write(person, _whole_person())
        large = {path.stem: measured(path, LARGE_RUNS) for path in (close_up, person)}
    return {
        "what": "whole command, 8 s of speech, 512x512; render and encode per second",
        **found,
        "by_processes_fps": beside,
        "close_up": large["close-up"],
        "whole_person": large["person"],
    }


def measured(picture: Path, runs: int, environment: dict[str, str] | None = None) -> dict[str, Any]:
    """Render a picture so many times and once before, which warms the disk.

    Args:
        picture: A file with a face.
        runs: How often.
        environment: Variables to set.
    """
    walls, rates, works = [], [], []
    with tempfile.TemporaryDirectory() as folder:
        for _ in range(runs + 1):
            began, before = time.perf_counter(), _work()
            done = subprocess.run(
                [
                    sys.executable, "-m", "sadtalker_ext", "generate", str(picture), str(SPEECH),
                    "-o", str(Path(folder) / "video.mp4"), "--engine", "puppet", "--seed", "1",
                    "--audio-end", str(SECONDS), "--overwrite", "--preprocess", "full", "--json",
                    "--mark", "none",  # the measures of the first versions, which had none
                ],
                capture_output=True,
                text=True,
                check=True,
                env=os.environ | (environment or {}),
            )  # fmt: skip
            walls.append(time.perf_counter() - began)
            works.append(_work() - before)
            video = json.loads(done.stdout)
            rates.append(video["frames"] / video["timings"]["render"])
    return {
        "size": [video["width"], video["height"]],
        "runs": runs,
        "whole_job_seconds": _spread(walls[1:]),
        "render_and_encode_fps": _spread(rates[1:]),
        "whole_job_processor_seconds": _spread(works[1:]),
        "timings_of_the_last_run": video["timings"],
    }


def _enlarged(side: int) -> np.ndarray:
    """Return the example with so many pixels a side, and grain, (side, side, 3) uint8."""
    picture = cv2.imread(str(PORTRAIT))
    return _grainy(cv2.resize(picture, (side, side), interpolation=cv2.INTER_LANCZOS4))


def _whole_person() -> np.ndarray:
    """Return a 4K picture in which the example's face takes a tenth of the height."""
    width, height = WHOLE_PERSON_PX
    person = cv2.resize(cv2.imread(str(PORTRAIT)), (width // 2, width // 2))
    side = (width - person.shape[1]) // 2
    below = height - person.shape[0] - side
    return _grainy(cv2.copyMakeBorder(person, side, below, side, side, cv2.BORDER_REPLICATE))


def _grainy(picture: np.ndarray) -> np.ndarray:
    noise = np.random.default_rng(1).normal(0.0, _GRAIN, (*picture.shape[:2], 1))
    return np.clip(picture + noise + 0.5, 0, 255).astype(np.uint8)


def _write(path: Path, picture: np.ndarray) -> None:
    if not cv2.imwrite(str(path), picture):
        raise OSError(f"{path} could not be written")


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


def main() -> None:
    """Measure the pictures that are named, and print each as a line of JSON."""
    for name in sys.argv[1:]:
        print(json.dumps({"picture": Path(name).name, **measured(Path(name), LARGE_RUNS)}))


if __name__ == "__main__":
    main()
