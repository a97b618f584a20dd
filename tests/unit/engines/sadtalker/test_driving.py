"""Motion of reference videos: what is borrowed, when, and what happens without a face."""

from pathlib import Path

import numpy as np
import pytest

from sadtalker_ext.engines.sadtalker.coefficients import EXPRESSION, POSE
from sadtalker_ext.engines.sadtalker.crop import CropMode
from sadtalker_ext.engines.sadtalker.driving import driving_rows_of
from sadtalker_ext.errors import Cancelled, NoFaceFound
from sadtalker_ext.performance import Driving, DrivingVideo
from sadtalker_ext.progress import Progress
from tests.support.fake_networks import fake_networks
from tests.unit.engines.sadtalker.person import make_engine, mesh, run, someone, voice


def video(levels, fps=25.0, seconds=np.inf):
    """A video whose frames have one brightness each; the fake recovery answers with it."""

    def read():
        for number, level in enumerate(levels):
            yield number / fps, np.full((300, 320, 3), level, np.uint8)

    return DrivingVideo(path=Path("moving.mp4"), seconds=seconds, read=read)


def tracker(without=()):
    """Finds the same face in every frame but those whose numbers are given."""

    def track(frames):
        for number, _ in enumerate(frames):
            yield None if number in without else mesh(left=80, top=60, size=120.0)

    return track


def rows_of(reference, without=(), mode=CropMode.CROP, seconds=np.inf):
    return driving_rows_of(reference, fake_networks(), tracker(without), mode, Progress(), seconds)


def brightness(rows):
    """What the rows say about the brightness of their frames, in levels."""
    return 255 * (rows[:, 65] - 2.25)


def test_every_frame_gives_a_row_in_its_own_place():
    levels = [10, 20, 40, 80, 160, 250] * 7  # more than one batch
    rows, warnings = rows_of(video(levels))
    assert rows.shape == (42, 73)
    np.testing.assert_allclose(brightness(rows), levels, atol=0.1)
    assert warnings == ()


@pytest.mark.parametrize(
    ("without", "wanted"),
    [
        ({2, 3}, [10, 20, 20, 20, 160, 250]),
        ({0, 1}, [40, 40, 40, 80, 160, 250]),
        ({4, 5}, [10, 20, 40, 80, 80, 80]),
    ],
)
def test_a_frame_without_a_face_is_held_and_counted_never_shifted(without, wanted):
    rows, warnings = rows_of(video([10, 20, 40, 80, 160, 250]), without)
    np.testing.assert_allclose(brightness(rows), wanted, atol=0.1)
    assert warnings == (
        "2 of 6 frames of moving.mp4 show no face: the motion before them was held there.",
    )


def test_a_video_without_any_face_is_refused():
    with pytest.raises(NoFaceFound, match=r"any of the 3 frames of moving\.mp4"):
        rows_of(video([1, 2, 3]), {0, 1, 2})


@pytest.mark.parametrize("fps", [10.0, 23.976, 25.0, 30.0, 50.0, 60.0, 120.0])
def test_any_frame_rate_moves_as_fast_as_it_was_filmed(fps):
    """A ramp of 100 levels per second stays one."""
    levels = (100 * np.arange(round(2 * fps)) / fps).astype(int)
    rows, _ = rows_of(video(levels, fps))
    assert len(rows) == pytest.approx(2 * 25, abs=2.5)
    np.testing.assert_allclose(brightness(rows), 4 * np.arange(len(rows)), atol=2.5)


def test_no_more_is_read_than_can_be_used():
    asked = []

    def read():
        for number in range(1000):
            asked.append(number)
            yield number / 25, np.zeros((300, 320, 3), np.uint8)

    endless = DrivingVideo(path=Path("long.mp4"), seconds=np.inf, read=read)
    rows, _ = rows_of(endless, seconds=1.0)
    assert len(rows) == 25
    assert len(asked) == 26


@pytest.mark.parametrize("mode", list(CropMode))
def test_all_kinds_of_crop_read_videos(mode):
    rows, _ = rows_of(video([30, 60, 90]), mode=mode)
    np.testing.assert_allclose(brightness(rows), [30, 60, 90], atol=0.1)


