"""``sadtalker batch JOBS.jsonl``: many videos, one description per line (see `batch.lines`).

A line that fails, or cannot be read, is reported and the rest goes on; a line whose output exists
is skipped, so that a stopped batch can be run again. With ``--ray`` the lines are made by the
workers of a Ray cluster.
"""

from __future__ import annotations

import argparse
import itertools
import sys
import time
from collections.abc import Container, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from sadtalker_ext.batch.lines import Line, read_jobs
from sadtalker_ext.batch.make import Row, make_line
from sadtalker_ext.batch.manifest import Manifest
from sadtalker_ext.errors import DUB_IT, OVERWRITE, InputError
from sadtalker_ext.host.standalone import StandaloneHost
from sadtalker_ext.progress import Progress
from sadtalker_ext.service import Service
from sadtalker_ext.shells.cli.generate import stop_on_interrupt
from sadtalker_ext.shells.cli.own_process import suit
from sadtalker_ext.shells.cli.terminal import TerminalProgress
from sadtalker_ext.shells.cli.workers import pool_of, refuse_alone

_WORDS: Final = {
    DUB_IT: "`video` in place of `portrait`",
    OVERWRITE: "--overwrite",
    "face_points": "`face_points` or `landmarks_file`",
    "voice": "`voice`",
}
"""What a hint may tell to do, and the words of a line, or the flag, that do it."""


def run_batch(parsed: argparse.Namespace) -> dict[str, Any]:
    """Make every video of a list and return one row for each line."""
    refuse_alone(parsed)
    lines, broken = read_jobs(parsed.jobs)
    total = len(lines) + len(broken)
    if not total:
        print(f"note: {parsed.jobs.name} holds no lines", file=sys.stderr)
    wrong = [(number, {"error": error.as_dict()}) for number, error in sorted(broken.items())]
    path = _manifest_path(parsed)
    if path is None:
        return _told(itertools.chain(wrong, _rows(lines, parsed)), total, broken, parsed)
    with Manifest(path, afresh=parsed.overwrite) as manifest:
        earlier = {number: place for number, values in lines if (place := manifest.made(values))}
        jobs = dict(lines)

        def rows() -> Iterator[tuple[int, Row]]:
            yield from wrong
            yield from ((number, {"skipped": place}) for number, place in earlier.items())
            left = [(number, values) for number, values in lines if number not in earlier]
            for number, row in _rows(left, parsed):
                manifest.add(number, jobs[number], row)
                yield number, row

        return _told(rows(), total, broken, parsed)


def _manifest_path(parsed: argparse.Namespace) -> Path | None:
    if parsed.manifest is not None or parsed.ray is None:
        named: Path | None = parsed.manifest
        return named
    jobs: Path = parsed.jobs
    return jobs.with_name(f"{jobs.stem}.manifest.jsonl")


def _rows(lines: Sequence[Line], parsed: argparse.Namespace) -> Iterator[tuple[int, Row]]:
    """Yield the number and the row of every line as it is made."""
    if parsed.ray is not None:
        yield from _made_by_ray(lines, parsed)
        return
    weight_dirs = [parsed.weights_dir] if parsed.weights_dir else []
    service = Service(StandaloneHost(weight_dirs=weight_dirs, device=parsed.device, suit=suit))
    try:
        for number, values in lines:
            bar = TerminalProgress(sys.stderr)
            progress = Progress(bar)
            try:
                with stop_on_interrupt(progress):
                    row = make_line(
                        service, values, parsed.jobs.parent, progress, overwrite=parsed.overwrite
                    )
            finally:
                bar.close()
            yield number, {name: value for name, value in row.items() if name != "again"}
    finally:
        service.close()


def _made_by_ray(lines: Sequence[Line], parsed: argparse.Namespace) -> Iterator[tuple[int, Row]]:
    if not lines:
        return
    progress = Progress()
    with (
        pool_of(parsed, parsed.jobs.parent, overwrite=parsed.overwrite) as pool,
        stop_on_interrupt(progress),
    ):
        yield from pool.run(lines, progress)


def _told(
    made: Iterator[tuple[int, Row]],
    total: int,
    broken: Container[int],
    parsed: argparse.Namespace,
) -> dict[str, Any]:
    """Print every row as it comes, and return all of them in the order of the list.

    Args:
        made: Rows by the numbers of their lines.
        total: How many there will be.
        broken: Lines that nobody tried to make: they say nothing about the pace.
        parsed: The words of the command.
    """
    rows: list[dict[str, Any]] = []
    shown = sys.stdout
    began = time.monotonic()
    new = 0
    for number, row in made:
        rows.append({"line": number, **row})
        new += "skipped" not in row and number not in broken
        if not parsed.json:
            left = _left(total - len(rows), new, time.monotonic() - began)
            counted = f" [{len(rows)}/{total}{left}]" if parsed.ray is not None else ""
            for note in row.get("video", {}).get("warnings", ()):  # the list names no flags
                print(f"note: Line {number}: {note}", file=sys.stderr)
            print(f"line {number}: {_words(row)}{counted}", file=shown, flush=True)
    rows.sort(key=lambda row: int(row["line"]))
    failed = [row for row in rows if "error" in row]
    if not parsed.json:
        done, skipped = (sum(key in row for row in rows) for key in ("video", "skipped"))
        print(f"{done} made, {skipped} skipped, {len(failed)} failed")
    return {"rows": rows, "exit_code": InputError.exit_code if failed else 0}


def _left(remaining: int, new: int, seconds: float) -> str:
    """Say how long the rest takes at the pace so far."""
    if not (remaining and new):
        return ""
    minutes = remaining * seconds / new / 60
    return f", {minutes / 60:.1f} h left" if minutes >= 90 else f", {minutes:.0f} min left"


def _words(row: Mapping[str, Any]) -> str:
    if "skipped" in row:
        return f"skipped, {row['skipped']} exists"
    if "error" in row:
        told, hint = row["error"]["message"], row["error"]["hint"]
        if way := _WORDS.get(row["error"].get("remedy", "")):
            hint = f"{hint.rstrip('.')} ({way})."
        return f"failed, {told} {hint}".strip()
    return f"{row['video']['path']} ({row['video']['engine']})"
