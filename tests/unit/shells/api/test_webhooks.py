import hashlib
import hmac

from sadtalker_ext.shells.api.webhooks import sign
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
