"""CSV files of Apple's and Epic's Live Link Face app: a row per frame, a column per blendshape.

Timecode HH:MM:SS:FF, the number of columns that follow, the 52 blendshapes with capital letters,
and nine angles of head and eyes. The app's files give no unit for those; they are read and written
as radians, with the signs of `Motion`. The timecode counts whole frames per second, so that 29.97
is written as 30.
"""

from __future__ import annotations

import csv
import io
from itertools import groupby

import numpy as np

from sadtalker_ext.blendshapes import BLENDSHAPES
from sadtalker_ext.errors import UnreadableMotion
from sadtalker_ext.motion.formats.weights import FaceWeights, gaze_of
from sadtalker_ext.types import FloatArray

SUFFIX = ".csv"
USUAL_FPS = 60.0
"""Rate of the app, taken where a file is too short to tell its own."""

_ANGLES = (
    *("HeadYaw", "HeadPitch", "HeadRoll"),
    *("LeftEyeYaw", "LeftEyePitch", "LeftEyeRoll"),
    *("RightEyeYaw", "RightEyePitch", "RightEyeRoll"),
)
_COUNT = len(BLENDSHAPES) + len(_ANGLES)


def write(weights: FaceWeights) -> bytes:
    """Return the file of a motion's weights."""
    names = [name[0].upper() + name[1:] for name in BLENDSHAPES]
    lines = [",".join(("Timecode", "BlendShapeCount", *names, *_ANGLES))]
    eye = np.radians(np.pad(weights.gaze, ((0, 0), (0, 1))))
    rows = np.concatenate([weights.shapes, np.radians(weights.head), eye, eye], axis=1)
    a_second = max(1, round(weights.fps))
    for number, row in enumerate(rows):
        values = ",".join(f"{value:.6f}" for value in row)
        lines.append(f"{_timecode(number, a_second)},{_COUNT},{values}")
    return ("\n".join(lines) + "\n").encode("ascii")


def read(data: bytes, fps: float = 0.0) -> FaceWeights:
    """Read such a file; missing columns are zero.

    Args:
        data: The file.
        fps: Its rate; 0 takes it from the timecodes.

    Raises:
        UnreadableMotion: It is no such table, or a value is no number.
    """
    try:
        rows = list(csv.reader(io.StringIO(data.decode("utf-8-sig"))))
    except (UnicodeDecodeError, csv.Error) as problem:
        raise UnreadableMotion(f"The motion should be a CSV table: {problem}.") from problem
    header, body = (rows[0] if rows else []), [row for row in rows[1:] if row]
    places = {name.strip().lower(): number for number, name in enumerate(header)}
    shown = [name for name in BLENDSHAPES if name.lower() in places]
    if not shown or not body:
        raise UnreadableMotion(
            "The motion should have a column for each blendshape (EyeBlinkLeft, JawOpen, ...) and "
            f"a row for each frame, found {len(shown)} columns and {len(body)} rows."
        )

    def column(name: str) -> FloatArray:
        place = places.get(name.lower())
        if place is None:
            return np.zeros(len(body), np.float32)
        return np.array([_number(row, place, name) for row in body], np.float32)

    shapes = np.stack([column(name) for name in BLENDSHAPES], axis=1)
    head = np.degrees(np.stack([column(name) for name in _ANGLES[:3]], axis=1))
    pairs = (("LeftEyeYaw", "RightEyeYaw"), ("LeftEyePitch", "RightEyePitch"))
    eyes = [(column(left) + column(right)) / 2 for left, right in pairs]
    gaze = np.degrees(np.stack(eyes, axis=1))
    return FaceWeights(
        fps=fps or _rate([row[places.get("timecode", 0)] for row in body]),
        shapes=shapes,
        head=head.astype(np.float32),
        gaze=gaze.astype(np.float32) if gaze.any() else gaze_of(shapes),
    )


def _timecode(number: int, a_second: int) -> str:
    seconds, frame = divmod(number, a_second)
    minutes, second = divmod(seconds, 60)
    hour, minute = divmod(minutes, 60)
    return f"{hour:02}:{minute:02}:{second:02}:{frame:02}"


def _rate(timecodes: list[str]) -> float:
    """Return how many rows a whole second has: the usual number between two turns of a second."""
    whole_seconds = (code.rpartition(":")[0] for code in timecodes)
    seconds = [len(list(rows)) for _, rows in groupby(whole_seconds)]
    whole = seconds[1:-1] or (seconds[:1] if len(seconds) > 1 else [])
    return float(np.median(whole)) if whole else USUAL_FPS


def _number(row: list[str], place: int, name: str) -> float:
    text = row[place] if place < len(row) else ""
    try:
        value = float(text)
    except ValueError:
        value = np.nan
    if not np.isfinite(value):
        raise UnreadableMotion(f"The column {name} should hold numbers, found {text[:20]!r}.")
    return value
