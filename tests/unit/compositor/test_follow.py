"""The picture follows the head where a frame fades into it."""

import cv2
import numpy as np
import pytest

from sadtalker_ext.compositor import bend
from sadtalker_ext.compositor.bend import Bender, BentGrid
from sadtalker_ext.compositor.follow import (
    STILL,
    HeadFollower,
    affine_between,
    shifted,
)
from sadtalker_ext.compositor.paste_back import Placer

SIZE = (420, 400)
BOX = (90, 60, 330, 300)


def textured(seed=0, blur=2.5):
    width, height = SIZE
    noise = np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)
    soft = cv2.GaussianBlur(noise, (0, 0), blur).astype(np.float32)
    return np.clip((soft - soft.mean()) * 4 + 128, 0, 255).astype(np.uint8)


def face_points(centre=(210, 175), size=55):
    angle = np.linspace(0, 2 * np.pi, 40, endpoint=False)
    ring = np.stack([np.cos(angle), 1.2 * np.sin(angle), np.zeros(40)], axis=1) * size
    ring[:, :2] += centre
    return ring.astype(np.float32)


def turned_head(shift, degrees=0.0, centre=(210, 175)):
    """An affine map that moves everything about the head's centre."""
    motion = cv2.getRotationMatrix2D(centre, degrees, 1.0)
    motion[:, 2] += shift
    return motion


def frame_of(picture, motion):
    moved = cv2.warpAffine(picture, motion, SIZE, borderMode=cv2.BORDER_REFLECT)
    left, top, right, bottom = BOX
    return moved[top:bottom, left:right], moved


def follower(picture):
    left, top, right, bottom = BOX
    rows, columns = np.indices((bottom - top, right - left))
    far = np.hypot(columns - 120, (rows - 115) / 1.2) - 55
    return HeadFollower(picture[top:bottom, left:right], (far / 120).astype(np.float32))


def bent(bender, picture, motion):
    area, field = picture.copy(), bender.field(motion)
    if field is not None:
        bender.bend_into(field, area)
    return area


@pytest.mark.parametrize("light", [1.0, 0.7])
@pytest.mark.parametrize(("shift", "degrees"), [((9, -4), 0), ((-6, 3), 5), ((0, 0), 0)])
def test_the_motion_of_the_head_is_measured(shift, degrees, light):
    picture = textured()
    motion = turned_head(shift, degrees)
    frame, _ = frame_of(picture, motion)
    found = follower(picture).measure((frame * light).astype(np.uint8), STILL)
    corner = np.array([[120.0, 60, 1], [60, 115, 1], [180, 115, 1], [120, 170, 1]])
    local = shifted(motion, (-BOX[0], -BOX[1]))
    np.testing.assert_allclose(corner @ found.T, corner @ local.T, atol=0.35)


def test_a_wrong_expectation_does_not_win_over_what_is_seen():
    picture = textured()
    frame, _ = frame_of(picture, turned_head((8, 0)))
    wrong = STILL.copy()
    wrong[0, 2] = -6
    found = follower(picture).measure(frame, wrong)
    assert (found @ [120, 115, 1])[0] == pytest.approx(128, abs=0.5)


def test_where_nothing_can_be_seen_the_expectation_counts():
    picture = textured()
    expected = STILL.copy()
    expected[:, 2] = (5, -3)
    found = follower(picture).measure(np.full((240, 240, 3), 90, np.uint8), expected)
    np.testing.assert_allclose(found, expected, atol=1e-6)


@pytest.mark.parametrize("seed", range(4))
def test_another_picture_is_not_followed(seed):
    expected = STILL.copy()
    expected[0, 2] = 4
    frame = textured(100 + seed, blur=5)[60:300, 90:330]
    found = follower(textured()).measure(frame, expected)
    np.testing.assert_allclose(found @ [120, 115, 1], [124, 115], atol=4)


