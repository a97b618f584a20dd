"""Fetching the finished file: whole, in parts, under conditions."""

import pytest

from tests.support.api import TALKS, form, wait_final


@pytest.fixture
def video(site, client):
    page = client.get(TALKS, params={"limit": 1}).json()["talks"]
    if page and page[0]["status"] == "done" and page[0].get("name") == "for ranges":
        talk = page[0]
    else:
        made = client.post(TALKS, **form(name="for ranges"))
        talk = wait_final(client, made.json()["id"])
    data = (site.results / f"{talk['id']}.mp4").read_bytes()
    return client, talk["result_url"], data


def test_the_whole_file(video):
    client, url, data = video
    got = client.get(url)
    assert (got.status_code, got.content) == (200, data)
    assert got.headers["accept-ranges"] == "bytes"
    assert got.headers["content-type"] == "video/mp4"
    assert got.headers["x-content-type-options"] == "nosniff"


def test_head_has_the_headers_only(video):
    client, url, data = video
    got = client.head(url)
    assert (got.status_code, got.content) == (200, b"")
    assert got.headers["content-length"] == str(len(data))


@pytest.mark.parametrize(
    ("asked", "part"),
    [
        ("bytes=0-0", slice(0, 1)),
        ("bytes=0-99", slice(0, 100)),
        ("bytes=100-199", slice(100, 200)),
        ("bytes=100-", slice(100, None)),
        ("bytes=-50", slice(-50, None)),
        ("bytes=0-99999999999", slice(0, None)),
        ("bytes=-99999999999", slice(0, None)),
    ],
)
def test_ranges(video, asked, part):
    client, url, data = video
    got = client.get(url, headers={"Range": asked})
    expected = data[part]
    assert (got.status_code, got.content) == (206, expected)
    first = data.index(expected[:64]) if len(expected) >= 64 else None
    begin, rest = got.headers["content-range"].removeprefix("bytes ").split("-")
    assert rest == f"{int(begin) + len(expected) - 1}/{len(data)}"
    assert first is None or int(begin) == first


@pytest.mark.parametrize("asked", ["bytes=99999999-", "bytes=-0"])
def test_ranges_outside(video, asked):
    client, url, data = video
    got = client.get(url, headers={"Range": asked})
    assert got.status_code == 416
    assert got.headers["content-range"] == f"bytes */{len(data)}"


@pytest.mark.parametrize(
    "asked", ["bytes=5-2", "bytes=-", "bytes=a-b", "items=0-1", "bytes=0-1,5-6", "x" * 500]
)
def test_ranges_that_are_none_get_the_whole(video, asked):
    client, url, data = video
    got = client.get(url, headers={"Range": asked})
    assert (got.status_code, got.content) == (200, data)


def test_conditions(video):
    client, url, data = video
    headers = client.head(url).headers
    tag, date = headers["etag"], headers["last-modified"]
    assert client.get(url, headers={"If-None-Match": tag}).status_code == 304
    for good in (tag, date):
        got = client.get(url, headers={"Range": "bytes=0-1", "If-Range": good})
        assert got.status_code == 206
    changed = client.get(url, headers={"Range": "bytes=0-1", "If-Range": '"old"'})
    assert (changed.status_code, changed.content) == (200, data)


def test_a_lost_file_is_not_found(site, client):
    talk = wait_final(client, client.post(TALKS, **form()).json()["id"])
    (site.results / f"{talk['id']}.mp4").unlink()
    assert client.get(talk["result_url"]).status_code == 404


def test_results_are_never_read_through_a_link(site, client, tmp_path):
    talk = wait_final(client, client.post(TALKS, **form()).json()["id"])
    secret = tmp_path / "secret.txt"
    secret.write_text("secret")
    result = site.results / f"{talk['id']}.mp4"
    result.unlink()
    result.symlink_to(secret)
    got = client.get(f"{TALKS}/{talk['id']}/video")
    assert (got.status_code, got.json()["code"]) == (404, "not_found")
