"""What an attacker would send, and what each gets."""

import base64
import io
import json
import struct
import zlib
from pathlib import Path

import pytest

from sadtalker_ext.jobs.folder import new_id
from sadtalker_ext.shells.api.auth import basic_auth
from sadtalker_ext.shells.api.settings import Limits
from tests.support.api import PREFIX, TALKS, answer, form, png, wait_final, wav, web

PATHS = [
    "../../etc/passwd",
    "..%2f..%2fetc%2fpasswd",
    "%2e%2e%2fjobs.sqlite3",
    "..\\..\\jobs.sqlite3",
    "/etc/passwd",
    "tlk_../../../../etc/pwd",
    "tlk_aaaaaaaaaaaaaaaaaaaaaa%00.mp4",
    "jobs.sqlite3",
    "webhook.secret",
    "tlk_" + "a" * 5000,
    "tlk_ünïcödé",
    "' OR 1=1 --",
]


def b64(data):
    return base64.b64encode(data).decode("ascii")


def bomb(side=30_000):
    """A PNG of 900 megapixels in a few hundred bytes of header and zeros."""

    def chunk(kind, data):
        body = kind + data
        return struct.pack(">I", len(data)) + body + struct.pack(">I", zlib.crc32(body))

    header = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    rows = zlib.compress(b"\0" * 1_000_000, 9)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")
    )


def refused(got, status, code, field=None):
    assert (got.status_code, got.json()["code"]) == (status, code), got.text
    assert set(got.json()) <= {"code", "message", "hint", "field"}
    assert "Traceback" not in got.text
    if field is not None:
        assert got.json()["field"] == field


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("ending", ["", "/video", "/events"])
def test_path_traversal(shared, path, ending):
    got = shared.get(f"{TALKS}/{path}{ending}")
    assert got.status_code == 404, got.text
    assert b"root:" not in got.content
    assert b"SQLite" not in got.content


def test_results_are_never_read_through_a_link(client, tmp_path):
    talk = wait_final(client, client.post(TALKS, **form()).json()["id"])
    secret = tmp_path / "secret.txt"
    secret.write_text("secret")
    result = client.sadtalker.folder.result(talk["id"])
    result.unlink()
    result.symlink_to(secret)
    refused(client.get(f"{TALKS}/{talk['id']}/video"), 404, "not_found")


def test_file_names_of_forms_are_ignored(shared):
    files = {
        "source_image": ("../../../../tmp/evil.png", png()),
        "audio": ("/etc/cron.d/evil", wav()),
    }
    made = shared.post(TALKS, files=files)
    assert made.status_code == 201
    root = shared.sadtalker.folder.root
    assert {path.name for path in root.rglob("*") if "evil" in path.name} == set()
    assert not Path("/tmp/evil.png").exists()  # noqa: S108


@pytest.mark.parametrize(
    ("url", "code"),
    [
        ("http://127.0.0.1:7860/", "url_refused"),
        ("http://inside.example/", "url_refused"),
        ("http://mapped.example/", "url_refused"),
        ("http://169.254.169.254/latest/meta-data/", "url_refused"),
        ("file:///etc/passwd", "url_refused"),
        ("ftp://files.example/x", "url_refused"),
        ("http://files.example/to-inside", "url_refused"),
        ("http://files.example/big", "input_too_large"),
        ("http://files.example/missing", "url_unreachable"),
        ("http://nowhere.example/", "url_unreachable"),
    ],
)
@pytest.mark.parametrize("field", ["source_url", "audio_url"])
def test_server_side_request_forgery(serve, internet, url, code, field):
    internet.names |= {
        "inside.example": ["10.0.0.1"],
        "mapped.example": ["::ffff:127.0.0.1"],
        "127.0.0.1": ["127.0.0.1"],
        "169.254.169.254": ["169.254.169.254"],
    }
    pages = {
        "/to-inside": answer(status=302, Location="http://inside.example/"),
        "/big": answer(b"x" * 20_000),
        "/missing": answer(status=404),
        "/p.png": answer(png()),
    }
    good = "http://files.example/p.png"
    talk = {
        "source_url": url if field == "source_url" else good,
        "script": {"type": "audio", "audio_url": url if field == "audio_url" else good},
    }
    with (
        web(pages, internet),
        serve(limits=Limits(image_bytes=10_000, audio_bytes=10_000)) as client,
    ):
        got = client.post(TALKS, json=talk)
        refused(got, 413 if code == "input_too_large" else 422, code)
        assert not list(client.sadtalker.folder.inputs.iterdir())
    assert set(internet.connected) <= {"93.184.216.34"}