@pytest.mark.parametrize("size", [(40, 32), (42, 17), (45, 45), (128, 100), (300, 200)])
def test_a_frame_is_measured_alike_whatever_came_before(size):
    width, height = size
    picture, frame, other = (textured(seed)[:height, :width] for seed in (1, 2, 3))
    middle = np.full((height, width), -0.05, np.float32)
    follower = HeadFollower(picture, middle)
    expected = turned_head((2, -1), 3)
    first = follower.measure(frame, expected)
    follower.measure(other, STILL)
    np.testing.assert_array_equal(follower.measure(frame, expected), first)


def test_an_opened_mouth_is_no_motion_of_the_head():
    picture = textured()
    frame, _ = frame_of(picture, STILL)
    cv2.ellipse(frame, (120, 150), (22, 14), 0, 0, 360, (20, 5, 8), -1)
    found = follower(picture).measure(frame, STILL)
    np.testing.assert_allclose(found @ [120, 115, 1], [120, 115], atol=0.2)


@pytest.mark.parametrize(("shift", "degrees"), [((10, 0), 0), ((-7, 5), 4)])
def test_hair_beside_the_face_does_not_show_twice(monkeypatch, shift, degrees):
    """In the soft edge the result is the moved head, not a mixture of two heads."""
    picture = textured()
    points = face_points()
    frame, moved = frame_of(picture, turned_head(shift, degrees))
    placer = Placer(picture, BOX, points=points)
    edge = np.abs(np.hypot(*(np.indices(SIZE[::-1])[::-1] - np.array([210, 175])[:, None, None]))
                  - 80) < 12  # fmt: skip
    edge[230:] = False
    error = np.abs(placer.place(frame).astype(int) - moved)[edge].mean()
    monkeypatch.setattr(HeadFollower, "measure", lambda self, frame, expected: STILL)
    mixed = np.abs(placer.place(frame).astype(int) - moved)[edge].mean()
    assert error < 5
    assert mixed > 4 * error


def test_shoulders_and_far_background_stay_bit_by_bit():
    picture = textured()
    frame, _ = frame_of(picture, turned_head((10, 4), 3))
    placed = Placer(picture, BOX, points=face_points()).place(frame)
    np.testing.assert_array_equal(placed[306:], picture[306:])
    np.testing.assert_array_equal(placed[:, :5], picture[:, :5])
    assert (placed[100:240, 150:270] != picture[100:240, 150:270]).mean() > 0.5


def test_a_still_head_leaves_the_picture_around_it_bit_by_bit():
    picture = textured()
    frame, _ = frame_of(picture, STILL)
    placer = Placer(picture, BOX, points=face_points())
    placed = placer.place(frame)
    far = np.hypot(*(np.indices(SIZE[::-1])[::-1] - np.array([210, 175])[:, None, None])) > 140
    np.testing.assert_array_equal(placed[far], picture[far])


def test_a_small_motion_begins_softly():
    """No jump between the picture's own pixels and bent ones."""
    picture = textured()
    bender = Bender(picture, np.ones((40, 42), np.float32))
    before = picture.astype(int)
    np.testing.assert_array_equal(bent(bender, picture, STILL), picture)
    steps = []
    for shift in np.arange(0.1, 2.0, 0.1):
        motion = STILL.copy()
        motion[0, 2] = shift
        now = bent(bender, picture, motion).astype(int)
        steps.append(np.abs(now - before).mean())
        before = now
    assert max(steps) < 3 * np.median(steps)


def test_the_pictures_border_slides_and_stays_straight():
    """A painting's frame does not bend."""
    picture = textured()
    picture[:4] = 255
    bender = Bender(picture, np.ones((40, 42), np.float32))
    motion = STILL.copy()
    motion[:, 2] = (9, 12)
    moved = bent(bender, picture, motion)
    assert moved[:3].min() > 250
    np.testing.assert_allclose(moved[100:200, 100:300], picture[88:188, 91:291], atol=3)


