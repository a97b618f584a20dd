"""A drawn face laid into a frame: its colours, its edge, and what stays."""

import numpy as np

from sadtalker_ext.compositor.repaint import repaint
from sadtalker_ext.planes import Colours, Planes, Repainted

SIZE = 160
CORNER, SIDE = np.array([30.0, 30.0], np.float32), 100.0
OUTLINE = np.array([[50, 60], [110, 60], [115, 90], [80, 122], [45, 90]], np.float32)


def frame():
    y, x = np.mgrid[0:SIZE, 0:SIZE]
    luma = (
        110
        + 40 * np.sin(x / 9)
        + 25 * np.cos(y / 7)
        + np.random.default_rng(0).normal(0, 3, x.shape)
    )
    chroma = np.full((SIZE // 2, SIZE // 2), 128, np.uint8)
    return Planes(np.clip(luma, 16, 235).astype(np.uint8), chroma - 12, chroma + 14, Colours())


def redrawn(planes, size=256, change=lambda pixels: pixels):
    """The frame's square as a network might give it back."""
    import cv2

    left, top = (int(v) for v in CORNER)
    part = planes.rgb((left, top, left + int(SIDE), top + int(SIDE)))
    pixels = cv2.resize(part, (size, size), interpolation=cv2.INTER_CUBIC)
    return np.clip(change(pixels), 0, 255).astype(np.uint8)


def laid(planes, pixels, amount=1.0, outline=OUTLINE):
    drawn = repaint(planes, Repainted(pixels, CORNER, SIDE, outline, amount))
    after = planes.copy()
    if drawn is not None:
        after.draw(drawn.box, drawn.change)
    return after


def distance():
    """How far pixels lie inside of the outline; negative outside."""
    import cv2

    y, x = np.mgrid[0:SIZE, 0:SIZE].astype(np.float32)
    hull = cv2.convexHull(OUTLINE)
    places = np.stack([x.ravel(), y.ravel()], 1)
    away = [cv2.pointPolygonTest(hull, (float(a), float(b)), True) for a, b in places]
    return np.array(away).reshape(SIZE, SIZE)


def test_a_square_goes_back_where_it_was_cut():
    planes = frame()
    after = laid(planes, redrawn(planes))
    change = np.abs(after.y.astype(int) - planes.y)
    assert change.max() <= 8  # the grain that resizing costs
    assert change[distance() > 10].mean() < 2


def test_nothing_outside_of_the_outline_changes():
    planes = frame()
    after = laid(planes, redrawn(planes, change=lambda pixels: 255 - pixels))
    outside = distance() < -1.5
    np.testing.assert_array_equal(after.y[outside], planes.y[outside])
    assert np.abs(after.y.astype(int) - planes.y)[distance() > 12].mean() > 10


def gradient(luma):
    import cv2

    values = luma.astype(np.float32)
    return np.hypot(cv2.Sobel(values, cv2.CV_32F, 1, 0), cv2.Sobel(values, cv2.CV_32F, 0, 1))


def test_another_light_leaves_no_seam():
    """A network draws all darker, redder and flatter; the border keeps the slope of the frame."""
    planes = frame()
    tint = np.array([18.0, -6.0, -14.0], np.float32)
    pixels = redrawn(planes, change=lambda one: 0.8 * one + tint)
    after = laid(planes, pixels)
    border = np.abs(distance()) < 4
    assert gradient(after.y)[border].mean() / gradient(planes.y)[border].mean() <= 1.1
    deep = distance() > 12
    assert abs(float(after.y[deep].mean()) - float(planes.y[deep].mean())) < 2
    assert np.abs(after.v.astype(int) - planes.v).max() <= 3


def test_no_amount_changes_nothing_and_half_goes_half():
    planes = frame()
    dark = redrawn(
        planes,
        change=lambda pixels: pixels * (1 + 0.4 * np.sin(np.mgrid[0:256, 0:256][0] / 5))[..., None],
    )
    whole, half = laid(planes, dark), laid(planes, dark, 0.5)
    assert repaint(planes, Repainted(dark, CORNER, SIDE, OUTLINE, 0.0)) is None
    deep = distance() > 12
    full = whole.y[deep].astype(int) - planes.y[deep]
    part = half.y[deep].astype(int) - planes.y[deep]
    assert np.abs(full).mean() > 5
    assert np.abs(full - 2 * part).max() <= 2


def test_a_face_at_the_border_of_the_frame():
    planes = frame()
    outline = OUTLINE - np.array([70, 0], np.float32)
    pixels = redrawn(planes)
    corner = CORNER - np.array([70, 0], np.float32)
    drawn = repaint(planes, Repainted(pixels, corner, SIDE, outline, 1.0))
    assert drawn is not None
    assert drawn.box[0] == 0
    assert repaint(planes, Repainted(pixels, corner - 300, SIDE, outline - 300, 1.0)) is None
