"""Peak memory of the whole command for 10 s and for 10 min of speech."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import av
import numpy as np

from benchmarks.subject import PORTRAIT, SPEECH

LENGTHS = {"10 s": 10, "10 min": 600}

# Run in a fresh process: the peaks are then this job's alone.
_CHILD = """
import resource, sys
from sadtalker_ext.shells.cli import main
status = main(sys.argv[1:])
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, file=sys.stderr)
sys.exit(status)
"""


def run() -> dict[str, Any]:
    """Repeat the example speech to each length and measure."""
    result: dict[str, Any] = {}
    with tempfile.TemporaryDirectory() as folder:
        for name, seconds in LENGTHS.items():
            speech = Path(folder) / "speech.wav"
            _repeat(seconds, speech)
            done = subprocess.run(
                [
                    sys.executable, "-c", _CHILD, "generate", str(PORTRAIT), str(speech),
                    "-o", str(Path(folder) / "video.mp4"), "--engine", "puppet", "--seed", "1",
                    "--overwrite", "--json", "--mark", "none",
                ],
                capture_output=True,
                text=True,
                check=True,
            )  # fmt: skip
            video = json.loads(done.stdout)
            peak = int(done.stderr.strip().splitlines()[-1])
            result[name] = {
                "peak_mb": round(peak / 1024),
                "frames": video["frames"],
                "timings": video["timings"],
            }
    peaks = [one["peak_mb"] for one in result.values()]
    return {**result, "difference_mb": max(peaks) - min(peaks)}


def _repeat(seconds: int, path: Path) -> None:
    with av.open(str(SPEECH)) as source:
        blocks = [frame.to_ndarray().reshape(-1) for frame in source.decode(audio=0)]
        rate = source.streams.audio[0].rate
    once = np.concatenate(blocks).astype(np.int16)
    samples = np.resize(once, seconds * rate)
    import wave

    with wave.open(str(path), "wb") as target:
        target.setnchannels(1)
        target.setsampwidth(2)
        target.setframerate(rate)
        target.writeframes(samples.tobytes())
