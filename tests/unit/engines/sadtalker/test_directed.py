"""Directed faces of the sadtalker engine, around stand-in networks."""

import numpy as np
import pytest

from sadtalker_ext.blendshapes import BLENDSHAPES, COLUMN
from sadtalker_ext.engines.sadtalker.calibration import EXPRESSIONS, Calibration, Expressions
from sadtalker_ext.engines.sadtalker.directed import ModelExpressions
from sadtalker_ext.progress import Progress
from tests.support.fake_networks import fake_networks
from tests.unit.engines.sadtalker.person import make_engine, mesh, run, someone, voice


@pytest.fixture(scope="module")
def networks():
    return fake_networks()


def track(frames):
    for _ in frames:
        yield mesh(size=100.0)


def test_nothing_directed_asks_for_no_calibration(networks):
    engine = make_engine(networks, track)
    rig, motion, _ = run(engine, someone(), voice(6))
    assert motion.motion.face is None
    assert rig._solved is None


def test_what_a_model_cannot_make_is_said_by_name(networks):
    """A face that never moves, whatever its numbers: nothing can be made, and nothing changes."""
    engine = make_engine(networks, track)
    _, _, plain = run(engine, someone(), voice(6), still=True)
    rig, motion, frames = run(engine, someone(), voice(6), still=True, emotion="happy")
    (said,) = [one for one in rig.unable(motion.motion) if "cannot make" in one]
    assert "mouthSmileLeft" in said
    assert "sadtalker engine" in said
    np.testing.assert_array_equal(np.stack(frames), np.stack(plain))


def test_solved_numbers_are_added_to_the_rows(networks):
    engine = make_engine(networks, track)
    rig, motion, _ = run(engine, someone(), voice(6), still=True, emotion="happy")
    rows = np.zeros((len(BLENDSHAPES), EXPRESSIONS), np.float32)
    rows[COLUMN["mouthSmileLeft"], 3] = 2.0
    rig._solved = Expressions(rows, np.ones(len(BLENDSHAPES), np.float32))
    changed = rig._with_changes(motion.motion, np.arange(6.0)) - rig._plan.rows
    smiled = motion.motion.face[:, COLUMN["mouthSmileLeft"]]
    np.testing.assert_allclose(changed[:, 3], 2 * smiled, atol=1e-5)
    assert smiled.min() > 0.2
    assert np.abs(np.delete(changed, 3, axis=1)).max() == 0


def test_directions_move_the_head(networks):
    engine = make_engine(networks)
    turn = [{"at": 0, "head": {"yaw": 8}, "transition": 0.1}]
    _, plain, _ = run(engine, someone(), voice(8))
    rig, turned, _ = run(engine, someone(), voice(8), timeline=turn)
    assert (turned.motion.head - plain.motion.head)[-1, 0] == pytest.approx(8, abs=0.5)
    changed = rig._with_changes(turned.motion, np.arange(8.0)) - rig._plan.rows
    assert np.degrees(np.abs(changed[-1]).max()) == pytest.approx(8, abs=0.5)


def test_a_measurement_is_kept_beside_the_weights(networks, tmp_path):
    measured = []

    def counted(frames):
        measured.append(1)
        yield from track(frames)

    engine = make_engine(networks, counted)
    rig, _, _ = run(engine, someone(), voice(6))
    row = rig._plan.rows[0]
    first = ModelExpressions(networks, tmp_path)
    first(rig._prepared, row, counted, Progress())
    assert len(measured) == EXPRESSIONS
    (kept,) = tmp_path.iterdir()
    assert kept.name.startswith("expressions-")
    assert Calibration.load(kept) is not None
    ModelExpressions(networks, tmp_path)(rig._prepared, row, counted, Progress())
    assert len(measured) == EXPRESSIONS
