"""Captions of a spoken text, and of a transcript beside a sound, over REST."""

import pytest

from tests.support.api import TALKS, form, png, wait_final
from tests.support.espeak import say
from tests.support.media import write_sound


def spoken(client, captions):
    arguments = form(
        script={"type": "text", "input": "Papa can map.", "provider": {"voice_id": "en-us"}},
        config={"captions": captions},
    )
    arguments["files"] = {"source_image": ("p.png", png())}
    made = client.post(TALKS, **arguments)
    assert made.status_code == 201, made.text
    talk = wait_final(client, made.json()["id"])
    assert talk["status"] == "done", talk
    return talk["id"]


@pytest.mark.parametrize(
    ("captions", "kind"), [("srt", "application/x-subrip"), ("vtt", "text/vtt")]
)
def test_captions_are_fetched_and_removed_with_the_video(site, client, captions, kind):
    talk_id = spoken(client, captions)
    got = client.get(f"{TALKS}/{talk_id}/captions")
    assert got.status_code == 200
    assert got.headers["content-type"].startswith(kind)
    assert "Papa can map." in got.text
    assert (site.results / f"{talk_id}.{captions}").is_file()
    client.delete(f"{TALKS}/{talk_id}")
    assert not (site.results / f"{talk_id}.{captions}").exists()


def test_a_transcript_of_a_sound_gives_captions(client, tmp_path):
    text = "My brother came home on Monday."
    said = say(text)
    sound = write_sound(tmp_path / "s.wav", said.samples[:, None], said.rate_hz).read_bytes()
    talk = client.post(
        TALKS, **form(sound=sound, config={"captions": "vtt", "transcript": text})
    ).json()
    assert wait_final(client, talk["id"])["status"] == "done"
    assert text in client.get(f"{TALKS}/{talk['id']}/captions").text


def test_a_talk_without_captions_says_how_to_ask_for_them(client):
    talk_id = spoken(client, "none")
    got = client.get(f"{TALKS}/{talk_id}/captions")
    assert got.status_code == 404
    assert "config.captions" in got.json()["hint"]


def test_other_values_are_refused(client):
    arguments = form(config={"captions": "/etc/passwd"})
    assert client.post(TALKS, **arguments).status_code == 422
