"""The puppet's skin: every blendshape moves its landmarks, safely; tracked again on the frames."""

from functools import partial
from pathlib import Path

import numpy as np
import pytest

from sadtalker_ext.blendshapes import BLENDSHAPES, COLUMN, PARTING
from sadtalker_ext.engines.puppet.engine import PuppetEngine
from sadtalker_ext.engines.puppet.mouth.sheet_warp import SheetWarp
from sadtalker_ext.engines.puppet.rig import head_poses
from sadtalker_ext.engines.puppet.skin.fields import SkinFields
from sadtalker_ext.engines.puppet.skin.frame import freedom, measure_skin
from sadtalker_ext.engines.puppet.skin.own_smile import against_own_smile, own_smile
from sadtalker_ext.engines.puppet.skin.pushes import MOVED
from sadtalker_ext.engines.puppet.skin.shares import beside_own_smile, mouth_controls
from sadtalker_ext.inputs.image import read_picture
from sadtalker_ext.motion.controls import CONTROLS, rest
from sadtalker_ext.motion.emotions import recipe
from sadtalker_ext.options import GenerateOptions
from sadtalker_ext.portrait.find import find_face, track_points
from sadtalker_ext.portrait.models import FaceModels
from sadtalker_ext.progress import Progress
from sadtalker_ext.shot.still import still_shot
from sadtalker_ext.types import Motion
from tests.support.blendshapes import weights

EXAMPLE = Path(__file__).resolve().parents[4] / "examples" / "portrait.png"


@pytest.fixture(scope="module")
def models():
    return FaceModels()


@pytest.fixture(scope="module")
def engine(models):
    return PuppetEngine(models)


@pytest.fixture(scope="module")
def rig(engine, models):
    return prepared(engine, models)


def prepared(engine, models, preprocess="crop"):
    shot = still_shot(read_picture(EXAMPLE), partial(_find, models=models))
    return engine.prepare(shot, GenerateOptions(preprocess=preprocess), Progress())


def _find(picture, index, models):
    return find_face(picture, models, index)


def draw(rig, face, **controls):
    rows = rest(1)
    for name, value in controls.items():
        rows[:, CONTROLS.index(name)] = value
    lids = np.array([[face[COLUMN["eyeBlinkRight"]], face[COLUMN["eyeBlinkLeft"]]]], np.float32)
    motion = Motion(
        fps=25.0,
        head=np.zeros((1, 3), np.float32),
        lids=lids,
        gaze=np.zeros((1, 2), np.float32),
        controls=rows,
        names=CONTROLS,
        face=face[None],
    )
    rig.skin()
    return rig.draw_row(motion, 0, head_poses(motion))


def points(models, frame):
    (found,) = track_points([frame], models)
    assert found is not None
    width = np.linalg.norm(found[454] - found[234])
    return found[:, :2] / width


# Points on the left and on the right side of the picture, what they are measured from, and the
# direction: up, out of the middle, to the right. Each way is in face widths.
MOVES = {
    "browInnerUp": ((55, 107), (285, 336), 168, "up", 0.012),
    "browDown": ((55, 52, 107), (285, 282, 336), 168, "down", 0.008),
    "browOuterUp": ((63, 53, 70), (293, 283, 300), 168, "up", 0.02),
    "mouthSmile": ((61,), (291,), 1, "out", 0.03),
    "mouthFrown": ((61,), (291,), 1, "down", 0.03),
    "mouthDimple": ((61,), (291,), 1, "out", 0.01),
    "mouthStretch": ((61,), (291,), 1, "out", 0.018),
    "mouthLowerDown": ((178, 87), (402, 317), 1, "down", 0.01),
    "mouthRollLower": ((84, 17), (314, 17), 13, "up", 0.006),
    "jawOpen": ((152,), (152,), 1, "down", 0.04),
    "mouthPucker": ((61,), (291,), 1, "in", 0.03),
    "mouthLeft": ((61, 13), (291, 13), 1, "right", 0.006),
    "jawRight": ((152,), (152,), 1, "left", 0.006),
}


