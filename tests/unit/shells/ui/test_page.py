import numpy as np
import pytest

from sadtalker_ext.inputs.image import read_picture
from sadtalker_ext.presets import PresetBook
from sadtalker_ext.shells.api.auth import asking
from sadtalker_ext.shells.ui import page
from sadtalker_ext.shells.ui.consent import ConsentBook
from sadtalker_ext.shells.ui.face_editor import PointBook
from sadtalker_ext.shells.ui.sources import SourceLooker
from sadtalker_ext.types import Face, Picture

pytestmark = pytest.mark.usefixtures("gradio")


def named(name):
    return Picture(pixels=np.zeros((40, 40, 3), np.uint8), name=name)


@pytest.mark.parametrize(
    ("name", "stem"),
    [("ada.png", "ada"), ("../../etc/x y.png", "x_y"), ("...png", "video"), ("é" * 99, "é" * 60)],
)
def test_results_get_safe_names_in_a_folder_of_the_day(host, name, stem):
    path = host.output_path(named(name))
    assert path.parent.parent == host.output_dir
    assert path.name == f"0001-{stem}.mp4"


def test_numbers_go_on_after_the_highest(host):
    first = host.output_path(named("a.png"))
    first.parent.mkdir(parents=True)
    (first.parent / "0041-old.mp4").touch()
    assert host.output_path(named("a.png")).name == "0042-a.mp4"


def test_only_folders_of_results_are_opened(host, monkeypatch, tmp_path):
    opened = []
    monkeypatch.setattr(page.subprocess, "Popen", lambda command, **_: opened.append(command))
    inside = host.output_path(named("a.png"))
    inside.parent.mkdir(parents=True)
    for path in ("", "/etc/passwd", str(tmp_path / "x.mp4"), str(host.output_dir / "../../x")):
        host._open_folder(path)
    assert opened == []
    host._open_folder(str(inside))
    assert opened[0][1] == str(inside.parent)


def test_a_page_for_others_opens_no_folder(service, tmp_path):
    assert page.PageHost(service, tmp_path, local=False).result_actions == ()


@pytest.mark.parametrize("shared", [False, True])
def test_users_with_passwords_keep_presets_of_their_own(host, shared):
    host.shared = shared
    blocks, parts = page.build_page(host)

    def ask(user, component, trigger, *values):
        (found,) = [
            one
            for one in blocks.fns.values()
            if (getattr(component, "_id", None), trigger) in one.targets
            and parts.look.preset in one.outputs
        ]
        return found.fn(type("Request", (), {"username": user}), *values)

    clicked = (parts.look.save._id, "click")
    (save,) = [one for one in blocks.fns.values() if clicked in one.targets]
    _name, *shown = [one.value for one in save.inputs]
    ask("ann", parts.look.save, "click", "Mine", *shown)
    seen = {user: PresetBook(host.state_folder, user).is_own("Mine") for user in ("ann", "bob", "")}
    assert seen == {"ann": shared, "bob": False, "": not shared}
    if shared:
        assert "Mine" in str(ask("ann", blocks, "load"))
        assert "Mine" not in str(ask("bob", blocks, "load"))
        assert "There is no Mine" in str(ask("bob", parts.look.delete, "click", "Mine", "Natural"))
        assert PresetBook(host.state_folder, "ann").is_own("Mine")


def test_the_page_joins_an_app_that_has_routes(service, tmp_path):
    fastapi = pytest.importorskip("fastapi")
    client = pytest.importorskip("fastapi.testclient")
    app = fastapi.FastAPI()
    app.add_api_route("/v1/ping", lambda: {"pong": True})
    app.add_api_route("/", lambda: {"front": "makes way"})
    page.mount_page(app, service, output_dir=tmp_path, state_folder=tmp_path / "state")
    with client.TestClient(app) as browser:
        assert browser.get("/v1/ping").json() == {"pong": True}
        html = browser.get("/").text
        assert "sadtalker_ext_generate" in html
        assert browser.get("/gradio_api/file=/etc/passwd").status_code in {403, 404}


