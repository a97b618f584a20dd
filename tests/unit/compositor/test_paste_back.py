import cv2
import numpy as np
import pytest

from sadtalker_ext.compositor.paste_back import Blend, Placer, turned
from sadtalker_ext.compositor.soft import SoftBlend, default_outline

BOX = (100, 60, 300, 280)
BOTH = pytest.mark.parametrize("blend", list(Blend))


@pytest.fixture
def picture():
    pixels = np.random.default_rng(0).integers(40, 216, (400, 420, 3), dtype=np.uint8)
    return cv2.GaussianBlur(pixels, (0, 0), 6)


def face_points(centre=(200, 170), size=60):
    angle = np.linspace(0, 2 * np.pi, 40, endpoint=False)
    ring = np.stack([np.cos(angle), 1.2 * np.sin(angle), 0.3 * np.cos(2 * angle)], axis=1)
    points = ring * size
    points[:, :2] += centre
    return points.astype(np.float32)


def crop_of(picture, box=BOX, size=(256, 281)):
    left, top, right, bottom = box
    return cv2.resize(picture[top:bottom, left:right], size)


@BOTH
def test_outside_the_box_nothing_changes(picture, blend):
    before = picture.copy()
    placed = Placer(picture, BOX, blend=blend).place(np.zeros((256, 256, 3), np.uint8))
    inside = np.zeros(picture.shape[:2], bool)
    inside[60:280, 100:300] = True
    np.testing.assert_array_equal(placed[~inside], before[~inside])
    assert (placed[inside] != before[inside]).any()
    np.testing.assert_array_equal(picture, before)


@BOTH
def test_the_pictures_own_crop_changes_next_to_nothing(picture, blend):
    placed = Placer(picture, BOX, blend=blend, points=face_points()).place(crop_of(picture))
    assert np.abs(placed.astype(int) - picture).max() <= 3


@BOTH
@pytest.mark.parametrize(
    "box", [(-50, -40, 150, 200), (300, 250, 560, 520), (-20, -20, 500, 500), (0, 0, 420, 400)]
)
def test_boxes_may_reach_over_the_border(picture, blend, box):
    """The reference fails on them; here the frame's own part lands where it belongs."""
    larger = cv2.copyMakeBorder(picture, 200, 200, 200, 200, cv2.BORDER_REFLECT)
    left, top, right, bottom = (edge + 200 for edge in box)
    frame = larger[top:bottom, left:right]
    placed = Placer(picture, box, blend=blend).place(frame)
    assert placed.shape == picture.shape
    assert np.abs(placed.astype(int) - picture).max() <= 3


@BOTH
@pytest.mark.parametrize("box", [(10, 10, 11, 11), (10, 10, 15, 200), (5, 5, 16, 16)])
def test_tiny_boxes_do_not_fail(picture, blend, box):
    assert Placer(picture, box, blend=blend).place(crop_of(picture)).shape == picture.shape


@BOTH
@pytest.mark.parametrize("box", [(420, 0, 500, 50), (-80, 10, 0, 50), (50, 50, 50, 90)])
def test_boxes_beside_the_picture_are_refused(picture, blend, box):
    with pytest.raises(ValueError, match="should touch the picture"):
        Placer(picture, box, blend=blend)


def test_soft_keeps_the_pixels_outside_the_mask(picture):
    """Shoulders and background of the frame never show."""
    placer = Placer(picture, BOX, points=face_points(size=40))
    frame = crop_of(picture).copy()
    frame[230:] = 255 - frame[230:]  # below the chin
    frame[:, :8] = 0
    placed = placer.place(frame).astype(int)
    assert (placed[256:] == picture[256:]).all()
    assert (placed[:, :122] == picture[:, :122]).all()
    assert (placed[150:200, 170:230] != picture[150:200, 170:230]).any()


@pytest.mark.parametrize("gain", [0.8, 0.9, 1.1])
def test_soft_gives_a_darker_frame_the_light_of_the_picture(picture, gain):
    frame = np.clip(crop_of(picture) * gain, 0, 255).astype(np.uint8)
    placed = Placer(picture, BOX, points=face_points()).place(frame).astype(float)
    face = np.s_[140:200, 170:230]
    assert abs(placed[face].mean() - picture[face].mean()) < 2
    assert np.abs(placed - picture).max() < 12


def test_soft_leaves_no_seam(picture):
    """Steps between neighbours are not larger than those of the picture and the frame."""
    frame = np.clip(crop_of(picture) * 0.85 + 8, 0, 255).astype(np.uint8)
    placed = Placer(picture, BOX, points=face_points()).place(frame).astype(int)
    for axis in (0, 1):
        step, own = (np.abs(np.diff(one.astype(int), axis=axis)).max() for one in (placed, picture))
        assert step <= own + 2


def test_an_opened_mouth_does_not_change_the_colour_of_the_face(picture):
    placer = Placer(picture, BOX, points=face_points())
    closed, opened = crop_of(picture), crop_of(picture).copy()
    cv2.ellipse(opened, (128, 180), (22, 16), 0, 0, 360, (20, 5, 10), -1)
    brow = np.s_[110:140, 170:230]
    change = placer.place(opened)[brow].astype(float) - placer.place(closed)[brow]
    assert abs(change.mean()) < 1.5


def test_soft_mask_follows_the_head(picture):
    points = face_points()
    placer = Placer(picture, BOX, points=points)
    frame = np.full((256, 256, 3), 128, np.uint8)
    still, moved = placer.place(frame), placer.place(frame, (0.0, 0.0, 30.0))
    assert (still != moved).any()
    np.testing.assert_array_equal(still, placer.place(frame, (0.0, 0.0, 0.0)))


def test_mask_covers_both_places_of_the_face(picture):
    left, top, right, bottom = BOX
    outline = face_points()[:, :2] - (left, top)
    soft = SoftBlend(picture[top:bottom, left:right], outline.astype(np.float32))
    still, moved = soft.mask(outline), soft.mask((outline + np.array([25, 0])).astype(np.float32))
    assert (moved >= still - 1e-6).all()
    assert moved.sum() > still.sum()
    assert still.max() == 1
    assert still[0].max() == still[:, 0].max() == still[-1].max() == still[:, -1].max() == 0


def test_mask_does_not_fade_where_the_picture_ends(picture):
    outline = default_outline(200, 220)
    soft = SoftBlend(
        picture[:220, :200], outline + np.float32((0, 70)), (False, False, False, True)
    )
    assert soft.mask(outline + np.float32((0, 70)))[-1].max() == 1


@pytest.mark.parametrize(
    ("head", "column", "grows"),
    [((20, 0, 0), 0, True), ((0, 20, 0), 1, True), ((-20, 0, 0), 0, False)],
)
def test_points_turn_as_the_shared_types_say(head, column, grows):
    """Yaw takes the nose to the right edge, pitch takes it down."""
    points = np.zeros((3, 3), np.float32)
    points[0, 2], points[1, 2] = -10, 10  # nose towards the camera, nape behind
    moved = turned(points, tuple(float(angle) for angle in head))
    assert (moved[0, column] > points[0, column]) == grows


def test_roll_is_clockwise_for_the_viewer():
    points = np.array([[0, -10, 0], [0, 10, 0]], np.float32)  # crown and chin
    assert turned(points, (0.0, 0.0, 20.0))[0, 0] > 0
