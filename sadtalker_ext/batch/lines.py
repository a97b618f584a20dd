"""The lines of a batch: read from JSON, named, and turned into requests.

A line is a JSON object in the words of `generate`: `portrait`, `speech` (or `text`, or
`idle_seconds`), `output`, `preset` and any options by name; `reference_video`, `landmarks_file`,
`motion_plot`, `captions_file`, `motion_in` and `motion_out` name files as its flags do, and
`blink_video` beside `reference_video` another video for the blinks. A line with `video` in place of
`portrait` dubs it (see `dubbing.request.dub_line`). Paths are relative to the folder of the list.
"""

from __future__ import annotations

import contextlib
import itertools
import json
import logging
import os
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from sadtalker_ext.errors import InvalidOption, SadTalkerError
from sadtalker_ext.options import GenerateOptions, option_specs
from sadtalker_ext.presets import preset_options
from sadtalker_ext.service import DubRequest, Request, dub_line
from sadtalker_ext.spelling import meant, nearest
from sadtalker_ext.text_files import read_utf8

log = logging.getLogger(__name__)

Line = tuple[int, dict[str, Any]]
"""The number of a line, from 1 on, and its values."""

READ = (
    "portrait",
    "video",
    "speech",
    "reference_video",
    "blink_video",
    "landmarks_file",
    "motion_in",
)
"""Names of files that a line reads."""
WRITTEN = ("output", "motion_plot", "captions_file", "motion_out")
"""Names of files that a line writes."""
FILES = (*READ, *WRITTEN)
PRESET = "preset"
_NAMED: Final = re.compile(r'"(portrait|video|output)"\s*:\s*"([^"\\]+)"')
"""What names the output of a line, where the line is no JSON."""
_HINT: Final = (
    "A line is one JSON object, such as "
    '{"portrait": "a.png", "speech": "a.wav", "output": "a.mp4"}.'
)


def read_jobs(path: Path) -> tuple[list[Line], dict[int, SadTalkerError]]:
    """Return what can be made of a list, and what is wrong with its other lines by their number.

    Every line is read before any work begins. Lines without an output get their own; of several
    lines with the same output only the first is made.

    Raises:
        InvalidOption: The list cannot be read at all.
    """
    text = read_utf8(path, "The list")
    read: list[Line] = []
    broken: dict[int, SadTalkerError] = {}
    # not splitlines: JSON may hold other characters that Python takes for the end of a line
    for number, line in enumerate(text.split("\n"), 1):
        if not line.strip():
            continue
        try:
            read.append((number, _values(line)))
        except InvalidOption as error:
            broken[number] = error
            # once it is mended, it takes its output's name; the lines after it keep theirs
            if meant := dict(_NAMED.findall(line)):
                read.append((number, meant))
    lines = []
    first: dict[str, int] = {}
    folds: dict[Path, bool] = {}
    for number, values in with_outputs(read):
        if number in broken:
            continue
        try:
            file = _target(values, path.parent, folds)
        except SadTalkerError as error:
            broken[number] = error
            continue
        except Exception:
            log.exception("unexpected error")
            broken[number] = unforeseen()
            continue
        if file in first:
            broken[number] = InvalidOption(
                f"Line {first[file]} writes {values['output']}, too.",
                hint="Give every line an output of its own, or leave the outputs out.",
            )
            continue
        first[file] = number
        lines.append((number, values))
    return lines, broken


def _values(line: str) -> dict[str, Any]:
    """Return the object of a line.

    Raises:
        InvalidOption: It is none, or one without the needed names.
    """
    try:
        values = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise InvalidOption(f"The line is not JSON: {error}.", hint=_HINT) from error
    if not isinstance(values, dict) or not (values.get("portrait") or values.get("video")):
        raise InvalidOption("The line should be an object with portrait or video.", hint=_HINT)
    if values.get("portrait") and values.get("video"):
        raise InvalidOption(
            "The line has a portrait and a video.",
            hint="Give one of them: a portrait that speaks, or a video that is dubbed.",
        )
    for name in FILES:
        if not isinstance(values.get(name, ""), (str, type(None))):
            raise InvalidOption(f"{name} should be a path, found {values[name]!r}.")
    return values


def unforeseen() -> SadTalkerError:
    """Return the error of a line that failed in a way that nobody foresaw."""
    return SadTalkerError("This is a bug in sadtalker.", hint="Please report it.")


