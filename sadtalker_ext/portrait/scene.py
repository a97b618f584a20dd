"""All faces of a video, followed from frame to frame, with who is who across cuts and losses."""

from __future__ import annotations

from dataclasses import InitVar, dataclass, field, replace

import numpy as np

from sadtalker_ext.planes import Planes
from sadtalker_ext.portrait.detect import Detection
from sadtalker_ext.portrait.face_place import (
    SAME_PLACE,
    around,
    cut_out,
    in_one_place,
    middle_of,
    size_of,
)
from sadtalker_ext.portrait.find import MIN_FACE_PX
from sadtalker_ext.portrait.identity import Likeness, likeness
from sadtalker_ext.portrait.mesh import region_of
from sadtalker_ext.portrait.mesh_guess import GuessedMeshes, mesh_in
from sadtalker_ext.portrait.models import FaceModels
from sadtalker_ext.portrait.region import Region
from sadtalker_ext.types import FloatArray

_LOST = 0.5
"""Mesh scores below this mean that the square shows no face."""
_NEW = 0.85
"""A new face must look as sure as this."""
_LOOK_ROUND = 12
"""Frames between two searches for faces that came in."""
_SEARCH_LOST = 4
"""Frames between two searches while nobody is followed."""
_SMALL_PX = 640
"""Long side of the picture that is searched."""
_JUMPS = 4.0
"""How unlike a jump by one face size makes a face: people's likenesses differ by 1 and more."""
_NEAR = 1.1
"""Distance of two faces, in the larger one's sizes, up to which one may lie before the other."""
_SAME_PERSON = 1.0
"""Likenesses that differ by less are one person's."""
_SHARE_OF_STEP = 0.6
"""How much of its last step a head is expected to go on: it shakes and nods, and turns back."""
_KEPT_FRAMES = 60
"""A face that was lost is expected near its place for so many frames."""
_LEARN_EVERY = 10


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SeenFace:
    """A face in one frame.

    Attributes:
        person: Who it is, counted from 0 in the order of appearance.
        track: Number of the unbroken stretch it belongs to.
        points: (478, 3) float32 mesh points in pixels.
        score: How sure the mesh network is, 0 to 1.
    """

    person: int
    track: int
    points: FloatArray
    score: float


@dataclass(slots=True, eq=False)
class _Followed:
    track: int
    person: int
    points: FloatArray
    since: int
    seen: int = 0
    before: FloatArray | None = None
    """Its points in the frame before."""
    way: FloatArray = field(default_factory=lambda: np.zeros(2, np.float32))
    """How far its middle goes per frame, averaged over the last few."""
    jump: float = 0.0
    """How far from there it went in this frame, in its sizes."""

    def expected(self) -> Region:
        """Return the square in which it should be looked for in the frame behind the next."""
        region = region_of(self.points)
        if self.before is None:
            return region
        x, y = _SHARE_OF_STEP * (middle_of(self.points) - middle_of(self.before))
        return replace(region, x=region.x + float(x), y=region.y + float(y))

    def move(self, points: FloatArray) -> None:
        """Take over where it is in the next frame."""
        step = middle_of(points) - middle_of(self.points)
        self.jump = float(np.linalg.norm(step - self.way)) / max(size_of(points), 1.0)
        self.way = (0.7 * self.way + 0.3 * step).astype(np.float32)
        self.before, self.points = self.points, points
        self.seen += 1


@dataclass(slots=True, eq=False)
class _Lost:
    person: int
    points: FloatArray
    at: int