def test_webhooks_to_private_addresses_are_refused_at_once(client, internet):
    internet.names["inside.example"] = ["192.168.0.1"]
    refused(
        client.post(TALKS, **form(webhook="http://inside.example/")), 422, "url_refused", "webhook"
    )


def test_decompression_bombs(client):
    refused(client.post(TALKS, **form(picture=bomb())), 413, "input_too_large")
    assert not list(client.sadtalker.folder.inputs.iterdir())


def test_a_small_sound_file_of_many_hours(serve):
    """FLAC of a plain square wave: 20 minutes in little space; only the limit is listened to."""
    import av
    import numpy as np

    file = io.BytesIO()
    with av.open(file, "w", format="flac") as container:
        stream = container.add_stream("flac", rate=8000, layout="mono")
        block = np.full((1, 4096), 8000, np.int16)
        block[0, ::2] = -8000
        for index in range(20 * 60 * 8000 // 4096):
            frame = av.AudioFrame.from_ndarray(block, format="s16", layout="mono")
            frame.sample_rate, frame.pts = 8000, index * 4096
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    sound = file.getvalue()
    assert len(sound) < 20 * 60 * 8000 * 2 / 8
    with serve(limits=Limits(seconds=5)) as client:
        refused(client.post(TALKS, **form(sound=sound)), 413, "input_too_large")
        part = client.post(TALKS, **form(sound=sound, config={"audio_end": 1.0}))
        assert part.status_code == 201, part.text
        far = form(sound=sound, config={"audio_start": 80_000.0})
        refused(client.post(TALKS, **far), 413, "input_too_large")
        long = {"source_image": b64(png()), "config": {"idle_seconds": 600}}
        refused(client.post(TALKS, json=long), 413, "input_too_large")


@pytest.mark.parametrize(
    "text", ["!!!", "AAA", "a", "data:image/png;base64,", "äöü=", "AAAA\x00", "=" * 8]
)
def test_bad_base64(shared, text):
    talk = {"source_image": text, "script": {"type": "audio", "audio_base64": b64(wav())}}
    refused(shared.post(TALKS, json=talk), 422, "invalid_request", "source_image")
    talk = {"source_image": b64(png()), "script": {"type": "audio", "audio_base64": text}}
    refused(shared.post(TALKS, json=talk), 422, "invalid_request", "script.audio_base64")


@pytest.mark.parametrize(
    ("picture", "sound", "code"),
    [
        (b"<html>", None, "unreadable_image"),
        (png()[:60], None, "unreadable_image"),
        (b"", None, "unreadable_image"),
        (wav(), None, "unreadable_image"),
        (b"#EXTM3U\nfile:///etc/passwd\n", None, "unreadable_image"),
        (None, b"not sound", "unreadable_audio"),
        (None, b"", "unreadable_audio"),
        (None, png(), "unreadable_audio"),
        (None, b"#EXTM3U\nhttp://127.0.0.1/x\n", "unreadable_audio"),
        (None, b"ffconcat version 1.0\nfile /etc/passwd\n", "unreadable_audio"),
        (None, wav(level=0.0), "silent_audio"),
        (None, wav(0.05), "unreadable_audio"),
    ],
)
def test_files_that_are_none(shared, picture, sound, code):
    refused(shared.post(TALKS, **form(picture, sound)), 422, code)


@pytest.mark.parametrize(
    ("content", "status"),
    [
        (b"", 400),
        (b"{", 400),
        (b"\xff\xfe", 400),
        (b"[" * 100_000, 400),
        (b'{"name": NaN}', 400),
        (b'{"name": "\\ud800"}', 400),
        (b'{"config": {"seed": ' + b"9" * 10_000 + b"}}", 400),
        (b'{"config": {"seed": 1e999}}', 422),
        (b"[]", 422),
        (b"null", 422),
        (b'"text"', 422),
        (b"{}", 422),
        (b'{"name": "a\\u0000b", "source_image": "AA"}', 422),
    ],
)
def test_json_that_is_none(shared, content, status):
    got = shared.post(TALKS, content=content, headers={"Content-Type": "application/json"})
    assert got.status_code == status, got.text
    assert {"code", "message", "hint"} <= set(got.json())


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Content-Type": "text/plain"}, 415),
        ({"Content-Type": ""}, 415),
        ({"Content-Type": "application/json", "Content-Encoding": "gzip"}, 415),
        ({"Content-Type": "multipart/form-data"}, 400),
        ({"Content-Type": "multipart/form-data; boundary=x"}, 400),
        ({"Content-Type": "multipart/form-data; boundary=" + "x" * 500}, 400),
        ({"Content-Type": "application/json", "Content-Length": "-1"}, 400),
        ({"Content-Type": "application/json", "Idempotency-Key": "k" * 500}, 422),
    ],
)
def test_bodies_of_the_wrong_kind(shared, headers, status):
    got = shared.post(TALKS, content=b"garbage", headers=headers)
    assert got.status_code == status, got.text


