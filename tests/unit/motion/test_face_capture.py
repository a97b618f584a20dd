"""Brows, mouth and gaze of driving videos, from meshes that move as told."""

import dataclasses
import math

import numpy as np
import pytest

from sadtalker_ext.blendshapes import BLENDSHAPES, COLUMN, both_sides
from sadtalker_ext.compositor.paste_back import turned
from sadtalker_ext.motion.capture_table import ANSWERS
from sadtalker_ext.motion.controls import CONTROLS, MOUTH, PRESS
from sadtalker_ext.motion.driven_face import DrivenFace
from sadtalker_ext.motion.face_capture import BROWS, Captured, capture
from sadtalker_ext.motion.face_measures import LOOKS, MEASURES, FaceRuler
from sadtalker_ext.motion.tracking import Tracked
from sadtalker_ext.portrait import topology
from tests.support.puppet_person import make_person

PERSON = make_person().points.astype(np.float32)
for chain, x in ((topology.EYE_LEFT_UPPER, 130), (topology.EYE_RIGHT_UPPER, 190)):
    across = np.linspace(-14, 14, len(chain)) * (1 if x < 160 else -1)
    PERSON[list(chain)] = np.stack([x + across, np.full(9, 110), np.full(9, -50)], axis=1)
FRAMES = 80
OPEN = np.zeros((FRAMES, 2), np.float32)
STILL = np.zeros((FRAMES, 3), np.float32)


def bump(at, width=8.0):
    return np.exp(-(((np.arange(FRAMES) - at) / width) ** 4))


def told(weights):
    """Measures of a face that moves as the table says, on top of a face of its own."""
    rng = np.random.default_rng(4)
    own = rng.normal(0, 0.3, len(MEASURES))
    tables = {name: np.array(row) for name, row in ANSWERS.items()}
    moved = sum(np.outer(track, tables[name]) for name, track in weights.items())
    return (own + moved + rng.normal(0, 0.0008, (FRAMES, len(MEASURES)))).astype(np.float32)


def still_looks():
    return np.zeros((FRAMES, len(LOOKS)), np.float32)


@pytest.mark.parametrize(
    "name", [name for name in ANSWERS if name not in ("blink", "mouthShrugLower")]
)
def test_every_blendshape_is_found_and_no_other(name):
    track = 0.7 * bump(40)
    found = capture(told({name: track}), still_looks(), OPEN, STILL).shapes
    for one in both_sides(name):
        assert np.corrcoef(found[:, COLUMN[one]], track)[0, 1] > 0.9
        assert found[:, COLUMN[one]].max() == pytest.approx(0.7, abs=0.2)
    others = [k for k, one in enumerate(BLENDSHAPES) if one not in both_sides(name)]
    assert found[:, others].max() < 0.35


def test_who_moves_farther_than_a_face_goes_is_scaled_and_keeps_the_order():
    track = 1.8 * bump(20) + 0.9 * bump(60)
    found = capture(told({"jawOpen": track}), still_looks(), OPEN, STILL).shapes[
        :, COLUMN["jawOpen"]
    ]
    assert 0.9 < found[20] <= 1
    assert found[60] == pytest.approx(0.5 * found[20], rel=0.15)


def test_lips_that_meet_in_speech_are_pressed_and_resting_ones_are_not():
    track = np.where(np.arange(FRAMES) < 40, 0.6, 0.0) * (1 - bump(20, 3.0))
    found = capture(told({"jawOpen": track}), still_looks(), OPEN, STILL)
    assert found.press[20] > 0.9
    assert found.press[10] < 0.1
    assert found.press[60:].max() < 0.1
    assert found.speaks
    assert not capture(told({"browInnerUp": track}), still_looks(), OPEN, STILL).speaks


def test_gaze_is_in_degrees_and_closed_eyes_look_nowhere():
    degrees = 12 * np.sin(np.arange(FRAMES) / 12)
    looks = still_looks()
    looks[:, [0, 2]] = np.sin(np.radians(degrees))[:, None] * 12 / 11.7
    closed = OPEN.copy()
    closed[40:44], looks[40:44] = 1.0, 3.0
    gaze = capture(np.zeros((FRAMES, len(MEASURES)), np.float32), looks, closed, STILL).gaze
    wanted = np.degrees(np.arcsin(np.sin(np.radians(degrees)) / 0.7))  # as much as is not seen
    seen = np.r_[4:36, 48:76]
    np.testing.assert_allclose(gaze[seen, 0], wanted[seen], atol=1.5)
    assert np.abs(gaze[:, 1]).max() < 1e-3


