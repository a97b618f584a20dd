"""Comparing what was heard with the truth: closures, mouth classes, rounding, lead."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from benchmarks.ear_clips import Clip
from sadtalker_ext.motion.controls import MOUTH
from sadtalker_ext.motion.lips.mouth_track import MouthTrack
from sadtalker_ext.speech.ipa import (
    BILABIAL,
    LABIODENTAL,
    PLAIN,
    ROUNDED,
    SILENCE,
    VOWELS,
    parts_of,
)

FPS = 25.0
SLACK = 1 / FPS
_OPEN = frozenset("aæʌ")
_UNROUNDED = frozenset("iɪeɛæaʌəɯ")
_FIRST_PART = 0.6
DRAWN_ROUND = 0.45
"""Value of the control above which lips are seen to be round: 97 % of rounded vowels pass it."""

Sounds = Sequence[tuple[str, float, float]]


def mouth_class(plain: str) -> str:
    """Return one of seven classes that can be told apart on a face."""
    if plain == SILENCE:
        return "silence"
    for name, members in (("closed", BILABIAL), ("teeth", LABIODENTAL), ("round", ROUNDED)):
        if plain in members:
            return name
    if plain in _OPEN:
        return "open"
    return "spread" if plain in VOWELS or plain == "j" else "tongue"


def plain_sounds(phones: Sequence[Any]) -> list[tuple[str, float, float, float]]:
    """Return plain sound, start, end, confidence of phones of any symbols."""
    found = []
    for one in phones:
        parts = parts_of(one.symbol)
        sure = float(getattr(one, "confidence", 1.0))
        middle = one.start + _FIRST_PART * (one.end - one.start) if len(parts) == 2 else one.end
        found.append((parts[0], one.start, middle, sure))
        found += [(part, middle, one.end, sure) for part in parts[1:]]
    return found


def events(sounds: Sequence[tuple], members: frozenset[str]) -> list[tuple[float, float, float]]:
    """Return start, end, best confidence of each unbroken run of some sounds."""
    runs: list[tuple[float, float, float]] = []
    for one in sounds:
        plain, start, end = one[:3]
        sure = one[3] if len(one) > 3 else 1.0
        if plain not in members or end <= start:
            continue
        if runs and start - runs[-1][1] < 1e-3:
            runs[-1] = (runs[-1][0], end, max(sure, runs[-1][2]))
        else:
            runs.append((start, end, sure))
    return runs


def matched(truth: Sequence[tuple], found: Sequence[tuple]) -> list[tuple[int, int]]:
    """Return pairs of indices that overlap within a frame, each used once."""
    pairs, used = [], set()
    for index, (start, end, *_) in enumerate(truth):
        near = [
            (abs(start + end - a - b), k)
            for k, (a, b, *_) in enumerate(found)
            if k not in used and b > start - SLACK and a < end + SLACK
        ]
        if near:
            used.add(min(near)[1])
            pairs.append((index, min(near)[1]))
    return pairs


class Tally:
    """Counts over clips."""

    def __init__(self) -> None:
        self.frames = self.right = 0
        self.counts = {name: [0, 0, 0] for name in ("closures",)}
        self.sure: dict[str, list[tuple[float, bool]]] = {"teeth": [], "round": []}
        self.wanted = {"teeth": 0, "round": 0}
        self.unrounded = self.drawn_round = 0
        self.leads: list[int] = []
        self.confused: dict[tuple[str, str], int] = {}

    def add(self, clip: Clip, hearing: Any) -> None:
        """Compare one clip."""
        heard = plain_sounds(hearing.phonemes)
        self._frames(clip, heard)
        truth = events(clip.sounds, BILABIAL)
        found = events(heard, BILABIAL)
        pairs = matched(truth, found)
        right = {k for _, k in pairs}
        unclear = [one for one in clip.sounds if one[0] == ""]
        # whether lips shut for sounds of which nothing is known nobody can tell
        found = [one for k, one in enumerate(found) if k in right or not _overlaps(one, unclear)]
        for index, one in enumerate((len(truth), len(found), len(pairs))):
            self.counts["closures"][index] += one
        rounded_vowels = ROUNDED & VOWELS
        for name, members in (("teeth", LABIODENTAL), ("round", rounded_vowels)):
            truth_events, found_events = events(clip.sounds, members), events(heard, members)
            hits = {k for _, k in matched(truth_events, found_events)}
            self.wanted[name] += len(truth_events)
            self.sure[name] += [(one[2], k in hits) for k, one in enumerate(found_events)]
        self._mouth(clip, hearing)

    def _frames(self, clip: Clip, heard: Sequence[tuple]) -> None:
        truth = [
            _until_burst(one, burst) for one, burst in zip(clip.sounds, clip.bursts, strict=True)
        ]
        end = max(one[2] for one in clip.sounds)
        for frame in range(int(end * FPS)):
            moment = (frame + 0.5) / FPS
            true = next((one[0] for one in truth if one[1] <= moment < one[2]), "")
            if true == "":
                continue
            pair = mouth_class(true), mouth_class(_at(heard, moment))
            self.frames += 1
            self.right += pair[0] == pair[1]
            self.confused[pair] = self.confused.get(pair, 0) + 1

    def _mouth(self, clip: Clip, hearing: Any) -> None:
        frames = int(hearing.seconds * FPS)
        rows = MouthTrack(hearing, frames, FPS).rows(0, frames)
        round_, press = rows[:, MOUTH.index("round")], rows[:, MOUTH.index("press")]
        for plain, start, end in clip.sounds:
            if plain in _UNROUNDED and end - start >= 0.04:
                frame = min(int((start + end) / 2 * FPS), frames - 1)
                self.unrounded += 1
                self.drawn_round += bool(round_[frame] > DRAWN_ROUND)
        shut = np.flatnonzero(press > 0.9)
        runs = np.split(shut, np.flatnonzero(np.diff(shut) > 1) + 1) if len(shut) else []
        spans = [(run[0] / FPS, (run[-1] + 1) / FPS) for run in runs]
        truth = events(clip.sounds, BILABIAL)
        for index, k in matched(truth, spans):
            self.leads.append(int(np.floor(truth[index][0] * FPS)) - int(runs[k][0]))

    def report(self) -> dict[str, Any]:
        """Return what the issue's table asks for."""
        truth, found, both = self.counts["closures"]
        return {
            "closures": truth,
            "closures_recall": _share(both, truth),
            "closures_precision": _share(both, found),
            "viseme": _share(self.right, self.frames),
            "teeth_recall_at_0.8": self._recall("teeth"),
            "round_recall_at_0.8": self._recall("round"),
            "unrounded_drawn_round": _share(self.drawn_round, self.unrounded),
            "lead_frames": _quantiles(self.leads),
        }

    def _recall(self, name: str) -> dict[str, float]:
        """Return the best recall at precision 0.8, and both numbers without a threshold."""
        ordered = sorted(self.sure[name], reverse=True)
        best, hits = 0, 0
        for count, (_, hit) in enumerate(ordered, 1):
            hits += hit
            ties = count < len(ordered) and ordered[count][0] == ordered[count - 1][0]
            if not ties and hits >= 0.8 * count:
                best = hits
        total = self.wanted[name]
        return {
            "wanted": total,
            "recall_at_0.8": _share(best, total),
            "recall": _share(hits, total),
            "precision": _share(hits, len(ordered)),
        }


def _overlaps(one: tuple, others: Sequence[tuple]) -> bool:
    return any(one[1] > start and one[0] < end for _, start, end in others)


def _until_burst(one: tuple[str, float, float], burst: float) -> tuple[str, float, float]:
    """Return a closure without its burst and breath: the lips part in them."""
    plain, start, end = one
    return (plain, start, burst if plain in BILABIAL and burst > start + 0.01 else end)


def _at(sounds: Sequence[tuple], moment: float) -> str:
    return next((one[0] for one in sounds if one[1] <= moment < one[2]), SILENCE)


def _share(part: float, whole: float) -> float:
    return round(part / whole, 3) if whole else 0.0


def _quantiles(values: Sequence[int]) -> dict[str, float]:
    if not values:
        return {}
    low, middle, high = np.quantile(values, (0.05, 0.5, 0.95))
    inside = float(np.mean([0 <= one <= 2 for one in values]))
    return {"p5": low, "median": middle, "p95": high, "share_0_to_2": round(inside, 3)}


assert set(PLAIN) >= BILABIAL
