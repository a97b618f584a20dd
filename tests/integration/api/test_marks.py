"""The marks of a job's video, and what lies beside it, over REST."""

import pytest

from tests.support.api import TALKS, form, png, wait_final, wav


def made(client, **config):
    arguments = form(config=config)
    arguments["files"] = {"source_image": ("p.png", png()), "audio": ("a.wav", wav())}
    talk = client.post(TALKS, **arguments).json()
    return wait_final(client, talk["id"])


@pytest.mark.parametrize("name", ["gif", "mp4"])
def test_marks_are_told_and_the_manifest_is_fetched(site, client, name):
    talk = made(client, format=name, consent_by="Ada Example")
    assert talk["status"] == "done", talk
    assert talk["metadata"]["marks"] == ["metadata", "c2pa", "mark"]
    beside = sorted(one.name for one in site.results.glob(f"{talk['id']}.*"))
    got = client.get(f"{TALKS}/{talk['id']}/manifest")
    if name == "gif":
        assert got.status_code == 200
        assert got.headers["content-type"] == "application/c2pa"
        assert b"c2pa" in got.content
    else:
        assert got.status_code == 404
        assert "inside" in got.json()["hint"]
    records = [".consent.json"] + [".c2pa"] * (name == "gif")
    expected = [f"{talk['id']}.{name}{ending}" for ending in ["", *records]]
    assert beside == sorted(expected)
    client.delete(f"{TALKS}/{talk['id']}")
    assert not list(site.results.glob(f"{talk['id']}.*"))


def test_layers_come_as_a_list_or_as_text(client):
    assert made(client, provenance=["mark"])["metadata"]["marks"] == ["mark"]
    assert made(client, provenance="none")["metadata"]["marks"] == []
    arguments = form(config={"provenance": ["water"]})
    arguments["files"] = {"source_image": ("p.png", png()), "audio": ("a.wav", wav())}
    assert client.post(TALKS, **arguments).status_code == 422
