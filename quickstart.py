#!/usr/bin/env python3
"""One command from a fresh clone: a talking video, or the tests.

    python3 quickstart.py          make .venv, install, and write portrait_talking.mp4
    python3 quickstart.py test     make .venv, install, and run the tests
    python3 quickstart.py check    ruff and mypy

Needs only Python 3.10 or newer and a package index; pip's own settings (index, proxy, wheel
folders) are obeyed. Everything is idempotent: the second run starts at once.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import shutil
import subprocess
import sys
import time
import venv
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parent
VENV = ROOT / ".venv"
OLDEST = (3, 10)
# Asked for by exact version before anything else can pull another build of it; the network's
# numbers in tests/golden were compared with this version. Spandrel needs a torchvision, and the
# newest one would bring another torch.
TORCH = ("torch==2.13.0", "torchvision==0.28.0")
OFFLINE = (
    "NewConnectionError",
    "ConnectTimeoutError",
    "Max retries exceeded",
    "Name or service not known",
    "Temporary failure in name resolution",
    "ProxyError",
    "(from versions: none)",
)
"""Words by which pip says that it could not reach its index."""
WORST_CASE_MB = {"": 700, "test": 6000}


class Stop(Exception):
    """Ends the run with a sentence for people."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0] if __doc__ else "")
    parser.add_argument("command", nargs="?", default="demo", choices=["demo", "test", "check"])
    known, rest = parser.parse_known_args(arguments)
    if rest and known.command == "demo":
        parser.error(f"unrecognized arguments: {' '.join(rest)}")
    try:
        return {"demo": demo, "test": test, "check": check}[known.command](rest)
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
    fetch_face_models()
    output = ROOT / "portrait_talking.mp4"
    status = run_in_venv(
        "-m", "sadtalker_ext", "generate",
        str(ROOT / "examples" / "portrait.png"), str(ROOT / "examples" / "speech.flac"),
        "-o", str(output), "--seed", "7", "--overwrite",
    )  # fmt: skip
    if status == 0:
        print(f"\nWatch {output.name} ({time.monotonic() - began:.0f} s from start to finish).")
    return status


def test(rest: Sequence[str]) -> int:
    """Install the test extra and run pytest, handing on further arguments."""
    prepare("test")
    fetch_face_models()
    return run_in_venv("-m", "pytest", *rest)


def check(_: Sequence[str]) -> int:
    """Run the linter, the format check and the type checker."""
    prepare("test")
    for tool in (["ruff", "check", "."], ["ruff", "format", "--check", "."], ["mypy"]):
        if status := run_in_venv("-m", *tool):
            return status
    return 0


def prepare(extra: str) -> None:
    """Make the virtual environment and install the project with one extra, if not done yet."""
    if sys.version_info < OLDEST:
        found = ".".join(map(str, sys.version_info[:3]))
        raise Stop(f"Python 3.10 or newer is needed, this is {found}. Start it with a newer one.")
    if any(is_installed(one) for one in {extra, "test"}):
        return
    make_venv()
    check_space(extra)
    if extra == "test":
        say("Installing torch (the largest part)")
        pip("install", *TORCH)
    say(f"Installing the project{f' with its {extra} extra' if extra else ''}")
    pip("install", "-e", f".[{extra}]" if extra else ".")
    stamp(extra).write_text(fingerprint(extra), encoding="utf-8")


def is_installed(extra: str) -> bool:
    """Tell whether the environment holds this project, unchanged, with one extra."""
    if not (python().exists() and stamp(extra).exists()):
        return False
    return stamp(extra).read_text(encoding="utf-8") == fingerprint(extra)


def stamp(extra: str) -> Path:
    """Return the file that remembers a finished installation."""
    return VENV / f".installed-{extra or 'core'}"


def fingerprint(extra: str) -> str:
    """Return what an installation depends on, so that a change of it installs again."""
    project = (ROOT / "pyproject.toml").read_bytes()
    return f"{sys.version} {ROOT} {extra} {hashlib.sha256(project).hexdigest()}"


def make_venv() -> None:
    """Create .venv, or make it anew if its Python is gone."""
    if python().exists():
        probe = subprocess.run(
            [str(python()), "-m", "pip", "--version"], check=False, capture_output=True
        )
        if probe.returncode == 0:
            return
        say("The virtual environment is damaged, making it anew")
        shutil.rmtree(VENV)
    say("Making the virtual environment .venv")
    try:
        venv.create(VENV, with_pip=True)
    except (OSError, subprocess.CalledProcessError) as error:
        shutil.rmtree(VENV, ignore_errors=True)
        raise Stop(
            f"Python could not make a virtual environment ({error}). On Debian and Ubuntu "
            "install the package python3-venv, then run this again."
        ) from error


def check_space(extra: str) -> None:
    """Refuse to start an installation that cannot fit."""
    free_mb = shutil.disk_usage(ROOT).free // 1_000_000
    if free_mb < WORST_CASE_MB[extra] // 2:
        raise Stop(f"About {WORST_CASE_MB[extra]} MB are needed, {free_mb} MB are free here.")


def pip(*arguments: str) -> None:
    """Run pip in the virtual environment; its own words only when it fails."""
    command = [str(python()), "-m", "pip", *arguments, "--disable-pip-version-check"]
    done = subprocess.run(
        command, check=False, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    if done.returncode == 0:
        return
    print(done.stdout[-3000:], file=sys.stderr)
    if any(word in done.stdout for word in OFFLINE):
        raise Stop(
            "The package index cannot be reached. Check the network (or pip's index and proxy "
            "settings) and run this again; what is installed already is kept."
        )
    raise Stop(f"pip failed (its last words are above): pip {' '.join(arguments)}")


def fetch_face_models() -> None:
    """Fetch the small face models of the puppet engine; at once when they are there."""
    if run_in_venv("-m", "sadtalker_ext", "weights", "fetch", "puppet"):
        raise Stop("The face models could not be fetched; the lines above say why.")


def run_in_venv(*arguments: str) -> int:
    """Run the environment's Python in the project folder and return its exit status."""
    command = [str(python()), *arguments]
    process = subprocess.Popen(command, cwd=ROOT)
    try:
        return process.wait()
    except KeyboardInterrupt:
        # the child got the same Ctrl-C and ends by itself, cleanly
        return process.wait()


def python() -> Path:
    """Return the environment's Python."""
    if os.name == "nt":
        return VENV / "Scripts" / "python.exe"
    return VENV / "bin" / "python"


def say(text: str) -> None:
    """Print a step."""
    print(f"quickstart: {text} ...", flush=True)


if __name__ == "__main__":
    sys.exit(main())
