"""Contact sheets of a folder of portraits speaking a folder of recordings, to be looked at.

``python -m benchmarks.portraits PORTRAITS SPEECH OUT`` renders every portrait with every
recording (all of it) and writes one sheet of large frames per video.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from benchmarks.measure import best_lag, blinks, decode, track_face
from benchmarks.subject import face_models, puppet_video
from sadtalker_ext.inputs.audio import open_speech
from sadtalker_ext.inputs.image import read_picture
from sadtalker_ext.options import GenerateOptions

SHOWN = 12
COLUMNS = 4
TILE = 420


def render_all(portraits: Path, recordings: Path, out: Path) -> list[dict[str, Any]]:
    """Render every pair; return one row of numbers each."""
    out.mkdir(parents=True, exist_ok=True)
    models = face_models()
    rows = []
    for portrait in sorted(portraits.iterdir()):
        for recording in sorted(recordings.iterdir()):
            picture, speech = read_picture(portrait), open_speech(recording)
            options = GenerateOptions(seed=5)
            with puppet_video(options, picture=picture, speech=speech, models=models) as made:
                video, intended = made
                frames = list(decode(video.path))
            track = track_face(frames, models)
            lag, score = best_lag(track.opening, intended.jaw)
            _, rate, depth = blinks(track.eyes)
            gap = blinks(track.lids)[2]
            row = {
                "portrait": portrait.name,
                "speech": recording.name,
                "size": [video.width, video.height],
                "fps": round(video.frames / video.timings["render"], 1),
                "r": round(score, 3),
                "lag": lag,
                "blinks_per_minute": round(rate, 1),
                "blink_depth": round(depth, 3),
                "blink_depth_between_curves": round(gap, 3),
            }
            rows.append(row)
            print(json.dumps(row), flush=True)
            sheet = contact_sheet(frames, intended.jaw, intended.lids[:, 0])
            cv2.imwrite(str(out / f"{portrait.stem}__{recording.stem}.png"), sheet[..., ::-1])
    return rows


def contact_sheet(frames: list[np.ndarray], jaw: np.ndarray, blink: np.ndarray) -> np.ndarray:
    """Lay out telling frames: evenly spread ones, the widest mouths, the deepest blinks."""
    spread = np.linspace(0, len(frames) - 1, SHOWN - 4).astype(int)
    chosen = [*spread, *np.argsort(jaw)[-2:], *np.argsort(blink)[-2:]]
    tiles = []
    for index in chosen:
        frame = frames[index]
        scale = TILE / max(frame.shape[:2])
        tile = cv2.resize(frame, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
        canvas = np.full((TILE, TILE, 3), 255, np.uint8)
        canvas[: tile.shape[0], : tile.shape[1]] = tile
        tiles.append(canvas)
    lines = [np.hstack(tiles[i : i + COLUMNS]) for i in range(0, len(tiles), COLUMNS)]
    return np.vstack(lines)


if __name__ == "__main__":
    render_all(*(Path(argument) for argument in sys.argv[1:4]))
