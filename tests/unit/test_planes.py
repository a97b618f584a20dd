"""Only what is drawn changes, whatever the colours of a video mean."""

import numpy as np
import pytest

from sadtalker_ext.planes import Colours, Planes


def planes(width=41, height=31, *, bits=8, matrix="709", full=False, seed=0):
    rng = np.random.default_rng(seed)
    kind = np.uint16 if bits == 10 else np.uint8
    scale = 1 << (bits - 8)
    half = ((height + 1) // 2, (width + 1) // 2)
    return Planes(
        (rng.integers(40, 200, (height, width)) * scale).astype(kind),
        (rng.integers(110, 140, half) * scale).astype(kind),
        (rng.integers(110, 140, half) * scale).astype(kind),
        Colours(matrix=matrix, full=full, bits=bits),
    )


@pytest.mark.parametrize("bits", [8, 10])
@pytest.mark.parametrize(("matrix", "full"), [("601", False), ("709", True), ("2020", False)])
def test_white_black_and_grey(bits, matrix, full):
    colours = Colours(matrix=matrix, full=full, bits=bits)
    most = (1 << bits) - 1
    white = most if full else 235 << (bits - 8)
    rows = np.array([[white - colours.black, 0, 0], [0, 0, 0]], np.float32)
    found = rows @ colours.to_rgb.T
    np.testing.assert_allclose(found, [[255] * 3, [0] * 3], atol=0.01)


def test_red_is_red_in_bt709():
    # ITU-R BT.709, limited range: Y 63, Cb 102, Cr 240
    colours = Colours(matrix="709")
    found = np.array([63 - 16, 102 - 128, 240 - 128], np.float32) @ colours.to_rgb.T
    np.testing.assert_allclose(found, [255, 0, 0], atol=2)


@pytest.mark.parametrize("bits", [8, 10])
def test_what_is_not_drawn_stays(bits):
    frame = planes(bits=bits)
    before = frame.copy()
    box = frame.inside((5, 3, 30, 20))
    change = np.zeros((box[3] - box[1], box[2] - box[0], 3), np.float32)
    change[4:8, 4:8] = 30
    frame.draw(box, change)
    moved = frame.y != before.y
    assert moved[box[1] + 4 : box[1] + 8, box[0] + 4 : box[0] + 8].all()
    assert moved.sum() == 16
    drawn = frame.rgb(box) - before.rgb(box)
    np.testing.assert_allclose(drawn[5:7, 5:7], 30, atol=1.5)


@pytest.mark.parametrize("box", [(-9, -9, 3, 3), (38, 28, 90, 90), (0, 0, 41, 31), (7, 7, 8, 8)])
def test_parts_at_the_border(box):
    frame = planes()
    part = frame.inside(box)
    assert 0 <= part[0] < part[2] <= 41
    assert 0 <= part[1] < part[3] <= 31
    assert part[0] % 2 == part[1] % 2 == 0
    found = frame.rgb(part)
    assert found.shape == (part[3] - part[1], part[2] - part[0], 3)
    frame.draw(part, np.zeros_like(found))


def test_a_look_is_small_and_keeps_the_tone():
    frame = planes(400, 300)
    look, scale = frame.look((0, 0, 400, 300), 100)
    assert look.shape == (75, 100, 3)
    assert scale == 0.25
    assert abs(look.mean() - frame.picture().mean()) < 1.5


def test_ten_bits_look_like_eight():
    eight = planes()
    ten = planes(bits=10)
    np.testing.assert_allclose(eight.rgb((0, 0, 40, 30)), ten.rgb((0, 0, 40, 30)), atol=1.0)


@pytest.mark.parametrize(("width", "height"), [(1280, 720), (1919, 1081), (300, 200)])
def test_a_thumbnail_is_the_mean_of_what_it_covers(width, height):
    frame = planes(width, height)
    x = np.linspace(0, 60, width)[None] + np.linspace(0, 30, height)[:, None]
    frame.y[:] = 40 + x + np.random.default_rng(1).integers(0, 20, (height, width))
    found = frame.thumbnail(12, 8)
    for row in range(8):
        for column in range(12):
            part = frame.y[
                row * height // 8 : (row + 1) * height // 8,
                column * width // 12 : (column + 1) * width // 12,
            ]
            assert abs(found[row, column] - part.mean()) < 1.2
