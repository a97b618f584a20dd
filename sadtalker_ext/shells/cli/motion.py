"""``sadtalker motion``: what a face would do, as files, without a video."""

from __future__ import annotations

import argparse
from typing import Any

from sadtalker_ext.host.standalone import StandaloneHost
from sadtalker_ext.progress import Progress
from sadtalker_ext.service import Request, Service
from sadtalker_ext.shells.cli.arguments import options_from
from sadtalker_ext.shells.cli.generate import note_device, stop_on_interrupt, tell_notes
from sadtalker_ext.shells.cli.option_arguments import OF_FRAMES
from sadtalker_ext.shells.cli.terminal import TerminalProgress


def run_motion(parsed: argparse.Namespace) -> dict[str, Any]:
    """Plan the motion, write its files, and return their description."""
    files = tuple(parsed.output)
    request = Request(
        picture=parsed.portrait,
        speech=parsed.speech,
        output=files[0],
        options=options_from(parsed),
        overwrite=parsed.overwrite,
        reference_video=parsed.reference_video,
        motion_files=files,
    )
    bar = TerminalProgress()
    progress = Progress(bar)
    weight_dirs = [parsed.weights_dir] if parsed.weights_dir else []
    service = Service(StandaloneHost(weight_dirs=weight_dirs, device=parsed.device))
    try:
        note_device(parsed, service, request.options)
        with stop_on_interrupt(progress):
            motion = service.plan(request, progress)
    finally:
        bar.close()
        service.close()
    seconds = len(motion) / motion.fps
    unused = (one for one in request.options.changed() if one in OF_FRAMES)
    notes = [*(f"Option {one} is of videos, and motion is none." for one in unused)]
    notes += [one for one in motion.warnings if one not in notes]
    if not parsed.json:
        tell_notes(notes)
        print(f"{', '.join(map(str, files))} · {seconds:.1f} s · {motion.fps:g} per second")
    return {
        "files": [str(path) for path in files],
        "frames": len(motion),
        "fps": motion.fps,
        "seconds": round(seconds, 3),
        "warnings": notes,
    }
