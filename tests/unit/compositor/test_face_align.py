import numpy as np
import pytest

from sadtalker_ext.compositor.face_align import (
    SIDE,
    TEMPLATE,
    Alignment,
    align,
    cut,
    face_mask,
    five_points,
    mean_alignment,
    spread,
)
from tests.support.face_points import placed_mesh


@pytest.mark.parametrize(("scale", "turn"), [(0.25, 0.0), (0.6, 0.4), (1.0, -1.2), (3.0, 0.1)])
def test_a_face_of_the_template_shape_is_aligned_exactly(scale, turn):
    mesh = placed_mesh(scale=scale, turn_rad=turn, at=(140, 90))
    found = align(mesh)
    placed = five_points(mesh) @ found.matrix[:, :2].T + found.matrix[:, 2]
    np.testing.assert_allclose(placed, TEMPLATE, atol=0.01)
    assert found.scale == pytest.approx(1 / scale, rel=1e-4)


def test_the_square_and_back_is_where_it_was():
    """A bright spot at a mesh point lands on the template, and comes back to the same pixel."""
    mesh = placed_mesh(scale=0.5, turn_rad=0.3, at=(200, 160))
    frame = np.zeros((420, 520, 3), np.uint8)
    x, y = np.rint(five_points(mesh)[2]).astype(int)
    frame[y - 2 : y + 3, x - 2 : x + 3] = 255
    alignment = align(mesh)
    square = cut(frame, alignment)
    rows, columns = np.nonzero(square[..., 0] > 128)
    assert np.hypot(columns.mean() - TEMPLATE[2, 0], rows.mean() - TEMPLATE[2, 1]) < 1.5
    box = alignment.box((520, 420))
    back = spread(square.astype(np.float32), alignment, box)[..., 0]
    rows, columns = np.nonzero(back > 128)
    assert abs(columns.mean() + box[0] - x) < 0.3
    assert abs(rows.mean() + box[1] - y) < 0.3


def test_a_large_face_is_averaged_and_not_aliased():
    mesh = placed_mesh(scale=4.0, at=(1000, 1000))
    checks = np.indices((2000, 2000)).sum(0) % 2 * 255
    square = cut(np.repeat(checks[:, :, None], 3, 2).astype(np.uint8), align(mesh))
    assert square[100:-100, 100:-100].std() < 8


def test_the_box_stays_inside_the_frame():
    alignment = align(placed_mesh(scale=1.0, at=(10, 10)))
    assert alignment.box((50, 40)) == (0, 0, 50, 40)
    far = Alignment(a=1, b=0, x0=-5000, y0=0)
    left, _, right, _ = far.box((50, 40))
    assert left == right == 50
    assert cut(np.zeros((40, 50, 3), np.uint8), far).shape == (SIDE, SIDE, 3)


def test_the_mask_is_one_on_the_face_and_zero_at_the_border():
    mesh = placed_mesh(scale=0.5, at=(200, 200))
    alignment = align(mesh)
    mask = face_mask(mesh, alignment)
    for x, y in TEMPLATE:
        assert mask[round(y), round(x)] == 1
    assert mask[[0, -1]].max() == mask[:, [0, -1]].max() == 0
    assert np.abs(np.diff(mask, axis=0)).max() < 0.1


def test_the_mean_of_alignments_is_weighted():
    one, two = Alignment(a=1, b=0, x0=0, y0=4), Alignment(a=2, b=0.5, x0=8, y0=4)
    assert mean_alignment([one, two], [3, 1]) == Alignment(a=1.25, b=0.125, x0=2, y0=4)
