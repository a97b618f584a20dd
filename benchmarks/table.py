"""Results as text: a table of every number with its machine, and the gate between two files.

    python -m benchmarks.table BEFORE.json AFTER.json

compares every number that both files have by its ratio, and ends with an error where one got worse.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

WORSE = 1.15
"""Ratio beyond which a number counts as worse: what repeated runs on one machine differ by."""
_SMALLER_IS_BETTER = ("seconds", "_s", "_ms", "_mb", "milliseconds", "bytes", "difference")
_LARGER_IS_BETTER = ("fps", "per_second", "times_faster", "ratio", "throughput", "correlation")


def numbers(value: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[str, float]]:
    """Yield every number of a result with the names that lead to it."""
    if isinstance(value, bool) or value is None:
        return
    if isinstance(value, (int, float)):
        yield " / ".join(path), float(value)
    elif isinstance(value, dict):
        for name, part in value.items():
            yield from numbers(part, (*path, str(name)))
    elif isinstance(value, list):
        for number, part in enumerate(value):
            yield from numbers(part, (*path, str(number)))


def direction(name: str) -> int:
    """Return 1 where larger is better, -1 where smaller is, 0 where neither is known."""
    for part in reversed(name.split(" / ")):
        if any(part.endswith(end) for end in _LARGER_IS_BETTER):
            return 1
        if any(part.endswith(end) for end in _SMALLER_IS_BETTER):
            return -1
    return 0


def head(machine: dict[str, Any]) -> str:
    """Return who measured, in lines."""
    packages = ", ".join(f"{name} {version}" for name, version in machine["packages"].items())
    return "\n".join(
        (
            f"{machine['processor']}, {machine['cores']} cores, {machine['platform']}",
            f"Python {machine['python']}, {packages}",
            f"commit {machine['commit']}, {machine['date']}",
        )
    )


def table(report: dict[str, Any]) -> str:
    """Return all numbers of a report as a table."""
    rows = [(name, f"{value:g}") for name, value in numbers(report["results"])]
    wide = max((len(name) for name, _ in rows), default=0)
    lines = [f"{name.ljust(wide)}  {value}" for name, value in rows]
    return "\n".join([head(report["machine"]), "", *lines])


def versus_table(report: dict[str, Any]) -> str:
    """Return the rows of `benchmarks.versus` as a table in Markdown, under the machine."""
    found = report["results"]["versus"]
    lines = [
        head(report["machine"]),
        "",
        "| stage | original, s | ours, s | original / ours (smallest, largest) | processor time |",
        "|---|---|---|---|---|",
    ]
    for name, row in found["stages"].items():
        ratio, work = row["ratio"], row["ratio_of_processor_time"]
        lines.append(
            f"| {name} | {row['original_s']:.2f} | {row['ours_s']:.2f} | "
            f"{ratio[0]:.2f} ({ratio[1]:.2f}, {ratio[2]:.2f}) | "
            f"{work[0]:.2f} ({work[1]:.2f}, {work[2]:.2f}) |"
        )
    whole = found["whole_job"]
    lines.append(
        f"| whole job of {found['speech_frames']} frames | {whole['original_s']:.1f} | "
        f"{whole['ours_s']:.1f} | {whole['ratio']:.2f} | |"
    )
    second = found.get("second_job")
    if second:
        row, puppet = second["sadtalker"], second["puppet"]
        lines += [
            f"| second job on the same picture | {row['original_s']:.1f} | {row['ours_s']:.1f} | "
            f"{row['ratio']:.2f} | |",
            f"| the same by the built-in engine | {row['original_s']:.1f} | "
            f"{puppet['second_s']:.1f} | {second['original_to_second_puppet_ratio']:.1f} | |",
        ]
    lines.append(
        f"\nLargest difference of the frames: {found['largest_difference']} of 255; "
        f"{100 * found['values_that_differ']:.2f} % of the values differ."
    )
    memory = found.get("peak_memory")
    if memory:
        lines.append(
            f"Peak memory: original {memory['original_mb']} MB, ours {memory['ours_mb']} MB, "
            f"ours / original {memory['ours_to_original']:.2f}."
        )
    return "\n".join(lines)


def worse(before: dict[str, Any], after: dict[str, Any], limit: float = WORSE) -> list[str]:
    """Return a sentence for every number that got worse by more than a ratio."""
    old = dict(numbers(before["results"]))
    told = []
    for name, value in numbers(after["results"]):
        way = direction(name)
        if name not in old or not way or old[name] <= 0 or value <= 0:
            continue
        ratio = value / old[name] if way < 0 else old[name] / value
        if ratio > limit:
            told.append(f"{name}: {old[name]:g} before, {value:g} now, {ratio:.2f} x worse")
    return told


def main() -> int:
    """Compare two files."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("before", type=Path)
    parser.add_argument("after", type=Path)
    parser.add_argument("--limit", type=float, default=WORSE, help=f"default: {WORSE}")
    parsed = parser.parse_args()
    before, after = (
        json.loads(path.read_text(encoding="utf-8")) for path in (parsed.before, parsed.after)
    )
    where = [before["machine"].get("processor"), after["machine"].get("processor")]
    if where[0] != where[1]:
        print(f"Different machines: {where[0]}, {where[1]}.")
        return 2
    told = worse(before, after, parsed.limit)
    print("\n".join(told) or "Nothing got worse.")
    return 1 if told else 0


if __name__ == "__main__":
    sys.exit(main())
