"""Adds what is missing to the host's Python; changes and removes nothing.

A WebUI runs this file in a process of its own before every start, ComfyUI's manager when it adds
the pack of nodes. Every installed package is a constraint, so pip can only add. Without a network
one line is printed and the host starts; the SadTalker tab or node then says what is missing.
Nothing is printed when there is nothing to do.
"""

from __future__ import annotations

import argparse
import contextlib
import importlib.metadata
import importlib.util
import os
import re
import shlex
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

ROOT = Path(__file__).resolve().parent

BASE = {
    "av": "av>=13",
    "numpy": "numpy>=1.24",
    # any of the four distributions that bring cv2 will do; a second one would overwrite the first
    "cv2": "opencv-python-headless>=4.8",
}
"""Import name and requirement of what the built-in engine needs."""

SADTALKER = {
    "librosa": "librosa>=0.10",
    "safetensors": "safetensors>=0.4",
    "scipy": "scipy>=1.10",
    "soxr": "soxr>=0.3.2",
}
"""The same for the SadTalker engine; added once its weights are on this machine."""

OTHER_NAMES = {
    "cv2": (
        "opencv-python-headless",
        "opencv-python",
        "opencv-contrib-python-headless",
        "opencv-contrib-python",
    ),
}
"""Distributions that bring a module, where it is not the one that is asked for."""

WEIGHTS = ("SadTalker_V0.0.2_*.safetensors", "facevid2vid_00189-model.*")
"""Files that only the SadTalker engine has: of the packaged layout, and of the older one (as it is,
or converted)."""

OFFLINE = ("NewConnectionError", "Max retries", "name resolution", "ProxyError", "timed out")
"""Words of pip that mean: no network, further packages will not arrive either."""


def main() -> int:
    """Install what is missing; always succeed, because the WebUI must start."""
    try:
        add_packages()
        add_face_models()
    except Exception as error:  # noqa: BLE001  the host would show a traceback for each start
        say(f"setup did not finish ({type(error).__name__}: {error}); the tab says what is missing")
    return 0


def add_packages() -> None:
    """Install each missing package under the constraint of all installed ones."""
    wanted = dict(BASE)
    if sadtalker_weights_present():
        wanted |= SADTALKER
    absent = missing(wanted)
    for line in too_old(wanted, versions_of(wanted)):
        say(line)
    if not absent:
        return
    before = installed()
    for number, requirement in enumerate(absent):
        problem = install(requirement, before)
        if any(word in problem for word in OFFLINE):
            left = ", ".join(absent[number:])
            say(f"no network to add {left}; the WebUI starts without, the next start tries again")
            break
        say(f"{requirement} could not be added: {problem}" if problem else f"added {requirement}")
    report_changes(before, installed())


def missing(wanted: Mapping[str, str]) -> list[str]:
    """Return the requirements whose modules cannot be found."""
    return [words for name, words in wanted.items() if importlib.util.find_spec(name) is None]


def too_old(wanted: Mapping[str, str], versions: Mapping[str, str]) -> list[str]:
    """Return a sentence for each installed package below its lower bound.

    The host or another extension may need that version, so it is left as it is.
    """
    lines = []
    for module, requirement in wanted.items():
        bound = requirement.split(">=")[1]
        for one in distributions(module, requirement):
            version = versions.get(one, "")
            if version and numbers(version) < numbers(bound):
                lines.append(
                    f"{one} {version} is installed, but {bound} or newer is needed; it is left as "
                    "it is because the WebUI or another extension may need it. Unless one does, "
                    f'run: {sys.executable} -m pip install "{one}>={bound}"'
                )
    return lines


def numbers(version: str) -> tuple[int, ...]:
    """Return the leading numbers of a version, for comparing."""
    found = re.match(r"\d+(\.\d+)*", version)
    return tuple(int(part) for part in found[0].split(".")) if found else ()


def versions_of(wanted: Mapping[str, str]) -> dict[str, str]:
    """Return the versions of those of the wanted distributions that are there.

    A start with nothing to do reads no others: a host has more than a hundred.
    """
    found: dict[str, str] = {}
    for module, requirement in wanted.items():
        for name in distributions(module, requirement):
            with contextlib.suppress(importlib.metadata.PackageNotFoundError):
                # leftovers of broken installations have none
                found[name] = importlib.metadata.version(name) or ""
    return found


