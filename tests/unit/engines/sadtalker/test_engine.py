"""The engine around stand-in networks: who is asked what, in which order."""

import dataclasses

import numpy as np
import pytest
import torch

from sadtalker_ext.engines.sadtalker import engine as engine_module
from sadtalker_ext.engines.sadtalker.crop import CropMode
from sadtalker_ext.engines.sadtalker.engine import SadTalkerEngine
from sadtalker_ext.engines.sadtalker.framing import choose_mode
from sadtalker_ext.errors import NoFaceFound, UnreadableAudio
from sadtalker_ext.motion.resampling import resample
from sadtalker_ext.options import GenerateOptions
from sadtalker_ext.performance import Performance
from sadtalker_ext.progress import Progress
from tests.support.fake_networks import fake_networks
from tests.unit.engines.sadtalker.person import (
    face_at,
    make_engine,
    prepared,
    run,
    someone,
    speech,
    voice,
)


@pytest.fixture
def networks():
    return fake_networks()


@pytest.fixture
def picture():
    return someone()


@pytest.mark.parametrize("mode", ["crop", "extcrop", "resize", "full", "extfull"])
def test_every_mode_gives_frames_of_the_promised_size(networks, picture, mode):
    rig, motion, frames = run(make_engine(networks), picture, voice(4), preprocess=mode)
    assert len(frames) == len(motion) == 4
    width, height = rig.size
    assert {frame.shape for frame in frames} == {(height, width, 3)}
    assert networks.renderer.picture.shape == (256, 256, 3)
    full = "full" in mode
    assert networks.renderer.row.shape == ((73,) if full else (70,))
    assert (rig.place is not None) == full
    if mode == "resize":
        assert rig.size == (256, int(256 * 600 / 500))


def test_paste_box_lies_in_the_picture_near_its_border(networks, picture):
    rig, _, _ = run(make_engine(networks, left=390, top=480), picture, voice(3), preprocess="full")
    left, top, right, bottom = rig.place
    assert 0 <= left < right <= 500
    assert 0 <= top < bottom <= 600


@pytest.mark.parametrize(("size", "wanted"), [(100.0, CropMode.FULL), (400.0, CropMode.CROP)])
def test_auto_keeps_the_whole_picture_for_small_faces(picture, size, wanted):
    assert choose_mode("auto", picture, face_at(size=size)) is wanted
    assert choose_mode("extcrop", picture, face_at(size=size)) is CropMode.EXTCROP


def test_expression_scale_and_still_change_what_they_say(networks, picture):
    engine = make_engine(networks)
    run(engine, picture, voice(40), preprocess="crop", blink="off")
    plain = networks.renderer.rows
    run(engine, picture, voice(40), preprocess="crop", blink="off", expression_scale=2.0)
    scaled = networks.renderer.rows
    np.testing.assert_allclose(scaled[:, :64], 2 * plain[:, :64])
    np.testing.assert_array_equal(scaled[:, 64:], plain[:, 64:])
    _, motion, _ = run(engine, picture, voice(40), preprocess="crop", blink="off", still=True)
    still = networks.renderer.rows
    np.testing.assert_array_equal(still[:, :64], plain[:, :64])
    assert (still[:, 64:] == networks.renderer.row[64:]).all()
    assert not motion.head.any()


def test_head_motion_scales_the_departure_from_the_picture(networks, picture):
    engine = make_engine(networks)
    _, one, _ = run(engine, picture, voice(40), preprocess="crop")
    _, half, _ = run(engine, picture, voice(40), preprocess="crop", head_motion=0.5)
    _, none, _ = run(engine, picture, voice(40), preprocess="crop", head_motion=0.0)
    np.testing.assert_allclose(half.head, one.head / 2, atol=1e-4)
    assert not none.head.any()
    np.testing.assert_array_equal(half.rows[:, :64], one.rows[:, :64])


def test_mouth_scale_moves_the_expression_about_its_mean(networks, picture):
    engine = make_engine(networks)
    _, one, _ = run(engine, picture, voice(60), preprocess="crop", blink="original")
    _, two, _ = run(
        engine, picture, voice(60), preprocess="crop", blink="original", mouth_scale=2.0
    )
    spoken = one.rows[:, :64] - one.lids[:, :1]
    np.testing.assert_allclose(
        two.rows[:, :64] - one.rows[:, :64], spoken - spoken.mean(axis=0), atol=1e-5
    )
    np.testing.assert_array_equal(one.rows[:, 64:], two.rows[:, 64:])
    np.testing.assert_array_equal(one.lids, two.lids)
    assert spoken.std() > 0.01


