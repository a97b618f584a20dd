"""What clients do: make, watch, list, cancel and remove talks."""

import base64
import json

import pytest

from tests.support.api import TALKS, form, png, wait_final, wait_until, wav
from tests.support.media import write_mute_video


def b64(data):
    return base64.b64encode(data).decode("ascii")


def body(**rest):
    return {
        "source_image": b64(png()),
        "script": {"type": "audio", "audio_base64": b64(wav())},
        **rest,
    }


def test_a_form_becomes_a_video(site, client):
    before = site.control.seeds()
    made = client.post(TALKS, **form(config={"seed": 5}, user_data="mine", name="title"))
    assert made.status_code == 201
    talk = made.json()
    assert talk["status"] == "created"
    assert made.headers["location"] == f"{TALKS}/{talk['id']}"
    done = wait_final(client, talk["id"])
    assert done["status"] == "done"
    assert (done["user_data"], done["name"]) == ("mine", "title")
    assert done["metadata"]["seed"] == 5
    assert done["metadata"]["num_frames"] == 6
    assert done["metadata"]["resolution"] == [48, 48]
    assert done["progress"]["fraction"] == 1.0
    video = client.get(done["result_url"])
    assert video.headers["content-type"] == "video/mp4"
    assert video.content[4:8] == b"ftyp"
    assert site.control.seeds() == [*before, 5]


def test_base64_and_data_urls_become_videos(client):
    plain = client.post(TALKS, json=body())
    data_url = client.post(
        TALKS, json=body(source_image=f"data:image/png;base64,{b64(png())}", config=None)
    )
    for made in (plain, data_url):
        assert made.status_code == 201, made.text
        assert wait_final(client, made.json()["id"])["status"] == "done"


@pytest.mark.parametrize(
    ("kind", "media_type", "head"),
    [
        ("webm", "video/webm", b"\x1aE"),
        ("mov", "video/quicktime", b"\0\0\0\x14ftypqt"),
        ("gif", "image/gif", b"GIF8"),
        ("png", "application/zip", b"PK"),
    ],
)
def test_other_formats(site, client, kind, media_type, head):
    talk = wait_final(client, client.post(TALKS, **form(config={"format": kind})).json()["id"])
    assert talk["status"] == "done", talk
    got = client.get(talk["result_url"])
    assert (got.headers["content-type"], got.content[: len(head)]) == (media_type, head)
    assert list(site.results.glob(f"{talk['id']}.*"))
    client.delete(f"{TALKS}/{talk['id']}")
    assert not list(site.results.glob(f"{talk['id']}.*"))


@pytest.mark.parametrize("engine", ["puppet", "sadtalker"])
def test_both_engines_borrow_motion(client, tmp_path, engine):
    files = form()
    files["files"]["reference_video"] = ("r", write_mute_video(tmp_path / "r.mp4").read_bytes())
    files["data"]["talk"] = json.dumps({"config": {"engine": engine}})
    assert client.post(TALKS, **files).status_code == 201


def test_idle_needs_no_script(client):
    made = client.post(TALKS, json={"source_image": b64(png()), "config": {"idle_seconds": 0.4}})
    done = wait_final(client, made.json()["id"])
    assert done["status"] == "done"
    assert done["duration"] == pytest.approx(0.4, abs=0.05)


def test_uploads_are_gone_when_the_job_is_final(site, client):
    site.control.set("hold")
    talk = client.post(TALKS, **form()).json()
    assert sorted(file.name for file in (site.inputs / talk["id"]).iterdir()) == [
        "audio",
        "source_image",
    ]
    site.control.clear()
    wait_final(client, talk["id"])
    wait_until(lambda: not list(site.inputs.iterdir()))
    assert [file.name for file in site.results.glob(f"{talk['id']}*")] == [f"{talk['id']}.mp4"]


def test_a_waiting_job_is_cancelled_at_once(site, client):
    before = site.control.seeds()
    site.control.set("hold")
    first = client.post(TALKS, **form(config={"seed": 1})).json()
    wait_until(lambda: client.get(f"{TALKS}/{first['id']}").json()["status"] == "started")
    second = client.post(TALKS, **form(config={"seed": 2})).json()
    waiting = client.get(f"{TALKS}/{second['id']}").json()
    assert waiting["progress"]["queue_position"] == 1
    gone = client.delete(f"{TALKS}/{second['id']}").json()
    assert (gone["status"], gone["error"]["code"]) == ("rejected", "cancelled")
    site.control.clear()
    assert wait_final(client, first["id"])["status"] == "done"
    assert site.control.seeds() == [*before, 1]


def test_a_running_job_is_cancelled_between_frames(site, client):
    before = len(site.control.seeds())
    site.control.set("hold")
    talk = client.post(TALKS, **form()).json()
    wait_until(lambda: len(site.control.seeds()) > before)
    stopping = client.delete(f"{TALKS}/{talk['id']}").json()
    assert stopping["status"] == "started"
    assert stopping["progress"]["stopping"] is True
    site.control.clear()
    done = wait_final(client, talk["id"])
    assert (done["status"], done["error"]["code"]) == ("rejected", "cancelled")
    assert not list(site.results.glob(f"{talk['id']}*"))