def test_unexpected_parts_of_a_form(shared):
    extra = form()
    extra["files"]["shell"] = ("x.sh", b"x")
    assert shared.post(TALKS, **extra).status_code in (400, 422)
    twice = [("source_image", ("a", png())), ("source_image", ("b", png()))]
    assert shared.post(TALKS, files=twice).status_code == 422
    many = {f"f{index}": (None, "x") for index in range(100)}
    assert shared.post(TALKS, files=many).status_code in (400, 422)


@pytest.mark.parametrize("as_form", [True, False])
def test_bodies_over_the_limit(serve, as_form):
    with serve(limits=Limits(body_bytes=5_000, json_bytes=5_000)) as client:
        if as_form:
            got = client.post(TALKS, **form(picture=b"x" * 20_000))
        else:
            got = client.post(TALKS, json={"source_image": "A" * 20_000})
        refused(got, 413, "input_too_large")

        def chunks():
            for _ in range(10):
                yield b" " * 1_000

        kind = "multipart/form-data; boundary=b" if as_form else "application/json"
        got = client.post(TALKS, content=chunks(), headers={"Content-Type": kind})
        refused(got, 413, "input_too_large")


def test_many_large_bodies_at_once_do_not_fill_the_memory(serve):
    with serve(limits=Limits(memory_bytes=3_000)) as client:
        for _ in range(3):  # what was counted is given back every time
            got = client.post(TALKS, json={"source_image": "A" * 4_000})
            refused(got, 429, "too_many_jobs")
        assert client.post(TALKS, json={}).status_code == 422
        assert client.post(TALKS, **form(picture=png(96, 96))).status_code == 201


