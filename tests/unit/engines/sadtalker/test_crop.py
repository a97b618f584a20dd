import numpy as np
import pytest

from sadtalker_ext.engines.sadtalker.crop import (
    CropMode,
    cut,
    frame_points,
    plan_crop,
    square_frame,
)


def landmarks(left=(100, 100), right=(200, 100), corners=((120, 200), (180, 200)), scale=1.0):
    """68 points of which only eyes and mouth corners matter."""
    points = np.zeros((68, 2), np.float32)
    points[36:42], points[42:48] = left, right
    points[48], points[54] = corners
    return points * np.float32(scale)


def test_upright_face_by_hand():
    """Eyes 100 apart, mouth 100 below: half side 200 around a point 10 below the eyes."""
    plan = plan_crop(landmarks(), (600, 800))
    assert plan.resized == (600, 800)
    assert plan.outer == (0, 0, 390, 350)
    assert plan.inner == pytest.approx((0, 0, 350.5, 310.5), abs=1e-4)
    assert plan.frame_shape == (350, 310)


def test_long_face_is_measured_by_the_mouth():
    """Mouth 160 below: 1.8 x 160 = 288 is more than twice the distance of the eyes."""
    plan = plan_crop(landmarks(corners=((120, 260), (180, 260))), (3000, 3000))
    middle, half = (150, 116), 288
    border = round(0.1 * 2 * half)
    assert plan.outer == (0, 0, middle[0] + half + border, middle[1] + half + border)


def test_inner_box_is_relative_to_the_outer_cut():
    shift = np.float32(1000)
    plan = plan_crop(landmarks() + shift, (3000, 3000))
    assert plan.outer == (910, 870, 1390, 1350)
    assert plan.inner == pytest.approx((40.5, 40.5, 440.5, 440.5), abs=1e-3)
    assert plan.region(CropMode.FULL) == (950, 910, 1350, 1310)
    assert plan.region(CropMode.EXTFULL) == (910, 870, 1390, 1350)


def test_tiny_faces_keep_a_border_of_three_pixels():
    plan = plan_crop(landmarks(scale=0.05) + np.float32(50), (200, 200))
    assert plan.outer == (44, 42, 71, 69)


def test_the_height_limit_is_the_width_unless_cured():
    points = landmarks(left=(60, 300), right=(160, 300), corners=((80, 420), (140, 420)))
    kept = plan_crop(points, (220, 900))
    cured = plan_crop(points, (220, 900), cure_height_limit=True)
    assert kept.inner[3] == 220
    assert cured.inner[3] == pytest.approx(2 * 216 + 43.5, abs=1)
    assert cured.inner[:3] == kept.inner[:3]


def test_a_box_beyond_the_cut_is_limited_when_cured():
    points = landmarks() + np.float32((280, 0))
    kept = plan_crop(points, (500, 800))
    cured = plan_crop(points, (500, 800), cure_overhang=True)
    width = kept.outer[2] - kept.outer[0]
    assert kept.inner[2] > width
    assert cured.inner[2] == width
    left, _, right, _ = cured.region(CropMode.FULL)
    assert right <= 500
    picture = np.zeros((800, 500, 3), np.uint8)
    assert cut(picture, cured, CropMode.CROP).shape[1] == right - left == cured.frame_shape[0]


def test_huge_faces_shrink_the_picture_and_go_back_where_they_were():
    points = landmarks(scale=6)
    plan = plan_crop(points, (4000, 5000))
    assert plan.resized == (2000, 2500)
    small, cured = plan.region(CropMode.FULL), plan.region(CropMode.FULL, cure_shrink=True)
    assert cured == tuple(2 * edge for edge in small)
    direct = plan_crop(points / 2, (2000, 2500))
    assert direct.outer == plan.outer
    picture = np.zeros((5000, 4000, 3), np.uint8)
    assert cut(picture, plan, CropMode.EXTCROP).shape[:2] == (
        plan.outer[3] - plan.outer[1],
        plan.outer[2] - plan.outer[0],
    )


def test_modes_cut_what_they_say():
    picture = np.random.default_rng(0).integers(0, 256, (900, 700, 3), dtype=np.uint8)
    plan = plan_crop(landmarks() + np.float32(150), (700, 900))
    left, top, right, bottom = plan.outer
    outer = picture[top:bottom, left:right]
    x1, y1, x2, y2 = plan.inner_box
    np.testing.assert_array_equal(cut(picture, plan, CropMode.EXTFULL), outer)
    np.testing.assert_array_equal(cut(picture, plan, CropMode.CROP), outer[y1:y2, x1:x2])
    assert cut(picture, plan, CropMode.RESIZE) is picture
    assert square_frame(outer, 64).shape == (64, 64, 3)


@pytest.mark.parametrize("mode", list(CropMode))
def test_points_land_on_the_same_pixels_of_the_frame(mode):
    """A dot in the picture is found at the carried point of the frame."""
    points = landmarks() + np.float32((150, 90))
    plan = plan_crop(points, (700, 900), cure_height_limit=True, cure_overhang=True)
    dots = np.array([[250, 250], [330, 260], [300, 340]], np.float32)
    for dot in dots:
        picture = np.zeros((900, 700, 3), np.uint8)
        x, y = dot.astype(int)
        picture[y - 8 : y + 9, x - 8 : x + 9] = 255
        frame = square_frame(cut(picture, plan, mode), 256)[:, :, 0].astype(float)
        rows, columns = np.indices(frame.shape)
        found = np.array([(frame * columns).sum(), (frame * rows).sum()]) / frame.sum()
        carried = frame_points(dot[None], plan, mode, 256, (700, 900))[0]
        # `resize` shrinks this picture more than bilinear sampling can follow
        assert np.abs(found - carried).max() < (0.6 if mode is CropMode.RESIZE else 0.2)


def test_points_of_a_shrunk_picture_are_carried_too():
    points = landmarks(scale=6)
    plan = plan_crop(points, (4000, 5000))
    half = plan_crop(points / 2, (2000, 2500))
    one = frame_points(points, plan, CropMode.CROP, 256, (4000, 5000))
    two = frame_points(points / 2 - 0.25, half, CropMode.CROP, 256, (2000, 2500))
    np.testing.assert_allclose(one, two, atol=1e-3)