@pytest.mark.parametrize("angles", [(0, 0, 0), (14, 0, 0), (0, -10, 0), (8, 6, 9)])
def test_measures_do_not_see_how_the_head_is_turned(angles):
    """A nod is no raised brow; size and place do not count either."""
    ruler = FaceRuler(PERSON)
    after = turned(PERSON, angles) * 1.4 + np.array([20, -9, 3])
    np.testing.assert_allclose(
        ruler.measure(after.astype(np.float32)), ruler.measure(PERSON), atol=2e-3
    )


def test_measures_see_a_brow_that_rises_and_lips_that_part():
    ruler, moved = FaceRuler(PERSON), PERSON.copy()
    width = np.linalg.norm(PERSON[topology.CHEEK_RIGHT] - PERSON[topology.CHEEK_LEFT])
    brow = [*topology.BROW_LEFT_UPPER, *topology.BROW_LEFT_LOWER]
    up = PERSON[topology.FOREHEAD] - PERSON[topology.CHIN]
    moved[brow] += 0.03 * width * up / np.linalg.norm(up)
    change = dict(zip(MEASURES, ruler.measure(moved) - ruler.measure(PERSON), strict=True))
    assert change["inner_brow_left"] == pytest.approx(0.03, abs=0.006)
    assert change["inner_brow_right"] == pytest.approx(0.0, abs=1e-6)


def captured(**weights):
    shapes = np.zeros((FRAMES, len(BLENDSHAPES)), np.float32)
    for name, track in weights.items():
        for one in both_sides(name):
            shapes[:, COLUMN[one]] = track
    zero = np.zeros(FRAMES, np.float32)
    return Captured(shapes=shapes, gaze=np.zeros((FRAMES, 2), np.float32), press=zero)


def test_brows_and_mouth_are_taken_each_by_name():
    seen = captured(browInnerUp=bump(30), jawOpen=bump(50), mouthSmile=bump(60))
    gains = dict.fromkeys(CONTROLS, 1.0)
    brows = DrivenFace(Tracked(brows=seen), FRAMES, heard=True)
    face = brows.face(0, FRAMES, gains)
    names = {one for k, one in enumerate(BLENDSHAPES) if face[:, k].any()}
    assert names == {"browInnerUp"} <= set(BROWS)
    heard = np.full((FRAMES, len(MOUTH)), 0.3, np.float32)
    assert brows.mouth(0, FRAMES, heard) is heard
    mouth = DrivenFace(Tracked(mouth=seen), FRAMES, heard=True)
    assert mouth.mouth(0, FRAMES, heard)[50, 0] == pytest.approx(0.9, abs=0.01)
    assert mouth.mouth(0, FRAMES, heard)[:, PRESS].max() == 0
    assert mouth.face(0, FRAMES, gains)[60, COLUMN["mouthSmileLeft"]] > 0.95
    assert DrivenFace(Tracked(), FRAMES, heard=False).face(0, FRAMES, gains) is None


def test_lips_of_a_video_close_where_its_own_sound_says_so():
    seen = captured(jawOpen=np.where(np.arange(FRAMES) < 40, 0.2, 0.8))
    heard = np.zeros((FRAMES, len(MOUTH)), np.float32)
    heard[20:24, PRESS] = heard[60:64, PRESS] = 1
    whole = DrivenFace(Tracked(mouth=seen, whole=True), FRAMES, heard=True)
    assert whole.mouth(0, FRAMES, heard)[21, PRESS] == 1
    assert whole.mouth(0, FRAMES, heard)[61, PRESS] == 0  # lips that are seen apart stay apart
    quiet = dataclasses.replace(seen, shapes=np.zeros_like(seen.shapes))
    still = DrivenFace(Tracked(mouth=quiet, whole=True), FRAMES, heard=True)
    assert still.mouth(0, FRAMES, heard) is heard
    assert math.isclose(float(whole.mouth(0, FRAMES, heard)[0, 0]), 0.18, abs_tol=0.01)