def moved(before, after, name):
    left, right, origin, direction, _ = MOVES[name]
    ways = []
    for ids, side in ((left, -1), (right, 1)):
        here, there = (one[list(ids)].mean(0) - one[origin] for one in (before, after))
        x, y = there - here
        ways.append(
            {"up": -y, "down": y, "out": side * x, "in": -side * x, "right": x, "left": -x}[
                direction
            ]
        )
    return float(np.mean(ways))


def test_landmarks_move_the_right_way_on_the_finished_frames(rig, models):
    plain = {relax: points(models, draw(rig, weights(), relax=relax)) for relax in (0.0, 1.0)}
    for name, (*_, least) in MOVES.items():
        # the picture's own smile is let go, so that there is room for another one
        relax = float(name == "mouthSmile")
        half, full = (
            moved(
                plain[relax],
                points(models, draw(rig, weights(**{name: size}), relax=relax)),
                name,
            )
            for size in (0.5, 1.0)
        )
        assert full > least, name
        assert -0.002 < half < full, name


def test_lowered_brows_come_down_at_their_inner_ends(rig, models):
    """A tail that sinks with them looks sad, not angry."""
    before, after = (points(models, draw(rig, weights(browDown=size))) for size in (0.0, 1.0))
    way = [
        (after[list(ids), 1] - after[168, 1] - before[list(ids), 1] + before[168, 1]).mean()
        for ids in ((55, 107, 285, 336), (46, 53, 276, 283))
    ]
    assert way[0] > 2 * way[1]


def test_one_side_moves_alone(rig, models):
    plain = points(models, draw(rig, weights(), relax=1.0))
    after = points(models, draw(rig, weights(mouthSmileLeft=1), relax=1.0))
    # the person's left corner is on the right side of the picture
    moving, resting = (after - plain)[[291, 61], 0]
    # the tracker shifts the whole mesh by some tenths of a percent: one corner against the other
    assert moving - resting > 0.024
    assert abs(resting) < 0.4 * moving


def test_lids_tighten_and_widen(rig, models):
    def opening(face):
        found = points(models, draw(rig, face))
        return found[145, 1] - found[159, 1] + found[374, 1] - found[386, 1]

    plain = opening(weights())
    assert opening(weights(eyeSquint=1)) < 0.9 * plain
    assert opening(weights(eyeWide=1)) > 1.06 * plain


@pytest.mark.parametrize("emotion", ["happy", "sad", "angry", "surprised", "disgusted", "fearful"])
def test_closed_lips_stay_closed_under_an_emotion(rig, models, emotion):
    """The opening of the lips at a contact, against the way from there to an open mouth."""

    def gap(face, **controls):
        found = points(models, draw(rig, face, relax=1.0, **controls))
        return float(np.mean(found[[87, 14, 317], 1] - found[[82, 13, 312], 1]))

    face = weights(**recipe(emotion))
    for name in PARTING:
        face[COLUMN[name]] = 0  # what the planner takes away while lips are shut
    shut, neutral = gap(face, press=1.0), gap(weights(), press=1.0)
    assert shut - neutral < 0.1 * (gap(weights(), jaw=0.6) - neutral)


def test_no_weight_changes_nothing_and_all_weights_fold_nothing(rig):
    plain = draw(rig, weights())
    np.testing.assert_array_equal(plain, rig.view.pixels[_frame(rig)])
    everything = draw(rig, np.ones(len(BLENDSHAPES), np.float32))
    assert everything.shape == plain.shape
    left, top, right, bottom = rig.skin().box
    outside = np.ones(rig.view.pixels.shape[:2], bool)
    outside[top:bottom, left:right] = False
    np.testing.assert_array_equal(everything[outside[_frame(rig)]], plain[outside[_frame(rig)]])


def _frame(rig):
    left, top, right, bottom = rig.view.frame
    return slice(top, bottom), slice(left, right)


@pytest.fixture(scope="module")
def frame(rig):
    return measure_skin(rig.view.points, rig.view.pixels.shape[:2])


def test_the_sum_of_all_fields_never_folds(frame):
    fields = SkinFields(frame, freedom(frame))
    rng = np.random.default_rng(2)
    for _ in range(30):
        face = rng.choice([0.0, 1.0], len(BLENDSHAPES)).astype(np.float32)
        forward = fields.forward(face)
        across = np.diff(forward[..., 0], axis=1).min()
        along = np.diff(forward[..., 1], axis=0).min()
        assert min(across, along) > -0.95  # at -1 skin would lie over itself
    warp = SheetWarp(frame.box, frame.stride)
    back = warp.inverse((forward[..., 0], forward[..., 1]))
    assert np.isfinite(back).all()


