"""``sadtalker batch JOBS.jsonl``: many videos, one description per line.

A line is a JSON object in the words of `generate`: `portrait`, `speech` (or `text`, or
`idle_seconds`), `output`, `preset` and any options by name; `reference_video`, `landmarks_file`,
`motion_plot`, `captions_file`, `motion_in` and `motion_out` name files as its flags do, and
`blink_video` beside `reference_video` another video for the blinks. A line with `video` in place of
`portrait` dubs it (see `dubbing.request.dub_line`). Paths are relative to the folder of the list. A
line that fails is reported and the rest goes on; a line whose output exists is skipped, so that a
stopped batch can be run again.
"""

from __future__ import annotations

import argparse
import itertools
import json
import logging
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from sadtalker_ext.errors import Cancelled, InputError, InvalidOption, SadTalkerError
from sadtalker_ext.host.standalone import StandaloneHost
from sadtalker_ext.options import GenerateOptions
from sadtalker_ext.presets import preset_options
from sadtalker_ext.progress import Progress
from sadtalker_ext.service import DubRequest, Request, Service, dub_line
from sadtalker_ext.shells.cli.generate import stop_on_interrupt
from sadtalker_ext.shells.cli.own_process import suit
from sadtalker_ext.shells.cli.terminal import TerminalProgress

log = logging.getLogger(__name__)

FILES = (
    "portrait",
    "video",
    "speech",
    "output",
    "reference_video",
    "blink_video",
    "landmarks_file",
    "motion_plot",
    "captions_file",
    "motion_in",
    "motion_out",
)
PRESET = "preset"


def run_batch(parsed: argparse.Namespace) -> dict[str, Any]:
    """Make every video of a list and return one row for each line."""
    lines = with_outputs(list(read_jobs(parsed.jobs)))
    weight_dirs = [parsed.weights_dir] if parsed.weights_dir else []
    host = StandaloneHost(weight_dirs=weight_dirs, device=parsed.device, suit=suit)
    service = Service(host)
    rows: list[dict[str, Any]] = []
    try:
        for number, values in lines:
            row = _run_line(service, values, parsed)
            rows.append({"line": number, **row})
            if not parsed.json:
                print(f"line {number}: {_words(row)}")
    finally:
        service.close()
    failed = [row for row in rows if "error" in row]
    if not parsed.json:
        made, skipped = (sum(key in row for row in rows) for key in ("video", "skipped"))
        print(f"{made} made, {skipped} skipped, {len(failed)} failed")
    return {"rows": rows, "exit_code": InputError.exit_code if failed else 0}


def read_jobs(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    """Yield line numbers and objects; every line is read before any work begins.

    Raises:
        InvalidOption: The list cannot be read, or a line is not an object with the needed names.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidOption(f"The list {path.name} cannot be read: {error}.") from error
    # not splitlines: JSON may hold other characters that Python takes for the end of a line
    for number, line in enumerate(text.split("\n"), 1):
        if not line.strip():
            continue
        try:
            values = json.loads(line)
        except json.JSONDecodeError as error:
            raise InvalidOption(f"Line {number} of {path.name} is not JSON: {error}.") from error
        if not isinstance(values, dict) or not (values.get("portrait") or values.get("video")):
            raise InvalidOption(
                f"Line {number} of {path.name} should be an object with portrait or video."
            )
        for name in FILES:
            if not isinstance(values.get(name, ""), (str, type(None))):
                raise InvalidOption(
                    f"Line {number} of {path.name}: {name} should be a path, found "
                    f"{values[name]!r}."
                )
        yield number, values


def with_outputs(lines: Sequence[tuple[int, dict[str, Any]]]) -> list[tuple[int, dict[str, Any]]]:
    """Give lines without an output the one of `generate`, PORTRAIT_talking; each its own.

    The names follow from the list alone, so that a stopped batch finds them again.
    """
    taken = {str(values["output"]) for _, values in lines if values.get("output")}
    named = []
    for number, values in lines:
        output = values.get("output") or _free_name(values, taken)
        taken.add(str(output))
        named.append((number, {**values, "output": output}))
    return named


def _free_name(values: Mapping[str, Any], taken: set[str]) -> str:
    dubbed = not values.get("portrait")
    stem = Path(values["video"] if dubbed else values["portrait"]).stem
    stem += "_dubbed" if dubbed else "_talking"
    for count in itertools.count(1):
        name = f"{stem}{'' if count == 1 else f'_{count}'}.mp4"
        if name not in taken:
            return name
    raise AssertionError("counting does not end")


def _options(values: Mapping[str, Any]) -> GenerateOptions:
    own = {name: value for name, value in values.items() if name not in (*FILES, PRESET)}
    preset = values.get(PRESET) or ""
    if not isinstance(preset, str):
        raise InvalidOption(f"preset should be a name or a .json file, found {preset!r}.")
    return GenerateOptions.from_mapping({**(preset_options(preset) if preset else {}), **own})


def _run_line(
    service: Service, values: Mapping[str, Any], parsed: argparse.Namespace
) -> dict[str, Any]:
    """Make the video of a line; one with `video` is dubbed. Whatever fails is the line's own."""
    bar = TerminalProgress(sys.stderr)
    progress = Progress(bar)
    try:
        request = _request(values, parsed)
        # Path.exists raises for a name that is too long before Python 3.14
        if os.path.exists(request.target) and not parsed.overwrite:  # noqa: PTH110
            return {"skipped": str(request.target)}
        with stop_on_interrupt(progress):
            if isinstance(request, Request):
                return {"video": service.generate(request, progress).as_dict()}
            return {"video": service.dub(request, progress).as_dict()}
    except Cancelled:
        raise
    except SadTalkerError as error:
        return {"error": error.as_dict()}
    except Exception:
        log.exception("unexpected error")
        unexpected = SadTalkerError("This is a bug in sadtalker.", hint="Please report it.")
        return {"error": unexpected.as_dict()}
    finally:
        bar.close()


def _request(values: Mapping[str, Any], parsed: argparse.Namespace) -> Request | DubRequest:
    folder = parsed.jobs.parent
    if values.get("video"):
        return dub_line(values, folder, overwrite=parsed.overwrite)
    files = {name: folder / values[name] for name in FILES if values.get(name)}
    given, written = files.pop("motion_in", None), files.pop("motion_out", None)
    return Request(
        motion_file=given,
        motion_files=() if written is None else (written,),
        picture=files.pop("portrait"),
        speech=files.pop("speech", None),
        output=files.pop("output"),
        options=_options(values),
        overwrite=parsed.overwrite,
        **files,
    )


def _words(row: Mapping[str, Any]) -> str:
    if "skipped" in row:
        return f"skipped, {row['skipped']} exists"
    if "error" in row:
        return f"failed, {row['error']['message']}"
    return f"{row['video']['path']} ({row['video']['engine']})"
