"""Two ways to do the same, timed in turns."""

from __future__ import annotations

import os
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from typing import Any


class Stages:
    """Times of both programs, taken in turns.

    Args:
        rounds: How often a stage is done by both.
        repeated: The stages of which that holds, the others are done once; all when left out.
    """

    def __init__(self, rounds: int, repeated: Sequence[str] | None = None) -> None:
        self._rounds, self._repeated = rounds, repeated
        self.wall: dict[str, list[tuple[float, float]]] = {}
        self.work: dict[str, list[tuple[float, float]]] = {}

    def pair(
        self, name: str, theirs: Callable[[], Any], ours: Callable[[], Any]
    ) -> tuple[Any, Any]:
        """Time a stage of both, who begins alternating, and return their last results."""
        results: list[Any] = [None, None]
        repeats = self._repeated is None or name in self._repeated
        for number in range(self._rounds if repeats else 1):
            walls, works = [0.0, 0.0], [0.0, 0.0]
            for which in (0, 1) if number % 2 == 0 else (1, 0):
                began, worked = time.perf_counter(), _work()
                results[which] = (theirs, ours)[which]()
                walls[which] = time.perf_counter() - began
                works[which] = _work() - worked
            self.wall.setdefault(name, []).append((walls[0], walls[1]))
            self.work.setdefault(name, []).append((works[0], works[1]))
            shown = f"{walls[0]:.2f} s ({works[0]:.2f}), {walls[1]:.2f} s ({works[1]:.2f})"
            print(f"{name}: {shown}", file=sys.stderr, flush=True)
        return results[0], results[1]

    def rows(self) -> dict[str, Any]:
        """Return medians, and the ratios original / ours of the pairs with their spread."""
        return {
            name: {
                "original_s": round(statistics.median(one[0] for one in pairs), 3),
                "ours_s": round(statistics.median(one[1] for one in pairs), 3),
                "ratio": _spread([one[0] / max(one[1], 1e-9) for one in pairs]),
                "ratio_of_processor_time": _spread(
                    [one[0] / max(one[1], 1e-9) for one in self.work[name]]
                ),
            }
            for name, pairs in self.wall.items()
        }

    def seconds(self, which: int, name: str) -> float:
        """Return the median seconds of a stage of one of the two."""
        return statistics.median(pair[which] for pair in self.wall[name])

    def total(self, which: int, factor: dict[str, float]) -> float:
        """Return the seconds of all stages of one of the two, some taken several times."""
        return sum(self.seconds(which, name) * factor.get(name, 1.0) for name in self.wall)


def _work() -> float:
    """Return the processor time of this process and the programs it started, in seconds."""
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system


def _spread(values: list[float]) -> list[float]:
    """Return median, smallest and largest."""
    return [round(one, 3) for one in (statistics.median(values), min(values), max(values))]