def test_a_kept_partial_video_is_a_result(site, client):
    site.control.set("pause", 0.1)
    talk = client.post(TALKS, **form(sound=wav(2.0), config={"keep_partial": True})).json()
    url = f"{TALKS}/{talk['id']}"
    wait_until(lambda: client.get(url).json()["progress"].get("done", 0) >= 3)
    client.delete(url)
    done = wait_final(client, talk["id"])
    assert done["status"] == "done"
    assert done["metadata"]["partial"] is True
    assert 0 < done["metadata"]["num_frames"] < 50
    assert client.get(done["result_url"]).status_code == 200


def test_deleting_a_finished_job_removes_its_video(site, client):
    talk = client.post(TALKS, **form()).json()
    wait_final(client, talk["id"])
    assert client.delete(f"{TALKS}/{talk['id']}").status_code == 200
    assert client.get(f"{TALKS}/{talk['id']}").status_code == 404
    assert not list(site.results.glob(f"{talk['id']}*"))


@pytest.mark.parametrize(
    ("wrong", "status", "code"),
    [
        ("no face", "rejected", "no_face"),
        ("no encoder", "error", "encoding_failed"),
        ("full", "error", "out_of_memory"),
        ("memory", "error", "out_of_memory"),
        ("bug", "error", "error"),
        ("unwritable", "error", "output_unwritable"),
    ],
)
def test_failures_are_told_by_their_class_and_nothing_more(site, client, wrong, status, code):
    site.control.set("fail", wrong)
    done = wait_final(client, client.post(TALKS, **form()).json()["id"])
    assert (done["status"], done["error"]["code"]) == (status, code)
    assert "secret" not in json.dumps(done)
    assert str(site.folder) not in json.dumps(done)
    assert client.get(f"{TALKS}/{done['id']}/video").status_code == 409


def test_the_missing_engine_is_an_error_with_the_way_out(client):
    talk = client.post(TALKS, **form(config={"engine": "sadtalker"})).json()
    done = wait_final(client, talk["id"])
    assert (done["status"], done["error"]["code"]) == ("error", "package_missing")
    assert done["error"]["hint"]


def test_the_list_has_pages(client):
    ids = [client.post(TALKS, **form()).json()["id"] for _ in range(5)]
    seen, token = [], ""
    for _ in range(3):
        page = client.get(TALKS, params={"limit": 2, "token": token}).json()
        seen += [talk["id"] for talk in page["talks"]]
        token = page.get("token", "")
    assert seen[:5] == ids[::-1]
    assert len(set(seen)) == len(seen)


@pytest.mark.parametrize(
    "query",
    [{"limit": 0}, {"limit": "x"}, {"token": "!"}, {"token": "eA"}, {"page": 2}, {"limit": 101}],
    ids=str,
)
def test_wrong_queries_name_their_parameter(client, query):
    answer = client.get(TALKS, params=query)
    assert answer.status_code == 422
    assert answer.json()["field"] == next(iter(query))


def test_one_key_makes_one_job(site, client):
    one, two = f"k1-{site.port}", f"k2-{site.port}"
    headers = {"Idempotency-Key": one}
    first = client.post(TALKS, headers=headers, **form(config={"seed": 3}))
    again = client.post(TALKS, headers=headers, **form(config={"seed": 3}))
    other = client.post(TALKS, headers=headers, **form(config={"seed": 4}))
    new = client.post(TALKS, headers={"Idempotency-Key": two}, **form(config={"seed": 3}))
    assert first.json()["id"] == again.json()["id"] != new.json()["id"]
    assert again.headers["idempotency-replayed"] == "true"
    assert other.status_code == 409
    assert other.json()["code"] == "idempotency_key_reused"


def test_events_tell_the_whole_story(site, client):
    site.control.set("pause", 0.1)
    talk = client.post(TALKS, **form()).json()
    with client.stream("GET", f"{TALKS}/{talk['id']}/events") as stream:
        assert stream.headers["content-type"].startswith("text/event-stream")
        text = "".join(stream.iter_text())
    events = [block.split("\n") for block in text.strip().split("\n\n")]
    states = [json.loads(block[1][6:])["status"] for block in events if block[0] == "event: state"]
    assert states[-1] == "done"
    assert states == sorted(states, key=["created", "started", "done"].index)
    fractions = [
        json.loads(block[1][6:])["fraction"] for block in events if block[0] == "event: progress"
    ]
    assert fractions
    assert fractions == sorted(fractions)


def test_events_arrive_while_the_job_runs(site, client):
    """No middleware in between may hold them back."""
    site.control.set("hold")
    talk = client.post(TALKS, **form()).json()
    with client.stream("GET", f"{TALKS}/{talk['id']}/events") as stream:
        lines = stream.iter_lines()
        assert any("started" in line for line in lines)
        assert client.get(f"{TALKS}/{talk['id']}").json()["status"] == "started"
        site.control.clear()
        assert any('"status": "done"' in line for line in lines)


def test_our_own_client(site, tmp_path):
    seen = []
    with site.client() as client:
        talk = client.make(
            png(), wav(), tmp_path / "v.mp4", config={"seed": 3}, on_progress=seen.append
        )
        assert talk.metadata["seed"] == 3
        assert (tmp_path / "v.mp4").read_bytes()[4:8] == b"ftyp"
        assert seen[-1].fraction == 1.0
        last = client.create(png(), wav())
        assert list(client.watch(last.id))[-1].fraction == 1.0
        assert next(client.list(limit=2)).id == last.id
        assert client.delete(last.id).id == last.id
