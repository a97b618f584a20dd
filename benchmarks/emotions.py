"""Which emotion an independent network sees in each directed face.

``python -m benchmarks.emotions --portraits FOLDER --half second --out OUT [--judge NODE_FOLDER]``
makes one short encoded video of every portrait in which each emotion is shown at 0.5 and at 1.0
without speech, and saves the frames and one sheet per portrait, to be looked at. With `--judge`
the expression network of `@vladmandic/face-api` says what it sees: `NODE_FOLDER` is where
``npm install @vladmandic/face-api @tensorflow/tfjs @tensorflow/tfjs-backend-wasm pngjs`` was run.
The network is a tool of this benchmark only; contempt is not among its classes, and what it sees
in the picture itself is told beside the table. With `--tracked` a second video, in which nothing
else moves, is tracked again; see `benchmarks.emotion_ways`.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import cv2

from benchmarks import emotion_ways
from benchmarks.directed_faces import all_frames, portraits_of, sheet
from benchmarks.subject import face_models
from sadtalker_ext.directions import EMOTIONS, NEUTRAL

JUDGED = ("happy", "sad", "angry", "surprised", "disgusted", "fearful")
STRENGTHS = (0.5, 1.0)
_SCRIPT = Path(__file__).with_name("emotion_judge.js")
_AT_ONCE = 60


def directions(emotions: Sequence[str]) -> dict[str, dict[str, Any]]:
    """Return the undirected face, and every emotion at both strengths, by "emotion strength"."""
    found: dict[str, dict[str, Any]] = {f"{NEUTRAL} 1.0": {}}
    for emotion in emotions:
        for strength in STRENGTHS:
            found[f"{emotion} {strength}"] = {"emotion": emotion, "intensity": strength}
    return found


def judged(files: Sequence[Path], folder: Path) -> dict[str, dict[str, float] | None]:
    """Ask the network about PNG files: probabilities by class; None where it finds no face."""
    found: dict[str, dict[str, float] | None] = {}
    for start in range(0, len(files), _AT_ONCE):
        done = subprocess.run(
            ["node", str(_SCRIPT), *map(str, files[start : start + _AT_ONCE])],
            env={**os.environ, "NODE_PATH": str(folder / "node_modules")},
            capture_output=True,
            text=True,
            check=True,
        )
        for line in done.stdout.splitlines():
            if line.startswith("{"):
                row = json.loads(line)
                found[Path(row["file"]).stem] = row["seen"]
    return found


def rank(seen: dict[str, float], emotion: str) -> int:
    """Return the place of an emotion among the classes, 1 the most likely."""
    return sorted(seen, key=lambda one: -seen[one]).index(emotion) + 1


def summary(
    seen: dict[str, dict[str, float] | None], names: Sequence[str]
) -> dict[str, dict[str, int]]:
    """Count, by "emotion strength", on how many faces it ranks first and among the first two."""
    table = {}
    for label in directions(JUDGED):
        emotion = label.split()[0]
        if emotion == NEUTRAL:
            continue
        faces = [seen.get(f"{name}__{label}") for name in names]
        ranks = [rank(one, emotion) for one in faces if one]
        table[label] = {
            "first": sum(place == 1 for place in ranks),
            "first two": sum(place <= 2 for place in ranks),
            "faces": len(ranks),
        }
    return table


def main() -> int:
    """Draw, judge, print and save."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--portraits", type=Path, help="a folder of faces; the example without")
    parser.add_argument("--half", choices=("all", "first", "second"), default="all")
    parser.add_argument("--only", nargs="*", help="names of portraits")
    parser.add_argument("--out", type=Path, required=True, help="where frames and sheets go")
    parser.add_argument("--judge", type=Path, help="where the network was installed")
    parser.add_argument("--tracked", action="store_true", help="track a second video")
    parser.add_argument("--json", type=Path, help="write the results here")
    given = parser.parse_args()
    given.out.mkdir(parents=True, exist_ok=True)
    names, files = [], []
    wanted, models = directions(EMOTIONS[1:]), face_models()
    chosen = portraits_of(given.portraits, given.half)
    if given.only:
        chosen = [one for one in chosen if one.stem in given.only]
    for name, frames in all_frames(chosen, wanted, models):
        names.append(name)
        for label, frame in frames.items():
            file = given.out / f"{name}__{label}.png"
            cv2.imwrite(str(file), frame[..., ::-1])
            files.append(file)
        cv2.imwrite(str(given.out / f"{name}.sheet.png"), sheet(frames)[..., ::-1])
        print(name, flush=True)
    result: dict[str, Any] = {"portraits": names}
    if given.judge:
        seen = judged(files, given.judge)
        own = {name: seen.get(f"{name}__{NEUTRAL} 1.0") for name in names}
        result["table"] = summary(seen, names)
        result["own"] = {name: max(one, key=lambda k: one[k]) for name, one in own.items() if one}
        result["seen"] = seen
        for label, row in result["table"].items():
            print(
                f"{label:16} first {row['first']}, first two {row['first two']} of {row['faces']}"
            )
    if given.tracked:
        result["ways"] = {
            name: emotion_ways.measure(frames, models)
            for name, frames in all_frames(chosen, wanted, models, still=True)
        }
        for line in emotion_ways.table(result["ways"]):
            print(
                f"{line['emotion']:10} {line['blendshape']:16} right on {line['right']} of "
                f"{line['faces']}; 0.5: {line['half'][0]:.1f} to {line['half'][1]:.1f}, 1.0: "
                f"{line['whole'][0]:.1f} to {line['whole'][1]:.1f}; "
                f"not on: {', '.join(line['not on']) or 'none'}"
            )
    if given.json:
        given.json.write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
