"""What the puppet's frames really show, measured by tracking the face in them again."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from sadtalker_ext.engines.puppet.engine import Puppet, PuppetEngine
from sadtalker_ext.inputs.audio import open_speech
from sadtalker_ext.inputs.image import read_picture
from sadtalker_ext.options import GenerateOptions
from sadtalker_ext.portrait import topology
from sadtalker_ext.portrait.mesh import FaceMesh
from sadtalker_ext.portrait.models import FaceModels
from sadtalker_ext.progress import Progress
from sadtalker_ext.weights.store import WeightStore

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
SECONDS = 5.0
OPTIONS = GenerateOptions(engine="puppet", seed=11, blink_rate=30.0)


@pytest.fixture(scope="module")
def models():
    store = WeightStore.standard()
    if store.missing(["puppet"]):
        pytest.skip("needs the face models: run `sadtalker weights fetch puppet`")
    return FaceModels(store)


@pytest.fixture(scope="module")
def job(models):
    engine = PuppetEngine(models)
    progress = Progress()
    portrait = engine.analyse(read_picture(EXAMPLES / "portrait.png"), OPTIONS, progress)
    speech = open_speech(EXAMPLES / "speech.flac", end=SECONDS)
    motion = engine.move(portrait, speech, OPTIONS, progress, OPTIONS.seed)
    frames = list(engine.render(portrait, motion, OPTIONS))
    return engine, portrait, motion, frames


@pytest.fixture(scope="module")
def tracked(models, job):
    """Mesh points of every frame, (T, 478, 3)."""
    _, portrait, _, frames = job
    view = portrait.prepared.view
    points = view.points - np.array([*view.frame[:2], 0], np.float32)
    mesh = FaceMesh(points=points, score=1.0)
    return np.stack([models.mesher.settle(frame, mesh).points for frame in frames])


def gap(points, upper, lower):
    """Distance of two points in face heights, per frame."""
    height = np.linalg.norm(points[:, 10] - points[:, 152], axis=-1)
    return np.linalg.norm(points[:, upper, :2] - points[:, lower, :2], axis=-1) / height


def test_every_frame_has_the_promised_size(job):
    _, portrait, motion, frames = job
    width, height = portrait.frame_size
    assert len(frames) == len(motion) == round(SECONDS * 25)
    assert {frame.shape for frame in frames} == {(height, width, 3)}
    assert width % 2 == 0
    assert height % 2 == 0


def test_lips_follow_the_intended_opening(job, tracked):
    """Measured where no contact is asked for: this portrait's smile already shows teeth at rest."""
    _, _, motion, _ = job
    opening = gap(tracked, topology.LIP_MIDDLE_UPPER, topology.LIP_MIDDLE_LOWER)
    free = (motion.control("press") < 0.05) & (motion.control("tuck") < 0.05)
    by_lag = {}
    for lag in range(4):
        kept = free[: len(free) - lag]
        by_lag[lag] = np.corrcoef(motion.jaw[: len(kept)][kept], opening[lag:][kept])[0, 1]
    best = max(by_lag, key=by_lag.__getitem__)
    assert best <= 1, by_lag
    assert by_lag[best] >= 0.9, by_lag


def test_lips_meet_where_they_must(job, tracked):
    _, _, motion, _ = job
    opening = gap(tracked, topology.LIP_MIDDLE_UPPER, topology.LIP_MIDDLE_LOWER)
    sealed = motion.control("press") > 0.95
    assert sealed.any()
    vowels = np.median(opening[motion.jaw > 0.5])
    assert (opening[sealed] <= 0.2 * vowels).mean() >= 0.9


def test_lids_close_when_they_should(job, tracked):
    _, _, motion, _ = job
    closed = motion.blink.min(1) > 0.97
    assert closed.any()
    openings = np.stack([gap(tracked, 159, 145), gap(tracked, 386, 374)], 1)
    awake = np.median(openings[motion.blink.max(1) < 0.05], axis=0)
    assert np.median(openings[closed] / awake) <= 0.2


def test_background_away_from_the_person_stays(job):
    _, portrait, _, frames = job
    puppet = portrait.prepared
    assert isinstance(puppet, Puppet)
    assert puppet.head.layered
    left, top, right, bottom = puppet.view.frame
    source = puppet.view.pixels[top:bottom, left:right].astype(int)
    person = (puppet.mask[top:bottom, left:right] > 0.1).astype(np.uint8)
    reach = int(0.2 * np.ptp(puppet.view.points[:, 0]))
    away = cv2.dilate(person, np.ones((2 * reach + 1, 2 * reach + 1), np.uint8)) == 0
    assert away.sum() > 2000
    for frame in frames[::5]:
        assert np.abs(frame - source)[away].max() < 1


def test_the_head_turns_as_the_motion_says(job, tracked):
    """The nose moves sideways against the cheeks with the yaw of the track."""
    _, _, motion, _ = job
    middle = (tracked[:, topology.CHEEK_LEFT, 0] + tracked[:, topology.CHEEK_RIGHT, 0]) / 2
    width = tracked[:, topology.CHEEK_RIGHT, 0] - tracked[:, topology.CHEEK_LEFT, 0]
    aside = (tracked[:, topology.NOSE_TIP, 0] - middle) / width
    assert np.ptp(motion.head[:, 0]) > 1.0
    assert np.corrcoef(aside, motion.head[:, 0])[0, 1] > 0.9


def test_nothing_jumps_between_frames(job):
    """A torn or flashing frame differs from both neighbours more than they do from each other."""
    _, _, _, frames = job
    small = [cv2.resize(f, None, fx=0.25, fy=0.25, interpolation=cv2.INTER_AREA) for f in frames]
    stack = np.stack(small).astype(np.float32)
    step = np.abs(np.diff(stack, axis=0)).mean((1, 2, 3))
    assert step.max() < 6.0
    across = np.abs(stack[2:] - stack[:-2]).mean((1, 2, 3))
    assert (np.minimum(step[1:], step[:-1]) < across + 1.0).all()


def test_the_same_seed_gives_the_same_frames(job):
    engine, portrait, _, frames = job
    speech = open_speech(EXAMPLES / "speech.flac", end=SECONDS)
    motion = engine.move(portrait, speech, OPTIONS, Progress(), OPTIONS.seed)
    again = engine.render(portrait, motion, OPTIONS)
    for number, frame in enumerate(again):
        assert np.array_equal(frame, frames[number]), number
        if number == 40:
            again.close()
            break
