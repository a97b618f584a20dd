"""``python -m benchmarks.run [NAME ...] --json OUT``: run benchmarks, print and save results.

Every table begins with the machine, the versions and the commit. ``python -m benchmarks.table
BEFORE.json AFTER.json`` compares two files by ratios, and fails where a number got worse.
"""

from __future__ import annotations

import argparse
import importlib.metadata
import importlib.util
import json
import os
import platform
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from benchmarks import (
    blink_look,
    closures,
    dubbing,
    ear,
    ear_hard,
    first_frame,
    in_parts,
    lips,
    memory,
    paste,
    placed_faces,
    speed,
    throughput,
)
from benchmarks.table import table

BENCHMARKS: dict[str, Callable[[], dict[str, Any]]] = {
    "speed": speed.run,
    "lips": lips.run,
    "closures": closures.run,
    "placed_faces": placed_faces.run,
    "ear": ear.run,
    "ear_hard": ear_hard.run,
    "blinks": blink_look.run,
    "memory": memory.run,
    "paste": paste.run,
    "in_parts": in_parts.run,
    "first_frame": first_frame.run,
    "dubbing": dubbing.run,
    "throughput": throughput.run,
}


def machine() -> dict[str, Any]:
    """Say where the numbers were measured."""
    packages = ("numpy", "opencv-python-headless", "av", "torch")
    versions = {}
    for name in packages:
        try:
            versions[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            versions[name] = None
    root = Path(__file__).resolve().parents[1]
    commit = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"],
        cwd=root,
        capture_output=True,
        text=True,
        check=False,
    ).stdout.strip()
    return {
        "cores": os.cpu_count(),
        "processor": _processor(),
        "platform": platform.platform(),
        "python": platform.python_version(),
        "packages": versions,
        "commit": commit,
        "date": time.strftime("%Y-%m-%d"),
    }


def _processor() -> str:
    info = Path("/proc/cpuinfo")
    if info.exists():
        for line in info.read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    return platform.processor()


def main() -> int:
    """Run what was asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(BENCHMARKS))
    parser.add_argument("--json", type=Path, help="write the results here")
    parsed = parser.parse_args()
    unknown = set(parsed.names) - set(BENCHMARKS)
    if unknown:
        parser.error(f"unknown: {', '.join(sorted(unknown))}; known: {', '.join(BENCHMARKS)}")
    report: dict[str, Any] = {"machine": machine(), "results": {}}
    # workers need a package that the others do not
    usual = [name for name in BENCHMARKS if name != "throughput" or importlib.util.find_spec("ray")]
    for name in parsed.names or usual:
        result = BENCHMARKS[name]()
        report["results"][name] = result
        print(table({"machine": report["machine"], "results": {name: result}}), flush=True)
        if parsed.json:
            parsed.json.write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
