"""The drawn inside of a mouth: light, shapes of teeth, grain, and the style of drawings."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest

from sadtalker_ext.engines.puppet.mouth.frame import measure_mouth
from sadtalker_ext.engines.puppet.mouth.interior import MouthInterior
from sadtalker_ext.engines.puppet.mouth.layer import MouthLayer
from sadtalker_ext.engines.puppet.mouth.mouth_light import MouthLight
from sadtalker_ext.engines.puppet.mouth.picture_style import luma, measure_style
from sadtalker_ext.engines.puppet.mouth.sheet_warp import pixel_grid
from sadtalker_ext.engines.puppet.mouth.teeth import UPPER_WIDTHS, draw_upper, tooth_edge
from sadtalker_ext.portrait import topology
from tests.unit.engines.puppet.mouth.drawn_mouth import draw_mouth, mouth_points

FACE = 500
HALF = 0.36 * FACE / 2


def face(change=None, **style):
    """Picture, frame and style of a drawn face, both changed on request."""
    points = mouth_points(FACE)
    picture = draw_mouth(points)
    if change is not None:
        picture = np.clip(change(picture.astype(np.float32)), 0, 255).astype(np.uint8)
    frame = measure_mouth(picture, points)
    return picture, frame, replace(measure_style(picture, points, frame), **style)


def inside(picture, frame, style):
    """An interior of 240x200 pixels round the middle of the mouth."""
    left, top = (int(v) for v in frame.origin - [120, 80])
    pixels = pixel_grid(left, top, 240, 200)
    return MouthInterior(picture, frame, style, tooth_edge(frame), pixels)


def draw(interior, jaw=0.0, opening=1.0, **controls):
    """Draw an interior between lips that are far apart."""
    upper = np.full((200, 240), 80 * opening, np.float32)
    way = np.array([0, jaw], np.float32)
    return interior.draw(upper, upper, way, controls, (slice(0, 200), slice(0, 240)))


def row_of_teeth(**style):
    """Premultiplied upper teeth of the plain face, with y of the pixels in half mouth widths."""
    picture, frame, found = face(blur=0.4, **style)
    left, top = (int(v) for v in frame.origin - [120, 80])
    x, y = frame.local(pixel_grid(left, top, 240, 200))
    u = frame.sideways(x, np.zeros_like(x))
    light = MouthLight(picture, frame, found)
    return draw_upper(frame, found, light, tooth_edge(frame), (u, x, y)), x, y


def slope(picture, strength=0.9):
    """Light that falls from one side."""
    along = np.linspace(-1, 1, picture.shape[1], dtype=np.float32)
    return picture * np.exp(-strength * along)[None, :, None] * 0.8


def test_the_light_follows_the_skin_along_the_mouth():
    picture, frame, style = face(slope)
    light = MouthLight(picture, frame, style)
    # 0.9 per FACE pixels of half the picture, over the mouth's two halves.
    expected = np.exp(0.9 * 2 * HALF * 0.94 / FACE)
    ratio = float(light.skin(-1.0) / light.skin(1.0))
    assert ratio == pytest.approx(expected, rel=0.08)
    teeth = luma(light.tooth(np.array([-0.8, 0.8], np.float32)))
    assert teeth[0] / teeth[1] > 1 + 0.6 * (ratio - 1)


@pytest.mark.parametrize("scale", [0.3, 0.6, 1.0])
def test_drawn_teeth_are_no_brighter_than_lit_skin_allows(scale):
    picture, frame, style = face(lambda p: p * scale)
    light = MouthLight(picture, frame, style)
    tooth = luma(light.tooth(np.linspace(-1, 1, 9, dtype=np.float32)))
    assert tooth.max() <= 1.06 * max(light.brightest, 0.75 * style.white) + 1
    assert tooth.min() > 0.9 * luma(style.skin)
    drawn = luma(draw(inside(picture, frame, style), jaw=30))
    assert drawn.max() <= 1.06 * max(light.brightest, 0.75 * style.white) + 8


def test_teeth_of_a_grey_picture_are_grey():
    picture, frame, style = face(lambda p: np.repeat(p.mean(-1, keepdims=True), 3, -1))
    drawn = draw(inside(picture, frame, style), jaw=30)
    assert np.ptp(drawn, axis=-1).max() < 6


def test_yellow_light_makes_yellow_teeth():
    plain, yellow = (
        luma_free(MouthLight(*face(change)).tooth(np.zeros(1, np.float32))[0])
        for change in (None, lambda p: p * np.array([1.0, 0.85, 0.25], np.float32))
    )
    assert yellow[2] < 0.8 * plain[2]


def luma_free(colour):
    return colour / luma(colour)


def test_each_tooth_is_a_shape_of_its_own():
    layer, x, y = row_of_teeth(detail=1.0)
    # Along a row through the teeth there are dark lines where one tooth ends.
    row = int(np.argmin(np.abs(y[:, 120])))
    line = luma(layer[row, :, :3]) / np.maximum(layer[row, :, 3], 0.1)
    dips = line < 0.9 * cv2.dilate(line[None], np.ones((1, 15)))[0]
    unit = 0.5 * measure_mouth(draw_mouth(mouth_points(FACE)), mouth_points(FACE)).size / HALF
    for end in np.cumsum([0.0, *UPPER_WIDTHS[:2]]):
        for side in (-1, 1):
            column = int(np.argmin(np.abs(x[row] - side * end * unit / 0.94)))
            assert dips[column - 2 : column + 3].any(), (end, side)
    middle = int(np.argmin(np.abs(x[row] - 0.16)))
    assert not dips[middle - 3 : middle + 4].any()


def test_the_lower_edge_of_a_tooth_is_rounded():
    layer, x, y = row_of_teeth(detail=1.0)
    columns = [int(np.argmin(np.abs(x[0] - at))) for at in (0.17, 0.34)]
    ends = [y[np.flatnonzero(layer[:, column, 3] > 0.5).max(), column] for column in columns]
    assert ends[0] - ends[1] > 0.02


def test_a_drawing_has_a_plain_band_with_soft_separations():
    def contrast(layer, x, y):
        grey = luma(layer[..., :3])
        fine = np.abs(grey - cv2.GaussianBlur(grey, (0, 0), 4))
        crowns = (y > -0.15) & (y < 0.0) & (np.abs(x) < 0.5)
        return fine[crowns].mean()

    photo, flat = (contrast(*row_of_teeth(detail=detail)) for detail in (1.0, 0.0))
    assert 0 < flat < 0.4 * photo


def test_a_drawing_has_no_lower_teeth_and_a_plain_tongue():
    picture, frame, style = face(grain=0.0, detail=0.0)
    interior = inside(picture, frame, style)
    assert interior._lower[..., 3].max() < 0.01
    tongue = interior._tongue
    light = luma(tongue[..., :3])[tongue[..., 3] > 0.99]
    assert np.std(light) < 0.03 * light.mean()


def hatched(picture):
    """The picture as lines on paper."""
    paper = np.full_like(picture, 235.0)
    paper[::9] = paper[1::9] = 40.0
    return paper


def test_a_pen_drawing_has_neither_tongue_nor_grain():
    picture, frame, style = face(hatched)
    assert style.lined > 0.9
    assert style.grain < 1.0
    assert inside(picture, frame, style)._tongue[..., 3].max() < 0.1
    assert face()[2].lined == 0.0


def test_lower_teeth_come_with_the_open_jaw_and_hide_behind_pursed_lips():
    interior = inside(*face())
    open_jaw, pursed = draw(interior, jaw=50), draw(interior, jaw=50, round=1.0)
    # Just above where the lower lip would be.
    low = slice(80 + 38, 80 + 48)
    assert luma(open_jaw[low, 110:130]).max() > 1.3 * luma(pursed[low, 110:130]).max()


def test_the_tongue_is_no_flat_area():
    picture, frame, style = face(grain=0.0, detail=1.0)
    tongue = inside(picture, frame, style)._tongue
    solid = tongue[..., 3] > 0.95
    light = luma(tongue[..., :3])
    assert np.std(light[solid]) > 0.12 * light[solid].mean()
    row = int(np.flatnonzero(solid[:, 120])[0]) + 25
    middle, beside, side = light[row, 120], light[row, 138], light[row, 165]
    assert middle < beside > 1.15 * side


def test_the_cavity_is_darkest_at_its_back():
    picture, frame, style = face(grain=0.0)
    cavity = luma(inside(picture, frame, style)._cavity)
    assert cavity[95, 120] < 0.75 * cavity[95, 40]
    assert cavity.max() < 0.45 * luma(style.skin)


def test_the_grain_moves_with_the_tongue():
    picture, frame, style = face(grain=4.0, blur=0.4)
    interior = inside(picture, frame, style)

    def grain(jaw):
        grey = luma(draw(interior, jaw=jaw))
        return grey - cv2.GaussianBlur(grey, (0, 0), 2)

    still, moved = grain(40.0), grain(60.0)
    # The tongue follows 0.85 of the jaw's way.
    at, to = slice(96, 110), slice(113, 127)
    here = still[at, 100:140].ravel()
    assert np.corrcoef(here, moved[to, 100:140].ravel())[0, 1] > 0.6
    assert np.corrcoef(here, moved[at, 100:140].ravel())[0, 1] < 0.4
    assert np.std(here) > 1.0


def test_the_same_picture_gives_the_same_interior():
    first, second = (draw(inside(*face()), jaw=30, tongue=0.5) for _ in range(2))
    assert np.array_equal(first, second)


def test_a_statue_has_neither_teeth_nor_tongue():
    points = mouth_points(300)
    for upper, lower, side in (
        (topology.EYE_LEFT_UPPER, topology.EYE_LEFT_LOWER, -1),
        (topology.EYE_RIGHT_UPPER, topology.EYE_RIGHT_LOWER, 1),
    ):
        along = np.linspace(-30, 30, len(upper))
        for chain, sign in ((upper, -1), (lower, 1)):
            points[list(chain), 0] = 300 + side * 65 + along
            points[list(chain), 1] = 255 + sign * 12 * (1 - (along / 30) ** 2)
    person = draw_mouth(points)
    for x in (235, 365):
        cv2.circle(person, (x, 255), 12, (40, 25, 20), -1)
    # clay has one colour, and light and shade
    clay = draw_mouth(points)
    clay = luma(clay.astype(np.float32))[..., None] / 160 * np.array([170, 115, 80], np.float32)
    brightest = []
    for picture in (person, np.clip(clay, 0, 255).astype(np.uint8)):
        frame = measure_mouth(picture, points)
        style = measure_style(picture, points, frame)
        drawn = draw(inside(picture, frame, style), jaw=30.0)
        brightest.append(float(np.percentile(luma(drawn), 98)) / float(luma(style.skin)))
    assert brightest[0] > 0.6
    assert brightest[1] < 0.45  # the depth of a mouth has up to 0.37, and grain


def test_the_mouth_of_a_pen_drawing_is_strokes_and_paper_without_shading():
    picture, frame, style = face(detail=0.0, grain=0.0, blur=0.4)
    lined = replace(style, lined=1.0, skin=np.full(3, 240, np.float32))
    plain, drawn = (
        draw(inside(picture, frame, one), jaw=60.0).mean(-1)[90:150, 80:160]
        for one in (style, lined)
    )
    paper = drawn > 120
    assert not (plain > 120).any()
    assert 0.02 < paper.mean() < 0.35
    assert np.percentile(drawn, 10) < 60  # and most of it is ink


def test_the_teeth_of_a_pen_drawing_are_paper():
    paper = np.array([246, 244, 233], np.float32)
    layer, x, y = row_of_teeth(detail=0.0, lined=1.0, skin=paper)
    seen = (layer[..., 3] > 0.99) & (np.abs(x) < 0.8) & (np.abs(y) < 0.05)
    assert seen.any()
    assert np.median(np.abs(layer[..., :3][seen] - paper)) < 8


def test_the_line_of_a_mouth_drawn_with_a_pen_stays_with_the_upper_lip():
    points = mouth_points(FACE)
    picture = np.full_like(draw_mouth(points), 244)
    line = [np.rint(points[list(topology.LIPS_INNER_UPPER), :2] * 16).astype(np.int32)]
    for at in range(0, 2 * FACE, 8):  # a hatched face
        cv2.line(picture, (at, 0), (at, 2 * FACE), (20, 20, 20), 1)
    cv2.polylines(picture, line, False, (10, 10, 10), 9, cv2.LINE_AA, 4)
    layer = MouthLayer(picture, points)
    assert layer.style.lined > 0.9
    shut, wide = picture.copy(), picture.copy()
    layer.apply(shut, {"press": 1.0})
    layer.apply(wide, {"jaw": 0.8})
    columns = slice(FACE - 20, FACE + 21)
    middle = round(float(points[13, 1]))
    assert (shut[middle - 4 : middle + 5, columns].mean((1, 2)) < 80).any()
    # the lower lip begins as paper: no second line lies on it
    rows = wide[:, columns].mean((1, 2))
    edge = middle + np.flatnonzero(rows[middle:] < 90).max()
    assert rows[edge + 4 : edge + 9].min() > 150
