"""The mouth, frame by frame, from sounds and loudness."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from sadtalker_ext.motion.controls import JAW, MOUTH
from sadtalker_ext.motion.lips import coarticulation
from sadtalker_ext.motion.lips.contacts import LEAD, contacts
from sadtalker_ext.motion.lips.visemes import SHAPED, Viseme, visemes_of
from sadtalker_ext.speech.hearing import Hearing
from sadtalker_ext.speech.loudness import FRAME_HZ
from sadtalker_ext.types import MOTION_FPS, FloatArray

_SAMPLES_PER_FRAME = 4
_BLOCK = 1500
"""Frames computed at once, so that memory does not grow with the length."""
_KEPT = 3
"""Chunks kept: a block and what it looks at before and behind."""
_SHOUT = 0.9  # wider only for the loudest syllables
_FASTEST = 0.45
"""Largest change of the jaw from frame to frame at 25 frames a second. In seven clips of real
speakers the fastest 1 % of openings and closings are 0.6 and 0.5 of the usual widest opening."""
_FRAMES_LIMITED = 2
"""Frames before and behind that the limit reaches: two are nearly the whole way."""
_AROUND = FRAME_HZ // 10
"""Frames of the hearing before and after the voice in which the mouth moves."""
_SOFT = np.full(2 * (_AROUND // 2) + 1, 1 / (2 * (_AROUND // 2) + 1))
_HELD = FRAME_HZ // 5
"""Half of the longest gap in the voice, in the same frames, that is no silence. In a song and in
speech over music weak consonants were up to 0.3 s between loud vowels."""


class MouthTrack:
    """The mouth of a whole speech, read in blocks.

    Args:
        hearing: What is said.
        frames: T, frames of the whole.
        fps: Frames per second.
    """

    def __init__(self, hearing: Hearing, frames: int, fps: float) -> None:
        self._frames = frames
        self._fps = fps
        self._visemes = visemes_of(hearing.phonemes)
        self._gain = _jaw_gains(self._visemes, hearing.loudness.value)
        self._alive, self._swell = _envelopes(hearing, frames, fps)
        press, tuck = contacts(hearing.phonemes, frames, fps)
        self._press, self._tuck = press * (self._alive > 0.05), tuck * (self._alive > 0.05)
        self._kept: dict[int, FloatArray] = {}

    def rows(self, first: int, end: int) -> FloatArray:
        """Return (n, 7) float32 values of `MOUTH` in the rows from `first` to before `end`."""
        found = [self._chunk(number) for number in range(first // _BLOCK, -(-end // _BLOCK))]
        skipped = first // _BLOCK * _BLOCK
        joined: FloatArray = np.concatenate(found)[first - skipped : end - skipped]
        return joined

    def _chunk(self, number: int) -> FloatArray:
        """Return a chunk that begins at a multiple of `_BLOCK`; the last few are kept."""
        if number not in self._kept:
            while len(self._kept) >= _KEPT:
                self._kept.pop(next(iter(self._kept)))
            begin = number * _BLOCK
            self._kept[number] = self._computed(begin, min(begin + _BLOCK, self._frames))
        return self._kept[number]

    def _computed(self, first: int, last: int) -> FloatArray:
        """Compute rows; a few more are needed for the limit of the speed."""
        low, high = max(0, first - _FRAMES_LIMITED), min(self._frames, last + _FRAMES_LIMITED)
        mouth = self._shaped(low, high)
        mouth[:, JAW] = _no_faster(mouth[:, JAW], _FASTEST * MOTION_FPS / self._fps)
        return mouth[first - low : last - low]

    def _shaped(self, first: int, last: int) -> FloatArray:
        part = slice(first, last)
        steps = np.arange(first * _SAMPLES_PER_FRAME, last * _SAMPLES_PER_FRAME)
        times = (steps + 0.5) / (_SAMPLES_PER_FRAME * self._fps) + LEAD
        near = _within(self._visemes, float(times[0]), float(times[-1]))
        values = coarticulation.blend(self._visemes[near], self._gain[near], times)
        shaped = values.reshape(last - first, _SAMPLES_PER_FRAME, -1).mean(axis=1)
        press, tuck = self._press[part], self._tuck[part]
        columns = dict(zip(SHAPED, shaped.T * self._alive[part], strict=True))
        jaw = _limit(columns["jaw"] * self._swell[part])
        columns["jaw"] = np.minimum(jaw * (1 - press), 1 - 0.88 * tuck)
        columns["upper"] = columns["upper"] * (1 - press)
        # the jaw closes the way to the contact; pressing it halfway as well would close it twice
        columns |= {"press": press**2, "tuck": tuck}
        mouth: FloatArray = np.clip(np.stack([columns[name] for name in MOUTH], axis=1), 0, 1)
        return mouth.astype(np.float32)


def _no_faster(jaw: FloatArray, most: float) -> FloatArray:
    """Open later and close earlier where (n,) openings change by more than `most` per frame.

    A closed mouth stays closed: openings give way.
    """
    limited = jaw.copy()
    for frames in range(1, min(_FRAMES_LIMITED, len(jaw) - 1) + 1):
        way = np.float32(frames * most)
        limited[frames:] = np.minimum(limited[frames:], jaw[:-frames] + way)
        limited[:-frames] = np.minimum(limited[:-frames], jaw[frames:] + way)
    return limited


def _jaw_gains(visemes: Sequence[Viseme], loudness: FloatArray) -> FloatArray:
    """Return (S,) factor of each jaw target: louder syllables open wider."""
    gains = np.ones(len(visemes), dtype=np.float32)
    for index, one in enumerate(visemes):
        inside = loudness[int(one.start * FRAME_HZ) : int(one.end * FRAME_HZ) + 1]
        if one.vowel and len(inside):
            gains[index] = 0.62 + 0.45 * float(np.clip(inside.max(), 0, 1.25))
    return gains


def _envelopes(hearing: Hearing, frames: int, fps: float) -> tuple[FloatArray, FloatArray]:
    """Return (T,) how much is to be heard around a frame, 0..1, and the swell of the voice.

    The first keeps the mouth shut in silence and in background noise, whatever a recogniser may
    believe to hear there, and lets go of it softly; the second lets long vowels breathe with the
    voice.
    """
    present = hearing.loudness.present
    # a weak consonant between vowels is no silence
    held = -_widest(-_widest(present, _HELD), _HELD)
    wide = np.convolve(np.pad(_widest(held, _AROUND), _AROUND // 2, mode="edge"), _SOFT, "valid")
    soft = np.convolve(np.pad(hearing.loudness.value, 4, mode="edge"), np.full(9, 1 / 9), "valid")
    times = ((np.arange(frames) + 0.5) / fps + LEAD) * FRAME_HZ - 0.5
    index = np.arange(len(present))
    alive = np.interp(times, index, wide, right=0.0)
    swell = 0.55 + 0.5 * np.interp(times, index, np.clip(soft, 0, 1.2), right=0.0)
    return alive.astype(np.float32), swell.astype(np.float32)


def _widest(values: FloatArray, reach: int) -> FloatArray:
    """Return (F,) the largest value within `reach` on each side; the ends go on."""
    padded = np.pad(values, reach, mode="edge")
    widest: FloatArray = np.lib.stride_tricks.sliding_window_view(padded, 2 * reach + 1).max(axis=1)
    return widest


def _limit(jaw: FloatArray) -> FloatArray:
    """Return the opening with everything above the shouting limit compressed."""
    limited: FloatArray = np.where(jaw > _SHOUT, _SHOUT + 0.3 * (jaw - _SHOUT), jaw)
    return limited


def _within(visemes: Sequence[Viseme], first: float, last: float) -> slice:
    """Return the shapes that matter between two moments, with neighbours to spare."""
    starts = [one.start for one in visemes]
    low = int(np.searchsorted(starts, first)) - 8
    high = int(np.searchsorted(starts, last)) + 8
    return slice(max(low, 0), min(high, len(visemes)))
