"""Everything the routes share: settings, service, job table, threads."""

from __future__ import annotations

import asyncio
import logging
import os
import secrets
import time
from collections import Counter, defaultdict
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from sadtalker_ext.errors import SetupError
from sadtalker_ext.inputs.inspector import Inspector
from sadtalker_ext.jobs.database import Database, FolderLock
from sadtalker_ext.jobs.folder import DataFolder
from sadtalker_ext.jobs.names import AUDIO as AUDIO
from sadtalker_ext.jobs.names import IMAGE as IMAGE
from sadtalker_ext.jobs.names import MOTION as MOTION
from sadtalker_ext.jobs.names import REFERENCE as REFERENCE
from sadtalker_ext.jobs.outbox import Outbox
from sadtalker_ext.jobs.records import Job
from sadtalker_ext.jobs.runner import LANES, JobRunner
from sadtalker_ext.jobs.store import JobStore
from sadtalker_ext.options import GenerateOptions
from sadtalker_ext.progress import Progress
from sadtalker_ext.service import Service
from sadtalker_ext.shells.api.elsewhere import make_elsewhere
from sadtalker_ext.shells.api.making import make_talk, options_of
from sadtalker_ext.shells.api.settings import ApiSettings
from sadtalker_ext.shells.api.webhooks import WebhookSender

CLOSE_SECONDS = 4.0
"""With the 5 seconds of the server for open answers, no end takes more than about ten."""

log = logging.getLogger(__name__)


class ApiState:
    """Owns the data folder, the job table and all threads; one per process and folder.

    Args:
        service: Makes the videos.
        settings: See there.

    Raises:
        SetupError: Another process works in the data folder, or its job table or its key of
            webhooks is damaged.
    """

    def __init__(self, service: Service, settings: ApiSettings) -> None:
        self.service = service
        self.settings = settings
        self.began = time.monotonic()
        self.folder = DataFolder(settings.folder)
        self._lock = FolderLock(self.folder.lock)
        try:
            secret = settings.webhook_secret or _kept_secret(self.folder.secret)
            self._database = Database(self.folder.database)
        except SetupError:
            self._lock.release()
            raise
        self.store = JobStore(self._database)
        self.runner = JobRunner(
            self.store,
            self.folder,
            self._work,
            lanes=LANES if settings.workers is None else LANES | {"cpu": settings.workers.seats},
            keep_seconds=settings.keep_seconds,
            should_stop=self._interrupted,
        )
        self.sender = WebhookSender(
            Outbox(self._database),
            secret=secret,
            pauses=settings.webhook_pauses,
            urls=settings.urls,
        )
        # of our own: fetching slow addresses must not use up the threads of the host's server
        self.submitters = ThreadPoolExecutor(
            settings.limits.uploads, thread_name_prefix="sadtalker-submit"
        )
        places = settings.share(settings.limits.uploads)
        self.upload_places: defaultdict[str, asyncio.Semaphore] = defaultdict(
            lambda: asyncio.Semaphore(places)
        )
        self.inspector = Inspector()
        self.streams: Counter[str] = Counter()

    def start(self) -> None:
        """Begin to work on jobs; if that fails, release everything."""
        try:
            self.runner.start()
            self.sender.start()
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Stop within `CLOSE_SECONDS`; running jobs are queued again. Safe to call twice.

        What does not end by then is left to the end of the process; its jobs are queued again as
        after any sudden end.
        """
        deadline = time.monotonic() + CLOSE_SECONDS

        def seconds_left() -> float:
            return max(0.1, deadline - time.monotonic())

        # first, so that nobody waits for an upload that takes long to look at
        self.inspector.close()
        # webhooks wait for their receivers, so they are told first
        self.sender.close(seconds=0.0)
        self.runner.close(seconds_left())
        self.sender.close(seconds_left())
        self.submitters.shutdown(wait=False, cancel_futures=True)
        self._database.close()
        self._lock.release()

    def lane_of(self, options: GenerateOptions, dub: Mapping[str, Any] | None = None) -> str:
        """Return the queue of a job: what needs no GPU may run beside what does.

        People of a picture who talk are moved by the built-in engine, whatever is asked for.
        Workers have devices of their own: all they make waits in one queue.
        """
        if self.settings.workers is not None:
            return "cpu"
        if dub is not None and dub.get("picture"):
            return "cpu"
        waits = self.service.waits_for_device(options, dubs=dub is not None)
        return "gpu" if waits else "cpu"

    def _interrupted(self, lane: str) -> bool:
        ask = self.settings.interrupted
        return lane == "gpu" and ask is not None and ask()

    def _work(self, job: Job, progress: Progress) -> dict[str, Any]:
        workers = self.settings.workers
        if workers is not None:
            return make_elsewhere(workers, job, self.folder, progress)
        target = self.folder.result(job.id, options_of(job.order).suffix)
        inputs = self.folder.input_dir(job.id)
        return make_talk(self.service, job.order, inputs, target, progress)


def _kept_secret(path: Path) -> str:
    """Return the key in a file, drawing it the first time; only the owner can read it.

    Raises:
        SetupError: The file holds something else.
    """
    try:
        kept = path.read_text(encoding="ascii").strip() if path.exists() else ""
    except (OSError, UnicodeDecodeError) as problem:
        raise SetupError(
            f"{path.name} in the data folder should hold the key of webhooks as plain letters, but "
            "cannot be read.",
            hint="Move it away: a new key is drawn then, which receivers have to be told.",
        ) from problem
    if not kept:
        kept = secrets.token_hex(32)
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(handle, "w", encoding="ascii") as file:
            file.write(kept)
    return kept
