"""Head and blinks of reference videos: what is read, and what it changes."""

from functools import partial
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

from sadtalker_ext.compositor.paste_back import turned
from sadtalker_ext.errors import Cancelled, NoFaceFound
from sadtalker_ext.motion import tracking
from sadtalker_ext.motion.controls import BREATH, BROW, MOUTH
from sadtalker_ext.motion.face_capture import capture
from sadtalker_ext.motion.head_motion import LARGEST
from sadtalker_ext.motion.plan import build_motion, plan_motion
from sadtalker_ext.motion.tracking import (
    Tracked,
    closure,
    follow,
    head_angles,
    over_again,
    read_driving,
    there_and_back,
)
from sadtalker_ext.options import GenerateOptions
from sadtalker_ext.performance import Driving, DrivingVideo, Performance
from sadtalker_ext.portrait import topology
from sadtalker_ext.portrait.find import track_points
from sadtalker_ext.portrait.models import FaceModels
from sadtalker_ext.progress import Progress
from tests.support.espeak import say
from tests.support.puppet_person import make_person

EXAMPLE = Path(__file__).resolve().parents[3] / "examples" / "portrait.png"
PERSON = make_person().points
ANGLES = [(0, 0, 0), (12, 0, 0), (0, -9, 0), (0, 0, 7), (-20, 10, -5), (35, -15, 12)]


def face(angles=(0, 0, 0), opening=1.0):
    """Mesh points of a head turned by yaw, pitch and roll, with eyes open by a share."""
    points = PERSON.astype(np.float32)
    for upper, lower, at in (
        (topology.EYE_LEFT_UPPER, topology.EYE_LEFT_LOWER, 130),
        (topology.EYE_RIGHT_UPPER, topology.EYE_RIGHT_LOWER, 190),
    ):
        across = np.linspace(-14, 14, len(upper)) * (1 if at < 160 else -1)
        arch = 5 * opening * np.cos(across / 14 * np.pi / 2)
        for chain, side in ((upper, -1), (lower, 1)):
            points[list(chain)] = np.stack(
                [at + across, 110 + side * arch, np.full(len(chain), -50)], axis=1
            )
    return turned(points, angles)


def video(frames, fps=25.0, seconds=np.inf):
    def read():
        for number in range(frames):
            yield number / fps, np.full((8, 8, 3), number % 256, np.uint8)

    return DrivingVideo(path=Path("moving.mp4"), seconds=seconds, read=read)


def tracker(faces):
    """Gives the face of each frame by the number painted into it; None where there is none."""
    return lambda frames: (faces[int(frame[0, 0, 0])] for frame in frames)


@pytest.mark.parametrize("angles", ANGLES)
def test_angles_of_a_turned_head_are_found_whatever_its_size_and_place(angles):
    before = PERSON
    after = turned(before, angles) * 1.7 + np.array([30, -12, 5])
    np.testing.assert_allclose(head_angles(before, after), angles, atol=1e-2)


def test_the_head_moves_as_in_the_video_around_its_usual_pose():
    yaw = 8 * np.sin(np.arange(100) / 9)
    faces = [face((10 + one, 0, 0)) for one in yaw]
    head, blink, _, warnings = follow(video(100), tracker(faces), Progress())
    inner = slice(3, -3)  # smoothing knows nothing beyond the ends
    np.testing.assert_allclose(head[inner, 0], (yaw - np.median(yaw))[inner], atol=0.3)
    assert np.abs(head[:, 1:]).max() < 0.05
    assert blink.max() == 0
    assert warnings == ()


@pytest.mark.parametrize("turn", [0, 25])
def test_blinks_are_found_where_they_are_also_on_turned_heads(turn):
    opening = np.ones(150)
    for at in (30, 90):
        opening[at : at + 4] = (0.5, 0.1, 0.2, 0.6)
    opening[120:140] = 0.92  # a half smile is no blink
    faces = [face((turn, 0, 0), one) for one in opening]
    _, blink, *_ = follow(video(150), tracker(faces), Progress())
    closed = np.flatnonzero(blink.min(axis=1) > 0.9)
    assert closed.tolist() == [31, 32, 91, 92]
    assert blink[opening > 0.9].max() == 0


