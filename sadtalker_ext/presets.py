"""Named sets of options: the built-in ones, and the user's own in a file."""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from sadtalker_ext.errors import InvalidOption, OutputUnwritable
from sadtalker_ext.folders import make_folder
from sadtalker_ext.options import OptionSpec, option_specs
from sadtalker_ext.spelling import meant
from sadtalker_ext.text_files import read_utf8

log = logging.getLogger(__name__)

BUILT_IN: Mapping[str, Mapping[str, Any]] = {
    "Natural": {},
    "Expressive": {"expression_scale": 1.5, "mouth_scale": 1.2, "head_motion": 1.4},
    "Still portrait": {"still": True, "head_motion": 0.3, "expression_scale": 0.8},
    "Full body": {"preprocess": "full", "head_motion": 0.7},
    "Fast preview": {"preprocess": "crop", "fps": 15.0, "quality": 28},
}
"""Only what differs from the defaults."""


def preset_options(named: str, folder: Path = Path()) -> dict[str, Any]:
    """Return the options of a built-in preset, or of a file.

    Args:
        named: A preset's name in any spelling ("Still portrait", "still-portrait"), or a .json
            file with an object of options.
        folder: What a file is relative to.

    Raises:
        InvalidOption: There is no such preset, or the file holds something else.
    """
    path = folder / named
    if path.suffix.lower() == ".json":
        text = read_utf8(path, "The preset")
        try:
            found = json.loads(text)
        except (ValueError, RecursionError) as problem:
            raise InvalidOption(f"The preset {path.name} cannot be read: {problem}.") from problem
        if not isinstance(found, dict):
            raise InvalidOption(
                f"The preset {path.name} should hold one object of options, such as "
                '{"still": true}.'
            )
        return found
    spelled = {_plain(name): values for name, values in BUILT_IN.items()}
    if _plain(named) not in spelled:
        names = [name.lower().replace(" ", "-") for name in BUILT_IN]
        hint = meant(_plain(named), [*names, "a .json file"])
        raise InvalidOption(
            f"There is no preset called {named!r}, nor is it a .json file.", hint=hint
        )
    return dict(spelled[_plain(named)])


def _plain(name: str) -> str:
    return "-".join(name.lower().replace("_", " ").replace("-", " ").split())


_GROUPS = ("look", "acting", "head and eyes", "engine", "output")
_NOT_STYLE = frozenset(
    {
        "engine",
        "face_index",
        "seed",
        "mark",
        "label_language",
        "provenance",
        "consent_by",
        "keep_partial",
    }
)
_LONGEST_NAME = 40
_SPEAKERS = "speakers"

FILES = ("presets.json", f"presets-{'[0-9a-f]' * 32}.json")
"""Patterns of the names of books."""


def preset_specs() -> tuple[OptionSpec, ...]:
    """Return the options that a preset sets: how a video looks, not what it is made of."""
    return tuple(
        spec for spec in option_specs() if spec.group in _GROUPS and spec.name not in _NOT_STYLE
    )


class PresetBook:
    """The built-in presets and the user's own.

    Args:
        folder: Where the user's presets are kept; it need not exist.
        user: Whose they are; empty where all use the same.
    """

    def __init__(self, folder: Path, user: str = "") -> None:
        self._folder = folder
        # a user's name may hold anything, so the file is named by a hash of it
        mark = hashlib.sha256(user.encode("utf-8", "surrogatepass")).hexdigest()[:32]
        self._path = folder / (f"presets-{mark}.json" if user else "presets.json")

    def of(self, user: str) -> PresetBook:
        """Return the book of one of several users; what one keeps the others do not see."""
        return PresetBook(self._folder, user)

    def names(self) -> list[str]:
        """Return all names, the built-in ones first."""
        return [*BUILT_IN, *sorted(self._own())]

    def is_own(self, name: str) -> bool:
        """Tell whether the user made this preset."""
        return name in self._own()

    def values(self, name: str) -> dict[str, Any]:
        """Return the value of every option a preset sets.

        Options it does not name, or names with a value that no longer fits, get their default.

        Raises:
            InvalidOption: There is no such preset.
        """
        known = {**self._own(), **BUILT_IN}
        if name not in known:
            raise InvalidOption(f"There is no preset called {name!r}.")
        chosen = {}
        for spec in preset_specs():
            value = known[name].get(spec.name, spec.default)
            try:
                chosen[spec.name] = spec.check(value)
            except InvalidOption:
                log.warning("preset %s: %s no longer fits, default taken", name, spec.name)
                chosen[spec.name] = spec.default
        return chosen

    def speakers(self, name: str) -> list[dict[str, Any]]:
        """Return who speaks in one of the user's presets; empty where it keeps nobody.

        Anybody may have written the file: only that it is a list of mappings is sure.
        """
        found = self._own().get(name, {}).get(_SPEAKERS)
        return [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []

    def save(
        self, name: str, values: Mapping[str, Any], speakers: Sequence[Mapping[str, Any]] = ()
    ) -> str:
        """Keep what differs from the defaults under a name, and return the name.

        Args:
            name: What people call it.
            values: Options by name.
            speakers: Who speaks, where there are several, as JSON values.

        Raises:
            InvalidOption: The name is empty, too long or built in.
            OutputUnwritable: It cannot be kept.
        """
        name = " ".join(name.split())
        if not 0 < len(name) <= _LONGEST_NAME:
            raise InvalidOption(
                f"The name of a preset should have 1 to {_LONGEST_NAME} characters, "
                f"found {len(name)}."
            )
        if name in BUILT_IN:
            raise InvalidOption(f"{name} is a built-in preset.", hint="Choose another name.")
        own = self._own()
        own[name] = {
            spec.name: spec.check(values[spec.name])
            for spec in preset_specs()
            if spec.name in values and values[spec.name] != spec.default
        }
        if speakers:
            own[name][_SPEAKERS] = [dict(one) for one in speakers]
        self._write(own)
        return name

    def delete(self, name: str) -> None:
        """Forget one of the user's presets; others are left alone.

        Raises:
            OutputUnwritable: It cannot be forgotten.
        """
        own = self._own()
        if own.pop(name, None) is not None:
            self._write(own)

    def forget(self) -> bool:
        """Remove the book, and tell whether there was one."""
        existed = self._path.is_file()
        self._path.unlink(missing_ok=True)
        return existed

    def _own(self) -> dict[str, dict[str, Any]]:
        try:
            stored = json.loads(self._path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return {}
        except (OSError, ValueError) as problem:
            log.warning("own presets cannot be read: %s", problem)
            return {}
        if not isinstance(stored, dict):
            return {}
        return {str(name): one for name, one in stored.items() if isinstance(one, dict)}

    def _write(self, own: Mapping[str, Mapping[str, Any]]) -> None:
        make_folder(self._path.parent)
        part = self._path.with_suffix(".part")
        try:
            part.write_text(json.dumps(own, ensure_ascii=False, indent=1), encoding="utf-8")
            part.replace(self._path)
        except OSError as problem:
            raise OutputUnwritable(
                f"Presets are kept in {self._path}, which cannot be written: {problem.strerror}.",
                hint="See that there is room, and that the file may be written.",
            ) from problem
