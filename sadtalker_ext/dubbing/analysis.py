"""What is in a video: its frames, shots and faces, found once and kept on disk."""

from __future__ import annotations

import contextlib
import itertools
import json
from collections.abc import Generator, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from sadtalker_ext.inputs.footage import Footage, FootageFrame
from sadtalker_ext.inputs.prefetch import prefetched
from sadtalker_ext.planes import Planes
from sadtalker_ext.portrait.identity import Likeness
from sadtalker_ext.portrait.models import FaceModels
from sadtalker_ext.portrait.scene import SceneFollower
from sadtalker_ext.progress import Progress, Stage
from sadtalker_ext.shot.cuts import CutFinder
from sadtalker_ext.shot.track_file import TrackFile, TrackWriter
from sadtalker_ext.types import FloatArray

_SAVED_FRAMES: Final = 500
"""Frames between two savings of what is remembered of the people."""
_SKIN = (50, 280, 205, 425, 36, 266, 199, 200)
"""Points of cheeks and chin whose colour tells how a face is lit."""
_AROUND = np.array([(column, row) for row in (-1, 0, 1) for column in (-1, 0, 1)]).T
"""(2, 9) ways to a pixel and its neighbours."""


@dataclass(frozen=True, slots=True, eq=False)
class Analysis:
    """What was found.

    Attributes:
        tracks: Frames and faces.
        people: What is remembered of everybody, by number.
    """

    tracks: TrackFile
    people: tuple[Likeness, ...]


def analyse(
    footage: Footage, models: FaceModels, folder: Path, progress: Progress, *, first_only: bool
) -> Analysis:
    """Look at every frame; go on where an earlier try stopped.

    Args:
        footage: The video.
        models: The face models.
        folder: Where what is found is kept.
        progress: Counts frames, and stops the work.
        first_only: Look at the first frame only.
    """
    state = _State(folder)
    if not state.complete:
        _look(footage, models, folder, progress, state, first_only=first_only)
    return Analysis(TrackFile(folder), tuple(state.people))


class _State:
    """How far the analysis has come, on disk."""

    def __init__(self, folder: Path) -> None:
        self._file, self._people_file = folder / "analysis.json", folder / "people.npz"
        self.frames = self.faces = self.tracks = 0
        self.shot = -1
        self.complete = False
        self.people: list[Likeness] = []
        if self._file.exists() and self._people_file.exists():
            known = json.loads(self._file.read_text(encoding="utf-8"))
            self.frames, self.faces = int(known["frames"]), int(known["faces"])
            self.tracks, self.shot = int(known["tracks"]), int(known["shot"])
            self.complete = bool(known["complete"])
            self.people = _read_people(self._people_file)

    def save(self) -> None:
        """Write everything; what was there before is replaced in one step."""
        _write_people(self._people_file, self.people)
        known = {
            name: getattr(self, name) for name in ("frames", "faces", "tracks", "shot", "complete")
        }
        part = self._file.with_suffix(".part")
        part.write_text(json.dumps(known), encoding="utf-8")
        part.replace(self._file)


def _look(
    footage: Footage,
    models: FaceModels,
    folder: Path,
    progress: Progress,
    state: _State,
    *,
    first_only: bool,
) -> None:
    total = 1 if first_only else footage.facts.frames
    progress.enter(Stage.FOLLOWING, total or None)
    if state.frames:
        progress.advance(state.frames)
    follower = SceneFollower(models, people=state.people, first_track=state.tracks)
    went_on = state.frames or None
    frames = prefetched(_watched(_from(footage, folder, state.frames)))
    with (
        contextlib.closing(follower),
        TrackWriter(folder, keep_frames=state.frames, keep_faces=state.faces) as writer,
    ):
        for frame, new, after in _with_next(frames):
            # where an earlier try stopped, the first frame looks new without being a cut
            cut = new and frame.number != went_on
            state.shot += cut
            faces = follower(frame.planes, cut=cut, after=after)
            for face in faces:
                skin = skin_of(frame.planes, face.points)
                writer.face(face.person, face.track, face.score, face.points, skin)
            writer.frame(frame.pts, frame.seconds, state.shot, len(faces))
            state.frames += 1
            state.faces += len(faces)
            state.tracks = follower.tracks
            if state.frames % _SAVED_FRAMES == 0:
                writer.flush()
                state.save()
            progress.advance()
            progress.check()
            if first_only:
                break
    state.complete = True
    state.save()


def _watched(frames: Iterator[FootageFrame]) -> Iterator[tuple[FootageFrame, bool]]:
    """Yield frames and whether a shot begins with them; by the thread that decodes."""
    cuts = CutFinder()
    for frame in frames:
        yield frame, cuts(frame.planes)


def _with_next(
    frames: Generator[tuple[FootageFrame, bool], None, None],
) -> Iterator[tuple[FootageFrame, bool, Planes | None]]:
    """Yield frames, whether a shot begins with them, and the next frame of the same shot."""
    with contextlib.closing(frames):
        held = next(frames, None)
        while held is not None:
            following = next(frames, None)
            same = following is not None and not following[1]
            yield (*held, following[0].planes if following is not None and same else None)
            held = following


def _from(footage: Footage, folder: Path, first: int) -> Iterator[FootageFrame]:
    """Yield the frames that were not looked at yet."""
    if first < 2:
        yield from footage.frames(first)
        return
    known = TrackFile(folder).frames["pts"]
    again = footage.frames(first - 1, pts=int(known[first - 1]), origin=int(known[0]))
    yield from itertools.islice(again, 1, None)


def skin_of(planes: Planes, points: FloatArray) -> FloatArray:
    """Return (3,) how the skin near the mouth is coloured, RGB 0..255."""
    width, height = planes.size
    x, y = points[list(_SKIN), :2].astype(int).T
    # three by three pixels round each point
    x = np.clip(x[:, None] + _AROUND[0], 0, width - 1)
    y = np.clip(y[:, None] + _AROUND[1], 0, height - 1)
    colours, middle = planes.colours, planes.colours.middle
    values = np.stack(
        [
            planes.y[y, x] - np.float32(colours.black),
            planes.u[y // 2, x // 2] - np.float32(middle),
            planes.v[y // 2, x // 2] - np.float32(middle),
        ],
        axis=-1,
    )
    patches = np.clip(values @ colours.to_rgb.T, 0, 255).mean(1)
    colour: FloatArray = np.median(patches, axis=0).astype(np.float32)
    return colour


def _write_people(path: Path, people: list[Likeness]) -> None:
    part = path.with_suffix(".part.npz")
    count = len(people)
    np.savez(
        part,
        shape=np.stack([one.shape for one in people]) if count else np.zeros(0),
        look=np.stack([one.look for one in people]) if count else np.zeros(0),
        tone=np.stack([one.tone for one in people]) if count else np.zeros(0),
        seen=np.array([one.seen for one in people]),
    )
    part.replace(path)


def _read_people(path: Path) -> list[Likeness]:
    with np.load(path) as data:
        seen = data["seen"]
        return [
            Likeness(data["shape"][n], data["look"][n], data["tone"][n], int(seen[n]))
            for n in range(len(seen))
        ]
