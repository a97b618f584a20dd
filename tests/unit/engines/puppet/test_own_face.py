"""What a picture's own face has to do with how far it is moved: corners turned up, low brows."""

import numpy as np
import pytest

from sadtalker_ext.blendshapes import COLUMN
from sadtalker_ext.engines.puppet.eyes.eye_shape import LEFT_EYE, RIGHT_EYE
from sadtalker_ext.engines.puppet.skin.fields import _fitted
from sadtalker_ext.engines.puppet.skin.frame import measure_skin
from sadtalker_ext.engines.puppet.skin.own_smile import against_own_smile, own_smile
from sadtalker_ext.engines.puppet.skin.pushes import sided_pushes
from sadtalker_ext.portrait.mean_face import mean_face
from tests.support.blendshapes import weights

SIDE = 360


@pytest.fixture
def mesh():
    return mean_face() * np.float32(100) + np.array([(SIDE - 1) / 2, 140, 0], np.float32)


def test_each_corner_that_is_turned_up_comes_down(mesh):
    """A soft smile counts, a mouth at rest does not, and a crooked one by its sides."""
    across = mesh[454] - mesh[234]
    unit = float(np.linalg.norm(across))
    across /= unit
    upward = mesh[10] - mesh[152]
    upward -= across * float(upward @ across)
    upward *= unit / np.linalg.norm(upward)
    middle = mesh[[13, 14]].mean(0)
    level = {
        corner: mesh[corner] - upward * float((mesh[corner] - middle) @ upward) / unit**2
        for corner in (61, 291)
    }

    def smile(right, left):
        mesh[61], mesh[291] = level[61] + right * upward, level[291] + left * upward
        return own_smile(mesh)

    assert smile(-0.02, -0.02) == {"Right": 0.0, "Left": 0.0}
    soft, broad = smile(0.01, 0.01), smile(0.05, 0.05)
    assert soft["Left"] == pytest.approx(soft["Right"])
    assert 0.3 < soft["Left"] < 0.5 < broad["Left"]
    crooked = smile(-0.02, 0.02)
    face = against_own_smile(weights(mouthFrown=1), crooked)
    assert face[COLUMN["mouthSmileRight"]] == 0
    assert face[COLUMN["mouthSmileLeft"]] < -0.4
    resting = weights(mouthFrown=1)
    assert against_own_smile(resting, smile(-0.02, -0.02)) is resting


@pytest.mark.parametrize("name", ["browInnerUp", "browOuterUpLeft", "browOuterUpRight"])
def test_low_brows_rise_less_so_that_their_lids_are_not_drawn_out(mesh, name):
    def risen(share):
        """How far brows go up that lie so far above the lids, against usual ones."""
        points = mesh.copy()
        for eye in (LEFT_EYE, RIGHT_EYE):
            brow = [*eye.brow_bottom, *eye.brow_top]
            gap = mesh[list(eye.upper), 1].mean() - mesh[list(eye.brow_bottom), 1].mean()
            points[brow, 1] += (1 - share) * gap
        frame = measure_skin(points, (SIDE, SIDE))
        fitted = [(_fitted(frame, *one, name)[0].up, one[0].up) for one in sided_pushes(name)]
        return [now / usual for now, usual in fitted]

    assert min(risen(1.5)) == max(risen(1.0)) == 1.0
    assert max(risen(0.3)) < 0.9
    assert min(risen(0.0)) >= 0.7
