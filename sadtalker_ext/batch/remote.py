"""Files of a line that lie elsewhere: any address that fsspec knows, for example s3://.

They are fetched into a folder of this machine before the work, and results are sent when it is
done: a video that is there is whole.
"""

from __future__ import annotations

import contextlib
import importlib.util
import posixpath
import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sadtalker_ext.batch.lines import READ, WRITTEN
from sadtalker_ext.errors import InputError, OutputUnwritable, PackageMissing, SadTalkerError
from sadtalker_ext.installing import how_to_add


def is_address(name: object) -> bool:
    """Tell whether a file is named by an address instead of a path."""
    return isinstance(name, str) and "://" in name


def names_addresses(values: Mapping[str, Any]) -> bool:
    """Tell whether a line names files that lie elsewhere."""
    return any(is_address(values.get(name)) for name in (*READ, *WRITTEN))


class Errand:
    """Brings the files of one line here, and its results away.

    Args:
        values: Of the line.
        folder: An empty folder of this machine.

    Attributes:
        values: The same with paths of this machine in place of addresses.

    Raises:
        PackageMissing: fsspec, or what it needs for this kind of address, is not installed.
    """

    def __init__(self, values: Mapping[str, Any], folder: Path) -> None:
        self._given = values
        self._folder = folder
        self.values = dict(values)
        self._results: dict[str, Path] = {}
        for number, name in enumerate((*READ, *WRITTEN)):
            if not is_address(values.get(name)):
                continue
            # each in its own folder: two of them may have one name
            name_there = posixpath.basename(values[name].partition("?")[0])
            place = folder / f"{number:02}" / name_there
            self.values[name] = str(place)
            place.parent.mkdir()
            if name in WRITTEN:
                self._results[name] = place

    def fetch(self) -> None:
        """Fetch what the line reads.

        Raises:
            InputError: A file is not there or may not be read.
        """
        for name in READ:
            address = self._given.get(name)
            if is_address(address):
                system, path = _opened(str(address))
                try:
                    system.get_file(path, self.values[name])
                except Exception as problem:
                    raise InputError(
                        f"{name} should be a file at {address}; it cannot be read: {problem}."
                    ) from problem

    def is_delivered(self, target: Path) -> bool:
        """Tell whether the video is there already, where it goes elsewhere.

        Args:
            target: The video with the extension of its format.
        """
        if "output" not in self._results:
            return False
        system, path = _opened(self.address(target))
        return bool(system.exists(path))

    def address(self, target: Path) -> str:
        """Return where a result will be that was made here, as it is told to the user."""
        if "output" not in self._results or target.parent != self._results["output"].parent:
            return str(target)
        return f"{posixpath.dirname(self._given['output'])}/{target.name}"

    def deliver(self, video: Path) -> None:
        """Send results where they belong; the video, and what was written beside it, last.

        Raises:
            OutputUnwritable: One cannot be written there.
        """
        for name, place in self._results.items():
            if name != "output" and place.exists():
                _send(place, str(self._given[name]))
        if "output" in self._results:
            beside = [one for one in sorted(video.parent.iterdir()) if one != video]
            for one in (*beside, video):
                _send(one, self.address(one))


def _send(file: Path, address: str) -> None:
    """Copy a file under another name, then give it its own: what has the name is whole."""
    system, path = _opened(address)
    part = f"{path}.{secrets.token_hex(4)}.part"
    try:
        system.makedirs(posixpath.dirname(path), exist_ok=True)
        system.put_file(str(file), part)
        system.mv(part, path)
    except Exception as problem:
        with contextlib.suppress(Exception):
            system.rm_file(part)
        raise OutputUnwritable(f"{address} cannot be written: {problem}.") from problem


def _opened(address: str) -> tuple[Any, str]:
    """Return the file system of an address, and its path there."""
    if importlib.util.find_spec("fsspec") is None:
        raise PackageMissing(
            f"{address} needs the package fsspec, which is not installed.",
            hint=how_to_add("ray"),
        )
    import fsspec

    try:
        system, path = fsspec.core.url_to_fs(address)
    except (ImportError, ValueError) as problem:
        raise PackageMissing(
            f"{address} cannot be opened: {problem}.",
            hint="Install what fsspec needs for this kind of address, for example s3fs.",
        ) from problem
    except SadTalkerError:
        raise
    except Exception as problem:
        raise InputError(f"{address} cannot be opened: {problem}.") from problem
    return system, str(path)
