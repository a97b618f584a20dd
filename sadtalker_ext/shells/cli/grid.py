"""``sadtalker grid``: one video for every combination of options, and a wall of all of them."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from sadtalker_ext.errors import InvalidOption
from sadtalker_ext.grid import make_grid, parse_axis
from sadtalker_ext.host.standalone import StandaloneHost
from sadtalker_ext.progress import Progress
from sadtalker_ext.service import Request, Service
from sadtalker_ext.shells.cli.arguments import options_from
from sadtalker_ext.shells.cli.generate import (
    note_device,
    stop_on_interrupt,
    tell_notes,
    with_format,
)
from sadtalker_ext.shells.cli.own_process import suit
from sadtalker_ext.shells.cli.terminal import TerminalProgress


def run_grid(parsed: argparse.Namespace) -> dict[str, Any]:
    """Make the grid and return its description."""
    if not parsed.vary:
        raise InvalidOption(
            "A grid needs an option that varies, none was given.",
            hint="For example: sadtalker grid PORTRAIT SPEECH --vary head_motion=0,0.5,1",
        )
    axes = [parse_axis(text) for text in parsed.vary]
    output = parsed.output or Path(f"{parsed.portrait.stem}_grid.mp4")
    request = Request(
        picture=parsed.portrait,
        speech=parsed.speech,
        output=output,
        options=with_format(options_from(parsed), parsed),
        overwrite=parsed.overwrite,
    )
    weight_dirs = [parsed.weights_dir] if parsed.weights_dir else []
    service = Service(StandaloneHost(weight_dirs=weight_dirs, device=parsed.device, suit=suit))
    bar = TerminalProgress()
    progress = Progress(bar)
    try:
        note_device(parsed, service, request.options)
        with stop_on_interrupt(progress):
            made = make_grid(service.generate, request, axes, progress)
    finally:
        bar.close()
        service.close()
    if not parsed.json:
        of_videos = (note for video in made.videos for note in video.warnings)
        tell_notes(dict.fromkeys((*made.warnings, *of_videos)))
        folder = made.videos[0].path.parent
        wall = made.wall
        print(f"{wall.path} · {wall.seconds:.1f} s · {wall.width}x{wall.height}")
        print(f"{folder} · {len(made.videos)} single videos")
    return made.as_dict()