def test_blink_reaches_the_expression_network_and_nothing_else(networks, picture):
    engine = make_engine(networks)
    _, off, _ = run(engine, picture, voice(60), preprocess="crop", blink="off")
    _, blinking, _ = run(engine, picture, voice(60), preprocess="crop", blink="original")
    moved = blinking.rows - off.rows
    np.testing.assert_allclose(moved[:, :64], blinking.lids[:, :1].repeat(64, axis=1), atol=1e-6)
    assert not moved[:, 64:].any()
    assert blinking.lids.max() == 1
    assert not off.lids.any()


def test_pose_style_and_seed_reach_the_pose_network(networks, picture):
    engine = make_engine(networks)
    _, one, _ = run(engine, picture, voice(40), preprocess="crop", pose_style=45, seed=1)
    assert (networks.pose.style == 45).all()
    _, again, _ = run(engine, picture, voice(40), preprocess="crop", seed=1)
    _, other, _ = run(engine, picture, voice(40), preprocess="crop", seed=2)
    np.testing.assert_array_equal(one.head, again.head)
    assert np.abs(one.head - other.head).max() > 0


@pytest.mark.parametrize("frames", [1, 2, 5, 20, 21, 22, 33])
def test_clips_of_any_length_work(networks, picture, frames):
    for blink in ("original", "natural"):
        _, motion, made = run(
            make_engine(networks), picture, voice(frames), preprocess="crop", blink=blink
        )
        assert len(motion) == len(made) == frames


def test_idling_lasts_as_long_as_asked(networks, picture):
    _, motion, frames = run(
        make_engine(networks), picture, None, preprocess="crop", idle_seconds=1.5
    )
    assert len(motion) == len(frames) == 37
    assert not motion.jaw.any()


def test_less_sound_than_a_frame_is_refused(networks, picture):
    with pytest.raises(UnreadableAudio, match=r"0\.04 seconds"):
        run(make_engine(networks), picture, speech(np.zeros(600)), preprocess="crop")


def test_networks_are_loaded_once_and_given_back(networks, picture):
    asked = []

    def load(size, precision):
        asked.append((size, precision))
        return networks

    engine = SadTalkerEngine(load)
    engine.find_face = lambda one, index: face_at()
    for _ in range(2):
        run(engine, picture, voice(3), preprocess="crop")
    run(engine, picture, voice(3), preprocess="crop", size=512)
    assert asked == [(256, "auto"), (512, "auto")]
    engine.close()
    engine.close()
    run(engine, picture, voice(3), preprocess="crop", size=512)
    assert asked[-1] == (512, "auto")
    assert len(asked) == 3


def test_the_finders_errors_and_index_pass_through(networks, picture):
    def find(one, index):
        raise NoFaceFound(f"No face {index} in {one.name}.")

    engine = make_engine(networks)
    engine.find_face = find
    with pytest.raises(NoFaceFound, match=r"No face 3 in someone\.png"):
        prepared(engine, picture, GenerateOptions(face_index=3))


def test_the_picture_is_never_modified(networks, picture):
    before = picture.pixels.copy()
    run(make_engine(networks), picture, voice(3), preprocess="full")
    np.testing.assert_array_equal(picture.pixels, before)


def test_drawing_before_planning_is_refused(networks, picture):
    rig = prepared(make_engine(networks), picture, GenerateOptions())
    with pytest.raises(TypeError, match="plan a performance"):
        next(rig.draw(run(make_engine(networks), picture, voice(3))[1].motion))


