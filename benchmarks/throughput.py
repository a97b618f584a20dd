"""Videos per minute of one and of two workers of a Ray cluster on this machine, in turns.

Every worker has one core of its own. The plan for a large batch follows from the processor time of
a second of video: the price of a machine is the user's, see `cost_per_hour_of_video`.
"""

from __future__ import annotations

import os
import statistics
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks.subject import PORTRAIT, SPEECH
from sadtalker_ext.progress import Progress

JOBS = 4
SECONDS = 2.0
PAIRS = 5
PLANNED = 10_000
PLANNED_SECONDS = (5.0, 10.0, 60.0)


def run() -> dict[str, Any]:
    """Measure the built-in engine at 512x512."""
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
    from sadtalker_ext.batch.pool_shape import PoolShape
    from sadtalker_ext.batch.ray_pool import RayPool
    from sadtalker_ext.batch.ray_worker import Setup

    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        setup = Setup(folder=folder, device="cpu", overwrite=True)
        with RayPool(PoolShape(workers=2), setup) as pool:
            both = list(pool._workers)
            rounds: dict[int, list[float]] = {1: [], 2: []}
            works: dict[int, list[float]] = {1: [], 2: []}
            _round(pool, jobs(2))  # models are read, and both workers are there
            for pair in range(PAIRS):
                for count in (1, 2) if pair % 2 == 0 else (2, 1):
                    pool._workers = both[:count]
                    before = _work_of(both)
                    rounds[count].append(_round(pool, jobs(JOBS)))
                    works[count].append((_work_of(both) - before) / JOBS)
            pool._workers = both
    return summary(rounds, works)


def jobs(count: int) -> list[tuple[int, dict[str, Any]]]:
    """Return lines of a batch."""
    line = {
        "portrait": str(PORTRAIT),
        "speech": str(SPEECH),
        "engine": "puppet",
        "preprocess": "full",
        "audio_end": SECONDS,
        "mark": "none",
    }
    return [
        (number, {**line, "seed": number, "output": f"{number}.mp4"}) for number in range(count)
    ]


def _round(pool: Any, lines: Sequence[tuple[int, dict[str, Any]]]) -> float:
    """Return the seconds that some lines take; all of them must be made."""
    began = time.perf_counter()
    rows = [row for _, row in pool.run(lines, Progress())]
    assert all("video" in row for row in rows), rows
    return time.perf_counter() - began


def _work_of(workers: Sequence[Any]) -> float:
    """Return the processor time of the workers so far, in seconds."""
    import ray

    return float(sum(ray.get([worker.work.remote() for worker in workers])))


def summary(rounds: dict[int, list[float]], works: dict[int, list[float]]) -> dict[str, Any]:
    """Return videos per minute, the ratio of the pairs, and the plan for a large batch."""
    ratios = sorted(one / two for one, two in zip(rounds[1], rounds[2], strict=True))
    core_seconds = statistics.median(works[1])
    return {
        "what": f"{JOBS} jobs of {SECONDS:g} s of speech, built-in engine, 512x512, one core each",
        "pairs": PAIRS,
        "load_average": os.getloadavg()[0],
        "videos_per_minute": {
            str(count): round(60 * JOBS / statistics.median(times), 2)
            for count, times in rounds.items()
        },
        "throughput_of_two_to_one_ratio": {
            "median": round(statistics.median(ratios), 3),
            "min": round(ratios[0], 3),
            "max": round(ratios[-1], 3),
        },
        "core_seconds_per_job": {
            str(count): round(statistics.median(work), 2) for count, work in works.items()
        },
        "core_seconds_per_second_of_video": round(core_seconds / SECONDS, 2),
        "plan": plan(core_seconds / SECONDS),
    }


def plan(core_seconds: float) -> dict[str, Any]:
    """Return hours for `PLANNED` jobs on 1, 16 and 128 cores.

    Args:
        core_seconds: Processor time for a second of video.
    """
    return {
        f"{PLANNED} jobs of {seconds:g} s": {
            f"hours_on_{cores}_cores": round(PLANNED * seconds * core_seconds / cores / 3600, 1)
            for cores in (1, 16, 128)
        }
        for seconds in PLANNED_SECONDS
    }


def cost_per_hour_of_video(price_per_hour: float, seconds_per_second: float) -> float:
    """Return the price of an hour of video: what a worker costs while it makes it.

    Args:
        price_per_hour: Of one worker, a core or a graphics card, in the user's money.
        seconds_per_second: Seconds one worker needs for a second of video: core seconds as
            measured here, or frames per second of the video over frames per second drawn.
    """
    return price_per_hour * seconds_per_second
