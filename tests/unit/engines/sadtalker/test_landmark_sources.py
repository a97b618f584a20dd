import sys
import types

import numpy as np
import pytest

from sadtalker_ext.engines.sadtalker import landmark_sources
from sadtalker_ext.engines.sadtalker.landmark_sources import NETWORK_FILES, LandmarkSource, is_ready
from sadtalker_ext.errors import NoFaceFound, PackageMissing
from sadtalker_ext.options import GenerateOptions
from sadtalker_ext.portrait.landmarks68 import landmarks_68
from sadtalker_ext.types import Face, Picture

MESH = np.random.default_rng(0).uniform(20, 180, (478, 3)).astype(np.float32)
FACE = Face(points=MESH, box=(20, 30, 180, 190), score=0.9)
PICTURE = Picture(pixels=np.zeros((200, 200, 3), np.uint8), name="p.png")
FOUND = np.random.default_rng(1).uniform(20, 180, (68, 2)).astype(np.float32)


class Network:
    """Stands for one release of face_alignment.FaceAlignment."""

    built = 0
    answer = (FOUND,)

    def __init__(
        self, landmarks_type, device="cuda", flip_input=True, face_detector="sfd", compile=True
    ):
        assert landmarks_type == "two"
        self.settings = (device, flip_input, face_detector, compile)
        type(self).built += 1

    def get_landmarks_from_image(self, picture, detected_faces=None):
        self.asked = (picture, detected_faces)
        return list(self.answer) if self.answer is not None else None


class OldNetwork(Network):
    """A release that knows no `compile`."""

    def __init__(self, landmarks_type, device="cuda", flip_input=False, face_detector="sfd"):
        super().__init__(landmarks_type, device, flip_input, face_detector, False)


@pytest.fixture(params=[Network, OldNetwork])
def package(request, monkeypatch):
    kinds = {"TWO_D": "two"} if request.param is Network else {"_2D": "two"}
    module = types.ModuleType("face_alignment")
    module.FaceAlignment = request.param
    module.LandmarksType = types.SimpleNamespace(**kinds)
    monkeypatch.setitem(sys.modules, "face_alignment", module)
    monkeypatch.setattr(request.param, "built", 0)
    return request.param


def test_the_mesh_by_default_and_when_asked(monkeypatch):
    monkeypatch.setattr(landmark_sources, "is_ready", lambda: False)
    for choice in ("auto", "mesh"):
        found = LandmarkSource()(PICTURE, FACE, GenerateOptions(landmarks=choice))
        np.testing.assert_array_equal(found, landmarks_68(MESH))


def test_landmarks_that_came_with_the_picture_go_first(package):
    given = Picture(pixels=PICTURE.pixels, name="p.png", landmarks=FOUND + 1)
    for choice in ("auto", "mesh", "face-alignment"):
        found = LandmarkSource()(given, FACE, GenerateOptions(landmarks=choice))
        np.testing.assert_array_equal(found, FOUND + 1)
    assert package.built == 0


def test_points_that_a_person_placed_need_no_network(package):
    placed = Picture(pixels=PICTURE.pixels, name="p.png", face_points={"chin": (0.5, 0.9)})
    found = LandmarkSource()(placed, FACE, GenerateOptions(landmarks="face-alignment"))
    np.testing.assert_array_equal(found, landmarks_68(MESH))


def test_the_network_gets_our_face_and_is_built_once(package):
    source = LandmarkSource("cpu")
    options = GenerateOptions(landmarks="face-alignment")
    for _ in range(2):
        found = source(PICTURE, FACE, options)
        np.testing.assert_array_equal(found, FOUND)
        assert found.dtype == np.float32
    assert package.built == 1
    assert source._network.settings == ("cpu", False, "folder", False)
    assert source._network.asked[1] == [[20.0, 30.0, 180.0, 190.0, 0.9]]
    source.close()
    source(PICTURE, FACE, options)
    assert package.built == 2


def test_auto_takes_the_network_when_it_is_ready(package, monkeypatch):
    monkeypatch.setattr(landmark_sources, "is_ready", lambda: True)
    found = LandmarkSource()(PICTURE, FACE, GenerateOptions())
    np.testing.assert_array_equal(found, FOUND)
    mesh = LandmarkSource()(PICTURE, FACE, GenerateOptions(landmarks="mesh"))
    np.testing.assert_array_equal(mesh, landmarks_68(MESH))


@pytest.mark.parametrize("answer", [None, ()])
def test_no_landmarks_are_told(package, monkeypatch, answer):
    monkeypatch.setattr(package, "answer", answer)
    with pytest.raises(NoFaceFound, match=r"p\.png"):
        LandmarkSource()(PICTURE, FACE, GenerateOptions(landmarks="face-alignment"))


def test_a_missing_package_is_told(monkeypatch):
    monkeypatch.setitem(sys.modules, "face_alignment", None)
    with pytest.raises(PackageMissing) as caught:
        LandmarkSource()(PICTURE, FACE, GenerateOptions(landmarks="face-alignment"))
    assert "pip install face-alignment" in caught.value.hint


@pytest.mark.parametrize("name", NETWORK_FILES)
def test_ready_means_package_and_file(monkeypatch, tmp_path, name):
    torch = pytest.importorskip("torch")
    monkeypatch.setattr(torch.hub, "get_dir", lambda: str(tmp_path))
    monkeypatch.setattr(landmark_sources.importlib.util, "find_spec", lambda one: object())
    assert not is_ready()
    (tmp_path / "checkpoints").mkdir()
    (tmp_path / "checkpoints" / name).touch()
    assert is_ready()
    monkeypatch.setattr(landmark_sources.importlib.util, "find_spec", lambda one: None)
    assert not is_ready()