@pytest.mark.parametrize("fps", [10.0, 24.0, 25.0, 50.0, 60.0])
def test_other_rates_read_key_points_between_those_of_25(networks, picture, fps):
    """The mapping network always sees 25 rows per second: at 60 it would see 0.4 s instead of 1."""
    engine, options = make_engine(networks), GenerateOptions(preprocess="crop")
    rig = prepared(engine, picture, options)
    motion = rig.plan(Performance(speech=voice(300)), options, Progress(), 5)
    other = resample(motion, fps)
    points = torch.cat(list(rig._key_points(other, 0, range(len(other))))).numpy()
    at = np.clip((np.arange(len(other)) + 0.5) * (25 / fps) - 0.5, 0, 299)
    for column in (0, 30, 65):
        wanted = np.interp(at, np.arange(300), rig._plan.rows[:, column])
        np.testing.assert_allclose(points[:, column], wanted, atol=1e-5)
    assert len(points) == len(other) == round(300 * fps / 25)
    assert all(len(rows) <= 256 * 25 / fps + 30 for rows in networks.renderer.asked)


def test_the_engine_has_the_name_options_use():
    assert engine_module.SadTalkerEngine.spec.name == "sadtalker"


def test_what_is_changed_in_the_motion_is_added_to_the_rows(networks, picture):
    """The motion is the truth: 12 degrees more in it are 12 degrees more in what is drawn."""
    rig, seen, _ = run(make_engine(networks), picture, voice(30), preprocess="crop")
    plain = networks.renderer.rows
    more = dataclasses.replace(seen.motion, head=seen.head + np.float32([12, -6, 3]))
    list(rig.draw(more))
    moved = np.degrees(networks.renderer.rows - plain)
    np.testing.assert_allclose(moved[:, 64:67], np.tile([-6, 12, -3], (30, 1)), atol=1e-3)
    assert not moved[:, :64].any()
    assert not moved[:, 67:].any()


@pytest.mark.parametrize("lengths", [[30], [7, 11, 12], [1] * 30])
def test_blocks_of_any_length_draw_the_same(networks, picture, lengths):
    rig, seen, frames = run(make_engine(networks), picture, voice(30), preprocess="crop")
    again, first = [], 0
    for length in lengths:
        block = seen.motion.rows(first, first + length)
        again += [patch.pixels for patch in rig.draw(block, first)]
        first += length
    assert all(np.array_equal(one, two) for one, two in zip(frames, again, strict=True))


def test_another_rig_draws_a_part_of_what_one_has_planned(networks, picture):
    """Head angles that were changed before the part still count at its first frames."""
    engine = make_engine(networks)
    rig, seen, _ = run(engine, picture, voice(30), preprocess="crop")
    turned = seen.motion.head + np.linspace(-20, 20, 30, dtype=np.float32)[:, None]
    motion = dataclasses.replace(seen.motion, head=turned)
    whole = [patch.pixels for patch in rig.draw(motion)]
    other, _, _ = run(engine, picture, voice(12), preprocess="crop")
    other.take(rig.kept)
    part = [patch.pixels for patch in other.draw_part(motion, range(11, 19))]
    assert all(np.array_equal(a, b) for a, b in zip(part, whole[11:19], strict=True))


def test_parts_the_networks_cannot_draw_are_named(networks, picture):
    rig, seen, _ = run(make_engine(networks), picture, voice(30), preprocess="crop")
    assert rig.unable(seen.motion) == ()
    shut = dataclasses.replace(seen.motion, lids=np.ones_like(seen.lids))
    (sentence,) = rig.unable(shut)
    assert sentence.startswith("The lids of this motion were changed")


def test_another_job_on_the_same_picture_prepares_nothing_again(networks, picture):
    looked = []

    class Landmarks:
        def __call__(self, one, face, options):
            looked.append(options.landmarks)
            return np.asarray(face.points[:68, :2], np.float32)

        def close(self):
            pass

    engine = make_engine(networks)
    engine._find_landmarks = Landmarks()
    again = dataclasses.replace(picture, pixels=picture.pixels.copy(), name="again.png")
    options = GenerateOptions(preprocess="full")
    first = prepared(engine, picture, options)
    kept = networks.renderer.picture
    assert prepared(engine, again, options)._prepared is first._prepared
    assert networks.renderer.picture is kept
    assert looked == ["auto"]
    for other in ({"preprocess": "crop"}, {"original_crop": True}, {"size": 512}):
        assert prepared(engine, again, dataclasses.replace(options, **other)) is not None
        assert networks.renderer.picture is not kept
        kept = networks.renderer.picture
