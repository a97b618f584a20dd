"""Faces: found where they are, and not where they are not."""

import itertools
from types import SimpleNamespace

import cv2
import numpy as np
import pytest

from sadtalker_ext.errors import FaceTooSmall, NoFaceFound, NoSuchFace, WeightsMissing
from sadtalker_ext.portrait import topology
from sadtalker_ext.portrait.detect import Detection, merge
from sadtalker_ext.portrait.find import MIN_FACE_PX, MOST_FACES, choose_face, find_face, find_faces
from sadtalker_ext.portrait.mesh import FaceMesh
from sadtalker_ext.portrait.models import FaceModels
from sadtalker_ext.types import Picture
from sadtalker_ext.weights.store import WeightStore


@pytest.fixture(scope="module")
def face(models, portrait):
    return find_face(portrait, models)


def centre(points):
    return points[: topology.SURFACE_POINTS, :2].mean(0)


def width_of(points):
    return float(np.ptp(points[: topology.SURFACE_POINTS, 0]))


def head_and_shoulders(portrait, face, width_px):
    """The head of the example as a picture whose face is `width_px` wide, and its face centre."""
    scale = width_px / width_of(face.points)
    x, y = centre(face.points)
    reach = 0.9 * width_of(face.points)
    left, top = max(int(x - reach), 0), max(int(y - reach), 0)
    part = portrait.pixels[top : int(y + reach), left : int(x + reach)]
    method = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    size = (round(part.shape[1] * scale), round(part.shape[0] * scale))
    return cv2.resize(part, size, interpolation=method), (np.array([x, y]) - (left, top)) * scale


def clouds(side, cells=48, seed=3):
    """Coloured blobs, which the detector alone often takes for faces."""
    noise = np.random.default_rng(seed).normal(size=(cells, cells, 3)).astype(np.float32)
    wide = cv2.resize(noise, (side, side), interpolation=cv2.INTER_CUBIC)
    return np.clip(128 + 40 * wide, 0, 255).astype(np.uint8)


def text(side):
    page = np.full((side, side, 3), 255, np.uint8)
    for y in range(30, side, 30):
        line = "the quick brown fox 0123456789 jumps over the lazy dog"
        cv2.putText(page, line, (5, y), cv2.FONT_HERSHEY_SIMPLEX, 0.8, (0, 0, 0), 2)
    return page


