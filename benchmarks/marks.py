"""How well the invisible mark survives: ``python -m benchmarks.marks VIDEO... [--json OUT]``.

Each video (or picture) is marked, written as the product does, changed as platforms change videos,
and searched. The same is done without the mark, for false alarms.
"""

import argparse
import io
import itertools
import json
import tempfile
from pathlib import Path

import av
import cv2
import numpy as np

from sadtalker_ext.encoder.video import VideoWriter
from sadtalker_ext.inputs.video import open_driving
from sadtalker_ext.provenance.detect import ALARM, find_mark, mean_luma
from sadtalker_ext.provenance.mark import InvisibleMark

FRAMES = 40


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("videos", nargs="+", type=Path)
    parser.add_argument("--json", type=Path)
    parsed = parser.parse_args()
    rows = []
    for number, path in enumerate(parsed.videos):
        frames = [frame for _, frame in itertools.islice(open_driving(path).read(), FRAMES)]
        rows.append({"name": path.name, **measure(frames, np.random.default_rng(number))})
        print(json.dumps(rows[-1]), flush=True)
    names = [name for name in rows[0] if name not in ("name", "psnr")]
    for name in names:
        found = sum(row[name] <= ALARM for row in rows)
        print(f"{name}: found in {found} of {len(rows)}")
    if parsed.json:
        parsed.json.write_text(json.dumps(rows, indent=1), encoding="utf-8")


def measure(frames, random) -> dict[str, float]:
    """Chances after each change, by its name; those of unmarked frames begin with "plain"."""
    draw = InvisibleMark().draw
    marked = [draw(frame) for frame in frames]
    error = np.mean(
        [np.mean((a.astype(float) - b) ** 2) for a, b in zip(frames, marked, strict=True)]
    )
    made = {"psnr": round(float(10 * np.log10(255**2 / error)), 2)}
    for prefix, kept in (("", marked), ("plain ", frames)):
        shown = written(kept)
        changes = {
            "as made": shown,
            "CRF 28": coded(shown, 28),
            "half size": coded(half(shown), 23),
            "cut": coded(cut(shown, random), 23),
            "CRF 28, half size": coded(half(shown), 28),
            "CRF 28, cut": coded(cut(shown, random), 28),
            "half size, cut": coded(half(cut(shown, random)), 23),
        }
        for name, changed in changes.items():
            made[f"{prefix}{name}"] = find_mark(mean_luma(changed[::2])).probability
    return made


def written(frames):
    """The frames as they come out of a finished video of ours."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "video.mp4"
        with VideoWriter(path) as writer:
            for frame in frames:
                writer.write(frame)
        return [frame for _, frame in open_driving(path).read()]


def coded(frames, quality):
    """The frames after x264 as others use it: our own settings are kinder to still backgrounds."""
    height, width = (side // 2 * 2 for side in frames[0].shape[:2])
    data = io.BytesIO()
    with av.open(data, "w", format="mp4") as container:
        options = {"crf": str(quality), "preset": "veryfast"}
        stream = container.add_stream("libx264", rate=25, options=options)
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        for frame in frames:
            even = np.ascontiguousarray(frame[:height, :width])
            container.mux(stream.encode(av.VideoFrame.from_ndarray(even, format="rgb24")))
        container.mux(stream.encode(None))
    data.seek(0)
    with av.open(data) as container:
        return [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]


def half(frames):
    return [cv2.resize(one, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA) for one in frames]


def cut(frames, random):
    """A tenth of height and width, anywhere."""
    height, width = frames[0].shape[:2]
    rows, columns = round(0.9 * height), round(0.9 * width)
    top, left = random.integers(0, height - rows + 1), random.integers(0, width - columns + 1)
    return [np.ascontiguousarray(one[top : top + rows, left : left + columns]) for one in frames]


if __name__ == "__main__":
    main()