def test_reading_can_be_stopped():
    progress = Progress()
    progress.stop()
    with pytest.raises(Cancelled):
        driving_rows_of(video([1, 2]), fake_networks(), tracker(), CropMode.CROP, progress)


def both_ways(driving, frames=30, without=(), **options):
    """The driving rows with and without a reference."""
    made = []
    for given in (None, driving):
        networks = fake_networks()
        engine = make_engine(networks, tracker(without))
        _, motion, _ = run(
            engine, someone(), voice(frames), preprocess="crop", driving=given, **options
        )
        made.append((motion, networks.renderer.rows))
    return made


LEVELS = [0, 51, 102, 51, 0, 0]


def test_a_borrowed_pose_is_added_to_the_generated_one_and_starts_over():
    (_, plain), (_, moved) = both_ways(Driving(head=video(LEVELS)))
    wanted = np.resize(LEVELS, 30) / 255
    difference = moved - plain
    np.testing.assert_allclose(difference[:, POSE], wanted[:, None].repeat(6, 1), atol=1e-3)
    assert not difference[:, EXPRESSION].any()


def test_borrowed_blinks_replace_the_blinks_and_leave_the_head():
    (first, plain), (second, moved) = both_ways(Driving(lids=video(LEVELS)), frames=100)
    np.testing.assert_array_equal(plain[:, POSE], moved[:, POSE])
    assert first.lids.any()
    assert not second.lids.any()
    per_frame = np.diff(moved[:6, EXPRESSION].mean(axis=1))
    spoken = np.diff((plain - first.lids[:, :1])[:6, EXPRESSION].mean(axis=1))
    np.testing.assert_allclose(per_frame - spoken, np.diff(LEVELS) / 255, atol=1e-3)


def test_one_video_for_both_is_read_once():
    reads = []
    one = video(LEVELS)

    def read():
        reads.append(1)
        return one.read()

    counted = DrivingVideo(path=one.path, seconds=one.seconds, read=read)
    (_, plain), (_, moved) = both_ways(Driving(head=counted, lids=counted))
    assert len(reads) == 1
    assert changed_columns(plain, moved) == "both"


def changed_columns(before, after):
    parts = {"expression": EXPRESSION, "pose": POSE}
    found = [name for name, part in parts.items() if (before[:, part] != after[:, part]).any()]
    return "both" if len(found) == 2 else found[0] if found else ""


def test_head_amounts_scale_the_borrowed_pose_as_well():
    _, (_, whole) = both_ways(Driving(head=video(LEVELS)))
    _, (_, none) = both_ways(Driving(head=video(LEVELS)), head_motion=0.0)
    assert np.ptp(whole[:, POSE]) > 0
    assert (none[:, POSE] == none[0, POSE]).all()


def test_everything_borrowed_needs_no_speech_networks():
    (_, _), (motion, rows) = both_ways(Driving(whole=video(LEVELS)), frames=9)
    assert len(rows) == 9
    held = [*LEVELS, 0, 0, 0]
    np.testing.assert_allclose(255 * (rows[:, 65] - 2.25), held, atol=0.1)
    np.testing.assert_allclose(255 * (rows[:, 3] - 0.83), held, atol=0.1)
    assert motion.jaw.any()


def test_a_mute_video_lasts_as_long_as_it_is():
    networks = fake_networks()
    engine = make_engine(networks, tracker({1}))
    whole = Driving(whole=video(LEVELS * 4))
    _, motion, frames = run(engine, someone(), None, preprocess="crop", driving=whole)
    assert len(motion) == len(frames) == 24
    assert not motion.jaw.any()
    assert motion.warnings[0].startswith("1 of 24 frames")


def test_still_and_reference_together_keep_the_head():
    _, (motion, rows) = both_ways(Driving(head=video(LEVELS)), still=True)
    assert (rows[:, POSE] == rows[0, POSE]).all()
    assert not motion.head.any()
