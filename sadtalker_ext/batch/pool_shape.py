"""Where the workers of a Ray cluster are, and how many."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from sadtalker_ext.errors import InvalidOption
from sadtalker_ext.segments import SEGMENT_SECONDS

LOCAL: Final = "local"
"""In place of an address: a cluster of this machine alone, for as long as this batch lasts."""
_ADDRESS = re.compile(r"auto|(ray://)?(\[[0-9a-fA-F:.]+\]|[\w.-]+):\d{1,5}")


@dataclass(frozen=True, slots=True, kw_only=True)
class PoolShape:
    """What the workers are.

    Attributes:
        address: `LOCAL`, ``auto`` (the cluster that runs on this machine), ``HOST:PORT`` or
            ``ray://HOST:PORT``.
        workers: How many; 0 makes one for every graphics card of the cluster, or, where it has
            none or the device is the processor, as many as its cores allow.
        threads: Cores of each.
        retries: How often a job is begun again whose worker has died or had no room.
        segment_seconds: About how long the segments of one video are.
    """

    address: str = LOCAL
    workers: int = 0
    threads: int = 1
    retries: int = 2
    segment_seconds: float = SEGMENT_SECONDS

    def __post_init__(self) -> None:
        """Refuse an address that is none."""
        if self.address != LOCAL and not _ADDRESS.fullmatch(self.address):
            raise InvalidOption(
                "The address of a Ray cluster should be local, auto, HOST:PORT or "
                f"ray://HOST:PORT, found {self.address!r}."
            )
