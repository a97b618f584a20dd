"""Addresses in requests: private machines are never reached, by whatever name or detour."""

import hashlib
import hmac
import json
import time

import pytest

from tests.support.api import TALKS, Internet, answer, form, png, wait_final, wait_until, web
from tests.support.sites import LIMITS
from tests.support.under_test import PUBLIC

HOOK = "http://files.example/hook"
LARGE = b"x" * (LIMITS["request_mb"] * 1_000_000 + 1)


@pytest.fixture
def internet(site):
    """Serve pages under the names the site believes in."""
    from contextlib import contextmanager

    @contextmanager
    def opened(pages, **names):
        here = Internet()
        with web(pages, here) as seen:
            site.control.set("port", here.port)
            site.control.set("names", json.dumps(names))
            yield seen

    return opened


def refused(got, status, code, field):
    assert (got.status_code, got.json()["code"]) == (status, code), got.text
    assert got.json().get("field", field) == field


NAMES = {
    "inside.example": ["10.0.0.1"],
    "mapped.example": ["::ffff:127.0.0.1"],
    "mixed.example": [PUBLIC, "192.168.0.1"],
}
PAGES = {
    "/to-inside": answer(status=302, Location="http://inside.example/"),
    "/to-itself": answer(status=302, Location="http://127.0.0.1/"),
    "/to-a-file": answer(status=302, Location="file:///etc/passwd"),
    "/loop": answer(status=302, Location="/loop"),
    "/big": answer(LARGE),
    "/missing": answer(status=404),
    "/p.png": answer(png()),
}


@pytest.mark.parametrize(
    ("url", "code"),
    [
        # resolved by the system itself, nothing replaced
        ("http://127.0.0.1:7860/", "url_refused"),
        ("http://localhost/", "url_refused"),
        ("http://[::1]/", "url_refused"),
        ("http://2130706433/", "url_refused"),
        ("http://0x7f.1/", "url_refused"),
        ("http://0/", "url_refused"),
        ("http://169.254.169.254/latest/meta-data/", "url_refused"),
        ("http://192.168.1.1/", "url_refused"),
        # by names and detours
        ("http://inside.example/", "url_refused"),
        ("http://mapped.example/", "url_refused"),
        ("http://mixed.example/", "url_refused"),
        ("http://files.example/to-inside", "url_refused"),
        ("http://files.example/to-itself", "url_refused"),
        ("http://files.example/to-a-file", "url_refused"),
        ("file:///etc/passwd", "url_refused"),
        ("ftp://files.example/x", "url_refused"),
        ("gopher://files.example/x", "url_refused"),
        ("http://user:word@files.example/p.png", "url_refused"),
        ("http://files.example/loop", "url_unreachable"),
        ("http://files.example/big", "input_too_large"),
        ("http://files.example/missing", "url_unreachable"),
        ("http://nowhere.example/", "url_unreachable"),
    ],
)
@pytest.mark.parametrize("field", ["source_url", "audio_url"])
def test_server_side_request_forgery(site, client, internet, url, code, field):
    good = "http://files.example/p.png"
    talk = {
        "source_url": url if field == "source_url" else good,
        "script": {"type": "audio", "audio_url": url if field == "audio_url" else good},
    }
    with internet(PAGES, **NAMES):
        got = client.post(TALKS, json=talk)
    place = "source_url" if field == "source_url" else "script.audio_url"
    refused(got, 413 if code == "input_too_large" else 422, code, place)
    assert not list(site.inputs.iterdir())
    assert set(site.control.connected.read_text().split()) <= {PUBLIC}


def test_a_public_address_is_fetched(client, internet):
    with internet(PAGES):
        talk = {"source_url": "http://files.example/p.png", "config": {"idle_seconds": 0.4}}
        made = client.post(TALKS, json=talk)
        assert made.status_code == 201, made.text
        assert wait_final(client, made.json()["id"])["status"] == "done"


@pytest.mark.parametrize("url", ["http://inside.example/", "http://127.0.0.1/", "file:///x"])
def test_webhooks_to_private_addresses_are_refused_at_once(client, internet, url):
    with internet({}, **NAMES):
        refused(client.post(TALKS, **form(webhook=url)), 422, "url_refused", "webhook")


def test_a_final_job_is_announced_signed_and_once(site, client, internet):
    with internet({"/hook": answer(b"ok")}) as seen:
        talk = wait_final(client, client.post(TALKS, **form(webhook=HOOK)).json()["id"])
        wait_until(lambda: seen)
        time.sleep(1.2)
    assert len(seen) == 1
    _method, _path, headers, body = seen[0]
    told = json.loads(body)
    assert (told["id"], told["status"]) == (talk["id"], "done")
    assert told["result_url"] == talk["result_url"]
    words = dict(part.split("=") for part in headers["Sadtalker-Signature"].split(","))
    assert abs(int(words["t"]) - time.time()) < 60
    key = (site.folder / "webhook.secret").read_bytes()
    wanted = hmac.new(key, words["t"].encode() + b"." + body, hashlib.sha256).hexdigest()
    assert words["v1"] == wanted
    assert (site.folder / "webhook.secret").stat().st_mode & 0o077 == 0


def test_a_failing_receiver_is_tried_again(client, internet):
    with internet({"/hook": answer(status=500)}) as seen:
        wait_final(client, client.post(TALKS, **form(webhook=HOOK)).json()["id"])
        wait_until(lambda: len(seen) == 2)


def test_cancelled_jobs_are_announced_too(site, client, internet):
    site.control.set("hold")
    with internet({"/hook": answer()}) as seen:
        client.post(TALKS, **form())
        waiting = client.post(TALKS, **form(webhook=HOOK)).json()
        client.delete(f"{TALKS}/{waiting['id']}")
        wait_until(lambda: seen)
    assert json.loads(seen[0][3])["error"]["code"] == "cancelled"


def test_a_receiver_that_turns_private_is_not_called(site, client, internet):
    """Public when the job was made, private when it is called (DNS rebinding)."""
    name = f"turning-{time.time_ns()}.example"
    before = site.control.connected.read_text()
    with internet({"/hook": answer()}, **{name: [[PUBLIC], ["10.0.0.1"]]}) as seen:
        made = client.post(TALKS, **form(webhook=f"http://{name}/hook"))
        wait_final(client, made.json()["id"])
        time.sleep(1.5)
    assert seen == []
    assert site.control.connected.read_text() == before


def test_calls_survive_a_sudden_death(site, internet):
    site.control.set("port", "1")  # nobody listens there
    with site.http() as client:
        wait_final(client, client.post(TALKS, **form(webhook=HOOK)).json()["id"])
    site.kill()
    with internet({"/hook": answer()}) as seen:
        site.start()
        wait_until(lambda: seen)
