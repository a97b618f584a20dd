"""Hands are found where they are, and what they hide is measured."""

import numpy as np
import pytest

from sadtalker_ext.errors import WeightsCorrupt
from sadtalker_ext.portrait import plain_ops
from sadtalker_ext.portrait.find import find_face
from sadtalker_ext.portrait.hands import Hand, HandFinder
from sadtalker_ext.portrait.models import FaceModels
from sadtalker_ext.portrait.region import Region
from sadtalker_ext.shot.mouth_seen import COVERED, mouth_warnings
from sadtalker_ext.types import Picture
from sadtalker_ext.weights.manifest import HAND, PALMS
from sadtalker_ext.weights.store import WeightStore
from tests.support.drawn_hand import FINGERS, WRIST, with_hand
from tests.unit.portrait.test_graph import operation

BACKGROUND = (70, 90, 110)


@pytest.mark.parametrize("angle", [0, 70])
def test_a_hand_is_found_from_wrist_to_finger_tip(models, angle):
    plain = np.full((300, 300, 3), BACKGROUND, np.uint8)
    picture = with_hand(plain, (150, 140), 180, angle)
    hands = models.hands(picture, Region(x=150, y=150, side=300))
    best = max(hands, key=lambda hand: hand.score)
    assert best.score > 0.5
    turn = np.radians(angle)
    away = np.subtract([WRIST, FINGERS[1][1]], (0.49, 0.5)) * (180 / 0.9)
    ends = away @ np.array([[np.cos(turn), np.sin(turn)], [-np.sin(turn), np.cos(turn)]])
    apart = np.linalg.norm(best.points[[0, 12]] - ends - (150, 140), axis=1)
    assert apart.max() < 0.2 * 180


def test_where_there_is_none_no_hand_is_found(models):
    plain = np.full((300, 300, 3), BACKGROUND, np.uint8)
    assert models.hands(plain, Region(x=150, y=150, side=300)) == []


@pytest.fixture(scope="module")
def face(models, portrait):
    return find_face(portrait, models)


def test_a_hand_of_the_faces_colour_before_the_mouth_is_said(models, portrait, face):
    lips = face.points[[13, 14], :2].mean(axis=0)
    height = float(np.ptp(face.points[:, 1]))
    skin = tuple(np.median(portrait.pixels[tuple(face.points[[50, 280], 1::-1].astype(int).T)], 0))
    told = {}
    for name, away in {"over": (0, 0), "beside": (0.75, 0.1)}.items():
        at = lips + np.multiply(away, height)
        pixels = with_hand(portrait.pixels, at, 0.9 * height, skin=skin)
        told[name] = mouth_warnings(
            Picture(pixels=pixels, name="p"), face, models.hands.share_hidden
        )
    assert told == {"over": (COVERED,), "beside": ()}
    assert mouth_warnings(portrait, face, models.hands.share_hidden) == ()


def test_without_its_files_no_hand_is_looked_for(tmp_path, caplog):
    assert FaceModels(WeightStore(cache=tmp_path)).hands is None
    (tmp_path / "weights").mkdir()
    for name in (PALMS, HAND):
        (tmp_path / "weights" / name).write_bytes(b"damaged")
    assert not caplog.text
    assert FaceModels(WeightStore(cache=tmp_path)).hands is None
    assert "Hands are not looked for" in caplog.text


def open_hand(at, size):
    """An upright hand with its wrist below: palm and fingers of half its size each."""
    x = np.array([0, *np.repeat((-0.6, -0.3, -0.1, 0.1, 0.3), 4)])
    y = np.array([1, *(0.8, 0.6, 0.5, 0.4), *np.tile((0.5, 0.33, 0.17, 0.0), 4)])
    points = np.stack([x * 0.5, y], axis=1) * size + (at[0], at[1])
    return Hand(points=points.astype(np.float32), score=1.0)


SQUARE = np.array([(0, 0), (40, 0), (40, 40), (0, 40)], np.float32)


@pytest.mark.parametrize(
    ("hand", "least", "most"),
    [
        (open_hand((20, -150), 300), 0.99, 1.0),
        (open_hand((20, 300), 200), 0.0, 0.0),
        (open_hand((-30, -150), 300), 0.3, 0.7),
        (open_hand((200, -50), 100), 0.0, 0.0),
    ],
    ids=["over it", "below", "half", "beside"],
)
def test_what_a_hand_hides_is_measured(hand, least, most):
    assert least <= hand.share_of(SQUARE) <= most


def test_the_operations_of_the_network_of_joints():
    rng = np.random.default_rng(2)
    x = rng.normal(size=(1, 3, 4, 5)).astype(np.float32)
    axes = np.array([1, 2], np.int32)
    mean = plain_ops.mean(operation("MEAN", [x, axes], [None, axes], (1, 5)))
    np.testing.assert_allclose(mean(x), x.mean((1, 2)), rtol=1e-5)
    row, matrix = mean(x), rng.normal(size=(2, 5)).astype(np.float32)
    bias = np.array([1, -2], np.float32)
    constants = [None, matrix, bias]
    full = operation("FULLY_CONNECTED", [row, matrix, bias], constants, (1, 2), activation=0)
    answer = plain_ops.fully_connected(full)(row)
    np.testing.assert_allclose(answer, row @ matrix.T + bias, rtol=1e-5)
    logistic = plain_ops.logistic(operation("LOGISTIC", [answer], [None], (1, 2)))
    np.testing.assert_allclose(logistic(answer), 1 / (1 + np.exp(-answer)), rtol=1e-5)
    wrong = operation("FULLY_CONNECTED", [row, matrix, bias], constants, (1, 2), activation=1)
    with pytest.raises(WeightsCorrupt, match="FULLY_CONNECTED"):
        plain_ops.fully_connected(wrong)


@pytest.mark.parametrize(("score", "share"), [(0.95, 0.7), (0.6, 0.0)])
def test_only_what_is_surely_a_hand_hides_something(score, share):
    looked = []

    class Finder(HandFinder):
        def __init__(self):
            pass

        def __call__(self, picture, region):
            looked.append(region.side)
            return [Hand(points=open_hand((20, -150), 300).points, score=score)]

    hidden = Finder().share_hidden(np.zeros((9, 9, 3), np.uint8), SQUARE, 100.0)
    assert hidden == 0 if share == 0 else hidden > share
    assert len(looked) == (1 if share else 2), "a look that tells enough is the only one"
    assert min(looked) >= 200, "a hand is as long as a face"
