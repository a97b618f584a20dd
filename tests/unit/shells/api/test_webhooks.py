import hashlib
import hmac
import json
import time

from sadtalker_ext.shells.api.webhooks import sign
from tests.support.api import TALKS, answer, form, wait_final, wait_until, web

HOOK = "http://files.example/hook"


def test_the_signature_is_the_documented_one():
    body = b'{"id": "x"}'
    expected = hmac.new(b"key", b"1700000000." + body, hashlib.sha256).hexdigest()
    assert sign("key", body, 1_700_000_000) == f"t=1700000000,v1={expected}"


def test_a_final_job_is_announced_signed_and_once(serve, internet):
    settings = {"webhook_secret": "key"}
    with web({"/hook": answer(b"ok")}, internet) as seen, serve(**settings) as client:
        talk = wait_final(client, client.post(TALKS, **form(webhook=HOOK)).json()["id"])
        wait_until(lambda: seen)
        time.sleep(1.2)
    assert len(seen) == 1
    _method, _path, headers, body = seen[0]
    told = json.loads(body)
    assert (told["id"], told["status"]) == (talk["id"], "done")
    assert told["result_url"] == talk["result_url"]
    signature = headers["Sadtalker-Signature"]
    moment = int(signature.split(",")[0][2:])
    assert abs(moment - time.time()) < 60
    assert signature == sign("key", body, moment)


def test_a_failing_receiver_is_tried_again_and_then_given_up(serve, internet):
    failing = {"/hook": answer(status=500)}
    with web(failing, internet) as seen, serve(webhook_pauses=(0.1, 0.1)) as client:
        wait_final(client, client.post(TALKS, **form(webhook=HOOK)).json()["id"])
        outbox = client.sadtalker.sender._outbox
        wait_until(lambda: outbox.waiting() == 0)
    assert len(seen) == 3


def test_cancelled_jobs_are_announced_too(serve, engine, internet):
    engine.free.clear()
    with web({"/hook": answer()}, internet) as seen, serve() as client:
        client.post(TALKS, **form())
        waiting = client.post(TALKS, **form(webhook=HOOK)).json()
        client.delete(f"{TALKS}/{waiting['id']}")
        wait_until(lambda: seen)
        engine.free.set()
    assert json.loads(seen[0][3])["error"]["code"] == "cancelled"


def test_calls_survive_a_restart(serve, internet):
    with serve(webhook_pauses=(0.1,) * 20) as client:  # nobody listens on port 0
        wait_final(client, client.post(TALKS, **form(webhook=HOOK)).json()["id"])
    with web({"/hook": answer()}, internet) as seen, serve():
        wait_until(lambda: seen)


def test_a_receiver_that_turns_private_is_not_called(serve, internet):
    """Public when the job was made, private when it is called (DNS rebinding)."""
    internet.names["files.example"] = [["93.184.216.34"], ["10.0.0.1"], ["10.0.0.1"]]
    with web({"/hook": answer()}, internet) as seen, serve(webhook_pauses=(0.1,)) as client:
        wait_final(client, client.post(TALKS, **form(webhook=HOOK)).json()["id"])
        wait_until(lambda: client.sadtalker.sender._outbox.waiting() == 0)
    assert seen == []


def test_the_drawn_key_is_kept_and_private(serve, tmp_path):
    keys = []
    for _ in range(2):
        with serve() as client:
            path = client.sadtalker.folder.root / "webhook.secret"
            keys.append(path.read_text())
    assert keys[0] == keys[1]
    assert len(keys[0]) == 64
    assert path.stat().st_mode & 0o077 == 0
