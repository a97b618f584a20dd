"""The page opens only what it received or made; asked over HTTP, beside the REST routes.

Also to be run with the gradio of the WebUIs (3.41.2 and 4.40), whose pages are made by them.
"""

import shutil

import pytest

pytest.importorskip("gradio")
pytest.importorskip("uvicorn")
pytest.importorskip("httpx")

from tests.support.api import png, wav
from tests.support.decoy import snapshot
from tests.support.page_client import PageServer, Visitor, words_of

SENTENCE = "The page opens only files that were uploaded to it or made by it"


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    with PageServer(tmp_path_factory.mktemp("page")) as started:
        yield started


@pytest.fixture(scope="module")
def visitor(server):
    return Visitor(server)


@pytest.fixture
def secret(tmp_path):
    folder = tmp_path / "secret"
    folder.mkdir()
    (folder / "photo.png").write_bytes(png())
    (folder / "voice.wav").write_bytes(wav())
    return folder


def generate(visitor, picture, speech, **more):
    given = {"task": "task(1)", "consent": True, "speech_kind": "File", **more}
    return visitor.send("generate", "click", picture=picture, speech_file=speech, **given)


def picture_of(visitor):
    """A picture as the page would send it: gradio 3 sends the contents themselves."""
    if visitor.generation < 4:
        import base64

        return f"data:image/png;base64,{base64.b64encode(png()).decode()}"
    return visitor.file(visitor.upload("ada.png", png()))


def test_uploaded_files_become_a_video(server, visitor):
    speech = visitor.file(visitor.upload("speech.wav", wav()))
    answer = generate(visitor, picture_of(visitor), speech)
    assert answer["success"], answer
    assert "made in" in words_of(answer) or ".mp4" in words_of(answer)
    assert list((server.base / "data" / "page").rglob("*.mp4"))


FIELDS = ["speech_file", "speech_recording", "speech_video", "reference_video", "blink_video"]
FIELDS += ["speaker_2_sound", "speaker_3_sound", "speaker_4_sound"]


@pytest.mark.parametrize("field", [*FIELDS, "picture", "task", "text", "upscaler"])
def test_a_foreign_path_in_any_field_is_refused_before_it_is_looked_at(
    server, visitor, secret, field
):
    before, mine = server.files(), snapshot(secret)
    for name in ("voice.wav", "photo.png", "nothing.here"):
        given = {field: visitor.file(secret / name)}
        given.setdefault("task", "task(2)")
        answer = visitor.send("generate", "click", **given)
        assert not answer["success"]
        assert SENTENCE in words_of(answer)
        assert "secret" not in words_of(answer)
    assert server.files() == before
    assert snapshot(secret) == mine


def forms(visitor, path):
    """Ways to write one path."""
    plain = visitor.file(path)
    yield from (
        plain | {"is_stream": True},
        plain | {"orig_name": "speech.wav", "size": 3, "mime_type": "audio/wav"},
        plain | {"url": "http://127.0.0.1/speech.wav"},
        {name: value for name, value in plain.items() if name != "meta"},
        plain | {"meta": {}},
        plain | {"meta": {"_type": "other"}},
        [plain],
        [[plain, None]],
        {"video": plain, "subtitles": None},
        {"deep": {"er": [plain]}},
        visitor.file(f"{path.parent}/../{path.parent.name}/{path.name}"),
        visitor.file(visitor.server.uploads / ".." / ".." / path.name),
        visitor.file(f"{visitor.server.uploads}/../../../../../../..{path}"),
        visitor.file(f"file={path}"),
        visitor.file(f"/file={path}"),
        visitor.file(f"{visitor.server.url}/file={path}"),
        visitor.file(f"file://{path}"),
        visitor.file(f"{path}\0.wav"),
        visitor.file(path.name),
        visitor.file(""),
    )


def test_no_way_of_writing_a_path_helps(server, visitor, secret):
    before = server.files()
    for value in forms(visitor, secret / "voice.wav"):
        answer = visitor.send("generate", "click", speech_file=value, task="task(3)")
        assert not answer["success"], value
        assert SENTENCE in words_of(answer), (value, answer)
    assert server.files() == before


def test_files_beside_the_uploads_and_links_out_of_them_are_refused(server, visitor, secret):
    upload = visitor.upload("speech.wav", wav())
    drawn = server.uploads / ("a" * 40)
    drawn.mkdir()
    (drawn / "link.wav").symlink_to(secret / "voice.wav")
    (server.uploads / ("b" * 40)).symlink_to(secret)
    shutil.copy(secret / "voice.wav", server.uploads / "another-programs.wav")
    before = server.files()
    for path in (
        drawn / "link.wav",
        server.uploads / ("b" * 40) / "voice.wav",
        server.uploads / "another-programs.wav",
        server.uploads,
        server.base / "data" / "jobs.sqlite3",
        server.base / "data" / "webhook.secret",
    ):
        answer = visitor.send("generate", "click", speech_file=visitor.file(path), task="task(4)")
        assert SENTENCE in words_of(answer), path
    assert server.files() == before
    answer = generate(visitor, picture_of(visitor), visitor.file(upload))
    assert answer["success"]


def test_no_event_of_the_page_takes_a_foreign_path(server, visitor, secret):
    """Every event there is, every input of it."""
    before, tried = server.files(), 0
    foreign = visitor.file(secret / "voice.wav")
    for number, event in enumerate(visitor.config["dependencies"]):
        if not event["backend_fn"] or not event["inputs"]:
            continue
        for place in range(len(event["inputs"])):
            data = visitor.values(event["inputs"], {})
            data[place] = foreign
            answer = visitor.send_at_once(event.get("id", number), data)
            assert answer.status_code >= 400
            tried += 1
    assert tried > 40
    assert server.files() == before


def test_an_address_is_not_fetched(server, visitor, tmp_path):
    from tests.support.api import Internet, answer, web

    internet = Internet()
    with web({"/voice.wav": answer(wav())}, internet) as asked:
        address = f"http://127.0.0.1:{internet.port}/voice.wav"
        for field in (*FIELDS, "picture", "text"):
            got = visitor.send("generate", "click", **{field: visitor.file(address)})
            assert SENTENCE in words_of(got)
        assert not asked
