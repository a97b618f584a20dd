"""Directed motion: transitions, blends, emotions that live, gestures, and lips that still close."""

import dataclasses

import numpy as np
import pytest

from sadtalker_ext.blendshapes import BLENDSHAPES, COLUMN, both_sides, other_side, picture_side
from sadtalker_ext.directions import EMOTIONS, GESTURES
from sadtalker_ext.motion.controls import CONTROLS
from sadtalker_ext.motion.emotion_track import FASTEST
from sadtalker_ext.motion.emotions import recipe
from sadtalker_ext.motion.own_eyes import OwnEyes
from sadtalker_ext.motion.plan import Planner, build_motion
from sadtalker_ext.motion.resampling import resample
from sadtalker_ext.options import GenerateOptions
from sadtalker_ext.progress import Progress
from sadtalker_ext.speech.hearing import listen
from sadtalker_ext.types import Mark, Word
from tests.support.espeak import say

SPOKEN = "Please bring my blue umbrella, Bob. Maybe warm weather will come back."


def idle(seconds=4.0, seed=1, **options):
    return build_motion(None, seconds, GenerateOptions(**options), seed, Progress())


def weight(motion, name):
    return motion.face[:, COLUMN[name]]


def test_the_vocabulary_is_that_of_arkit():
    assert len(BLENDSHAPES) == len(set(BLENDSHAPES)) == 52
    assert picture_side("browDownLeft") == 1  # the person's left is the picture's right
    assert picture_side("mouthSmileRight") == -1
    assert picture_side("jawOpen") == picture_side("jawLeft") == 0
    assert other_side("mouthLeft") == "mouthRight"
    assert both_sides("cheekSquint") == ("cheekSquintLeft", "cheekSquintRight")
    assert both_sides("jaw") == both_sides("nothing") == ()
    for emotion in EMOTIONS:
        assert set(recipe(emotion)) <= set(BLENDSHAPES)


def test_nothing_directed_changes_nothing():
    plain = idle()
    subtle = idle(acting="subtle", emotion_intensity=0.0, emotion="happy", timeline="[]")
    assert plain.face is None
    assert subtle.face is None
    for name in ("head", "lids", "gaze", "controls"):
        np.testing.assert_array_equal(getattr(plain, name), getattr(subtle, name))


@pytest.mark.parametrize("ease", ["smooth", "linear", "in", "out"])
@pytest.mark.parametrize("length", [0.0, 0.2, 1.0])
def test_a_transition_has_no_jump(length, ease):
    entry = {"emotion": "surprised", "transition": length, "ease": ease}
    motion = idle(timeline=[{"at": 1, "until": 2.5, **entry}])
    fastest = np.abs(np.diff(motion.face, axis=0)).max() * 25
    assert fastest <= FASTEST / max(length, 0.1) + 0.3  # the second part is what lives
    assert weight(motion, "browInnerUp")[:24].max() == 0
    assert weight(motion, "browInnerUp")[55] > 0.85 * recipe("surprised")["browInnerUp"]
    assert weight(motion, "browInnerUp")[-1] < 0.02


def test_an_emotion_comes_faster_than_it_goes():
    motion = idle(8.0, timeline=[{"at": 1, "until": 4, "emotion": "sad"}])
    lifted = weight(motion, "browInnerUp")
    came = np.flatnonzero(lifted > 0.8)[0] - 25
    gone = np.flatnonzero(lifted[100:] < 0.2)[0]
    assert 8 < came < 25
    assert gone > 1.3 * came


def test_blends_are_monotone_in_their_weights():
    lifted, lips = [], []
    for share in (0.0, 0.25, 0.5, 0.75, 1.0):
        motion = idle(2.0, emotion=f"happy:{1 - share}+surprised:{share}")
        lifted.append(weight(motion, "browOuterUpLeft").mean())
        lips.append(weight(motion, "mouthSmileLeft").mean())
    assert np.all(np.diff(lifted) > 0.15)
    assert np.all(np.diff(lips) < -0.15)


