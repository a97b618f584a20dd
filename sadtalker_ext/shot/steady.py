"""One person's face through a video: steady, without lag, and bridged where it was lost briefly."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from sadtalker_ext.curves import smoothstep
from sadtalker_ext.shot.track_file import TrackFile
from sadtalker_ext.types import FloatArray

STEADY_SECONDS = 0.028
"""Standard deviation of the two-sided filter: lips move fast, the mesh trembles by a third of a
per cent of the face."""
_JUMP = (0.004, 0.012)
"""How far the whole face lies from where the filter has it, in its sizes, where that may be the
mesh's trembling, and is surely a movement. Of people who talk calmly the median of two clips is
0.002; a head that is shaken stops and turns back within a frame: 0.017, and 0.05 at most."""
BRIDGED_SECONDS = 0.4
"""A face that was lost for no longer is expected between the places where it was seen."""
_FADE_SECONDS = 0.12
"""How long what is drawn takes to come and go where a face is lost and found within a shot."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SteadyFace:
    """A face in one frame.

    Attributes:
        points: (478, 3) float32 mesh points in pixels.
        skin: (3,) float32 colour of its skin, smoothed over time.
        presence: 0 where it comes or goes within the shot .. 1 where it is there.
        seen: Whether this very frame shows it.
    """

    points: FloatArray
    skin: FloatArray
    presence: float
    seen: bool


class SteadyTrack:
    """One person's face in every frame of a video.

    Args:
        file: What was found in the video.
        person: Whose face.
        steady_seconds: Standard deviation of the filter; 0 takes frames as they are.
    """

    def __init__(
        self, file: TrackFile, person: int, *, steady_seconds: float = STEADY_SECONDS
    ) -> None:
        self._sigma = max(steady_seconds, 1e-6)
        self._file = file
        self._rows = np.flatnonzero(file.person_of == person)
        self._frames = file.frame_of[self._rows]
        self._seconds: npt.NDArray[np.float64] = np.asarray(file.frames["seconds"], np.float64)
        self._shots = np.asarray(file.frames["shot"])

    @property
    def frames(self) -> npt.NDArray[np.int32]:
        """Numbers of the frames that show the face, in order."""
        return self._frames

    def at(self, frame: int) -> SteadyFace | None:
        """Return the face in a frame, or None where it is not."""
        run = self._run(frame)
        if run is None:
            return None
        low, high = run
        now = self._seconds[frame]
        reach = 3 * self._sigma
        times = self._seconds[self._frames[low:high]]
        first = low + int(np.searchsorted(times, now - reach))
        last = low + int(np.searchsorted(times, now + reach, side="right"))
        here = int(np.searchsorted(self._frames[low:high], frame)) + low
        seen = here < high and self._frames[here] == frame
        if not seen:
            # one on either side at least, so that the way between them is known
            first, last = min(first, here - 1), max(last, here + 1)
        points, skin = self._filtered(max(first, low), min(last, high), now)
        return SteadyFace(
            points=points, skin=skin, presence=self._presence(low, high, frame), seen=bool(seen)
        )

    def near(
        self, frame: int, seconds: float
    ) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.float64]]:
        """Return numbers of the frames of the same shot that show the face, and how far they are.

        Args:
            frame: From which they are counted.
            seconds: How far they are at most; what comes before is negative.
        """
        now = self._seconds[frame]
        first = np.searchsorted(self._seconds, now - seconds)
        last = np.searchsorted(self._seconds, now + seconds, side="right")
        low, high = np.searchsorted(self._frames, [first, last])
        numbers = self._frames[low:high]
        numbers = numbers[self._shots[numbers] == self._shots[frame]]
        return numbers, self._seconds[numbers] - now

    def _run(self, frame: int) -> tuple[int, int] | None:
        """Return the rows (first, behind the last) of the stretch of sightings round a frame."""
        here = int(np.searchsorted(self._frames, frame))
        if here < len(self._frames) and self._frames[here] == frame:
            first, last = here, here + 1
        elif 0 < here < len(self._frames) and self._joined(here - 1, here):
            first, last = here - 1, here + 1
        else:
            return None
        span = 2 * max(self._sigma * 3, _FADE_SECONDS)
        now = self._seconds[frame]
        while first > 0 and self._joined(first - 1, first) and now - self._time(first) < span:
            first -= 1
        while (
            last < len(self._frames)
            and self._joined(last - 1, last)
            and self._time(last - 1) - now < span
        ):
            last += 1
        return first, last

    def _time(self, row: int) -> float:
        return float(self._seconds[self._frames[row]])

    def _joined(self, one: int, other: int) -> bool:
        """Tell whether two sightings belong to one stretch."""
        a, b = self._frames[one], self._frames[other]
        if self._shots[a] != self._shots[b]:
            return False
        return bool(b - a == 1 or self._seconds[b] - self._seconds[a] <= BRIDGED_SECONDS)

    def _filtered(self, first: int, last: int, now: float) -> tuple[FloatArray, FloatArray]:
        """Return points and skin at a moment: a straight line through the sightings around it."""
        rows = self._rows[first:last]
        times = self._seconds[self._frames[first:last]] - now
        stack, skins = self._file.points_of(rows), np.asarray(self._file.faces)[rows]["skin"]
        distance = max(self._sigma, float(np.abs(times).min()))
        weight = np.exp(-0.5 * (times / distance) ** 2)
        weight /= weight.sum()
        mean = float(weight @ times)
        spread = float(weight @ (times - mean) ** 2)
        slope = weight * (times - mean) / spread if spread > 1e-9 else 0 * weight
        # value of the line at `now`
        share = (weight - mean * slope).astype(np.float32)
        points = np.tensordot(share, stack, 1)
        here = int(np.abs(times).argmin())
        if times[here] == 0:
            points += _jump(points, stack[here])
        return points, weight.astype(np.float32) @ skins

    def _presence(self, low: int, high: int, frame: int) -> float:
        """Fade at the ends of a stretch, where the shot goes on without the face."""
        now, value = float(self._seconds[frame]), 1.0
        shot = self._shots[frame]
        for row, step in ((low, -1), (high - 1, 1)):
            beyond = int(self._frames[row]) + step
            ends_shot = not 0 <= beyond < len(self._shots) or self._shots[beyond] != shot
            if not ends_shot and not self._goes_on(row, step):
                away = abs(now - self._time(row)) + 0.5 * _FADE_SECONDS * 0.5
                value = min(value, away / _FADE_SECONDS)
        return value

    def _goes_on(self, row: int, step: int) -> bool:
        other = row + step
        if not 0 <= other < len(self._frames):
            return False
        return self._joined(min(row, other), max(row, other))


def _jump(points: FloatArray, seen: FloatArray) -> FloatArray:
    """Return (3,) by how much filtered points of a face lie beside where the face is as a whole."""
    away = (seen - points).mean(0) * np.array([1, 1, 0], np.float32)
    size = max(float(np.ptp(points[:, :2], axis=0).max()), 1.0)
    jump: FloatArray = away * smoothstep(*_JUMP, np.float32(np.hypot(away[0], away[1]) / size))
    return jump
