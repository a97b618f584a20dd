"""A virtual environment of the project: making it, installing into it, running in it."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import threading
import time
import venv
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from quickstart_tools.terms import ROOT, Stop, Unreachable, note, say

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


EVERY_SECONDS = 10.0
"""How often a long step says that it goes on."""

_STEP = re.compile(r"\s*(Collecting|Downloading|Using cached|Building|Installing) (\S+)")


@dataclass(frozen=True)
class Environment:
    """One virtual environment.

    Attributes:
        folder: Where it lies.
        interpreter: The Python that it is made with; the running one if empty.
    """

    folder: Path
    interpreter: str = ""

    @property
    def python(self) -> Path:
        """Its Python."""
        if os.name == "nt":
            return self.folder / "Scripts" / "python.exe"
        return self.folder / "bin" / "python"

    def make(self) -> None:
        """Create it, or make it anew if its Python is gone."""
        if self.python.exists():
            probe = subprocess.run(
                [str(self.python), "-m", "pip", "--version"], check=False, capture_output=True
            )
            if probe.returncode == 0:
                return
            say("The virtual environment is damaged, making it anew")
            shutil.rmtree(self.folder)
        say(f"Making the virtual environment {self.folder.name}")
        try:
            if self.interpreter in ("", sys.executable):
                venv.create(self.folder, with_pip=True)
            else:
                command = [self.interpreter, "-m", "venv", str(self.folder)]
                subprocess.run(command, check=True, capture_output=True)
        except (OSError, subprocess.CalledProcessError) as error:
            shutil.rmtree(self.folder, ignore_errors=True)
            raise Stop(
                f"Python could not make a virtual environment ({error}). On Debian and Ubuntu "
                "install the package python3-venv, then run this again."
            ) from error

    def install(self, *words: str, constraints: Path | None = None) -> None:
        """Install under tested versions; where they do not fit this machine, under open ranges.

        Raises:
            Stop: It could not be installed, or the index cannot be reached.
        """
        if constraints is None or not constraints.exists():
            if constraints is not None:
                note(f"no tested versions for this Python ({constraints.name}); taking the newest")
            self.pip("install", *words)
            return
        try:
            self.pip("install", "--constraint", str(constraints), *words)
        except Unreachable:
            raise
        except Stop:
            note(f"the tested versions of {constraints.name} do not fit this machine (pip's words")
            note("are above); taking the newest that the project allows")
            self.pip("install", *words)

    def pip(self, *arguments: str) -> None:
        """Run pip; its own words only when it fails.

        Raises:
            Unreachable: pip could not reach its index.
            Stop: It failed otherwise.
        """
        command = [str(self.python), "-m", "pip", *arguments, "--disable-pip-version-check"]
        status, words = run_told(command)
        if status == 0:
            return
        print(words[-3000:], file=sys.stderr)
        if any(word in words for word in OFFLINE):
            raise Unreachable(
                "The package index cannot be reached. Check the network (or pip's index and proxy "
                "settings) and run this again; what is installed already is kept."
            )
        raise Stop(f"pip failed (its last words are above): pip {' '.join(arguments)}")

    def run(self, *arguments: str) -> int:
        """Run its Python in the project folder and return the exit status."""
        process = subprocess.Popen([str(self.python), *arguments], cwd=ROOT)
        try:
            return process.wait()
        except KeyboardInterrupt:
            # the child got the same Ctrl-C and ends by itself, cleanly
            return process.wait()

    def versions(self, names: Sequence[str]) -> dict[str, str]:
        """Return the installed versions of packages; those that are not there are left out."""
        code = (
            "import importlib.metadata as m, sys\n"
            "for d in m.distributions():\n"
            "    print(d.metadata['Name'].lower().replace('_', '-'), d.version)"
        )
        done = subprocess.run(
            [str(self.python), "-c", code], check=True, capture_output=True, text=True
        )
        found = dict(line.split(" ", 1) for line in done.stdout.splitlines())
        return {name: found[name] for name in names if name in found}


def run_told(command: Sequence[str]) -> tuple[int, str]:
    """Run pip and say now and then what it is at; return its status and all its words."""
    began, said, at = time.monotonic(), time.monotonic(), ""
    words: list[str] = []
    with subprocess.Popen(
        command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as process:
        reader = threading.Thread(target=words.extend, args=(process.stdout,), daemon=True)
        reader.start()
        while reader.is_alive():
            reader.join(0.2)
            if time.monotonic() - said < EVERY_SECONDS:
                continue
            said = time.monotonic()
            steps = [found for line in words[-50:] if (found := _STEP.match(line))]
            at = f", {steps[-1][1].lower()} {Path(steps[-1][2]).name}" if steps else at
            note(f"{said - began:.0f} s{at}")
        return process.wait(), "".join(words)