def landscape(side):
    y = np.mgrid[:side, :side][0]
    sky = np.stack([120 + y / 12, 150 + y / 16, 230 - y / 8], axis=-1).clip(0, 255)
    scene = np.ascontiguousarray(sky.astype(np.uint8))
    cv2.circle(scene, (side * 2 // 3, side // 5), side // 12, (255, 240, 180), -1)
    hills = np.array([[0, 6], [3, 3.5], [6, 6.5], [9, 4], [10, 6], [10, 10], [0, 10]])
    cv2.fillPoly(scene, [(hills * side / 10).astype(np.int32)], (60, 110, 50))
    return scene


def noise(side):
    return np.random.default_rng(0).integers(0, 256, (side, side, 3), dtype=np.uint8)


def test_the_example_has_one_face_with_named_parts_in_place(face, portrait):
    points = face.points
    assert face.count == 1
    assert points.shape == (478, 3)
    assert points.dtype == np.float32
    left, top, right, bottom = face.box
    assert left <= points[:, 0].min() <= points[:, 0].max() < right
    assert top <= points[:, 1].min() <= points[:, 1].max() < bottom

    def mean(chain):
        return points[list(chain), :2].mean(0)

    eye_left, eye_right = mean(topology.EYE_LEFT_UPPER), mean(topology.EYE_RIGHT_UPPER)
    mouth, brow = mean(topology.LIPS_OUTER_LOWER), mean(topology.BROW_LEFT_UPPER)
    assert eye_left[0] < mouth[0] < eye_right[0]
    assert brow[1] < eye_left[1] < points[topology.NOSE_TIP, 1] < mouth[1]
    assert mouth[1] < points[topology.CHIN, 1]
    for iris, upper, lower in (
        (topology.IRIS_LEFT, topology.EYE_LEFT_UPPER, topology.EYE_LEFT_LOWER),
        (topology.IRIS_RIGHT, topology.EYE_RIGHT_UPPER, topology.EYE_RIGHT_LOWER),
    ):
        ring = points[list(topology.ring(upper, lower)), :2]
        assert (ring.min(0) < points[iris[0], :2]).all()
        assert (points[iris[0], :2] < ring.max(0)).all()


def test_the_irises_are_darker_than_the_cheeks(face, portrait):
    grey = portrait.pixels.mean(axis=2)
    rows, columns = np.mgrid[: grey.shape[0], : grey.shape[1]]
    for iris in (topology.IRIS_LEFT, topology.IRIS_RIGHT):
        x, y = face.points[iris[0], :2]
        radius = np.linalg.norm(face.points[iris[1], :2] - face.points[iris[3], :2]) / 2
        disc = (columns - x) ** 2 + (rows - y) ** 2 < (0.7 * radius) ** 2
        cheek = (columns - x) ** 2 + (rows - y - 0.3 * width_of(face.points)) ** 2 < radius**2
        assert np.median(grey[disc]) < 0.6 * np.median(grey[cheek])


def test_a_picture_and_its_mirror_image_agree(face, portrait, models):
    """A systematic shift of half a pixel of the network's input would be 0.39 % of the width."""
    mirrored = Picture(pixels=np.ascontiguousarray(portrait.pixels[:, ::-1]), name="mirror.png")
    other = find_face(mirrored, models)
    symmetric = list(topology.OVAL) + list(
        topology.ring(topology.LIPS_OUTER_UPPER, topology.LIPS_OUTER_LOWER)
    )
    there = face.points[symmetric, 0].mean()
    back = (portrait.size[0] - 1) - other.points[symmetric, 0].mean()
    assert abs(there - back) / 2 < 0.0025 * width_of(face.points)


@pytest.mark.parametrize("share", [0.30, 0.12, 0.08, 0.05, 0.04])
def test_faces_down_to_four_percent_of_the_picture_are_found(share, face, portrait, models):
    side = 1200
    head, middle = head_and_shoulders(portrait, face, share * side)
    for across, down in ((0.13, 0.21), (0.71, 0.58)):
        scene = np.full((side, side, 3), 128, np.uint8)
        left, top = int(across * (side - head.shape[1])), int(down * (side - head.shape[0]))
        scene[top : top + head.shape[0], left : left + head.shape[1]] = head
        faces = find_faces(Picture(pixels=scene, name="scene.png"), models)
        assert len(faces) == 1, (share, across)
        off = np.linalg.norm(centre(faces[0].points) - middle - (left, top))
        assert off < 0.05 * share * side
        assert width_of(faces[0].points) == pytest.approx(share * side, rel=0.08)


@pytest.mark.parametrize("degrees", [-60, -30, 30, 60])
def test_tilted_heads_are_found_with_their_tilt(degrees, face, portrait, models):
    width, height = portrait.size
    turn = cv2.getRotationMatrix2D((width / 2, height / 2), -degrees, 0.8)  # OpenCV: + is left
    tilted = cv2.warpAffine(portrait.pixels, turn, (width, height), borderMode=cv2.BORDER_REPLICATE)
    found = find_face(Picture(pixels=tilted, name="tilted.png"), models).points
    expected = face.points[:, :2] @ turn[:, :2].T + turn[:, 2]
    error = np.linalg.norm(found[:, :2] - expected, axis=1).mean()
    assert error < 0.02 * width_of(face.points)


def test_several_faces_come_by_size_and_can_be_chosen(face, portrait, models):
    scene = np.full((900, 1400, 3), 140, np.uint8)
    for width_px, left, top in ((90, 60, 500), (200, 450, 200), (130, 1000, 350)):
        head, _ = head_and_shoulders(portrait, face, width_px)
        scene[top : top + head.shape[0], left : left + head.shape[1]] = head
    picture = Picture(pixels=scene, name="group.png")
    faces = find_faces(picture, models)
    assert [found.index for found in faces] == [0, 1, 2]
    assert all(found.count == 3 for found in faces)
    for wider, narrower in itertools.pairwise(faces):
        assert width_of(wider.points) > width_of(narrower.points)
    assert centre(find_face(picture, models, 2).points)[0] < 400
    with pytest.raises(NoSuchFace, match="3 faces"):
        find_face(picture, models, 3)
    with pytest.raises(NoSuchFace):
        find_face(picture, models, -1)


def test_a_picture_too_small_for_a_face_is_told_its_size():
    with pytest.raises(NoFaceFound, match=r"has only 50 x 40 pixels\. Try"):
        choose_face([], Picture(pixels=np.zeros((40, 50, 3), np.uint8), name="a.png"), 0)


@pytest.mark.parametrize("scene", [clouds, text, landscape, noise])
def test_pictures_without_a_face_have_none(scene, models):
    with pytest.raises(NoFaceFound, match=r"No face found in holiday\.png\. Try"):
        find_face(Picture(pixels=scene(800), name="holiday.png"), models)


def test_face_like_clouds_do_not_hide_a_small_face(face, portrait, models):
    scene = clouds(1200)
    head, middle = head_and_shoulders(portrait, face, 72)
    scene[500 : 500 + head.shape[0], 300 : 300 + head.shape[1]] = head
    faces = find_faces(Picture(pixels=scene, name="scene.png"), models)
    assert any(np.linalg.norm(centre(f.points) - middle - (300, 500)) < 5 for f in faces)


def test_a_tiny_face_is_refused_with_both_numbers(face, portrait, models):
    head, _ = head_and_shoulders(portrait, face, 24)
    scene = np.full((200, 200, 3), 128, np.uint8)
    scene[60 : 60 + head.shape[0], 70 : 70 + head.shape[1]] = head
    with pytest.raises(FaceTooSmall, match=rf"\d\d pixels wide, and {MIN_FACE_PX} are needed"):
        find_face(Picture(pixels=scene, name="tiny.png"), models)


@pytest.mark.parametrize("size", [(1, 1), (1, 300), (2, 2), (40, 3)])
def test_degenerate_pictures_have_no_face(size, models):
    assert find_faces(Picture(pixels=np.zeros((*size, 3), np.uint8), name="x.png"), models) == []


def test_missing_models_are_named_with_the_command(tmp_path):
    models = FaceModels(WeightStore((), cache=tmp_path))
    with pytest.raises(WeightsMissing, match="sadtalker weights fetch face"):
        find_faces(Picture(pixels=np.zeros((64, 64, 3), np.uint8), name="x.png"), models)


def test_detections_of_one_face_are_joined_by_their_scores():
    def detection(score, x, width=100.0):
        points = np.full((6, 2), x, np.float32)
        return Detection(score=score, x=x, y=50.0, width=width, height=width, keypoints=points)

    joined = merge([detection(0.6, 104.0), detection(0.9, 100.0), detection(0.8, 400.0)])
    assert [round(face.x) for face in joined] == [102, 400]
    assert joined[0].score == 0.9
    assert joined[0].keypoints[3, 0] == pytest.approx((0.9 * 100 + 0.6 * 104) / 1.5)


def test_tracking_follows_a_moving_face_and_finds_it_again(face, portrait, models):
    def moved(dx, dy):
        shift = np.array([[1.0, 0, dx], [0, 1, dy]])
        return cv2.warpAffine(
            portrait.pixels, shift, portrait.size, borderMode=cv2.BORDER_REPLICATE
        )

    black = np.zeros_like(portrait.pixels)
    path = [(0, 0), (4, 2), (9, 4), None, (40, 10), (44, 10)]
    frames = (black if step is None else moved(*step) for step in path)
    meshes = list(models.mesher.track(frames, models.detector))
    assert meshes[3] is None
    for step, mesh in zip(path, meshes, strict=True):
        if step is not None:
            error = mesh.points[:, :2] - face.points[:, :2] - step
            assert np.linalg.norm(error, axis=1).mean() < 0.01 * width_of(face.points)


def test_of_a_crowd_only_the_largest_are_looked_at(portrait):
    """Every look takes its time; 94 faces took minutes."""
    looked = []

    class Detector:
        def levels(self, _pixels):
            yield [
                Detection(score=0.9, x=9.0, y=9.0, width=side, height=side, keypoints=np.zeros(6))
                for side in range(1, 95)
            ]

    def mesher(_pixels, detection):
        looked.append(detection.side)
        return FaceMesh(points=np.zeros((478, 3), np.float32), score=0.0)

    assert find_faces(portrait, SimpleNamespace(detector=Detector(), mesher=mesher)) == []
    assert sorted(looked) == list(range(95 - MOST_FACES, 95))
