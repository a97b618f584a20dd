"""Gaze and lids that the networks cannot make, over the faces of a stand-in renderer."""

import dataclasses

import numpy as np
import pytest

pytest.importorskip("torch", reason="needs torch: the sadtalker extra is not installed")

from sadtalker_ext.blendshapes import BLENDSHAPES, COLUMN
from sadtalker_ext.engines.base import EyesAsked
from sadtalker_ext.engines.puppet.spec import SPEC as PUPPET
from sadtalker_ext.engines.sadtalker.engine import SadTalkerEngine
from sadtalker_ext.engines.sadtalker.eye_model import _AROUND, EyeModel
from sadtalker_ext.engines.sadtalker.eyes_over import SAID, EyesOver, asked_of
from sadtalker_ext.motion.controls import CONTROLS, rest
from sadtalker_ext.options import GenerateOptions
from sadtalker_ext.performance import Performance
from sadtalker_ext.progress import Progress
from sadtalker_ext.types import Motion
from tests.support.fake_networks import FakeRenderer, fake_networks
from tests.unit.engines.puppet.eyes.drawn_eyes import draw_face, eye_points
from tests.unit.engines.sadtalker.person import face_at, prepared, someone, voice

SIDE = 256


def _surrounded(points):
    """Put the points beside and below the eyes where a face has them."""
    for around, middle in zip(_AROUND, (78, 178), strict=True):
        free = [one for one in around[2:] if one not in (168, 6, 197)]
        turns = np.linspace(0, np.pi, len(free))
        points[free, 0] = middle + 32 * np.cos(turns)
        points[free, 1] = 128 + 30 * np.sin(turns)
    points[[168, 6, 197], :2] = [(128, 112), (128, 122), (128, 140)]
    return points


POINTS = _surrounded(eye_points(50, 20, picture=SIDE))
DRAWN = draw_face(POINTS, picture=SIDE)
LEFT, RIGHT = slice(50, 110), slice(146, 206)
"""Columns of the eye on the left side of the picture, and of the other."""
ROWS = slice(110, 145)


class DrawingRenderer(FakeRenderer):
    """Draws a face with eyes that never move, whatever it is asked."""

    def draw(self, face, points, batch_size):
        for _ in points:
            yield DRAWN.copy()


class Tracker:
    """Finds the drawn face in frames of any size; remembers how many it looked at."""

    def __init__(self):
        self.seen = 0

    def __call__(self, frames):
        for frame in frames:
            self.seen += 1
            scale = (frame.shape[1] / SIDE, frame.shape[0] / SIDE, 1)
            yield POINTS * np.array(scale, np.float32)


@pytest.fixture(scope="module")
def engine():
    networks = dataclasses.replace(fake_networks(), renderer=DrawingRenderer())
    track = Tracker()
    made = SadTalkerEngine(lambda size, precision: networks, track, paint_eyes=PUPPET.paint_eyes)
    made.find_face = lambda one, index: face_at()
    made.tracker = track
    return made


def run(engine, frames=10, **options):
    """Return the rig, the motion and the frames as large as the drawing."""
    chosen = GenerateOptions(preprocess="resize", still=True, blink="off", **options)
    rig = prepared(engine, someone(), chosen)
    motion = rig.plan(Performance(speech=voice(frames)), chosen, Progress(), 5)
    engine.tracker.seen = 0
    return rig, motion, np.stack([_square(patch.pixels) for patch in rig.draw(motion)])


def _square(frame):
    import cv2

    return cv2.resize(frame, (SIDE, SIDE), interpolation=cv2.INTER_AREA)


@pytest.fixture(scope="module")
def plain(engine):
    return run(engine)[2][0]


def iris(frame, columns):
    """Where the pupil and the iris are, in pixels to the right."""
    part = frame[ROWS, columns].astype(np.float32)
    # brown skin and the white of the eye are redder than the iris
    blue = np.clip(part[..., 2] - part[..., 0] - 20, 0, None)
    return float((blue.sum(0) * np.arange(blue.shape[1])).sum() / blue.sum())


def white(frame, columns):
    """How much of the eyeball is seen, in pixels."""
    part = frame[ROWS, columns].astype(np.float32)
    return float(((part.min(-1) > 195) | (part[..., 2] > part[..., 0] + 20)).sum())


def test_without_a_request_nothing_is_looked_for_and_nothing_changes(engine, plain):
    rig, motion, frames = run(engine)
    assert engine.tracker.seen == 0 and SAID not in rig.unable(motion)
    assert all(np.array_equal(one, plain) for one in frames)


def test_the_eyes_look_where_they_are_told(engine, plain):
    rig, motion, frames = run(engine, timeline='[{"at": 0, "gaze": "right"}]')
    for columns in (LEFT, RIGHT):
        assert iris(frames[-1], columns) - iris(plain, columns) > 2.5
    assert SAID in rig.unable(motion)
    assert not any("gaze of this motion" in one for one in rig.unable(motion))
    changed = np.abs(frames[-1].astype(int) - plain).max(-1) > 2
    assert not changed[:90].any() and not changed[160:].any(), "only the eyes are touched"


def test_a_wink_closes_one_eye_and_only_while_it_lasts(engine, plain):
    _, motion, frames = run(engine, frames=18, timeline='[{"at": 0.2, "gesture": "wink_left"}]')
    middle = int(motion.lids[:, 1].argmax())
    assert white(frames[middle], RIGHT) < 0.2 * white(plain, RIGHT)
    assert white(frames[middle], LEFT) > 0.8 * white(plain, LEFT)
    assert all(np.array_equal(frames[row], plain) for row in (0, 1, 2, 3, 4, 17))
    assert 3 < engine.tracker.seen < 14, "one look at the face at rest, and one for each frame"