def _target(values: Mapping[str, Any], folder: Path, folds: dict[Path, bool]) -> str:
    """Return the file that a line writes, spelled in one way; an address in the one it has.

    Args:
        values: Of the line, with an output.
        folder: Files are relative to it.
        folds: What is known of `_folds_case` by folder; what is found out is added.

    Raises:
        InvalidOption: The line asks for what there is not.
    """
    target = request_of(values, folder, overwrite=False).target
    place, slashes, _ = str(values["output"]).rpartition("/")
    if "://" in place:
        return f"{place}{slashes}{target.name}"
    file = os.path.normpath(target)
    # os.path answers no to names that are too long, where Path raises before Python 3.14
    above = next((one for one in Path(file).parents if os.path.exists(one)), folder)  # noqa: PTH110
    if above not in folds:
        folds[above] = _folds_case(above)
    return file.casefold() if folds[above] else file


def _folds_case(folder: Path) -> bool:
    """Tell whether names that differ in case alone are one file in a folder.

    Asked is a file in it, or where there is none the folder's own name.
    """
    with contextlib.suppress(OSError), os.scandir(folder) as entries:
        for entry in entries:
            if entry.name.swapcase() != entry.name:
                return _is_one_file(Path(entry.path))
    return _is_one_file(folder.absolute())


def _is_one_file(path: Path) -> bool:
    """Tell whether what has this name has it with its letters' case swapped, too."""
    other = path.with_name(path.name.swapcase()) if path.name else path
    with contextlib.suppress(OSError):
        return other.name != path.name and other.samefile(path)
    return False


def with_outputs(lines: Sequence[Line]) -> list[Line]:
    """Give lines without an output the one of `generate`, PORTRAIT_talking; each its own.

    The names follow from the list alone, so that a stopped batch finds them again.
    """
    # two names that differ in case alone are one file on Windows and macOS
    taken = {str(values["output"]).casefold() for _, values in lines if values.get("output")}
    named = []
    for number, values in lines:
        output = values.get("output") or _free_name(values, taken)
        taken.add(str(output).casefold())
        named.append((number, {**values, "output": output}))
    return named


def _free_name(values: Mapping[str, Any], taken: set[str]) -> str:
    dubbed = not values.get("portrait")
    stem = Path(values.get("video", "") if dubbed else values["portrait"]).stem
    stem += "_dubbed" if dubbed else "_talking"
    for count in itertools.count(1):
        name = f"{stem}{'' if count == 1 else f'_{count}'}.mp4"
        if name.casefold() not in taken:
            return name
    raise AssertionError("counting does not end")


def request_of(values: Mapping[str, Any], folder: Path, *, overwrite: bool) -> Request | DubRequest:
    """Return what a line asks for; one with `video` is dubbed.

    Args:
        values: Of the line, with an output; every file is one of this machine.
        folder: Files are relative to it.
        overwrite: Whether an existing output may be replaced.

    Raises:
        InvalidOption: A name is unknown or a value has the wrong type.
    """
    if values.get("video"):
        own = {name: value for name, value in values.items() if name != PRESET}
        return dub_line({**_preset(values, folder), **own}, folder, overwrite=overwrite)
    files = {name: folder / values[name] for name in FILES if values.get(name)}
    given, written = files.pop("motion_in", None), files.pop("motion_out", None)
    return Request(
        motion_file=given,
        motion_files=() if written is None else (written,),
        picture=files.pop("portrait"),
        speech=files.pop("speech", None),
        output=files.pop("output"),
        options=_options(values, folder),
        overwrite=overwrite,
        **files,
    )


def _options(values: Mapping[str, Any], folder: Path) -> GenerateOptions:
    own = {name: value for name, value in values.items() if name not in (*FILES, PRESET)}
    words = [*FILES, PRESET]
    options = {spec.name for spec in option_specs()}
    for name in own:
        if name not in options and nearest(name, words):
            raise InvalidOption(f"There is no {name!r} in a line.", hint=meant(name, words))
    return GenerateOptions.from_mapping({**_preset(values, folder), **own})


def _preset(values: Mapping[str, Any], folder: Path) -> dict[str, Any]:
    preset = values.get(PRESET) or ""
    if not isinstance(preset, str):
        raise InvalidOption(f"preset should be a name or a .json file, found {preset!r}.")
    return preset_options(preset, folder) if preset else {}
