"""What the puppet's finished videos really show, measured by tracking the face in them again."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

import av
import cv2
import numpy as np
import pytest

from benchmarks.measure import closure_shares
from benchmarks.subject import PORTRAIT, SPEECH, with_exact_phonemes
from sadtalker_ext.engines.puppet.engine import PuppetEngine
from sadtalker_ext.engines.puppet.rig import PuppetRig
from sadtalker_ext.inputs.audio import open_speech
from sadtalker_ext.inputs.image import read_picture
from sadtalker_ext.motion.plan import plan_motion
from sadtalker_ext.options import GenerateOptions
from sadtalker_ext.performance import Performance
from sadtalker_ext.pipeline import generate
from sadtalker_ext.portrait import topology
from sadtalker_ext.portrait.find import find_face
from sadtalker_ext.portrait.models import FaceModels
from sadtalker_ext.progress import Progress
from sadtalker_ext.shot.still import still_shot
from sadtalker_ext.types import FloatArray, ImageArray, Motion, VideoFile
from sadtalker_ext.weights.store import WeightStore
from tests.support.espeak import say, speech_of
from tests.support.media import write_sound

SECONDS = 5.0
OPTIONS = GenerateOptions(engine="puppet", seed=11, blink_rate=30.0, preprocess="full", mark="none")
BILABIALS = "Max had a nap at the old barn. Papa caught a black carp, and Tom laughed about it."


class WatchedRig:
    """A rig, keeping the motion it was given and the frames it drew, which are no planes."""

    draw_planes = None

    def __init__(self, rig):
        self.rig, self.motion, self.frames = rig, None, []

    def __getattr__(self, name):
        return getattr(self.rig, name)

    def draw(self, motion, first=0):
        self.motion, self.frames = motion, []
        for patch in self.rig.draw(motion, first):
            self.frames.append(patch.pixels)
            yield patch


class WatchedEngine(PuppetEngine):
    """The puppet engine, keeping its rig."""

    def prepare(self, shot, options, progress):
        self.rig = WatchedRig(super().prepare(shot, options, progress))
        return self.rig


@dataclass(frozen=True)
class Job:
    """One finished video and how it came about."""

    rig: PuppetRig
    motion: Motion
    frames: list[ImageArray]
    video: VideoFile
    points: FloatArray  # (T, 478, 3) tracked on the decoded video

    def gap(self, upper: int, lower: int) -> FloatArray:
        """Distance of two mesh points in face heights, (T,)."""
        height = np.linalg.norm(self.points[:, 10] - self.points[:, 152], axis=-1)
        between = self.points[:, upper, :2] - self.points[:, lower, :2]
        return np.linalg.norm(between, axis=-1) / height

    @property
    def opening(self) -> FloatArray:
        """Distance of the inner lips."""
        return self.gap(topology.LIP_MIDDLE_UPPER, topology.LIP_MIDDLE_LOWER)


@pytest.fixture(scope="module")
def models():
    store = WeightStore.standard()
    if store.missing(["face", "phones"]):
        pytest.skip("needs the face models: run `sadtalker weights fetch puppet`")
    return FaceModels(store)


def shot_of(models):
    return still_shot(read_picture(PORTRAIT), lambda one, index: find_face(one, models, index))


def make(models, speech, folder) -> Job:
    engine = WatchedEngine(models)
    video = generate(
        shot_of(models),
        Performance(speech=speech),
        folder / "video.mp4",
        OPTIONS,
        engine=engine,
        progress=Progress(),
    )
    with av.open(str(video.path)) as container:
        shown = (frame.to_ndarray(format="rgb24") for frame in container.decode(video=0))
        points = [mesh.points for mesh in models.mesher.track(shown, models.detector)]
    return Job(engine.rig, engine.rig.motion, engine.rig.frames, video, np.stack(points))


@pytest.fixture(scope="module")
def job(models, tmp_path_factory):
    return make(models, open_speech(SPEECH, end=SECONDS), tmp_path_factory.mktemp("example"))


@pytest.fixture(scope="module")
def bilabials():
    return say(BILABIALS)


@pytest.fixture(scope="module")
def closing_job(models, bilabials, tmp_path_factory):
    folder = tmp_path_factory.mktemp("closures")
    write_sound(folder / "said.wav", bilabials.samples[:, None], bilabials.rate_hz)
    speech = with_exact_phonemes(open_speech(folder / "said.wav"), bilabials.speech())
    return make(models, speech, folder)


def lag_of(opening: FloatArray, jaw: FloatArray) -> tuple[int, float]:
    """Frames by which the lips are late, and the correlation there."""
    scores = {
        lag: np.corrcoef(opening[max(lag, 0) : len(jaw) + min(lag, 0)],
                         jaw[max(-lag, 0) : len(jaw) - max(lag, 0)])[0, 1]
        for lag in range(-3, 4)
    }  # fmt: skip
    best = max(scores, key=scores.__getitem__)
    return best, scores[best]


def test_every_frame_has_the_promised_size(job):
    width, height = job.rig.size
    assert len(job.frames) == len(job.motion) == len(job.points) == round(SECONDS * 25)
    assert {frame.shape for frame in job.frames} == {(height, width, 3)}
    assert width % 2 == 0
    assert height % 2 == 0


@pytest.mark.parametrize("name", ["job", "closing_job"])
def test_lips_follow_the_intended_opening(name, request):
    """Over the whole video, on a portrait whose smile shows teeth at rest."""
    one = request.getfixturevalue(name)
    lag, score = lag_of(one.opening, one.motion.jaw)
    assert lag in (0, 1)
    assert score >= 0.9


def test_lips_meet_at_every_p_b_and_m(closing_job, bilabials):
    shares = closure_shares(closing_job.opening, bilabials.phonemes)
    assert len(shares) >= 9
    assert (shares <= 0.2).mean() >= 0.9, np.sort(shares)


def test_lids_close_when_they_should(job):
    closed = job.motion.lids.min(1) > 0.97
    assert closed.any()
    openings = np.stack([job.gap(159, 145), job.gap(386, 374)], 1)
    awake = np.median(openings[job.motion.lids.max(1) < 0.05], axis=0)
    assert np.median(openings[closed] / awake) <= 0.2


def test_people_blink_as_often_as_people_do(models, bilabials):
    """Counted over two minutes of the same sentence again and again, at the usual settings."""
    once = bilabials.speech()
    repeats = round(120 / once.seconds)
    sounds = [
        dataclasses.replace(one, start=one.start + shift, end=one.end + shift)
        for shift in np.arange(repeats) * once.seconds
        for one in bilabials.phonemes
    ]
    speech = speech_of(
        bilabials.samples, bilabials.rate_hz, phonemes=tuple(sounds), repeats=repeats
    )
    options = dataclasses.replace(OPTIONS, blink_rate=GenerateOptions().blink_rate)
    motion = plan_motion(Performance(speech=speech), options, 3, Progress(), None)
    closed = motion.lids.min(1) > 0.97
    count = int((np.diff(closed.astype(int)) == 1).sum())
    assert 12 <= count / (len(motion) / 25 / 60) <= 28


def test_background_away_from_the_person_stays(job):
    puppet = job.rig
    assert puppet.head.layered
    left, top, right, bottom = puppet.view.frame
    source = puppet.view.pixels[top:bottom, left:right].astype(int)
    person = (puppet.mask[top:bottom, left:right] > 0.1).astype(np.uint8)
    reach = int(0.2 * np.ptp(puppet.view.points[:, 0]))
    away = cv2.dilate(person, np.ones((2 * reach + 1, 2 * reach + 1), np.uint8)) == 0
    assert away.sum() > 2000
    for frame in job.frames:
        assert np.abs(frame[away] - source[away]).max() < 1


def test_a_silent_face_is_the_picture(job):
    """Without speech, blinks and head motion a frame is the picture to the bit."""
    motion = job.motion
    rest = dataclasses.replace(
        motion,
        **{
            name: np.zeros_like(getattr(motion, name)[:2])
            for name in ("head", "lids", "gaze", "controls")
        },
    )
    view = job.rig.view
    left, top, right, bottom = view.frame
    for patch in job.rig.rig.draw(rest):
        assert np.array_equal(patch.pixels, view.pixels[top:bottom, left:right])


def test_the_head_turns_as_the_motion_says(job):
    """The nose moves sideways against the cheeks with the yaw of the track."""
    points, yaw = job.points, job.motion.head[:, 0]
    middle = (points[:, topology.CHEEK_LEFT, 0] + points[:, topology.CHEEK_RIGHT, 0]) / 2
    width = points[:, topology.CHEEK_RIGHT, 0] - points[:, topology.CHEEK_LEFT, 0]
    aside = (points[:, topology.NOSE_TIP, 0] - middle) / width
    assert np.ptp(yaw) > 1.0
    assert np.corrcoef(aside, yaw)[0, 1] > 0.9


def test_nothing_jumps_between_frames(job):
    """A torn or flashing frame differs from both neighbours more than they do from each other."""
    area = cv2.INTER_AREA
    small = [cv2.resize(frame, None, fx=0.25, fy=0.25, interpolation=area) for frame in job.frames]
    stack = np.stack(small).astype(np.float32)
    step = np.abs(np.diff(stack, axis=0)).mean((1, 2, 3))
    assert step.max() < 6.0
    across = np.abs(stack[2:] - stack[:-2]).mean((1, 2, 3))
    assert (np.minimum(step[1:], step[:-1]) < across + 1.0).all()


def test_the_same_seed_gives_the_same_frames(job, models):
    """Another engine, made anew, hears, plans and renders the same."""
    engine, progress = PuppetEngine(models), Progress()
    rig = engine.prepare(shot_of(models), OPTIONS, progress)
    speech = open_speech(SPEECH, end=SECONDS)
    motion = rig.plan(Performance(speech=speech), OPTIONS, progress, OPTIONS.seed)
    patches = rig.draw(motion)
    for number, patch in zip(range(40), patches, strict=False):
        assert np.array_equal(patch.pixels, job.frames[number]), number
    patches.close()
