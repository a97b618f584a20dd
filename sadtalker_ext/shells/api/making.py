"""From an order and its uploads to a video, in this process or in another one."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sadtalker_ext.jobs.names import AUDIO, IMAGE, MOTION, REFERENCE
from sadtalker_ext.options import GenerateOptions
from sadtalker_ext.progress import Progress
from sadtalker_ext.service import Request, Service
from sadtalker_ext.shells.api.dubbing import dub_video


def options_of(order: Mapping[str, Any]) -> GenerateOptions:
    """Return the options of a job's order."""
    return GenerateOptions.from_mapping(order["config"])


def make_talk(
    service: Service, order: Mapping[str, Any], inputs: Path, target: Path, progress: Progress
) -> dict[str, Any]:
    """Make the video of a job.

    Args:
        service: Makes it.
        order: What is asked for, as it is stored.
        inputs: Folder of the uploads.
        target: Where the video goes, and beside it what goes with it.
        progress: Counts, and stops the work.

    Returns:
        What is known of the video, as JSON values.

    Raises:
        SadTalkerError: One of its subclasses, with a sentence and a next step.
    """
    speech, reference, motion = inputs / AUDIO, inputs / REFERENCE, inputs / MOTION
    options = options_of(order)
    said = speech if speech.exists() else None
    dub = order.get("dub")
    if dub is not None:
        video = dub_video(
            service,
            dub,
            options,
            video=inputs / IMAGE if dub.get("picture") else reference,
            speech=said,
            inputs=inputs,
            output=target,
            progress=progress,
        )
    else:
        video = service.generate(
            Request(
                picture=inputs / IMAGE,
                speech=said,
                output=target,
                options=options,
                overwrite=True,
                reference_video=reference if reference.exists() else None,
                motion_file=motion if motion.exists() else None,
            ),
            progress,
        )
    if video.path != target:
        from sadtalker_ext.provenance.consent import move_records

        move_records(video.path, target)
        video.path.replace(target)
    rendering = video.timings.get("render", 0.0)
    facts = video.as_dict()
    # clients need not know where things lie
    del facts["path"], facts["credentials"]
    return facts | {
        "suffix": options.suffix,
        "seconds": round(video.seconds, 3),
        "processing_fps": round(video.frames / rendering, 2) if rendering > 0 else 0.0,
        "size_kib": round(target.stat().st_size / 1024, 1),
    }
