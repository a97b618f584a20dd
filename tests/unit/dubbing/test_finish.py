"""The end of a dubbing: its label, and its name."""

from types import SimpleNamespace

import numpy as np
import pytest

from sadtalker_ext.dubbing import finish
from sadtalker_ext.dubbing.request import DubRequest
from sadtalker_ext.errors import OutputExists
from sadtalker_ext.options import GenerateOptions
from sadtalker_ext.shot.track_file import TrackFile, TrackWriter
from sadtalker_ext.types import Picture


@pytest.fixture
def work(monkeypatch, tmp_path):
    picture = Picture(pixels=np.zeros((8, 8, 3), np.uint8), name="v.mp4")
    monkeypatch.setattr(finish, "_first", lambda *_: picture)
    monkeypatch.setattr(finish, "claim_of", lambda *_: None)
    options = GenerateOptions(mark="label", provenance="none")
    video, output = tmp_path / "v.mp4", tmp_path / "o.mp4"
    request = DubRequest(video=video, output=output, roles=(), options=options)
    return SimpleNamespace(
        request=request, tools=SimpleNamespace(spec=None), warnings=[], seed=1, marking=None
    )


def test_the_label_is_in_the_language_of_the_roles(work):
    texts = (["Ja."], [], ["Das ist nicht von mir.", "Und von dir auch nicht."])
    lines = [[SimpleNamespace(speech=SimpleNamespace(text=text)) for text in one] for one in texts]
    assert finish.marking_of(work, None, lines).label == "KI-generiert"


def write(work):
    footage = SimpleNamespace(path=work.request.video, facts=SimpleNamespace(other_streams=()))
    schedule = SimpleNamespace(seconds=1.0)
    work.marking = SimpleNamespace(seal=lambda *_: None, finish=lambda path: path)
    return finish.write_dub(work, footage, [], None, [], schedule)


@pytest.mark.parametrize("beside", [True, False])
def test_a_name_that_was_taken_meanwhile(work, monkeypatch, tmp_path, beside):
    """Two jobs of a WebUI may be given one name; the slower one must not lose its work."""

    def join(parts, output, look, **_):
        output.write_bytes(b"ours")
        return ()

    monkeypatch.setattr(finish, "join_reel", join)
    monkeypatch.setattr(finish, "_sound", lambda *_: None)
    metadata = SimpleNamespace(tags=dict)
    monkeypatch.setattr(finish, "describe_video", lambda *_, **__: metadata)
    monkeypatch.setitem(finish.FORMATS, "mp4", SimpleNamespace(complete=lambda *_: None))
    (tmp_path / "o.mp4").write_bytes(b"theirs")
    work.request = DubRequest(
        video=work.request.video, output=work.request.output, roles=(), beside=beside
    )
    if not beside:
        with pytest.raises(OutputExists):
            write(work)
        return
    assert write(work) == work.made == tmp_path / "o-2.mp4"
    assert work.made.read_bytes() == b"ours"
    assert (tmp_path / "o.mp4").read_bytes() == b"theirs"


@pytest.mark.parametrize(("pixels", "told"), [(30, True), (70, False)])
def test_a_small_face_is_named(tmp_path, pixels, told):
    points = np.random.default_rng(0).uniform(0, 1, (478, 3)).astype(np.float32)
    points[0, 0], points[1, 0] = 0, 1
    with TrackWriter(tmp_path) as writer:
        for number in range(4):
            # somebody else comes near the camera
            for person, size in enumerate((pixels, 200)):
                writer.face(person, person, 1.0, size * points, np.zeros(3, np.float32))
            writer.frame(number, number / 25, 0, 2)
    found = finish.small_faces(TrackFile(tmp_path), {0})
    assert [f"only {pixels} pixels wide" in one for one in found] == [True] * told