def test_a_blend_lowers_the_lids_no_farther_than_its_emotions_do():
    """Their shares are of the same room above the pupil."""
    one, other, both = (
        idle(2.0, emotion=name, blink="off").lids[25].mean()
        for name in ("sad", "disgusted", "sad:1.0+disgusted:1.0")
    )
    assert 0.1 < both < 1.05 * max(one, other)


@pytest.mark.parametrize("emotion", EMOTIONS[1:])
def test_a_held_emotion_lives(emotion):
    motion = idle(10.0, emotion=emotion)
    for name in recipe(emotion):
        if name.startswith("eyeBlink"):
            continue
        held = weight(motion, name)
        assert 0.003 < held.std() / held.mean() < 0.1
        assert np.abs(np.diff(held)).max() * 25 < 0.3
        assert np.abs(np.diff(held[::25])).min() > 0  # never the same after a second


def test_emotions_colour_the_person():
    calm, sad, fearful = (idle(30.0, emotion=name) for name in ("neutral", "sad", "fearful"))
    assert sad.head[:, 1].mean() > calm.head[:, 1].mean() + 2
    assert sad.head.std(0).sum() < 0.8 * calm.head.std(0).sum()
    assert sad.gaze[:, 1].mean() > calm.gaze[:, 1].mean() + 1.5
    blinks = [(np.diff((one.lids[:, 0] > 0.9).astype(int)) == 1).sum() for one in (sad, fearful)]
    assert blinks[0] < blinks[1]


@pytest.mark.parametrize("emotion", ["sad", "disgusted"])
def test_lids_of_an_emotion_come_down_as_far_as_the_eyes_have_room(emotion):
    def lids(room, **options):
        options = GenerateOptions(blink="off", **options)
        return (
            build_motion(None, 3.0, options, 1, Progress(), eyes=OwnEyes(room=room))
            .lids[40:]
            .mean()
        )

    narrow, usual, wide = (lids(room, emotion=emotion) for room in (0.05, 0.2, 0.3))
    assert 0 < narrow < 0.4 * usual < usual < wide
    assert lids(0.0, emotion=emotion) == 0
    # what asks for the lids by their name has them
    asked = [{"at": 0, "control": {"eyeBlink": 0.8}}]
    assert lids(0.05, timeline=asked) == lids(0.3, timeline=asked) > 0.7


def test_blocks_are_the_rows_of_the_whole():
    speech = say(SPOKEN).speech()
    hearing = listen(speech, Progress())
    options = GenerateOptions(emotion="happy", acting="lively", timeline=[{"at": 1, "gaze": "up"}])
    planner = Planner(hearing, speech.seconds, options, 3, speech=speech)
    whole = planner.rows(0, planner.frames)
    part = planner.rows(31, 57)
    np.testing.assert_allclose(part.face, whole.face[31:57], atol=1e-6)
    np.testing.assert_array_equal(part.controls, whole.controls[31:57])


@pytest.fixture(scope="module")
def spoken():
    return say(SPOKEN).speech()


@pytest.mark.parametrize("emotion", EMOTIONS[1:])
def test_speech_keeps_the_lips(spoken, emotion):
    def build(name):
        options = GenerateOptions(emotion=name)
        return build_motion(spoken, spoken.seconds, options, 1, Progress())

    plain, motion = build("neutral"), build(emotion)
    for name in ("jaw", "wide", "round", "upper", "press", "tuck", "tongue"):
        np.testing.assert_array_equal(motion.control(name), plain.control(name))
    shut = motion.control("press") > 0.99
    assert shut.sum() > 3
    for name in ("jawOpen", "mouthUpperUpLeft", "mouthLowerDownRight", "mouthFunnel"):
        assert weight(motion, name)[shut].max() < 0.01
    brows = [name for name in recipe(emotion) if name.startswith(("brow", "nose", "cheek"))]
    assert weight(motion, brows[0]).mean() > 0.8 * recipe(emotion)[brows[0]]


