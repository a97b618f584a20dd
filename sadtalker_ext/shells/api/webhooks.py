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
import sqlite3
import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from urllib.parse import urlsplit

from sadtalker_ext.jobs.outbox import Outbox
from sadtalker_ext.jobs.records import Delivery
from sadtalker_ext.shells.api.errors import RequestError
from sadtalker_ext.shells.api.fetch import post
from sadtalker_ext.shells.api.url_policy import UrlPolicy
from sadtalker_ext.shells.api.view import talk_view

log = logging.getLogger(__name__)

HEADER = "Sadtalker-Signature"
LOOK_SECONDS = 0.5
TROUBLE_SECONDS = 5.0
"""Between two looks at a table that cannot be read."""
CALLS = 8
"""Made side by side."""
PER_HOST = 2
MOST_DUE = 500


def sign(secret: str, body: bytes, moment: int) -> str:
    """Return the value of the signature header."""
    text = str(moment).encode("ascii") + b"." + body
    return f"t={moment},v1={hmac.new(secret.encode(), text, hashlib.sha256).hexdigest()}"


class WebhookSender:
    """Empties the outbox in threads of its own.

    A receiver that is slow holds up none but its own calls: at most `PER_HOST` calls go to one
    host at a time, and at most half of all to the receivers of one owner, where there are several.

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
        self._look = threading.Event()
        self._guard = threading.Lock()
        self._in_flight: dict[int, Delivery] = {}
        self._callers: set[threading.Thread] = set()
        self._thread = threading.Thread(target=self._run, name="sadtalker-webhooks", daemon=True)

    def start(self) -> None:
        """Begin to make calls."""
        self._thread.start()

    def close(self, seconds: float = 60.0) -> None:
        """Stop after the calls that are being made, or after some seconds.

        A call that was not finished by then is made again after the next start.
        """
        self._closing.set()
        self._look.set()
        deadline = time.monotonic() + seconds
        with self._guard:
            callers = list(self._callers)
        for thread in (self._thread, *callers):
            if thread.ident is not None:
                thread.join(max(0.0, deadline - time.monotonic()))

    def _run(self) -> None:
        while not self._closing.is_set():
            self._look.wait(LOOK_SECONDS)
            self._look.clear()
            try:
                while not self._closing.is_set() and (delivery := self._take()) is not None:
                    caller = threading.Thread(
                        target=self._make_call, args=(delivery,), daemon=True,
                        name="sadtalker-webhook",
                    )  # fmt: skip
                    with self._guard:
                        self._callers.add(caller)
                    caller.start()
            except sqlite3.Error as problem:
                log.error("the webhooks to call cannot be read: %s", problem)
                self._closing.wait(TROUBLE_SECONDS)
            except Exception:
                if not self._closing.is_set():
                    log.exception("webhook calls failed")

    def _make_call(self, delivery: Delivery) -> None:
        try:
            self._call(delivery)
        except Exception:
            if not self._closing.is_set():
                log.exception("a webhook call failed")
        finally:
            with self._guard:
                del self._in_flight[delivery.id]
                self._callers.discard(threading.current_thread())
            self._look.set()

    def _take(self) -> Delivery | None:
        with self._guard:
            busy = list(self._in_flight.values())
            if len(busy) >= CALLS:
                return None
            hosts = Counter(_host(one) for one in busy)
            owners = Counter(one.job.owner for one in busy)
            for delivery in self._outbox.due(MOST_DUE):
                fair = not delivery.job.owner or owners[delivery.job.owner] < CALLS // 2
                if (
                    delivery.id not in self._in_flight
                    and fair
                    and hosts[_host(delivery)] < PER_HOST
                ):
                    self._in_flight[delivery.id] = delivery
                    return delivery
        return None

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
            self._note(self._outbox.done, delivery)
        elif delivery.attempts < len(self._pauses):
            # neither address nor body is logged: both may hold secrets of the client
            log.info("webhook of %s will be tried again: %s", job.id, trouble)
            self._note(self._outbox.postpone, delivery, self._pauses[delivery.attempts])
        else:
            log.warning("webhook of %s given up: %s", job.id, trouble)
            self._note(self._outbox.done, delivery)

    def _note(self, change: Callable[..., None], *values: object) -> None:
        """Write what became of a call, until that works: it would be made again without end."""
        while True:
            try:
                change(*values)
            except (sqlite3.Error, OSError) as problem:  # noqa: PERF203 - disks are slow
                log.error("what became of a webhook call cannot be noted yet: %s", problem)
                if self._closing.wait(TROUBLE_SECONDS):
                    return
            else:
                return


def _host(delivery: Delivery) -> str:
    return urlsplit(delivery.job.webhook).netloc.lower()
