"""Who may come in, whose jobs are whose, and which web pages may ask."""

import base64

import pytest

from sadtalker_ext.jobs.folder import new_id
from tests.integration.api.conftest import LOCKED, OPEN
from tests.integration.api.wire import head, raw
from tests.support.api import PREFIX, TALKS, form
from tests.support.sites import GOOD_ORIGIN

locked = pytest.mark.parametrize("server", LOCKED, indirect=True, scope="session")
open_to_all = pytest.mark.parametrize("server", OPEN, indirect=True, scope="session")


def b64(data):
    return base64.b64encode(data).decode("ascii")


def refused(got, status, code):
    assert (got.status_code, got.json()["code"]) == (status, code), got.text


@locked
@pytest.mark.parametrize(
    "header",
    [
        None,
        "",
        "Basic",
        "Basic !!!",
        "Basic " + b64(b"ann"),
        "Basic " + b64(b"ann:"),
        "Basic " + b64(b"ann:wrong"),
        "Basic " + b64(b"ANN:rightword"),
        "Basic " + b64(b"ann:b"),
        "Basic " + b64(b":rightword"),
        "Basic " + b64(b":"),
        "Basic " + b64(b"\xff\xfe:x"),
        "Bearer rightword",
        "Digest " + b64(b"ann:rightword"),
    ],
)
def test_wrong_credentials(site, header):
    headers = {} if header is None else {"Authorization": header}
    with site.stranger() as client:
        for method, path in [
            ("GET", "/talks"),
            ("POST", "/talks"),
            ("GET", f"/talks/{new_id()}"),
            ("DELETE", f"/talks/{new_id()}"),
            ("GET", f"/talks/{new_id()}/video"),
            ("HEAD", f"/talks/{new_id()}/video"),
            ("GET", f"/talks/{new_id()}/captions"),
            ("GET", f"/talks/{new_id()}/events"),
            ("GET", "/options"),
            ("GET", "/engines"),
            ("GET", "/voices"),
            ("GET", "/health"),
            ("GET", "/openapi.json"),
            ("GET", "/docs"),
        ]:
            got = client.request(method, PREFIX + path, headers=headers)
            assert got.status_code == 401, (method, path)
            assert got.headers["www-authenticate"].startswith("Basic")
        right = {"Authorization": "Basic " + b64(b"ann:rightword")}
        assert client.get(TALKS, headers=right).status_code == 200


@locked
def test_no_body_is_read_before_the_credentials(site):
    answer, _ = raw(site, head(site, "application/json", user=None), seconds=10.0)
    assert answer.startswith(b"HTTP/1.1 401"), answer[:100]


@locked
def test_others_jobs_are_not_there(site):
    with site.http("ann") as ann, site.http("bob") as bob:
        talk = ann.post(TALKS, **form()).json()
        url = f"{TALKS}/{talk['id']}"
        assert ann.get(url).status_code == 200
        for path in (url, f"{url}/video", f"{url}/captions", f"{url}/events"):
            refused(bob.get(path), 404, "not_found")
        refused(bob.delete(url), 404, "not_found")
        mine = {one["id"] for one in bob.get(TALKS, params={"limit": 100}).json()["talks"]}
        assert talk["id"] not in mine
        key = {"Idempotency-Key": f"same-{new_id()}"}
        one = ann.post(TALKS, headers=key, **form()).json()["id"]
        two = bob.post(TALKS, headers=key, **form()).json()["id"]
        assert one != two


def test_ids_cannot_be_guessed(client):
    made = [client.post(TALKS, **form()).json()["id"] for _ in range(3)]
    assert len(set(made)) == 3
    assert all(len(one) == 26 for one in made)
    for guess in (new_id() for _ in range(50)):
        refused(client.get(f"{TALKS}/{guess}"), 404, "not_found")


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://127.0.0.1:1"])
def test_web_pages_of_other_sites(site, client, origin):
    evil = {"Origin": origin}
    refused(client.post(TALKS, headers=evil, **form()), 403, "cross_site")
    refused(client.delete(f"{TALKS}/{new_id()}", headers=evil), 403, "cross_site")
    # hosts may let such a page read the answer, so there is nothing in it
    for path in (TALKS, f"{TALKS}/{new_id()}/video", f"{PREFIX}/openapi.json"):
        refused(client.get(path, headers=evil), 403, "cross_site")


def test_web_pages_that_may(site, client):
    for origin in (GOOD_ORIGIN, site.url):
        made = client.post(TALKS, headers={"Origin": origin}, **form())
        assert made.status_code == 201, made.text
        assert client.get(TALKS, headers={"Origin": origin}).status_code == 200


@pytest.mark.parametrize("server", ["alone"], indirect=True, scope="session")
def test_a_name_of_an_attackers_that_leads_here(client):
    """Only the stand-alone app: a WebUI answers to every name, its own routes as well as ours."""
    refused(client.get(TALKS, headers={"Host": "evil.example"}), 403, "cross_site")


def test_nothing_secret_is_logged(site, client):
    client.post(TALKS, **form())
    client.post(TALKS, json={"source_image": "c2VjcmV0LTQ="})
    with site.stranger() as stranger:
        stranger.get(TALKS, auth=("ann", "wrong-word-3"))
    key = (site.folder / "webhook.secret").read_text().strip()
    words = site.printed()
    # passwords on the command line are the user's own doing, and a WebUI prints its flags
    shown = [line for line in words.splitlines() if not line.startswith("Launching ")]
    for secret in (key, "rightword", "wrong-word-3", "c2VjcmV0LTQ"):
        assert not [line for line in shown if secret in line]
