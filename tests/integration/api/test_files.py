"""Pictures, sounds and paths that an attacker would send, and what each gets."""

import base64
import io
import json
import struct
import zlib
from pathlib import Path

import av
import numpy as np
import pytest

from tests.integration.api.wire import head, raw
from tests.support.api import TALKS, form, png, wav
from tests.support.media import write_mute_video
from tests.support.sites import LIMITS

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


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path[:30])
@pytest.mark.parametrize("ending", ["", "/video", "/captions", "/events"])
def test_path_traversal(client, path, ending):
    got = client.get(f"{TALKS}/{path}{ending}")
    assert got.status_code == 404, got.text
    assert b"root:" not in got.content
    assert b"SQLite" not in got.content


@pytest.mark.parametrize("path", ["../" * 12 + "etc/passwd", "..%5c" * 12 + "etc%5cpasswd"])
def test_path_traversal_that_no_client_tidies_up(site, path):
    answer, _ = raw(
        site, head(site, "text/plain", "Connection: close", method="GET", path=f"{TALKS}/{path}",
                   length=0),
    )  # fmt: skip
    assert answer.split(b"\r\n")[0].split()[1] in (b"400", b"404"), answer[:100]
    assert b"root:" not in answer


def test_file_names_of_forms_are_ignored(site, client):
    files = {
        "source_image": ("../../../../tmp/evil.png", png()),
        "audio": ("/etc/cron.d/evil", wav()),
    }
    site.control.set("hold")
    made = client.post(TALKS, files=files)
    assert made.status_code == 201
    names = {path.name for path in site.folder.rglob("*")}
    assert made.json()["id"] in names
    assert not [name for name in names if "evil" in name]
    assert not Path("/tmp/evil.png").exists()  # noqa: S108


def test_decompression_bombs(site, client):
    refused(client.post(TALKS, **form(picture=bomb())), 413, "input_too_large")
    assert not list(site.inputs.iterdir())


def test_pictures_over_the_limit(client):
    side = round((LIMITS["megapixels"] * 1e6) ** 0.5) + 2
    refused(client.post(TALKS, **form(picture=png(side, side))), 413, "input_too_large")


def test_a_small_sound_file_of_many_minutes(client):
    """FLAC of a plain square wave: 15 minutes in little space; only the limit is listened to."""
    file = io.BytesIO()
    with av.open(file, "w", format="flac") as container:
        stream = container.add_stream("flac", rate=8000, layout="mono")
        block = np.full((1, 4096), 8000, np.int16)
        block[0, ::2] = -8000
        for index in range(15 * 60 * 8000 // 4096):
            frame = av.AudioFrame.from_ndarray(block, format="s16", layout="mono")
            frame.sample_rate, frame.pts = 8000, index * 4096
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    sound = file.getvalue()
    assert len(sound) < LIMITS["request_mb"] * 1_000_000 * 0.9
    refused(client.post(TALKS, **form(sound=sound)), 413, "input_too_large")
    part = client.post(TALKS, **form(sound=sound, config={"audio_end": 1.0}))
    assert part.status_code == 201, part.text
    far = form(sound=sound, config={"audio_start": 80_000.0})
    refused(client.post(TALKS, **far), 413, "input_too_large")
    long = {"source_image": b64(png()), "config": {"idle_seconds": 600}}
    refused(client.post(TALKS, json=long), 413, "input_too_large")


@pytest.mark.parametrize(
    "text", ["!!!", "AAA", "a", "data:image/png;base64,", "äöü=", "AAAA\x00", "=" * 8], ids=repr
)
def test_bad_base64(client, text):
    talk = {"source_image": text, "script": {"type": "audio", "audio_base64": b64(wav())}}
    refused(client.post(TALKS, json=talk), 422, "invalid_request", "source_image")
    talk = {"source_image": b64(png()), "script": {"type": "audio", "audio_base64": text}}
    refused(client.post(TALKS, json=talk), 422, "invalid_request", "script.audio_base64")


@pytest.mark.parametrize(
    ("picture", "sound", "code"),
    [
        (b"<html>", None, "unreadable_image"),
        (png()[:60], None, "unreadable_image"),
        (b"", None, "unreadable_image"),
        (b"no", None, "unreadable_image"),
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
    ids=lambda value: value if isinstance(value, str) else repr(value and value[:12]),
)
def test_files_that_are_none(site, client, picture, sound, code):
    refused(client.post(TALKS, **form(picture, sound)), 422, code)
    assert not list(site.inputs.iterdir())


@pytest.mark.parametrize(
    ("config", "status"),
    [
        ({"reference_use": "all"}, 413),
        ({"reference_use": "all", "audio_start": 1e4}, 413),
        ({"reference_use": "all", "audio_end": 2.0}, 201),
        ({"reference_use": "pose"}, 201),
    ],
    ids=str,
)
def test_long_videos_to_borrow_from(client, tmp_path, config, status):
    """With everything borrowed the video's length counts, otherwise that of the speech."""
    video = write_mute_video(tmp_path / "r.mp4", LIMITS["video_seconds"] + 1.0).read_bytes()
    talk = {"config": {"engine": "sadtalker", **config}}
    sent = {"source_image": ("p", png()), "reference_video": ("r", video)}
    if config["reference_use"] != "all":
        sent["audio"] = ("s", wav())
    got = client.post(TALKS, files=sent, data={"talk": json.dumps(talk)})
    assert got.status_code == status, got.text


def test_videos_that_are_none(client):
    sent = {"source_image": ("p", png()), "audio": ("s", wav()), "reference_video": ("r", b"no")}
    talk = json.dumps({"config": {"engine": "sadtalker"}})
    got = client.post(TALKS, files=sent, data={"talk": talk})
    refused(got, 422, "unreadable_video")
