"""When the first frame of a long speech is drawn, by the built-in engine.

    python -m benchmarks.first_frame [SECONDS]

Seconds from the call to the first frame, of the first job of a process and of another one on the
same picture; the jobs are stopped then. The modules are imported before.
"""

from __future__ import annotations

import contextlib
import json
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from benchmarks.memory import _repeat
from benchmarks.subject import PORTRAIT
from sadtalker_ext import load
from sadtalker_ext.errors import Cancelled
from sadtalker_ext.front_door import Animator
from sadtalker_ext.progress import Progress, ProgressEvent, Stage

SECONDS = 600
JOBS = 4


def run(seconds: int = SECONDS) -> dict[str, Any]:
    """Repeat the example speech to a length and measure."""
    with tempfile.TemporaryDirectory() as folder, load() as animator:
        speech = Path(folder) / "speech.wav"
        _repeat(seconds, speech)
        found = [_first_frame(animator, speech, Path(folder) / "out.mp4") for _ in range(JOBS)]
    return {
        "speech_seconds": seconds,
        "first_job": found[0],
        "other_jobs_on_the_picture": found[1:],
    }


def _first_frame(animator: Animator, speech: Path, output: Path) -> dict[str, float]:
    """Return the seconds until the first frame, and the processor time of this process."""
    began, worked = time.perf_counter(), time.process_time()
    found: dict[str, float] = {}

    def look(event: ProgressEvent) -> None:
        if event.stage is Stage.RENDERING and event.done >= 1 and not found:
            found["wall_s"] = round(time.perf_counter() - began, 2)
            found["processor_s"] = round(time.process_time() - worked, 2)
            progress.stop()

    progress = Progress(look)
    with contextlib.suppress(Cancelled):
        animator.animate(PORTRAIT, speech, output, progress=progress, engine="puppet", seed=1)
    return found


if __name__ == "__main__":
    print(json.dumps(run(int(sys.argv[1]) if len(sys.argv) > 1 else SECONDS), indent=2))