@pytest.mark.parametrize("gesture", [name for name in GESTURES if name != "look_at"])
def test_gestures_move_what_they_say_and_end_where_they_began(gesture):
    plain = idle(5.0, timeline=[{"at": 4.9, "control": "tongueOut", "intensity": 0}])
    motion = idle(5.0, timeline=[{"at": 1, "gesture": gesture, "until": 3}])
    moved = {
        "nod": (motion.head - plain.head)[:, 1],
        "shake": (motion.head - plain.head)[:, 0],
        "tilt": (motion.head - plain.head)[:, 2],
        "wink_left": (motion.lids - plain.lids)[:, 1],
        "wink_right": (motion.lids - plain.lids)[:, 0],
        "eye_roll": (plain.gaze - motion.gaze)[:, 1],
        "raise_brows": weight(motion, "browInnerUp"),
        "smile": weight(motion, "mouthSmileLeft"),
        "sigh": np.abs(motion.control("breath") - plain.control("breath")),
    }[gesture]
    assert moved.max() > (3 if gesture in ("nod", "shake", "tilt", "eye_roll") else 0.3)
    assert np.abs(moved[:23]).max() < 0.05
    assert np.abs(moved[85:]).max() < 0.05


def test_looking_at_a_point_of_the_picture():
    point = {"at": 1, "gesture": "look_at", "point": [0.9, 0.4], "until": 3}
    motion = idle(timeline=[point])
    assert 15 < motion.gaze[50, 0] < 30
    away = idle(timeline=[{"at": 1, "gaze": [-10, 5]}])
    np.testing.assert_allclose(away.gaze[60], (-10, 5), atol=3)


def test_eye_blendshapes_turn_both_eyes():
    motion = idle(2.0, timeline=[{"at": 0, "control": {"eyeLookOutLeft": 1, "eyeLookInRight": 1}}])
    assert 25 < motion.gaze[40, 0] < 40  # the person's left: to the right of the picture
    assert weight(motion, "eyeLookOutLeft").max() == 0


def test_marks_in_the_text_become_directions(spoken):
    marks = (Mark(word=2, kind="emotion", name="happy", value=0.8), Mark(word=0, kind="stress"))
    marked = dataclasses.replace(spoken, text=SPOKEN, marks=marks)
    motion = build_motion(marked, spoken.seconds, GenerateOptions(), 1, Progress())
    assert weight(motion, "cheekSquintLeft")[:5].max() < 0.05
    assert weight(motion, "cheekSquintLeft")[-10:].mean() > 0.6
    assert weight(motion, "browInnerUp")[:15].max() > 0.2


def test_lively_acting_adds_to_subtle_and_off_takes_away(spoken):
    def build(acting):
        options = GenerateOptions(acting=acting)
        return build_motion(spoken, spoken.seconds, options, 1, Progress())

    off, subtle, lively = build("off"), build("subtle"), build("lively")
    moved = [one.head.std(0).sum() for one in (off, subtle, lively)]
    assert moved[0] < 0.6 * moved[1] < moved[1] < moved[2]
    np.testing.assert_array_equal(off.control("press"), subtle.control("press"))


def test_lively_acting_raises_the_brows_at_a_question(spoken):
    asked = (Word(text="Bob?", start=1.5, end=2.0), Word(text="Yes.", start=3.0, end=3.3))
    speech = dataclasses.replace(spoken, words=asked)
    options = GenerateOptions(acting="lively")
    lifted = weight(build_motion(speech, spoken.seconds, options, 1, Progress()), "browInnerUp")
    assert lifted[40:52].max() > 0.3
    assert lifted[:30].max() < 0.05


def test_the_voice_colours_modestly(spoken):
    options = GenerateOptions(emotion="auto")
    motion = build_motion(spoken, spoken.seconds, options, 1, Progress())
    assert 0.0 < motion.face.max() < 0.6


def test_another_rate_keeps_the_directed_face():
    motion = idle(2.0, emotion="angry")
    other = resample(motion, 30.0)
    assert other.face.shape == (60, 52)
    assert len(motion.rows(3, 9).face) == 6
    assert motion.names == CONTROLS
