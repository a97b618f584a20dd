"""`python -m tests.golden.check DIR [--json]`: replay a golden folder against the code.

Prints, per stage, the number of values, the largest absolute and relative error (relative to the
recorded value, or to 0.001 where that is smaller) and pass or fail. Stages inside the networks are
judged by their distance from float64 values instead (`tests.golden.rounding`); where the values
are not shipped with the tests they are computed, which takes a minute or two for a picture.
Stages whose files the folder lacks are listed as absent. Exits 1 on any failure, and when nothing
at all was compared.
"""

from __future__ import annotations

import argparse
import dataclasses
import fnmatch
import json
import sys
import traceback
from collections.abc import Iterator, Sequence
from pathlib import Path

from tests.golden.folder import GoldenFolder
from tests.golden.registry import Topic, Verdict, judge, topics


def run_topic(topic: Topic, folder: GoldenFolder) -> Iterator[Verdict]:
    """Compare all stages of a topic; an exception is a failed stage, not the end."""
    last = ""
    try:
        for stage in topic.run(folder):
            last = stage.name
            yield judge(topic.name, stage)
    except Exception as error:  # noqa: BLE001 - whatever breaks, the report must go on
        trace = traceback.format_exc(limit=-3)
        note = f"{type(error).__name__}: {error} (after {last or 'the start'})\n{trace}"
        yield Verdict(topic=topic.name, name=f"{topic.name}:error", passed=False, note=note)


def check(
    folder: GoldenFolder, only: Sequence[str] = ("*",)
) -> Iterator[Verdict | tuple[Topic, list[str]]]:
    """Yield a verdict per stage, and a topic with the missing patterns where files are absent."""
    for topic in topics():
        if not any(fnmatch.fnmatchcase(topic.name, pattern) for pattern in only):
            continue
        missing = topic.missing(folder)
        if missing:
            yield topic, missing
            continue
        compared = False
        for verdict in run_topic(topic, folder):
            compared = True
            yield verdict
        if not compared:
            yield topic, ["its arrays"]


def line(verdict: Verdict) -> str:
    """Return one line of the table."""
    word = "pass" if verdict.passed else "FAIL"
    text = (
        f"{word}  {verdict.topic:<18} {verdict.name:<44} {verdict.count:>9} values  "
        f"max abs {verdict.max_abs:.3g}  max rel {verdict.max_rel:.3g}  mean {verdict.mean_abs:.2g}"
    )
    if verdict.rounding:
        rms, largest = verdict.rounding.ratios
        text += f"  rounding {rms:.2f} x rms, {largest:.2f} x largest of the original's"
    elif verdict.share < 1:
        text += f"  close {100 * verdict.share:.4f} %"
    return f"{text}  {verdict.note}".rstrip()


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the check and return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m tests.golden.check", description=__doc__)
    parser.add_argument("folder", type=Path, metavar="DIR")
    parser.add_argument("--json", action="store_true", help="print one JSON object instead")
    parser.add_argument(
        "--only", action="append", metavar="PATTERN", help="topics to run; may be repeated"
    )
    options = parser.parse_args(arguments)

    verdicts: list[Verdict] = []
    absent: list[dict[str, object]] = []
    for outcome in check(GoldenFolder(options.folder), options.only or ["*"]):
        if isinstance(outcome, Verdict):
            verdicts.append(outcome)
            text = line(outcome)
        else:
            topic, missing = outcome
            absent.append({"topic": topic.name, "missing": missing})
            text = f"absent  {topic.name:<18} no {', '.join(missing)}"
        if not options.json:
            print(text, flush=True)

    failed = sum(not verdict.passed for verdict in verdicts)
    passed = bool(verdicts) and not failed
    if options.json:
        report = {
            "folder": str(options.folder),
            "passed": passed,
            "stages": [dataclasses.asdict(verdict) for verdict in verdicts],
            "absent": absent,
        }
        print(json.dumps(report, indent=1))
    elif not verdicts:
        print(f"Nothing was compared: {options.folder} holds no recorded outputs.")
    else:
        print(f"{len(verdicts)} stages, {failed} failed, {len(absent)} topics absent")
    return 0 if passed else 1


if __name__ == "__main__":
    sys.exit(main())
