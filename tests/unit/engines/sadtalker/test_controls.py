"""Every option changes what it says and nothing else, in every kind of crop."""

import functools

import numpy as np
import pytest

from sadtalker_ext.engines.sadtalker.coefficients import EXPRESSION
from tests.support.fake_networks import fake_networks
from tests.unit.engines.sadtalker.person import make_engine, run, someone, voice

FRAMES = 120
HEAD = {"pitch", "yaw", "roll", "translation"}
CHANGES = [
    ({"head_motion": 0.5}, HEAD),
    ({"head_motion": 0.0}, HEAD),
    ({"head_yaw": 0.0}, {"yaw"}),
    ({"head_pitch": 2.0}, {"pitch"}),
    ({"head_roll": 0.3}, {"roll"}),
    ({"still": True}, HEAD),
    ({"mouth_scale": 2.0}, {"expression"}),
    ({"mouth_scale": 0.0}, {"expression"}),
    ({"expression_scale": 1.5}, {"expression"}),
    ({"blink": "off"}, {"expression", "lids"}),
    ({"blink": "original"}, {"expression", "lids"}),
    ({"blink_rate": 40.0}, {"expression", "lids"}),
    ({"yaw": "0, 20"}, {"view yaw"}),
    ({"pitch": "5"}, {"view pitch"}),
    ({"roll": "-3 3"}, {"view roll"}),
    ({"batch_size": 3}, set()),
    ({"blend": "poisson"}, set()),
]


def what_moves(**options):
    """Everything that reaches the renderer, by what it does to the face."""
    networks = fake_networks()
    _, motion, frames = run(make_engine(networks), someone(), voice(FRAMES), **options)
    rows = networks.renderer.rows
    assert len(frames) == len(rows) == FRAMES
    found = {
        "expression": rows[:, EXPRESSION],
        "pitch": rows[:, 64],
        "yaw": rows[:, 65],
        "roll": rows[:, 66],
        "translation": rows[:, 67:70],
        "placement": rows[:, 70:],
        "lids": motion.lids,
        "mouth in plots": motion.jaw,
    }
    for axis in ("yaw", "pitch", "roll"):
        found[f"view {axis}"] = networks.renderer.camera.get(axis, np.zeros(0))
    return found


@functools.cache
def defaults(mode):
    return what_moves(preprocess=mode)


def changed(before, after):
    return {name for name, values in before.items() if not np.array_equal(values, after[name])}


@pytest.mark.parametrize("mode", ["crop", "extfull"])
@pytest.mark.parametrize(("options", "wanted"), CHANGES, ids=lambda value: str(value)[:40])
def test_an_option_changes_what_it_says_and_nothing_else(options, wanted, mode):
    assert changed(defaults(mode), what_moves(preprocess=mode, **options)) == wanted


@pytest.mark.parametrize(("options", "wanted"), CHANGES[:9], ids=lambda value: str(value)[:40])
def test_amounts_work_beside_still_and_other_amounts(options, wanted):
    """Still takes the head's part away from every option, and leaves the face's."""
    around = {"preprocess": "full", "still": True, "expression_scale": 1.2, "blink": "original"}
    before = what_moves(**around)
    assert changed(before, what_moves(**(around | options))) == wanted - HEAD


def test_each_amount_of_the_head_is_a_factor_about_the_pictures_pose():
    before = what_moves(preprocess="crop", head_motion=0.0)
    one, two = what_moves(preprocess="crop"), what_moves(preprocess="crop", head_yaw=2.0)
    rest = before["yaw"][0]
    assert (before["yaw"] == rest).all()
    np.testing.assert_allclose(two["yaw"] - rest, 2 * (one["yaw"] - rest), atol=1e-6)
    assert np.ptp(one["yaw"]) > 0.01


def test_the_mouths_amount_leaves_the_blinks_alone():
    quiet = {"preprocess": "crop", "mouth_scale": 0.0}
    closed = what_moves(**quiet, blink="original")
    opened = what_moves(**quiet, blink="off")
    lids = closed["expression"] - opened["expression"]
    np.testing.assert_allclose(lids, closed["lids"][:, :1].repeat(64, axis=1), atol=1e-5)
    assert np.ptp(opened["expression"], axis=0).max() < 1e-5


def test_a_path_shows_in_the_tracks_head_angles():
    networks = fake_networks()
    _, motion, _ = run(make_engine(networks), someone(), voice(30), preprocess="crop", roll="0 15")
    _, plain, _ = run(make_engine(fake_networks()), someone(), voice(30), preprocess="crop")
    assert motion.pose[0, 2] == 0
    assert motion.pose[-1, 2] == pytest.approx(15, abs=0.6)
    np.testing.assert_array_equal(motion.pose[:, :2], plain.pose[:, :2])
    np.testing.assert_allclose(networks.renderer.camera["roll"], motion.pose[:, 2], atol=1e-5)


def test_the_wide_crop_keeps_its_shape_unless_the_originals_is_asked_for():
    engine = make_engine(fake_networks(), left=20, top=380, size=260.0)
    new, _, _ = run(engine, someone(), voice(3), preprocess="extcrop")
    old, _, _ = run(engine, someone(), voice(3), preprocess="extcrop", original_crop=True)
    assert new.size != old.size
    left, top, right, bottom = run(engine, someone(), voice(3), preprocess="extfull")[0].place
    assert new.size == (256, int(256 * (bottom - top) / (right - left)))


def test_the_originals_crop_cuts_the_chin_of_tall_pictures():
    engine = make_engine(fake_networks(), left=100, top=180, size=330.0)
    new, _, _ = run(engine, someone(), voice(3), preprocess="full")
    old, _, _ = run(engine, someone(), voice(3), preprocess="full", original_crop=True)
    assert old.place[:3] == new.place[:3]
    assert old.place[3] < new.place[3]
