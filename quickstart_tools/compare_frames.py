"""Compare two renderings of the example; run by the Python of an environment.

    python quickstart_tools/compare_frames.py FOLDER TESTED OTHER OUT.json

FOLDER holds NAME.zip (frames) and NAME.mp4 of both.
"""

from __future__ import annotations

import io
import json
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import av
import numpy as np
import numpy.typing as npt
from PIL import Image

Frame = npt.NDArray[np.int16]


def drawn(path: Path) -> Iterator[Frame]:
    """Yield the frames of a zip of PNG files."""
    with zipfile.ZipFile(path) as packed:
        for name in sorted(name for name in packed.namelist() if name.endswith(".png")):
            yield np.asarray(Image.open(io.BytesIO(packed.read(name))).convert("RGB"), np.int16)


def decoded(path: Path) -> Iterator[Frame]:
    """Yield the frames that a player shows."""
    with av.open(str(path)) as container:
        for frame in container.decode(video=0):
            yield frame.to_ndarray(format="rgb24").astype(np.int16)


def levels(one: Frame, other: Frame) -> int:
    """Return how many grey levels 99.9 % of the values differ by at most."""
    count = np.bincount(np.abs(one - other).ravel(), minlength=256)
    return int(np.searchsorted(np.cumsum(count) / count.sum(), 0.999))


def loss(frames: Iterator[Frame], video: Iterator[Frame]) -> tuple[float, int]:
    """Return the mean difference of a video from its frames, and how many frames it has."""
    differences = [
        float(np.abs(one - other).mean()) for one, other in zip(frames, video, strict=True)
    ]
    return float(np.mean(differences)), len(differences)


def main(folder: Path, tested: str, other: str) -> dict[str, Any]:
    """Compare the frames of two renderings, and each video with its own frames."""
    pairs = zip(drawn(folder / f"{tested}.zip"), drawn(folder / f"{other}.zip"), strict=True)
    worst = [levels(one, two) for one, two in pairs]
    tested_loss, _ = loss(drawn(folder / f"{tested}.zip"), decoded(folder / f"{tested}.mp4"))
    own_loss, frames = loss(drawn(folder / f"{other}.zip"), decoded(folder / f"{other}.mp4"))
    both = zip(decoded(folder / f"{tested}.mp4"), decoded(folder / f"{other}.mp4"), strict=True)
    apart = float(np.mean([np.abs(one - two).mean() for one, two in both]))
    return {
        "frames": len(worst),
        "worst_frame_levels": max(worst),
        "video_frames": frames,
        "video_loss": round(own_loss, 3),
        "tested_video_loss": round(tested_loss, 3),
        "videos_apart": round(apart, 3),
    }


if __name__ == "__main__":
    result = main(Path(sys.argv[1]), sys.argv[2], sys.argv[3])
    Path(sys.argv[4]).write_text(json.dumps(result), encoding="utf-8")