def test_narrow_eyes_are_open_eyes():
    """What counts is the usual opening of the same person."""
    eyes = np.full((100, 2), 0.12, np.float32)
    eyes[40:43] = 0.02
    assert np.flatnonzero(closure(eyes).max(axis=1) > 0).tolist() == [40, 41, 42]


@pytest.mark.parametrize("fps", [10.0, 25.0, 60.0])
def test_other_frame_rates_move_as_fast_as_they_were_filmed(fps):
    count = round(2 * fps)
    faces = [face((10 * number / count, 0, 0)) for number in range(count)]
    head, *_ = follow(video(count, fps), tracker(faces), Progress())
    assert len(head) == pytest.approx(50, abs=3)
    assert np.diff(head[10:40, 0]).mean() == pytest.approx(0.2, abs=0.01)


def test_frames_without_a_face_are_held_and_counted():
    faces = [face((number, 0, 0)) for number in range(20)]
    faces[0] = None
    faces[8:14] = [None] * 6
    head, _, _, warnings = follow(video(20), tracker(faces), Progress())
    assert len(head) == 20
    assert head[11, 0] - head[9, 0] < 0.6  # held, then caught up
    assert head[18, 0] - head[2, 0] == pytest.approx(16, abs=1)
    assert warnings == (
        "7 of 20 frames of moving.mp4 show no face: the motion before them was held there.",
    )


def test_a_video_without_any_face_is_told():
    with pytest.raises(NoFaceFound, match=r"any of the 4 frames of moving\.mp4"):
        follow(video(4), tracker([None] * 4), Progress())


@pytest.mark.parametrize("frames", [1, 2, 3])
def test_stills_and_the_shortest_videos_give_a_face_that_rests(frames):
    found = follow(video(frames), tracker([face()] * frames), Progress())
    assert found.face.shapes.shape == (frames, 52)
    assert np.abs(found.face.shapes).max() < 0.05
    assert found.face.gaze.shape == (frames, 2)


def test_brows_and_mouth_are_looked_for_only_where_they_are_wanted(monkeypatch):
    calls = []
    monkeypatch.setattr(tracking, "capture", lambda *rows: calls.append(rows) or capture(*rows))
    lent, other = video(4), video(4)
    read_driving(Driving(head=lent, lids=lent), tracker([face()] * 4), Progress(), None)
    assert not calls
    read_driving(Driving(head=lent, gaze=other), tracker([face()] * 4), Progress(), None)
    assert len(calls) == 1
    read_driving(Driving(whole=lent), tracker([face()] * 4), Progress(), None)
    assert len(calls) == 2


def test_reading_can_be_stopped_and_reads_no_more_than_is_used():
    progress = Progress()
    progress.stop()
    with pytest.raises(Cancelled):
        follow(video(4), tracker([face()] * 4), progress)
    assert len(follow(video(200), tracker([face()] * 200), Progress(), seconds=2.0)[0]) == 50
    found = read_driving(Driving(head=video(200)), tracker([face()] * 200), Progress(), 25)
    assert len(found.head) == 25


def test_one_video_that_lends_two_things_is_read_once():
    calls = []

    def track(frames):
        calls.append(1)
        return tracker([face()] * 10)(frames)

    one = video(10)
    found = read_driving(Driving(head=one, lids=one), track, Progress(), 10)
    assert (len(calls), found.head.shape, found.lids.shape) == (1, (10, 3), (10, 2))
    found = read_driving(Driving(head=one, lids=video(10)), track, Progress(), 10)
    assert len(calls) == 3
    assert read_driving(Driving(), track, Progress(), 10).head is None


