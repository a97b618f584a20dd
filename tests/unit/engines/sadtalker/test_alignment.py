import numpy as np
import pytest

from sadtalker_ext.engines.sadtalker.alignment import (
    STANDARD_POINTS,
    align,
    aligned_picture,
    five_points,
)
from sadtalker_ext.engines.sadtalker.coefficients import coefficient_row

# Standard face at 85 pixels per unit, its origin 120 right and 130 up in a 256-pixel frame.
ORIGIN, UNIT = (120.0, 130.0), 85.0


def landmarks(height=256):
    points = np.zeros((68, 2), np.float32)
    five = STANDARD_POINTS[:, :2] * UNIT + ORIGIN
    five[:, 1] = height - 1 - five[:, 1]
    points[[36, 39]] = five[0]
    points[[42, 45]] = five[1]
    points[30], points[48], points[54] = five[2], five[3], five[4]
    return points


def test_a_placed_standard_face_is_found_again():
    found = align(landmarks(), (256, 256))
    assert found.scale == pytest.approx(102 / UNIT, rel=1e-5)
    assert (found.x, found.y) == pytest.approx(ORIGIN, abs=1e-3)


def test_sizes_and_corner_are_truncated():
    found = align(landmarks(), (256, 256))
    assert found.resized == (int(256 * 1.2), int(256 * 1.2))
    left = 307 / 2 - 112 + (120 - 128) * 1.2
    top = 307 / 2 - 112 + (128 - 130) * 1.2
    assert found.corner == (int(left), int(top)) == (31, 39)


def test_without_a_face_single_precision_makes_the_frame_203_wide():
    found = align(None, (256, 256))
    assert found.resized == (203, 203)
    assert found.scale == pytest.approx(0.796874994289045, abs=1e-13)
    assert align(None, (512, 512)).scale == pytest.approx(0.796874994289045 / 2, abs=1e-12)


def test_eyes_are_means_of_their_corners():
    points = np.arange(136, dtype=np.float32).reshape(68, 2)
    np.testing.assert_array_equal(
        five_points(points),
        [points[[36, 39]].mean(0), points[[42, 45]].mean(0), points[30], points[48], points[54]],
    )


def test_outside_the_frame_is_black():
    frame = np.full((256, 256, 3), 200, np.uint8)
    aligned = aligned_picture(frame, align(None, (256, 256)))
    assert aligned.shape == (224, 224, 3)
    assert not aligned[0].any()
    assert (aligned[100:120, 100:120] == 200).all()


def test_row_takes_its_numbers_from_the_recovered_ones():
    recovered = np.arange(257, dtype=np.float32)
    row = coefficient_row(recovered, align(landmarks(), (256, 256)))
    assert row.dtype == np.float32
    assert row[:70].tolist() == [*range(80, 144), 224, 225, 226, 254, 255, 256]
    assert row[70:] == pytest.approx([1.2, 120, 130], rel=1e-4)
