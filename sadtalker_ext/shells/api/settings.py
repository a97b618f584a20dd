"""Everything a host decides about the REST shell."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from sadtalker_ext.inputs.image import MAX_PIXELS
from sadtalker_ext.shells.api.auth import Authenticate
from sadtalker_ext.shells.api.elsewhere import Workers
from sadtalker_ext.shells.api.url_policy import UrlPolicy

PREFIX = "/sadtalker/v1"
MEGABYTE = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What one request may cost. Sizes in bytes, times in seconds.

    Attributes:
        body_bytes: Body of a form.
        json_bytes: Body of JSON; it is held in memory.
        image_bytes: The picture, decoded from base64.
        audio_bytes: The speech, decoded from base64.
        pixels: Of the picture.
        seconds: Length of the video.
        audio_position: Latest second of a sound file that is looked at.
        body_seconds: Time for the whole body.
        pause_seconds: Longest pause inside the body.
        queued: Most open jobs.
        uploads: Most requests saved, fetched and looked at side by side; others wait.
        memory_bytes: Of all JSON bodies that are being read; more are sent away.
        streams: Most event streams open at the same time.
    """

    body_bytes: int = 200 * MEGABYTE
    json_bytes: int = 64 * MEGABYTE
    image_bytes: int = 32 * MEGABYTE
    audio_bytes: int = 200 * MEGABYTE
    pixels: int = MAX_PIXELS
    seconds: float = 900.0
    audio_position: float = 7200.0
    body_seconds: float = 120.0
    pause_seconds: float = 15.0
    queued: int = 1000
    uploads: int = 8
    memory_bytes: int = 256 * MEGABYTE
    streams: int = 100


def limits_of(
    *,
    request_mb: float,
    video_seconds: float,
    queued: int,
    megapixels: float = MAX_PIXELS / 1e6,
    upload_seconds: float = 120.0,
) -> Limits:
    """Return limits from the few numbers people set; the others follow from them.

    Args:
        request_mb: Largest request, in millions of bytes.
        video_seconds: Longest video.
        queued: Most open jobs.
        megapixels: Largest picture.
        upload_seconds: Time for a request to arrive.
    """
    usual = Limits()
    body = round(request_mb * MEGABYTE)
    json_bytes = min(body, usual.json_bytes)
    return Limits(
        body_bytes=body,
        json_bytes=json_bytes,
        image_bytes=min(body, usual.image_bytes),
        audio_bytes=body,
        pixels=min(round(megapixels * 1e6), MAX_PIXELS),
        seconds=video_seconds,
        body_seconds=upload_seconds,
        pause_seconds=min(usual.pause_seconds, upload_seconds / 8),
        queued=queued,
        memory_bytes=min(usual.memory_bytes, 4 * json_bytes),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiSettings:
    """What the WebUI, or `sadtalker serve`, tells the REST shell.

    Attributes:
        folder: Data folder: job table, uploads, results.
        auth: Judges the Authorization header; None lets everybody in.
        limits: What one request may cost.
        several_users: Whether there is more than one; none then gets more than half of the places
            in the queue and of the event streams.
        urls: Called for each request that holds an address, so a changed setting takes effect.
        keep_seconds: How long finished videos are kept; 0 keeps them for ever.
        webhook_secret: Key of the signature of webhook calls; empty: one is drawn and kept in the
            data folder as `webhook.secret`.
        webhook_pauses: Seconds before each further try of a webhook call.
        hosts: Names this server answers to; empty or "*" answers to all. Set on a server without
            passwords: it keeps web pages from reaching it under a name of their own.
        public_names: Those of the names that a proxy shows to browsers; pages under them are ours.
        origins: Web pages of other sites that may send requests, such as "https://example.org";
            "*" for all.
        origins_pattern: Regular expression of more such origins; empty for none.
        workers: Make the jobs in place of this process; None makes them here.
        interrupted: The host's stop button, polled while a job holds the device.
        stream_seconds: How long one stream of events lasts at most; clients then ask again. A
            server without a limit of its own waits for open streams before it ends.
    """

    folder: Path
    auth: Authenticate | None = None
    limits: Limits = field(default_factory=Limits)
    urls: Callable[[], UrlPolicy] = UrlPolicy
    several_users: bool = False
    keep_seconds: float = 7 * 86400.0
    webhook_secret: str = ""
    webhook_pauses: tuple[float, ...] = (5.0, 30.0, 120.0, 600.0, 3600.0)
    hosts: tuple[str, ...] = ()
    public_names: tuple[str, ...] = ()
    origins: tuple[str, ...] = ()
    origins_pattern: str = ""
    workers: Workers | None = None
    interrupted: Callable[[], bool] | None = None
    stream_seconds: float = math.inf

    def share(self, places: int) -> int:
        """Return how many of some places one user may take."""
        return (places + 1) // 2 if self.several_users else places