def distributions(module: str, requirement: str) -> tuple[str, ...]:
    """Return the names of the distributions that bring a module."""
    return OTHER_NAMES.get(module, (requirement.split(">=")[0],))


def installed() -> dict[str, str]:
    """Return every installed distribution with its version."""
    found: dict[str, str] = {}
    for distribution in importlib.metadata.distributions():
        name, version = distribution.metadata["Name"], distribution.version
        if name and version:  # leftovers of broken installations have neither
            found.setdefault(name.lower().replace("_", "-"), version)
    return found


def install(requirement: str, keep: Mapping[str, str]) -> str:
    """Run pip for one requirement; return its last words if it failed, else nothing."""
    with tempfile.TemporaryDirectory() as folder:
        constraints = Path(folder) / "constraints.txt"
        lines = [f"{name}=={version}" for name, version in sorted(keep.items())]
        constraints.write_text("\n".join(lines), encoding="utf-8")
        done = subprocess.run(
            [
                *(sys.executable, "-m", "pip", "install", requirement, "--prefer-binary"),
                *("--constraint", str(constraints), "--disable-pip-version-check"),
                *("--retries", "1", "--timeout", "20"),
                *index_arguments(os.environ),
            ],
            check=False,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            errors="replace",
        )
    return "" if done.returncode == 0 else reason(done.stdout)


def index_arguments(environment: Mapping[str, str]) -> list[str]:
    """Return the package index the WebUI itself is told to use, if any."""
    index = environment.get("INDEX_URL", "")
    return ["--index-url", index] if index else []


def reason(output: str) -> str:
    """Return the line of pip's output that says what went wrong."""
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    for line in lines:
        if any(word in line for word in OFFLINE):
            return line[:300]
    errors = [line for line in lines if line.startswith("ERROR")]
    return (errors or lines or ["pip said nothing"])[-1][:300]


def report_changes(before: Mapping[str, str], after: Mapping[str, str]) -> None:
    """Say so if an installed package was changed, which the constraints should prevent."""
    for name, version in before.items():
        if after.get(name) != version:
            say(f"warning: {name} was {version} and is {after.get(name, 'gone')} now")


def sadtalker_weights_present() -> bool:
    """Tell whether somebody put SadTalker checkpoints where this extension looks for them."""
    return any(
        any(folder.glob(pattern)) for folder in weight_folders(os.environ) for pattern in WEIGHTS
    )


def weight_folders(environment: Mapping[str, str]) -> list[Path]:
    """Return the folders that may hold weights, as far as this process can know them.

    The WebUI does not hand its command line to this process; only `COMMANDLINE_ARGS` is visible.
    """
    parser = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
    for flag in ("--models-dir", "--data-dir", "--sadtalker-weights-dir"):
        parser.add_argument(flag, type=Path)
    known, _ = parser.parse_known_args(split_words(environment.get("COMMANDLINE_ARGS", "")))
    models = known.models_dir or (known.data_dir or Path.cwd()) / "models"
    variable = environment.get("SADTALKER_CHECKPOINTS", "")
    folders = [Path(part).expanduser() for part in variable.split(os.pathsep) if part]
    folders += [known.sadtalker_weights_dir] if known.sadtalker_weights_dir else []
    folders.append(models / "SadTalker")
    if ROOT.parent.name == "custom_nodes":  # ComfyUI's place for packs of nodes
        folders.append(ROOT.parents[1] / "models" / "SadTalker")
    return [*folders, ROOT / "checkpoints"]


def split_words(line: str) -> list[str]:
    """Split a command line, leaving odd quotes alone."""
    try:
        return shlex.split(line, posix=os.name != "nt")
    except ValueError:
        return line.split()


def add_face_models() -> None:
    """Fetch the small models of the built-in engine: three for faces, one for phones."""
    if missing({name: name for name in ("numpy", "av")}):
        return
    from sadtalker_ext.errors import SadTalkerError
    from sadtalker_ext.weights.store import WeightStore

    store = WeightStore.standard(host_folders=weight_folders(os.environ))
    if not store.missing(["face", "phones"]):
        return
    say("fetching the small models of the built-in engine (up to 59 MB, once)")
    try:
        store.fetch(["face", "phones"])
    except SadTalkerError as error:
        say(f"the small models could not be fetched: {error.message}")


def say(text: str) -> None:
    """Print one line that names its sender."""
    print(f"SadTalker: {' '.join(text.split())}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
