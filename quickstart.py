#!/usr/bin/env python3
"""One command from a fresh clone: a talking video, or the tests.

    python3 quickstart.py          make .venv, install, and write portrait_talking.mp4
    python3 quickstart.py test     make .venv, install, and run the tests
    python3 quickstart.py check    ruff and mypy
    python3 quickstart.py matrix   the oldest and the newest Python and packages, compared
    python3 quickstart.py newest   the newest of everything: what breaks?
    python3 quickstart.py lock     write the tested versions down anew (constraints/)

Needs only Python 3.10 or newer and a package index; pip's own settings (index, proxy, wheel
folders) are obeyed. Everything is idempotent: the second run starts at once.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import shutil
import sys
import time
from collections.abc import Sequence

from quickstart_tools import lock as locking
from quickstart_tools import matrix as comparing
from quickstart_tools.environment import Environment
from quickstart_tools.terms import ROOT, TORCH, Stop, say

VENV = ROOT / ".venv"
OLDEST = (3, 10)
MOST_WORKERS = 4
"""Tests side by side: each may need a gigabyte."""
WORST_CASE_MB = {"": 700, "test": 6000}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return the exit status."""
    commands = {
        "demo": demo, "test": test, "check": check, "matrix": matrix, "newest": newest, "lock": lock
    }  # fmt: skip
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("command", nargs="?", default="demo", choices=list(commands))
    known, rest = parser.parse_known_args(arguments)
    if rest and known.command != "test":
        parser.error(f"unrecognized arguments: {' '.join(rest)}")
    try:
        return commands[known.command](rest)
    except Stop as stop:
        print(f"\nquickstart: {stop}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nquickstart: stopped. Run it again to go on.", file=sys.stderr)
        return 130


def demo(_: Sequence[str]) -> int:
    """Install the core and make the example video."""
    began = time.monotonic()
    prepare("")
    comparing.fetch_face_models(environment())
    output = ROOT / "portrait_talking.mp4"
    status = environment().run(*comparing.DEMO, "-o", str(output), "--seed", "7", "--overwrite")
    if status == 0:
        print(f"\nWatch {output.name} ({time.monotonic() - began:.0f} s from start to finish).")
    return status


def test(rest: Sequence[str]) -> int:
    """Install the test extra and run pytest, handing on further arguments."""
    prepare("test")
    comparing.fetch_face_models(environment(), "voice")
    # tests that are named by sets must have the same names in all workers
    os.environ.setdefault("PYTHONHASHSEED", "0")
    return environment().run("-m", "pytest", *side_by_side(rest), *rest)


def side_by_side(rest: Sequence[str]) -> list[str]:
    """Return what lets the whole suite use all cores; chosen tests run one after the other.

    The tests of a file stay together, because they share what is costly to make.
    """
    chosen = any(word == "-n" or not word.startswith("-") for word in rest)
    cores = min(os.cpu_count() or 1, MOST_WORKERS)
    return [] if chosen or cores < 2 else ["-n", str(cores), "--dist", "loadfile"]


def check(_: Sequence[str]) -> int:
    """Run the linter, the format check and the type checker."""
    prepare("test")
    for tool in (["ruff", "check", "."], ["ruff", "format", "--check", "."], ["mypy"]):
        if status := environment().run("-m", *tool):
            return status
    return 0


def matrix(_: Sequence[str]) -> int:
    """Compare the tested versions with the oldest and the newest ones."""
    prepare("")
    return comparing.matrix(environment())


def newest(_: Sequence[str]) -> int:
    """Try the newest of everything in an environment of its own."""
    prepare("")
    return comparing.newest(environment())


def lock(_: Sequence[str]) -> int:
    """Write the tested versions of every Python that is found here."""
    return locking.lock()


def prepare(extra: str) -> None:
    """Make the virtual environment and install the project with one extra, if not done yet."""
    if sys.version_info < OLDEST:
        found = ".".join(map(str, sys.version_info[:3]))
        raise Stop(f"Python 3.10 or newer is needed, this is {found}. Start it with a newer one.")
    if any(is_installed(one) for one in {extra, "test"}):
        return
    check_space(extra)
    environment().make()
    tested = locking.constraints_of(sys.version_info[:2])
    if extra == "test":
        say("Installing torch (the largest part)")
        environment().pip("install", *TORCH)
    say(f"Installing the project{f' with its {extra} extra' if extra else ''}")
    environment().install("-e", f".[{extra}]" if extra else ".", constraints=tested)
    stamp = VENV / f".installed-{extra or 'core'}"
    stamp.write_text(fingerprint(extra), encoding="utf-8")


def environment() -> Environment:
    """Return the project's virtual environment."""
    return Environment(VENV)


def is_installed(extra: str) -> bool:
    """Tell whether the environment holds this project, unchanged, with one extra."""
    stamp = VENV / f".installed-{extra or 'core'}"
    if not (environment().python.exists() and stamp.exists()):
        return False
    return stamp.read_text(encoding="utf-8") == fingerprint(extra)


def fingerprint(extra: str) -> str:
    """Return what an installation depends on, so that a change of it installs again."""
    tested = locking.constraints_of(sys.version_info[:2])
    inputs = [ROOT / "pyproject.toml", *([tested] if tested.exists() else [])]
    digest = hashlib.sha256(b"".join(path.read_bytes() for path in inputs))
    return f"{sys.version} {ROOT} {extra} {digest.hexdigest()}"


def check_space(extra: str) -> None:
    """Refuse to start an installation that cannot fit."""
    free_mb = shutil.disk_usage(ROOT).free // 1_000_000
    if free_mb < WORST_CASE_MB[extra] // 2:
        raise Stop(f"About {WORST_CASE_MB[extra]} MB are needed, {free_mb} MB are free here.")


if __name__ == "__main__":
    sys.exit(main())