def test_fields_leave_the_eyes_alone(rig, frame):
    free = freedom(frame)
    iris = np.round((rig.view.points[[468, 473], :2] - frame.nodes[0, 0]) / frame.stride).astype(
        int
    )
    assert free[iris[:, 1], iris[:, 0]].max() == 0
    still = np.ones(rig.view.pixels.shape[:2], np.float32)
    assert freedom(frame, still).max() == 0


def test_each_side_has_its_own_field(rig, frame):
    assert len(MOVED) > 30
    fields = SkinFields(frame, freedom(frame))
    for base in ("mouthSmile", "browDown", "noseSneer"):
        left, right = (
            np.abs(fields.forward(weights(**{f"{base}{side}": 1})))[..., 1]
            for side in ("Left", "Right")
        )
        column = round(float((rig.view.points[1, 0] - frame.nodes[0, 0, 0]) / frame.stride))
        assert left[:, column:].sum() > 10 * left[:, : column - 3].sum()
        assert right[:, :column].sum() > 10 * right[:, column + 3 :].sum()


def test_a_picture_that_smiles_is_asked_for_less(rig):
    assert rig.mouth.smile > 0.9
    face = weights(mouthSmile=1, jawOpen=0.4, browInnerUp=0.5)
    left = beside_own_smile(face, rig.mouth.smile, 0.0)
    assert left[COLUMN["mouthSmileLeft"]] < 0.45
    assert left[COLUMN["browInnerUp"]] == face[COLUMN["browInnerUp"]]
    np.testing.assert_array_equal(beside_own_smile(face, rig.mouth.smile, 1.0), face)
    alone = weights(jawOpen=0.4)
    np.testing.assert_array_equal(beside_own_smile(alone, rig.mouth.smile, 0.0), alone)


def test_what_pulls_against_a_smile_undoes_that_of_the_picture(rig, models):
    mesh = np.asarray(rig.view.points, np.float32)
    smile = own_smile(mesh)
    sad, glad = (against_own_smile(weights(**recipe(one)), smile) for one in ("sad", "happy"))
    assert sad[COLUMN["mouthSmileLeft"]] < -0.4
    assert glad[COLUMN["mouthSmileLeft"]] == recipe("happy")["mouthSmileLeft"]
    frown = weights(mouthFrown=0.5)
    corners = [
        points(models, draw(rig, face, relax=1.0))[[61, 291], 1].mean()
        - points(models, draw(rig, face, relax=1.0))[1, 1]
        for face in (weights(), frown)
    ]
    assert corners[1] - corners[0] > 0.03


def test_two_causes_of_one_movement_never_pass_the_limit():
    spoken = dict.fromkeys(CONTROLS, 0.0) | {"jaw": 0.7, "press": 0.5}
    mouth = mouth_controls(spoken, weights(jawOpen=1, mouthClose=1))
    assert 0.95 < mouth["jaw"] < 1
    assert mouth["press"] == 1
    assert mouth_controls(spoken, weights())["jaw"] == pytest.approx(0.7)


def test_the_tongue_comes_out_over_the_lower_lip(rig):
    def middle_of_the_lower_lip(size):
        drawn = draw(rig, weights(tongueOut=size), relax=1.0)
        x, y = (rig.view.points[17, :2] - rig.view.frame[:2]).astype(int)
        return drawn[y : y + 8, x - 6 : x + 6].reshape(-1, 3).mean(0)

    shut, half, out = (middle_of_the_lower_lip(size) for size in (0.0, 0.5, 1.0))
    assert np.abs(half - shut).max() > 8
    assert np.abs(out - shut).max() > 8
    # flesh: redder than the lip's skin that would be there
    assert out[0] / out[1] > 1.15 * shut[0] / shut[1]


def test_another_job_on_the_same_picture_takes_what_is_prepared_and_nothing_that_moves(
    engine, rig, models
):
    other = prepared(engine, models)
    assert other.head is rig.head
    assert other.swings is not rig.swings
    assert other._own is not rig._own
    engine.close()
    assert prepared(engine, models).head is not rig.head
