import numpy as np
import pytest

from benchmarks.lids import lid_gaps
from sadtalker_ext.portrait import topology

EYES = (
    (topology.EYE_LEFT_UPPER, topology.EYE_LEFT_LOWER, (40.0, 50.0)),
    (topology.EYE_RIGHT_UPPER, topology.EYE_RIGHT_LOWER, (120.0, 50.0)),
)


def mesh(opening, *, slide=0.0, turn_deg=0.0):
    """Both eyes 30 pixels wide; `slide` shifts the points of the upper lid along the lower one."""
    points = np.zeros((478, 3))
    along = np.linspace(-0.5, 0.5, 9)
    arch = 1 - (2 * along) ** 2
    turn = np.deg2rad(turn_deg)
    matrix = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    for upper, lower, middle in EYES:
        moved = along + slide * arch
        sag = 3 * (1 - (2 * moved) ** 2)
        above = np.stack([30 * moved, sag - opening * arch], 1)
        below = np.stack([30 * along, 3 * arch], 1)
        points[list(upper), :2] = middle + above @ matrix.T
        points[list(lower), :2] = middle + below @ matrix.T
    return points


@pytest.mark.parametrize("turn_deg", [0.0, 25.0])
@pytest.mark.parametrize("opening", [2.0, 10.0])
def test_the_gap_is_the_opening(opening, turn_deg):
    gaps = lid_gaps(mesh(opening, turn_deg=turn_deg)[None])
    assert gaps.shape == (1, 2)
    assert gaps == pytest.approx(opening, rel=0.05)


def test_points_that_slide_along_a_shut_lid_are_no_gap():
    shut = mesh(0.0, slide=0.1, turn_deg=20.0)
    middle = np.linalg.norm(shut[159, :2] - shut[145, :2])
    assert middle > 2.5  # what the distance of two points makes of it
    assert lid_gaps(shut[None]).max() < 0.4


def test_lids_that_overlap_are_not_shut():
    assert lid_gaps(mesh(-4.0)[None]).min() > 3.5
