"""Jobs that workers make, in other processes or on other machines.

Everything travels: a worker gets the order and the bytes of the uploads, and the server fetches
what was made. Workers need neither the data folder nor the job table, which stay the server's own,
so that one who was thought dead can spoil nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from sadtalker_ext.jobs.folder import DataFolder
from sadtalker_ext.jobs.names import is_result_of, unfinished_video, video_id
from sadtalker_ext.jobs.records import Job
from sadtalker_ext.progress import Progress
from sadtalker_ext.service import Service
from sadtalker_ext.shells.api.making import make_talk, options_of


class Workers(Protocol):
    """Who makes jobs in place of this process; safe to use from any thread.

    Attributes:
        seats: How many tasks are done side by side.
    """

    seats: int

    def call(
        self,
        task: Callable[[Service, Path, Progress], tuple[dict[str, Any], Sequence[Path]]],
        progress: Progress,
        keep: Callable[[str, Iterator[bytes]], None],
    ) -> dict[str, Any]:
        """Do a task in an empty folder, as soon as somebody is free.

        Args:
            task: Can be pickled; returns facts, and files in the order they are to be kept.
            progress: Told from the moment the work begins; stops the task, also one that waits.
            keep: Called with the name of each file, and its bytes in blocks.

        Returns:
            The task's facts.

        Raises:
            Cancelled: The task was stopped.
            WorkerLost: Who did it is gone; it may be begun again.
            Exception: Whatever the task itself raised.
        """


@dataclass(frozen=True, slots=True, kw_only=True)
class Parcel:
    """A job on its way to a worker.

    Attributes:
        job_id: Names what is made.
        order: What is asked for, as it is stored.
        uploads: Bytes by file name.
    """

    job_id: str
    order: Mapping[str, Any]
    uploads: Mapping[str, bytes]

    def __call__(
        self, service: Service, folder: Path, progress: Progress
    ) -> tuple[dict[str, Any], Sequence[Path]]:
        """Make the video in a folder; see `Workers.call`."""
        inputs, results = folder / "inputs", folder / "results"
        inputs.mkdir()
        results.mkdir()
        for name, content in self.uploads.items():
            (inputs / name).write_bytes(content)
        target = results / f"{self.job_id}{options_of(self.order).suffix}"
        facts = make_talk(service, self.order, inputs, target, progress)
        made = (file for file in results.iterdir() if is_result_of(self.job_id, file.name))
        return facts, sorted(made, key=lambda file: (file == target, file))


def make_elsewhere(
    workers: Workers, job: Job, folder: DataFolder, progress: Progress
) -> dict[str, Any]:
    """Let a worker make the video of a job; the video comes last: one that is there is whole.

    Args:
        workers: One of them makes it.
        job: The job.
        folder: Where its uploads are, and its results go.
        progress: Counts, and stops the work.

    Returns:
        What is known of the video; see `make_talk`.

    Raises:
        WorkerLost: The worker died.
        SadTalkerError: As of `make_talk`.
    """
    uploads = {file.name: file.read_bytes() for file in folder.input_dir(job.id).iterdir()}

    def keep(name: str, blocks: Iterator[bytes]) -> None:
        if not is_result_of(job.id, name):
            raise ValueError(f"not the name of a result: {name!r}")
        place = folder.results / name
        # a video has the name of an unfinished one until it is whole
        part = folder.results / unfinished_video(job.id, place.suffix) if video_id(name) else place
        try:
            with part.open("wb") as file:
                for block in blocks:
                    file.write(block)
            part.replace(place)
        except BaseException:
            part.unlink(missing_ok=True)
            raise

    return workers.call(Parcel(job_id=job.id, order=job.order, uploads=uploads), progress, keep)
