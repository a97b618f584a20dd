"""What was found in a video, on disk: frame by frame, face by face, readable in any order.

An hour of video has gigabytes of mesh points, so they do not live in memory. Two files are only
ever appended to, so that what was found before a crash is found again.
"""

from __future__ import annotations

import os
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np
import numpy.typing as npt

from sadtalker_ext.types import FloatArray

MESH_POINTS = 478
_STEPS = 32000
"""Whole numbers from the middle of a face to its edge; a face of 1000 pixels is exact to 1/64."""

FACES = np.dtype(
    [
        ("frame", "<i4"),
        ("person", "<i4"),
        ("track", "<i4"),
        ("score", "<f4"),
        ("middle", "<f4", 2),
        ("reach", "<f4"),
        ("skin", "<f4", 3),
        ("points", "<i2", (MESH_POINTS, 3)),
    ]
)
FRAMES = np.dtype([("pts", "<i8"), ("seconds", "<f8"), ("shot", "<i4"), ("faces", "<i4")])


class TrackWriter:
    """Appends what is found in frame after frame; use it as a context manager.

    Args:
        folder: Where the files go.
        keep_frames: Frames found earlier that are kept; what came behind them is cut off.
        keep_faces: Faces in those frames.
    """

    def __init__(self, folder: Path, *, keep_frames: int = 0, keep_faces: int = 0) -> None:
        self._frames = _open_at(folder / "frames.bin", keep_frames * FRAMES.itemsize)
        self._faces = _open_at(folder / "faces.bin", keep_faces * FACES.itemsize)
        self._number = keep_frames

    def frame(self, pts: int, seconds: float, shot: int, faces: int) -> None:
        """Add a frame behind its faces."""
        self._frames.write(np.array([(pts, seconds, shot, faces)], FRAMES).tobytes())
        self._number += 1

    def face(
        self, person: int, track: int, score: float, points: FloatArray, skin: FloatArray
    ) -> None:
        """Add a face of the frame that comes next: (478, 3) points and (3,) colour of its skin."""
        low, high = points.min(0), points.max(0)
        middle = (low + high) / 2
        reach = max(float((high - low).max()) / 2, 1.0)
        row = np.zeros(1, FACES)
        row["frame"], row["person"], row["track"], row["score"] = self._number, person, track, score
        row["middle"], row["reach"], row["skin"] = middle[:2], reach, skin
        centred = points - np.array([middle[0], middle[1], 0], np.float32)
        row["points"][0] = np.clip(np.rint(centred * (_STEPS / 2 / reach)), -32767, 32767)
        self._faces.write(row.tobytes())

    def flush(self) -> None:
        """Bring everything to the disk."""
        for file in (self._faces, self._frames):
            file.flush()
            os.fsync(file.fileno())

    def __enter__(self) -> TrackWriter:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        problem: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._faces.close()
        self._frames.close()


class TrackFile:
    """Reads what was found; the mesh points stay on disk.

    Args:
        folder: Where a `TrackWriter` wrote.

    Attributes:
        frames: One row of `FRAMES` for each frame.
        faces: One row of `FACES` for each face, in the order of frames, on disk.
    """

    def __init__(self, folder: Path) -> None:
        self.frames: npt.NDArray[Any] = _whole(folder / "frames.bin", FRAMES)
        self.faces: npt.NDArray[Any] = _whole(folder / "faces.bin", FACES)
        count = int(self.frames["faces"].sum()) if len(self.frames) else 0
        self.faces = self.faces[:count]
        self.frame_of = np.array(self.faces["frame"])
        self.person_of = np.array(self.faces["person"])
        self.track_of = np.array(self.faces["track"])

    def points(self, row: int) -> FloatArray:
        """Return the (478, 3) float32 mesh points of a face."""
        points: FloatArray = self.points_of(np.array([row]))[0]
        return points

    def points_of(self, rows: npt.NDArray[np.intp]) -> FloatArray:
        """Return the (n, 478, 3) float32 mesh points of faces."""
        faces = np.asarray(self.faces)[rows]
        size = np.float32(2) * faces["reach"] / np.float32(_STEPS)
        points: FloatArray = faces["points"].astype(np.float32)
        points *= size[:, None, None]
        points[..., :2] += faces["middle"][:, None]
        return points


def _open_at(path: Path, size: int) -> Any:
    """Open a file for appending after cutting it to a size in bytes."""
    file = path.open("ab")
    if os.fstat(file.fileno()).st_size < size:
        file.close()
        raise ValueError(f"{path.name} should hold {size} bytes")
    file.truncate(size)
    return file


def _whole(path: Path, kind: np.dtype[Any]) -> npt.NDArray[Any]:
    """Map the whole rows of a file."""
    count = path.stat().st_size // kind.itemsize if path.exists() else 0
    if not count:
        return np.zeros(0, kind)
    return np.memmap(path, kind, "r", shape=(count,))
