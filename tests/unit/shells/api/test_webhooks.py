import hashlib
import hmac
import sqlite3
import threading
from collections import Counter
from dataclasses import dataclass

import pytest

from sadtalker_ext.errors import SetupError
from sadtalker_ext.jobs.outbox import Outbox
from sadtalker_ext.jobs.records import Delivery
from sadtalker_ext.shells.api.url_policy import UrlPolicy
from sadtalker_ext.shells.api.webhooks import CALLS, PER_HOST, WebhookSender, sign
from tests.support.api import TALKS, answer, form, wait_final, wait_until, web

HOOK = "http://files.example/hook"


def test_the_signature_is_the_documented_one():
    body = b'{"id": "x"}'
    expected = hmac.new(b"key", b"1700000000." + body, hashlib.sha256).hexdigest()
    assert sign("key", body, 1_700_000_000) == f"t=1700000000,v1={expected}"


def test_a_failing_receiver_is_tried_again_and_then_given_up(serve, internet):
    failing = {"/hook": answer(status=500)}
    with web(failing, internet) as seen, serve(webhook_pauses=(0.1, 0.1)) as client:
        wait_final(client, client.post(TALKS, **form(webhook=HOOK)).json()["id"])
        outbox = client.sadtalker.sender._outbox
        wait_until(lambda: outbox.waiting() == 0)
    assert len(seen) == 3


def test_the_drawn_key_is_kept_and_private(serve, tmp_path):
    keys = []
    for _ in range(2):
        with serve() as client:
            path = client.sadtalker.folder.root / "webhook.secret"
            keys.append(path.read_text())
    assert keys[0] == keys[1]
    assert len(keys[0]) == 64
    assert path.stat().st_mode & 0o077 == 0


def test_a_slow_receiver_delays_only_its_own_calls(serve, internet):
    internet.names |= {f"{name}.example": ["93.184.216.34"] for name in ("slow", "quick")}
    free, came = threading.Event(), []

    def slow(handler):
        free.wait(20)
        answer()(handler)

    def quick(handler):
        came.append(1)
        answer()(handler)

    with web({"/slow": slow, "/quick": quick}, internet), serve() as client:
        for name in ["slow"] * 6 + ["quick"]:
            talk = client.post(TALKS, **form(webhook=f"http://{name}.example/{name}")).json()
        wait_final(client, talk["id"])
        wait_until(lambda: came)
        sender = client.sadtalker.sender
        slow_ones = [one for one in sender._in_flight.values() if "slow" in one.job.webhook]
        assert 0 < len(slow_ones) <= PER_HOST
        free.set()
        wait_until(lambda: sender._outbox.waiting() == 0)


def test_a_call_that_cannot_be_noted_is_not_made_again(serve, internet, monkeypatch):
    monkeypatch.setattr("sadtalker_ext.shells.api.webhooks.TROUBLE_SECONDS", 0.05)
    tries, real = [], Outbox.done

    def done(outbox, delivery):
        tries.append(delivery.id)
        if len(tries) < 4:
            raise sqlite3.DatabaseError("database disk image is malformed")
        real(outbox, delivery)

    monkeypatch.setattr(Outbox, "done", done)
    with web({"/hook": answer()}, internet) as seen, serve() as client:
        wait_final(client, client.post(TALKS, **form(webhook=HOOK)).json()["id"])
        wait_until(lambda: client.sadtalker.sender._outbox.waiting() == 0)
    assert (len(seen), len(tries)) == (1, 4)


def test_one_owner_never_has_more_than_half_of_the_calls():
    class Waiting:
        def due(self, _limit):
            hosts = [f"http://h{number}.example/" for number in range(20)]
            jobs = [Asked(owner, host) for owner in ("ann", "bob") for host in hosts]
            return [Delivery(id=number, job=job) for number, job in enumerate(jobs)]

    sender = WebhookSender(Waiting(), secret="", pauses=(), urls=UrlPolicy)
    taken = [sender._take() for _ in range(CALLS)]
    assert Counter(one.job.owner for one in taken) == {"ann": CALLS // 2, "bob": CALLS // 2}
    assert sender._take() is None


@dataclass
class Asked:
    owner: str
    webhook: str


def test_a_key_that_is_none_is_named(serve, tmp_path):
    (tmp_path / "data").mkdir()
    with serve():
        pass
    (tmp_path / "data" / "webhook.secret").write_bytes(b"\xff\xfe")
    with pytest.raises(SetupError, match=r"webhook\.secret .* cannot be read"), serve():
        pass
    (tmp_path / "data" / "webhook.secret").unlink()
    with serve():
        pass