@dataclass(slots=True, eq=False)
class SceneFollower:
    """Follows every face of a video; frames are given in order.

    Args:
        models: The face models.
        first_track: Number of the first stretch, where an earlier follower stopped.

    Attributes:
        people: What is remembered of everybody seen, by number.
    """

    models: FaceModels
    people: list[Likeness] = field(default_factory=list)
    first_track: InitVar[int] = 0
    _active: list[_Followed] = field(default_factory=list)
    _lost: list[_Lost] = field(default_factory=list)
    _tracks: int = 0
    _number: int = -1
    _searched: int = -(10**9)
    _guessed: GuessedMeshes = field(init=False)

    def __post_init__(self, first_track: int) -> None:
        """Go on counting stretches."""
        self._tracks = first_track
        self._guessed = GuessedMeshes(self.models.mesher)

    @property
    def tracks(self) -> int:
        """How many unbroken stretches there were so far."""
        return self._tracks

    def __call__(self, planes: Planes, *, cut: bool, after: Planes | None = None) -> list[SeenFace]:
        """Return the faces of the next frame.

        Args:
            planes: The frame.
            cut: Whether a new shot begins with it.
            after: The frame behind it, if it belongs to the same shot; that is looked at by another
                core meanwhile, and must not be changed.
        """
        self._number += 1
        if cut:
            self._active, self._lost = [], []
        self._look_ahead(after)
        kept: list[tuple[_Followed, float]] = []
        for face in self._active:
            mesh = self._guessed.mesh(face.track, planes, region_of(face.points))
            wide = float(np.ptp(mesh.points[:, 0]))
            if mesh.score < _LOST or wide < MIN_FACE_PX:
                self._lose(face, face.points)
                continue
            face.move(mesh.points)
            rival = next((one for one in kept if in_one_place(one[0].points, face.points)), None)
            if rival is not None:
                # who goes behind somebody is not there, whoever was looked for first
                if not self._is_rather(face, rival[0], planes):
                    self._lose(face, face.before)
                    continue
                kept.remove(rival)
                self._lose(rival[0], rival[0].before)
            kept.append((face, mesh.score))
        self._active = [face for face, _ in kept]
        found = [self._seen(*one) for one in kept]
        for face, score in kept:
            # not while another face is near, whose skin and hair may lie before it
            if face.seen % _LEARN_EVERY == 0 and score > _NEW and not self._crowded(face):
                self._learn(face.person, planes, face.points)
        every = _LOOK_ROUND if kept else _SEARCH_LOST
        if cut or self._number - self._searched >= every:
            found += self._search(planes, thorough=cut or self._number == 0)
        return found

    def _look_ahead(self, after: Planes | None) -> None:
        """Let another core look at the frame behind this one, unless it did so for this one."""
        looked = self._guessed.go_on()
        if after is not None and not looked:
            for face in self._active:
                self._guessed.begin(face.track, after, face.expected())

    def close(self) -> None:
        """End what looks ahead; needed where frames were given with those behind them."""
        self._guessed.close()

    def _lose(self, face: _Followed, points: FloatArray | None) -> None:
        """Expect a face near where it was last, and look round soon."""
        where = face.points if points is None else points
        self._lost.append(_Lost(face.person, where, self._number))
        self._searched = min(self._searched, self._number - _LOOK_ROUND + 1)

    def _is_rather(self, one: _Followed, other: _Followed, planes: Planes) -> bool:
        """Tell whether a face that two lay claim to is rather the one than the other.

        It looks like the one, and the one was about to come here: a mesh that slips from one face
        to another makes a jump.
        """
        unlike = []
        for face in (one, other):
            differs = self.people[face.person].differs(self._likeness(planes, face.points))
            unlike.append(differs + _JUMPS * face.jump)
        return unlike[0] < unlike[1]

    def _crowded(self, face: _Followed) -> bool:
        return any(
            np.linalg.norm(middle_of(one.points) - middle_of(face.points))
            < _NEAR * max(size_of(one.points), size_of(face.points))
            for one in self._active
            if one is not face
        )

    def _seen(self, face: _Followed, score: float) -> SeenFace:
        return SeenFace(person=face.person, track=face.track, points=face.points, score=score)

    def _search(self, planes: Planes, *, thorough: bool) -> list[SeenFace]:
        """Look for faces that nobody follows yet."""
        self._searched = self._number
        self._lost = [one for one in self._lost if self._number - one.at <= _KEPT_FRAMES]
        width, height = planes.size
        small, scale = planes.look((0, 0, width, height), _SMALL_PX)
        found = []
        for level, detections in enumerate(self.models.detector.levels(small)):
            for detection in detections:
                face = self._new(planes, detection, scale)
                if face is not None:
                    found.append(face)
            if level >= int(thorough) or self._active:
                break
        return found

    def _new(self, planes: Planes, detection: Detection, scale: float) -> SeenFace | None:
        """Begin to follow a detected face, unless it is followed or is none."""
        half = 0.5 / scale - 0.5
        region = Region(
            x=detection.x / scale + half,
            y=detection.y / scale + half,
            side=1.5 * detection.side / scale,
            angle_rad=detection.angle_rad,
        )
        centre = np.array([region.x, region.y])
        for face in self._active:
            if np.linalg.norm(middle_of(face.points) - centre) < SAME_PLACE * size_of(face.points):
                return None
        mesh = mesh_in(self.models.mesher, planes, region)
        mesh = mesh_in(self.models.mesher, planes, region_of(mesh.points))
        wide = float(np.ptp(mesh.points[:, 0]))
        if mesh.score < _NEW or wide < MIN_FACE_PX or self._taken(mesh.points, self._active):
            return None
        ratio = size_of(mesh.points) / max(region.side / 1.5, 1.0)
        if not 0.5 < ratio < 2.2:
            return None
        person = self._who(planes, mesh.points)
        face = _Followed(self._tracks, person, mesh.points, self._number, seen=1)
        self._tracks += 1
        self._active.append(face)
        return self._seen(face, mesh.score)

    def _who(self, planes: Planes, points: FloatArray) -> int:
        """Return the person a new face belongs to; somebody new if it is like nobody."""
        now = self._likeness(planes, points)
        present = {face.person for face in self._active}
        for one in sorted(self._lost, key=lambda lost: -lost.at):
            near = np.linalg.norm(middle_of(one.points) - middle_of(points)) < 0.8 * size_of(points)
            alike = self.people[one.person].differs(now) < 1.5 * _SAME_PERSON
            if near and alike and one.person not in present:
                self._lost.remove(one)
                return one.person
        ranked = sorted(
            (known.differs(now), number)
            for number, known in enumerate(self.people)
            if number not in present
        )
        if ranked and ranked[0][0] < _SAME_PERSON:
            return ranked[0][1]
        self.people.append(now)
        return len(self.people) - 1

    def _learn(self, person: int, planes: Planes, points: FloatArray) -> None:
        self.people[person] = self.people[person].with_look(self._likeness(planes, points))

    def _likeness(self, planes: Planes, points: FloatArray) -> Likeness:
        picture, corner, scale = cut_out(planes, around(points, 0.1))
        moved = points.copy()
        moved[:, :2] = (points[:, :2] - corner + 0.5) * scale - 0.5
        return likeness(picture, moved)

    def _taken(self, points: FloatArray, others: list[_Followed]) -> bool:
        """Tell whether another followed face lies at the same place."""
        return any(in_one_place(one.points, points) for one in others)