def test_the_option_leaves_the_face_to_the_model_and_says_what_is_missing(engine, plain):
    rig, motion, frames = run(engine, timeline='[{"at": 0, "gaze": "right"}]', eye_layer=False)
    assert all(np.array_equal(one, plain) for one in frames)
    said = rig.unable(motion)
    assert SAID not in said and any("gaze of this motion" in one for one in said)


def test_parts_and_blocks_are_drawn_as_the_whole(engine):
    rig, motion, frames = run(engine, timeline='[{"at": 0.16, "gaze": "left"}]')
    (part,) = [_square(one.pixels) for one in rig.draw_part(motion, range(7, 8))]
    assert np.array_equal(part, frames[7])
    rows = {name: getattr(motion, name)[6:] for name in ("head", "lids", "gaze", "controls")}
    face = None if motion.face is None else motion.face[6:]
    block = dataclasses.replace(motion, **rows, face=face)
    drawn = [_square(one.pixels) for one in rig.draw(block, first=6)]
    assert np.array_equal(np.stack(drawn), frames[6:])


def motion_of(lids, gaze=0.0, face=None, fps=25.0):
    count = len(lids)
    return Motion(
        fps=fps,
        head=np.zeros((count, 3), np.float32),
        lids=np.repeat(np.array(lids, np.float32)[:, None], 2, axis=1),
        gaze=np.full((count, 2), gaze, np.float32),
        controls=rest(count),
        names=CONTROLS,
        face=face,
    )


def test_lids_that_the_networks_close_further_stay_so():
    own = motion_of([0.0, 0.5, 0.5, 1.0])
    asked = asked_of(motion_of([0.0, 0.75, 0.2, 0.3]), own, BLENDSHAPES)
    np.testing.assert_allclose(asked.lids[:, 0], [0, 0.75, 0.5, 1], atol=1e-6)
    np.testing.assert_allclose(asked.drawn[:, 0], [0, 0.5, 0.5, 1], atol=1e-6)
    assert asked.wanted.tolist() == [False, True, False, False]


def test_blinks_of_the_networks_are_no_request_at_any_rate():
    from sadtalker_ext.motion.resampling import resample

    own = motion_of([0, 0.3, 1, 1, 0.4, 0, 0, 0.6, 1, 0])
    assert not asked_of(resample(own, 30.0), own, BLENDSHAPES).wanted.any()
    assert not asked_of(resample(own, 60.0, 30), own, BLENDSHAPES).wanted.any()


def test_only_what_the_model_cannot_make_is_painted():
    face = np.zeros((1, len(BLENDSHAPES)), np.float32)
    for name in ("eyeWideLeft", "eyeSquintLeft", "mouthSmileLeft"):
        face[:, COLUMN[name]] = 0.7
    motion = motion_of([0.0], face=face)
    asked = asked_of(motion, motion_of([0.0]), ("eyeWideLeft", "mouthSmileLeft"))
    assert {BLENDSHAPES[k] for k in np.flatnonzero(asked.face[0])} == {"eyeWideLeft"}
    assert not asked_of(motion, motion_of([0.0]), ("mouthSmileLeft",)).wanted.any()


def test_a_frame_without_a_face_stays_as_it_was_drawn():
    asked = asked_of(motion_of([0.0] * 2, gaze=9.0), motion_of([0.0] * 2), ())

    def lost(frames):
        for _ in frames:
            yield None

    eyes = EyesOver(lost, PUPPET.paint_eyes)
    assert all(one is DRAWN for one in eyes.painted([DRAWN] * 2, range(2), asked))
    eyes = EyesOver(lost, PUPPET.paint_eyes)
    eyes.learn(DRAWN)
    assert all(one is DRAWN for one in eyes.painted([DRAWN] * 2, range(2), asked))


def test_eyes_follow_the_pose_and_the_light_of_a_frame():
    import cv2

    turn = cv2.getRotationMatrix2D((128, 128), 9, 0.95) + np.array([[0, 0, 6], [0, 0, -4]])

    def posed(picture):
        moved = cv2.warpAffine(picture, turn, (SIDE, SIDE), borderMode=cv2.BORDER_REPLICATE)
        return np.clip(moved.astype(int) - 25, 0, 255).astype(np.uint8)

    points = POINTS.copy()
    points[:, :2] = np.column_stack([POINTS[:, :2], np.ones(478)]) @ turn.T
    paint = PUPPET.paint_eyes(DRAWN, POINTS)
    model, frame = EyeModel(DRAWN, POINTS, paint), posed(DRAWN)
    nothing = np.zeros(len(BLENDSHAPES), np.float32)
    blink = EyesAsked((0.4, 0.4), (0.0, 0.0), nothing)
    assert np.array_equal(model.over(frame, points, blink, blink), frame)
    asked = EyesAsked((0.0, 0.9), (12.0, 0.0), nothing)
    truth = DRAWN.copy()
    paint(truth, asked)
    changed = np.abs(posed(truth).astype(int) - frame).max(-1) > 30
    made = model.over(frame, points, asked, EyesAsked((0.0, 0.0), (0.0, 0.0), nothing))
    away = np.abs(made.astype(int) - posed(truth)).max(-1)
    assert changed.sum() > 200 and away[changed].mean() < 4
