"""Gaze of both eyes, and of each alone."""

import numpy as np

from sadtalker_ext.blendshapes import BLENDSHAPES, COLUMN
from sadtalker_ext.motion.controls import CONTROLS, rest
from sadtalker_ext.motion.formats.weights import from_weights, to_weights
from sadtalker_ext.motion.looks import apart, look_weights, turned_eyes
from sadtalker_ext.motion.plan import build_motion
from sadtalker_ext.options import GenerateOptions
from sadtalker_ext.progress import Progress
from sadtalker_ext.types import Motion


def face(**weights):
    row = np.zeros((1, len(BLENDSHAPES)), np.float32)
    for name, weight in weights.items():
        row[0, COLUMN[name]] = weight
    return row


def test_out_of_the_persons_left_eye_is_the_right_side_of_the_picture():
    eyes = turned_eyes(face(eyeLookOutLeft=0.5, eyeLookUpRight=0.4))
    np.testing.assert_allclose(eyes[0], [[0, -10], [15, 0]], atol=1e-5)


def test_degrees_become_weights_and_come_back():
    eyes = np.array([[[12, -5], [-9, 8]], [[0, 0], [30, 25]]], np.float32)
    np.testing.assert_allclose(turned_eyes(look_weights(eyes)), eyes, atol=1e-4)


def test_what_both_eyes_do_is_no_difference():
    both = face(eyeLookOutLeft=0.5, eyeLookInRight=0.5, eyeLookDownLeft=0.2, eyeLookDownRight=0.2)
    assert apart(both).max() < 1e-6
    squint = turned_eyes(apart(face(eyeLookInLeft=0.4)))[0]
    np.testing.assert_allclose(squint, [[6, 0], [-6, 0]], atol=1e-5)


def test_crossed_eyes_travel_and_a_timeline_can_cross_them():
    motion = Motion(
        fps=25.0,
        head=np.zeros((1, 3), np.float32),
        lids=np.zeros((1, 2), np.float32),
        gaze=np.array([[4, -3]], np.float32),
        controls=rest(1),
        names=CONTROLS,
        face=face(eyeLookInLeft=0.2, eyeLookInRight=0.2),
    )
    back = from_weights(to_weights(motion))
    np.testing.assert_allclose(back.gaze, motion.gaze, atol=1e-4)
    np.testing.assert_allclose(turned_eyes(back.face), turned_eyes(motion.face), atol=1e-3)
    line = '[{"at": 0, "control": {"eyeLookInLeft": 0.4}, "transition": 0.1}]'
    options = GenerateOptions(timeline=line, gaze="fixed", idle_seconds=1.0)
    made = build_motion(None, 1.0, options, 3, Progress())
    eyes = made.gaze[-1] + turned_eyes(made.face)[-1]
    np.testing.assert_allclose(eyes, [[0, 0], [-12, 0]], atol=0.3)
