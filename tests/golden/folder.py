"""Reading a golden folder: arrays, cases, and the notes of `index.json`."""

from __future__ import annotations

import fnmatch
import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np


class GoldenFolder:
    """A folder of recorded outputs, described by its `index.json`.

    Nothing here knows the name of a picture, a sound or a case: they are found by pattern and,
    where two recordings belong together, by what the notes say or by equal contents.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        index = root / "index.json"
        self.index: dict[str, Any] = json.loads(index.read_text()) if index.exists() else {}
        self.seed: str = self.index.get("seed", "golden")
        self.notes: dict[str, Any] = self.index.get("notes", {})
        self.crop_info: dict[str, Any] = self.index.get("crop_info", {})
        self._arrays: dict[str, Mapping[str, np.ndarray]] = {}
        self.scratch: dict[str, Any] = {}

    def files(self, pattern: str) -> list[str]:
        """Return the names of files that fit a pattern, relative to the folder."""
        names = [path.relative_to(self.root).as_posix() for path in self.root.rglob("*")]
        return sorted(name for name in names if fnmatch.fnmatchcase(name, pattern))

    def arrays(self, file: str) -> Mapping[str, np.ndarray]:
        """Return the arrays of one `.npz`, read once."""
        if file not in self._arrays:
            with np.load(self.root / file) as stored:
                self._arrays[file] = {name: stored[name] for name in stored.files}
        return self._arrays[file]

    def json(self, file: str) -> Any:
        """Return one `.json`."""
        return json.loads((self.root / file).read_text())

    def has(self, file: str, *keys: str) -> bool:
        """Tell whether a file exists and stores all of these arrays."""
        return (self.root / file).exists() and all(key in self.arrays(file) for key in keys)

    def doc(self, file: str, key: str) -> str:
        """Return what the index says about an array."""
        text: str = self.index.get(file, {}).get(key, {}).get("doc", "")
        return text

    def noted(self, file: str, key: str, pattern: str) -> tuple[str, ...] | None:
        """Return the groups of a pattern searched in what the index says about an array."""
        found = re.search(pattern, self.doc(file, key))
        return found.groups() if found else None

    def shape(self, file: str, key: str) -> tuple[int, ...]:
        """Return the shape of the whole array, also when only a part is stored."""
        entry = self.index.get(file, {}).get(key)
        return tuple(entry["shape"]) if entry else self.arrays(file)[key].shape

    def thin(self, file: str, key: str, value: Any) -> np.ndarray:
        """Cut a computed array down to the values that are stored."""
        whole = np.asarray(value)
        wanted = self.shape(file, key)
        if whole.shape != wanted:
            raise ValueError(f"{file} {key}: expected shape {wanted}, computed {whole.shape}")
        step = self.index.get(file, {}).get(key, {}).get("flat_step")
        return whole.reshape(-1)[::step] if step else whole

    def cases(self) -> dict[str, dict[str, Any]]:
        """Return the end-to-end cases present, by name, with their notes."""
        names = [Path(file).stem for file in self.files("e2e_*.npz")]
        return {name: self.notes.get(name, {}) for name in names}
