"""One line of a batch made by a service. Whatever fails is the line's own."""

from __future__ import annotations

import logging
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sadtalker_ext.batch.lines import request_of, unforeseen
from sadtalker_ext.batch.remote import Errand, names_addresses
from sadtalker_ext.encoder.output_file import discard_parts
from sadtalker_ext.errors import Cancelled, ResourceError, SadTalkerError
from sadtalker_ext.folders import make_folder
from sadtalker_ext.progress import Progress
from sadtalker_ext.scratch import scratch_folder
from sadtalker_ext.service import Request, Service

log = logging.getLogger(__name__)

Row = dict[str, Any]
"""What became of a line: `video`, `skipped` (the output was there) or `error`."""


def make_line(
    service: Service,
    values: Mapping[str, Any],
    folder: Path,
    progress: Progress,
    *,
    overwrite: bool = False,
    again: bool = False,
) -> Row:
    """Make the video of a line.

    Args:
        service: Makes it.
        values: Of the line.
        folder: Paths are relative to it.
        progress: Counts, and stops the work.
        overwrite: Whether an existing output may be replaced.
        again: Whether somebody who began with this line has died: what was left is removed.

    Returns:
        The row; one with an `error` has `again` where another try may help.

    Raises:
        Cancelled: The work was stopped.
    """
    try:
        if not names_addresses(values):
            return _made(service, values, folder, progress, overwrite=overwrite, again=again)
        with scratch_folder() as scratch:
            errand = Errand(values, scratch)
            return _made(
                service, errand.values, folder, progress, overwrite=overwrite, errand=errand
            )
    except Cancelled:
        raise
    except SadTalkerError as error:
        return {"error": error.as_dict(), "again": isinstance(error, ResourceError)}
    except Exception:
        log.exception("unexpected error")
        return {"error": unforeseen().as_dict(), "again": False}


def _made(
    service: Service,
    values: Mapping[str, Any],
    folder: Path,
    progress: Progress,
    *,
    overwrite: bool,
    again: bool = False,
    errand: Errand | None = None,
) -> Row:
    request = request_of(values, folder, overwrite=overwrite)
    target = request.target
    # Path.exists raises for a name that is too long before Python 3.14
    if not overwrite and (
        errand.is_delivered(target) if errand else os.path.exists(target)  # noqa: PTH110
    ):
        return {"skipped": errand.address(target) if errand else str(target)}
    if again:
        discard_parts(target)
    if errand is not None:
        errand.fetch()
    make_folder(target.parent)
    made = (
        service.generate(request, progress)
        if isinstance(request, Request)
        else service.dub(request, progress)
    )
    video = made.as_dict()
    if errand is not None:
        errand.deliver(made.path)
        video["path"] = errand.address(made.path)
    return {"video": video}