@pytest.mark.parametrize(
    "header",
    [
        None,
        "",
        "Basic",
        "Basic !!!",
        "Basic " + b64(b"user"),
        "Basic " + b64(b"user:"),
        "Basic " + b64(b"user:wrong"),
        "Basic " + b64(b"USER:right"),
        "Basic " + b64(b":right"),
        "Basic " + b64(b":"),
        "Basic " + b64(b"\xff\xfe:x"),
        "Bearer right",
        "Digest " + b64(b"user:right"),
    ],
)
def test_wrong_credentials(serve, header):
    headers = {} if header is None else {"Authorization": header}
    with serve(auth=basic_auth({"user": "right"})) as client:
        for method, path in [
            ("GET", "/talks"),
            ("POST", "/talks"),
            ("GET", f"/talks/{new_id()}"),
            ("DELETE", f"/talks/{new_id()}"),
            ("GET", f"/talks/{new_id()}/video"),
            ("HEAD", f"/talks/{new_id()}/video"),
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
        right = {"Authorization": "Basic " + b64(b"user:right")}
        assert client.get(TALKS, headers=right).status_code == 200


def test_no_body_is_read_before_the_credentials(serve):
    read = []

    def chunks():
        read.append(1)
        yield b"{}"

    with serve(auth=basic_auth({"user": "right"})) as client:
        headers = {"Content-Type": "application/json", "Content-Length": "1000000000"}
        refused(client.post(TALKS, content=chunks(), headers=headers), 401, "unauthorized")


def test_ids_cannot_be_guessed_and_others_jobs_are_not_there(serve):
    ids = {new_id() for _ in range(2000)}
    assert len(ids) == 2000
    assert all(len(one) >= 26 for one in ids)
    with serve(auth=basic_auth({"ann": "a", "bob": "b"})) as client:
        talk = client.post(TALKS, auth=("ann", "a"), **form()).json()
        url = f"{TALKS}/{talk['id']}"
        assert client.get(url, auth=("ann", "a")).status_code == 200
        for path in (url, f"{url}/video", f"{url}/events"):
            refused(client.get(path, auth=("bob", "b")), 404, "not_found")
        refused(client.delete(url, auth=("bob", "b")), 404, "not_found")
        assert client.get(TALKS, auth=("bob", "b")).json()["talks"] == []
        key = {"Idempotency-Key": "same"}
        one = client.post(TALKS, auth=("ann", "a"), headers=key, **form()).json()["id"]
        two = client.post(TALKS, auth=("bob", "b"), headers=key, **form()).json()["id"]
        assert one != two
        for guess in list(ids)[:50]:
            refused(client.get(f"{TALKS}/{guess}", auth=("ann", "a")), 404, "not_found")


@pytest.mark.parametrize("kind", ["form", "delete", "get"])
def test_web_pages_of_other_sites(serve, kind):
    evil = {"Origin": "https://evil.example"}
    with serve(origins=("https://good.example",), hosts=("testserver",)) as client:
        if kind == "form":
            refused(client.post(TALKS, headers=evil, **form()), 403, "cross_site")
            good = client.post(TALKS, headers={"Origin": "https://good.example"}, **form())
            assert good.status_code == 201
            same = client.post(TALKS, headers={"Origin": "http://testserver"}, **form())
            assert same.status_code == 201
        elif kind == "delete":
            refused(client.delete(f"{TALKS}/{new_id()}", headers=evil), 403, "cross_site")
        else:  # a name of the attacker's that leads to 127.0.0.1
            refused(client.get(TALKS, headers={"Host": "evil.example"}), 403, "cross_site")


def test_answers_do_not_tell_where_things_lie(client, engine):
    from sadtalker_ext.errors import OutputUnwritable

    root = str(client.sadtalker.folder.root)
    engine.fail_at, engine.error = 0, OutputUnwritable(f"{root}/results/x.mp4 cannot be written.")
    done = wait_final(client, client.post(TALKS, **form()).json()["id"])
    assert root not in json.dumps(done)


def test_nothing_secret_is_logged(serve, caplog):
    caplog.set_level("DEBUG")
    settings = {"webhook_secret": "hook-secret-2"}
    with serve(auth=basic_auth({"user": "pass-word-1"}), **settings) as client:
        client.post(TALKS, auth=("user", "pass-word-1"), **form())
        client.get(TALKS, auth=("user", "wrong-word-3"))
        client.post(TALKS, auth=("user", "pass-word-1"), json={"source_image": "c2VjcmV0LTQ="})
    text = caplog.text
    for secret in ("pass-word-1", "hook-secret-2", "wrong-word-3", "c2VjcmV0LTQ"):
        assert secret not in text