def test_a_guarded_page_asks_for_a_password(service, tmp_path):
    fastapi = pytest.importorskip("fastapi")
    client = pytest.importorskip("fastapi.testclient")
    app = fastapi.FastAPI()
    page.mount_page(
        app,
        service,
        output_dir=tmp_path,
        state_folder=tmp_path / "state",
        asking=asking(lambda header: "ada" if header == "Basic right" else None),
    )
    with client.TestClient(app) as browser:
        refused = browser.get("/")
        assert refused.status_code == 401
        assert refused.headers["www-authenticate"].startswith("Basic")
        assert browser.get("/config").status_code == 401
        assert browser.get("/gradio_api/info").status_code == 401
        welcome = browser.get("/", headers={"authorization": "Basic right"})
        assert welcome.status_code == 200
        assert "sadtalker_ext_generate" in welcome.text


class TestLookingAtAPicture:
    @pytest.fixture
    def look(self, host, tmp_path, monkeypatch):
        found = []
        monkeypatch.setattr(host.service, "faces", lambda picture: list(found), raising=False)
        looker = SourceLooker(host, ConsentBook(tmp_path / "state"), PointBook(tmp_path / "state"))
        names = ("note", "choice", "picture", "boxes", "index", "consent", "tick")
        names += ("start", "face_points")

        def at(value, *faces):
            found[:] = faces
            return dict(zip(names, looker.at_picture(value), strict=True))

        return at

    def face(self, left, index):
        box = (left, 10, left + 20, 40)
        return Face(points=np.zeros((478, 3), np.float32), box=box, score=1, index=index, count=2)

    def test_one_face_needs_no_words(self, look, portrait):
        seen = look(str(portrait), self.face(10, 0))
        assert seen["note"] == ""
        assert seen["choice"]["visible"] is False
        assert seen["consent"]["visible"] is True

    def test_several_faces_are_offered(self, look, portrait):
        seen = look(str(portrait), self.face(5, 0), self.face(50, 1))
        assert seen["choice"]["visible"] is True
        assert len(seen["boxes"]) == 2
        assert seen["picture"].shape == (96, 80, 3)

    def test_no_face_is_said_at_once(self, look, portrait):
        seen = look(str(portrait))
        assert "No face found in ada.png" in seen["note"]
        assert "Mark the face yourself" in seen["start"] and seen["face_points"] == ""

    def test_points_that_were_placed_come_back_with_the_picture(self, look, portrait, tmp_path):
        points = '{"left_eye_outer": [0.3, 0.4], "right_eye_outer": [0.7, 0.4], '
        points += '"mouth_left": [0.4, 0.7], "mouth_right": [0.6, 0.7]}'
        PointBook(tmp_path / "state").keep(read_picture(portrait), points)
        seen = look(str(portrait))
        assert seen["face_points"] == points and "points that you placed" in seen["note"]
        assert "Correct the points" in seen["start"]

    def test_no_picture_clears_everything(self, look):
        seen = look(None)
        assert (seen["note"], seen["boxes"], seen["index"]) == ("", [], 0)
        assert seen["consent"]["visible"] is False

    def test_a_broken_file_is_an_error_and_no_crash(self, look, tmp_path):
        broken = tmp_path / "broken.png"
        broken.write_bytes(b"not a picture")
        assert "broken.png" in look(str(broken))["note"]

    def test_missing_face_models_are_left_to_the_engine_line(self, host, portrait, tmp_path):
        looker = SourceLooker(host, ConsentBook(tmp_path), PointBook(tmp_path))
        assert looker.at_picture(str(portrait))[0] == ""


def test_no_number_is_given_twice(host):
    """Several people press Generate before any of their videos is there."""
    names = [host.output_path(named("a.png")).name for _ in range(6)]
    assert names == [f"000{number}-a.mp4" for number in range(1, 7)]