def test_motion_of_points_is_found():
    before = face_points()[:, :2]
    motion = turned_head((3, -2), 10)
    after = before @ motion[:, :2].T + motion[:, 2]
    np.testing.assert_allclose(affine_between(before, after), motion, atol=1e-3)


def test_bending_is_as_sharp_as_cubic_interpolation():
    """Half a pixel aside, where linear interpolation blurs most, fine texture stays."""
    picture = textured(blur=0.8)
    bender = Bender(picture, np.ones((40, 42), np.float32))
    motion = STILL.copy()
    motion[:, 2] = (2.5, 3.5)
    inside = np.s_[80:320, 80:340]
    found = bent(bender, picture, motion)[inside].astype(float)
    cubic, linear = (
        cv2.warpAffine(picture, motion, SIZE, flags=way)[inside].astype(float)
        for way in (cv2.INTER_CUBIC, cv2.INTER_LINEAR)
    )
    assert found.std() > 0.98 * cubic.std() > 1.1 * linear.std()
    assert np.abs(found - cubic).mean() < 0.1 * np.abs(linear - cubic).mean()


def test_pictures_too_large_to_double_are_bent_alike(monkeypatch):
    picture = textured()
    motion = turned_head((6.3, -3.6), 2)
    share = np.ones((40, 42), np.float32)
    doubled = bent(Bender(picture, share), picture, motion).astype(int)
    monkeypatch.setattr(bend, "_LARGEST_DOUBLED", 100)
    plain = bent(Bender(picture, share), picture, motion).astype(int)
    assert np.abs(doubled - plain).mean() < 1
    assert (plain != picture).any()


@pytest.mark.parametrize("blur", [1.5, 4])
@pytest.mark.parametrize(("shift", "degrees"), [((0, 0), 0), ((2.5, -1.5), 0), ((9, -4), 5)])
@pytest.mark.parametrize("grid", [(128, 128), (60, 57)])
def test_cells_behind_the_frame_show_what_the_pixels_there_show(shift, degrees, blur, grid):
    """Their means and their contrast decide on the colours of the frame."""
    picture = textured(blur=blur)
    shape = (round(SIZE[1] * grid[1] / 240), round(SIZE[0] * grid[0] / 240))
    bender = Bender(picture, np.ones(shape, np.float32))
    motion = turned_head(shift, degrees)
    left, top, right, bottom = BOX
    pixels = bent(bender, picture, motion)[top:bottom, left:right]
    wanted = cv2.resize(pixels, grid, interpolation=cv2.INTER_AREA).astype(float)
    found = BentGrid(picture, BOX, grid, bender).bent(bender.field(motion)).astype(float)
    # colours are compared on half as many cells
    half = (-(-grid[0] // 2), -(-grid[1] // 2))
    wanted, found = (cv2.resize(one, half, interpolation=cv2.INTER_AREA) for one in (wanted, found))
    assert np.abs(found - wanted).max() < 16
    assert abs(found.mean() - wanted.mean()) < 0.1
    assert found.std() == pytest.approx(wanted.std(), rel=0.02)


def test_cells_behind_the_frame_do_not_jump_when_something_begins_to_move():
    picture = textured()
    grid = (60, 57)
    bender = Bender(picture, np.ones((grid[1], grid[0]), np.float32))
    behind = BentGrid(picture, BOX, grid, bender)
    hardly = tuple(np.full(bender.shape, 1e-4, np.float32) for _ in range(2))
    assert np.abs(behind.bent(hardly).astype(int) - behind.bent(None)).max() <= 1


def test_a_head_that_keeps_still_needs_no_larger_picture(monkeypatch):
    picture = textured()
    monkeypatch.setattr(bend, "_doubled", lambda _: pytest.fail("the picture is doubled"))
    placer = Placer(picture, BOX, points=face_points())
    placer.place(np.full((256, 256, 3), 90, np.uint8))
