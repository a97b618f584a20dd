"""The core suite and the example video with the oldest and the newest packages.

The frames that each set of packages draws, and those that a player gets from its video, are
compared with those of the tested versions.
"""

from __future__ import annotations

import json
import os
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from quickstart_tools.environment import Environment
from quickstart_tools.interpreters import Version, find_python
from quickstart_tools.terms import CONSTRAINTS, PYTHONS, ROOT, Stop, note, say

WORK = ROOT / ".matrix"
DEMO = (
    *("-m", "sadtalker_ext", "generate"),
    *(str(ROOT / "examples" / "portrait.png"), str(ROOT / "examples" / "speech.flac")),
)
UNMARKED = ("--mark", "none")
"""The frames themselves are compared, without the faint pattern over them."""
SHOWN = ("av", "opencv-python-headless", "numpy", "pillow", "pytest", "scipy")
PYTEST = ("-m", "pytest", "-q", "--core", "-p", "no:cacheprovider")
WORKERS = ("-n", str(min(os.cpu_count() or 1, 4)), "--dist", "loadfile")
"""The tests of a file stay together, because they share what is costly to make."""
MOST_LEVELS = 2
"""Grey levels that 99.9 % of all values of a frame may be away from those of the tested set."""

MOST_LOSS = 1.2
"""A video may be this much further from its frames than that of the tested set is from its own."""


@dataclass(frozen=True)
class Row:
    """One set of packages.

    Attributes:
        name: Its word, also of its folder.
        environment: Where it is installed.
        constraints: Exact versions; the newest if None.
    """

    name: str
    environment: Environment
    constraints: Path | None = None


def matrix(tested: Environment) -> int:
    """Try the oldest Python with the oldest packages and the newest Python with the newest."""
    rows = []
    for name, version, constraints in (
        ("oldest", PYTHONS[0], CONSTRAINTS / "oldest.txt"),
        ("newest", _newest_python(), None),
    ):
        dotted = ".".join(map(str, version))
        if interpreter := find_python(version):
            environment = Environment(WORK / f"{name}-{dotted}", interpreter)
            rows.append(Row(f"{name}-{dotted}", environment, constraints))
        else:
            note(f"Python {dotted} was not found on this machine: its packages are not tried")
    return _report(tested, rows)


def newest(tested: Environment) -> int:
    """Try the newest of everything on the Python that runs this."""
    return _report(tested, [Row("newest", Environment(WORK / "newest"))])


def fetch_face_models(environment: Environment, *more: str) -> None:
    """Fetch the small face models of the puppet engine; at once when they are there.

    Args:
        environment: Whose Python fetches them.
        *more: Other sets of files, such as "voice".
    """
    if environment.run("-m", "sadtalker_ext", "weights", "fetch", "puppet", *more):
        raise Stop("The face models could not be fetched; the lines above say why.")


def _newest_python() -> Version:
    """Return the newest version that is found here; 3.14 has no wheels of everything yet."""
    usable = [version for version in PYTHONS if version <= (3, 13)]
    return next((version for version in reversed(usable) if find_python(version)), usable[-1])


def _report(tested: Environment, rows: list[Row]) -> int:
    """Try each row and print what came of it; 1 if anything failed."""
    WORK.mkdir(exist_ok=True)
    fetch_face_models(tested, "voice")
    _render(Row("tested", tested))
    table = [("tested", tested.versions(SHOWN), ["the others are compared with this"])]
    failed = False
    for row in rows:
        say(f"{row.name}: installing")
        _install(row)
        wrong = _try(row)
        failed |= bool(wrong)
        table.append((row.name, row.environment.versions(SHOWN), wrong or ["works"]))
    for name, versions, words in table:
        print(f"\n{name}: " + ", ".join(f"{one} {version}" for one, version in versions.items()))
        for line in words:
            print(f"  {line}")
    return int(failed)


def _install(row: Row) -> None:
    row.environment.make()
    extra = ["-e", ".[core-test]"]
    if row.constraints is None:
        row.environment.pip("install", "--upgrade", "--upgrade-strategy", "eager", *extra)
    else:
        row.environment.pip("install", "--constraint", str(row.constraints), *extra)


def _try(row: Row) -> list[str]:
    """Run the core suite and the demo; return a sentence for each thing that is wrong."""
    wrong = []
    say(f"{row.name}: core suite")
    if row.environment.run(*PYTEST, *WORKERS):
        wrong.append("the core suite fails")
    if row.constraints is None:
        say(f"{row.name}: wheel and source archive")
        if row.environment.run(*PYTEST, "-m", "index", "tests/packaging"):
            wrong.append("the wheel or the source archive does not work")
    say(f"{row.name}: example video")
    try:
        _render(row)
    except Stop as stop:
        return [*wrong, str(stop)]
    return wrong + _compare(row)


def _render(row: Row) -> None:
    """Draw the example twice: as a video and as the frames themselves."""
    folder = WORK / "frames"
    folder.mkdir(exist_ok=True)
    for kind in ("mp4", "zip"):
        began = time.monotonic()
        output = folder / f"{row.name}.{kind}"
        options = ("-o", str(output), "--seed", "7", "--overwrite")
        style = ("--format", "png") if kind == "zip" else ()
        if row.environment.run(*DEMO, *options, *style, *UNMARKED):
            raise Stop(f"the example {kind} is not made")
        note(f"{row.name}: example {kind} in {time.monotonic() - began:.1f} s")


def _compare(row: Row) -> list[str]:
    """Compare a row's frames and video with the tested ones; print the numbers."""
    numbers = WORK / "frames" / f"{row.name}.json"
    folder = WORK / "frames"
    script = ("quickstart_tools/compare_frames.py", str(folder), "tested", row.name, str(numbers))
    if row.environment.run(*script):
        return ["the frames cannot be compared; the lines above say why"]
    found: dict[str, Any] = json.loads(numbers.read_text(encoding="utf-8"))
    note(f"{row.name}: {found}")
    wrong = []
    if found["worst_frame_levels"] > MOST_LEVELS:
        wrong.append(f"frames differ by {found['worst_frame_levels']} levels (99.9 % of values)")
    if found["video_loss"] > MOST_LOSS * found["tested_video_loss"]:
        wrong.append(
            f"the video is {found['video_loss']:.2f} levels from its frames, the tested one "
            f"{found['tested_video_loss']:.2f}"
        )
    if found["video_frames"] != found["frames"]:
        wrong.append(f"the video has {found['video_frames']} of {found['frames']} frames")
    return wrong
