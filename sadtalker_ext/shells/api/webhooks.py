"""Calls the client's address when a job is final: signed, retried, and never to private addresses.

A call is a POST with the talk as JSON and the header

    Sadtalker-Signature: t=UNIX_SECONDS,v1=HEX

where HEX is HMAC-SHA256 of "UNIX_SECONDS.BODY" with the server's webhook secret. Receivers should
compare it in constant time and refuse old times.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import logging
import threading
import time
from collections.abc import Callable, Sequence

from sadtalker_ext.jobs.outbox import Outbox
from sadtalker_ext.jobs.records import Delivery
from sadtalker_ext.shells.api.errors import RequestError
from sadtalker_ext.shells.api.fetch import post
from sadtalker_ext.shells.api.url_policy import UrlPolicy
from sadtalker_ext.shells.api.view import talk_view

log = logging.getLogger(__name__)

HEADER = "Sadtalker-Signature"
LOOK_SECONDS = 0.5


def sign(secret: str, body: bytes, moment: int) -> str:
    """Return the value of the signature header."""
    text = str(moment).encode("ascii") + b"." + body
    return f"t={moment},v1={hmac.new(secret.encode(), text, hashlib.sha256).hexdigest()}"


class WebhookSender:
    """Empties the outbox in a thread of its own.

    Args:
        outbox: The calls to make; they survive a restart.
        secret: Key of the signature.
        pauses: Seconds before each further try; after the last one the call is given up.
        urls: The host's policy.
    """

    def __init__(
        self,
        outbox: Outbox,
        *,
        secret: str,
        pauses: Sequence[float],
        urls: Callable[[], UrlPolicy],
    ) -> None:
        self._outbox = outbox
        self._secret = secret
        self._pauses = tuple(pauses)
        self._urls = urls
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._run, name="sadtalker-webhooks", daemon=True)

    def start(self) -> None:
        """Begin to make calls."""
        self._thread.start()

    def close(self) -> None:
        """Stop after the call that is being made."""
        self._closing.set()
        if self._thread.ident is not None:
            self._thread.join(60.0)

    def _run(self) -> None:
        while not self._closing.wait(LOOK_SECONDS):
            self._make_calls()

    def _make_calls(self) -> None:
        try:
            for delivery in self._outbox.due():
                if self._closing.is_set():
                    return
                self._call(delivery)
        except Exception:
            log.exception("webhook calls failed")

    def _call(self, delivery: Delivery) -> None:
        job = delivery.job
        view = talk_view(job, address=job.order.get("address", ""), moment=None, ahead=0)
        body = json.dumps(view, ensure_ascii=False).encode("utf-8")
        headers = {
            "Content-Type": "application/json",
            HEADER: sign(self._secret, body, int(time.time())),
            "Sadtalker-Delivery": f"{job.id}.{delivery.attempts}",
        }
        try:
            status = post(job.webhook, body, headers, policy=self._urls())
            trouble = "" if 200 <= status < 300 else f"answered with status {status}"
        except RequestError as problem:
            trouble = problem.message
        if not trouble:
            self._outbox.done(delivery)
        elif delivery.attempts < len(self._pauses):
            # neither address nor body is logged: both may hold secrets of the client
            log.info("webhook of %s will be tried again: %s", job.id, trouble)
            self._outbox.postpone(delivery, self._pauses[delivery.attempts])
        else:
            log.warning("webhook of %s given up: %s", job.id, trouble)
            self._outbox.done(delivery)