def test_short_videos_go_on_without_a_jump():
    rows = np.arange(4, dtype=np.float32)[:, None]
    assert there_and_back(rows, 10)[:, 0].tolist() == [0, 1, 2, 3, 2, 1, 0, 1, 2, 3]
    assert over_again(rows, 6)[:, 0].tolist() == [0, 1, 2, 3, 0, 1]
    one = rows[:1]
    assert there_and_back(one, 3).shape == over_again(one, 3).shape == (3, 1)


@pytest.fixture(scope="module")
def speech():
    return say("Papa brought my mama a big map.", "en-us").speech()


def build(speech, driven=None, **options):
    chosen = GenerateOptions(**options)
    return build_motion(speech, speech.seconds, chosen, 5, Progress(), driven)


MOVED = np.column_stack([3 * np.sin(np.arange(60) / 7), np.zeros(60), np.zeros(60)]).astype(
    np.float32
)
SHUT = np.zeros((60, 2), np.float32)
SHUT[20:23] = 1


def test_what_is_lent_is_used_and_nothing_else_changes(speech):
    own = build(speech)
    posed, blinking = build(speech, Tracked(head=MOVED)), build(speech, Tracked(lids=SHUT))
    count = min(len(own), 60)
    np.testing.assert_allclose(posed.head[:count, 0], MOVED[:count, 0], atol=0.2)
    np.testing.assert_array_equal(posed.lids, own.lids)
    np.testing.assert_array_equal(posed.controls, own.controls)
    np.testing.assert_array_equal(blinking.lids[:count], SHUT[:count])
    np.testing.assert_array_equal(blinking.head, own.head)
    np.testing.assert_array_equal(blinking.controls, own.controls)
    assert own.controls[:, : len(MOUTH)].max() > 0.3
    assert {BREATH, BROW} < set(range(own.controls.shape[1]))


def test_borrowed_heads_obey_the_options(speech):
    assert np.abs(build(speech, Tracked(head=MOVED), still=True).head).max() == 0
    half = build(speech, Tracked(head=MOVED), head_motion=0.5).head
    np.testing.assert_allclose(half[:40, 0], MOVED[:40, 0] / 2, atol=0.1)
    far = build(speech, Tracked(head=10 * MOVED)).head
    assert LARGEST[0] - 1 < np.abs(far[:, 0]).max() <= LARGEST[0]
    blinking = build(speech, Tracked(lids=SHUT), blink="off")
    assert blinking.lids.max() == 1


def one_face(frames):
    return (face() for _ in frames)


def test_everything_without_sound_lasts_as_the_video_lasts():
    performance = Performance(driving=Driving(whole=video(30)))
    motion = plan_motion(performance, GenerateOptions(), 1, Progress(), one_face)
    assert len(motion) == 30
    assert motion.jaw.max() == 0
    assert motion.warnings == ()


def test_everything_with_sound_lasts_as_the_sound_lasts(speech):
    performance = Performance(speech=speech, driving=Driving(whole=video(30)))
    options = GenerateOptions(reference_use="all")
    motion = plan_motion(performance, options, 1, Progress(), one_face)
    assert len(motion) == np.ceil(speech.seconds * 25)
    assert motion.jaw.max() > 0.3
    assert motion.warnings == ()


def test_the_real_mesh_sees_a_photograph_tilt():
    """On pixels: the example portrait, tilted more from frame to frame."""
    with Image.open(EXAMPLE) as image:
        picture = np.array(image.convert("RGB").resize((384, 384)))
    tilts = [0, 2, 4, 6, 8, 6, 4, 2, 0]

    def read():
        for number, tilt in enumerate(tilts):
            motion = cv2.getRotationMatrix2D((192, 192), -tilt, 1)
            yield number / 25, cv2.warpAffine(picture, motion, (384, 384))

    shown = DrivingVideo(path=EXAMPLE, seconds=np.inf, read=read)
    track = partial(track_points, models=FaceModels())
    head, blink, *_ = follow(shown, track, Progress())
    assert np.corrcoef(head[:, 2], tilts)[0, 1] > 0.97
    assert 4.5 < np.ptp(head[:, 2]) < 9
    assert np.abs(head[:, :2]).max() < 2
    assert blink.max() < 0.5
