"""A video that our puppet made drives another face: its known motion is recovered."""

import math
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from sadtalker_ext.blendshapes import BLENDSHAPES, COLUMN, both_sides
from sadtalker_ext.engines.puppet.engine import PuppetEngine
from sadtalker_ext.inputs.image import read_picture
from sadtalker_ext.motion.controls import CONTROLS, rest
from sadtalker_ext.motion.tracking import follow
from sadtalker_ext.options import GenerateOptions
from sadtalker_ext.performance import DrivingVideo
from sadtalker_ext.portrait.find import find_face, track_points
from sadtalker_ext.portrait.models import FaceModels
from sadtalker_ext.progress import Progress
from sadtalker_ext.shot.still import still_shot
from sadtalker_ext.types import Motion

EXAMPLE = Path(__file__).resolve().parents[2] / "examples" / "portrait.png"
FRAMES = 56
MOVED = {
    "jawOpen": (6, 34, 46),
    "mouthPucker": (22,),
    "browInnerUp": (12, 40),
    "browOuterUp": (12,),
    "browDown": (28,),
    "mouthFrown": (16,),
    "jawLeft": (50,),
}


def bump(at, width=4.5):
    return np.exp(-(((np.arange(FRAMES) - at) / width) ** 4)).astype(np.float32)


def told():
    face = np.zeros((FRAMES, len(BLENDSHAPES)), np.float32)
    for name, moments in MOVED.items():
        for one in both_sides(name):
            face[:, COLUMN[one]] = np.max([bump(at) for at in moments], axis=0)
    time = np.arange(FRAMES)
    head = np.stack([6 * np.sin(time / 9), 4 * np.sin(time / 6), 3 * np.sin(time / 13)], axis=1)
    lids = np.zeros((FRAMES, 2), np.float32)
    lids[18:23] = np.array([0.5, 1.0, 1.0, 0.7, 0.3])[:, None]
    gaze = np.stack([12 * np.sin(time / 7), np.zeros(FRAMES)], axis=1)
    return Motion(
        fps=25.0,
        head=head.astype(np.float32),
        lids=lids,
        gaze=gaze.astype(np.float32),
        controls=rest(FRAMES),
        names=CONTROLS,
        face=face,
    )


@pytest.fixture(scope="module")
def recovered():
    models, asked = FaceModels(), told()
    shot = still_shot(read_picture(EXAMPLE), lambda picture, i: find_face(picture, models, i))
    options = GenerateOptions(preprocess="crop", engine="puppet")
    rig = PuppetEngine(models).prepare(shot, options, Progress())
    frames = [patch.pixels.copy() for patch in rig.draw(asked)]
    film = DrivingVideo(
        path=EXAMPLE,
        seconds=math.inf,
        read=lambda: ((number / 25, frame) for number, frame in enumerate(frames)),
    )
    return asked, follow(film, partial(track_points, models=models), Progress())


def same(one, other):
    return float(np.corrcoef(one[:FRAMES], other[:FRAMES])[0, 1])


def test_head_lids_and_gaze_are_recovered(recovered):
    asked, found = recovered
    yaw, pitch, roll = (same(asked.head[:, k], found.head[:, k]) for k in range(3))
    assert min(yaw, roll) > 0.9
    assert pitch > 0.4  # a jaw that drops looks like a nod to the mesh
    assert same(asked.lids[:, 0], found.lids[:, 0]) > 0.9
    assert same(asked.gaze[:, 0], found.face.gaze[:, 0]) > 0.8


@pytest.mark.parametrize(
    ("name", "least"),
    [
        ("jawOpen", 0.85),
        ("mouthPucker", 0.6),
        ("browInnerUp", 0.8),
        ("browOuterUp", 0.85),
        ("browDown", 0.8),
    ],
)
def test_brows_and_mouth_are_recovered(recovered, name, least):
    asked, found = recovered
    for one in both_sides(name):
        assert same(asked.face[:, COLUMN[one]], found.face.shapes[:, COLUMN[one]]) > least
