"""Which part of the picture the video shows."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sadtalker_ext.errors import InvalidOption
from sadtalker_ext.portrait.framing import FRAMINGS, frame_box, resolve_framing
from sadtalker_ext.types import Face


def face(left, top, right, bottom):
    return Face(points=np.zeros((478, 3), np.float32), box=(left, top, right, bottom), score=1.0)


@st.composite
def pictures(draw):
    width, height = draw(st.integers(40, 3000)), draw(st.integers(40, 3000))
    left, top = draw(st.integers(-20, width - 20)), draw(st.integers(-20, height - 20))
    side = draw(st.integers(32, 2000))
    return (width, height), face(left, top, left + side, top + round(side * 1.2))


@given(pictures(), st.sampled_from(FRAMINGS))
def test_the_box_lies_in_the_picture_and_has_even_sides(picture, framing):
    (width, height), someone = picture
    left, top, right, bottom = frame_box(framing, someone, (width, height))
    assert 0 <= left < right <= width
    assert 0 <= top < bottom <= height
    assert (right - left) % 2 == 0
    assert (bottom - top) % 2 == 0


@pytest.mark.parametrize(("bottom", "framing"), [(349, "full"), (350, "crop"), (400, "crop")])
def test_auto_crops_close_ups_only(bottom, framing):
    assert resolve_framing("auto", face(200, 100, 400, bottom), (600, 500)) == framing


def test_a_crop_is_a_square_of_about_two_faces_around_the_face():
    left, top, right, bottom = frame_box("crop", face(450, 400, 550, 520), (1000, 1000))
    assert right - left == bottom - top == 264
    assert (left + right) / 2 == pytest.approx(500, abs=1)
    assert top < 400 - 50
    assert bottom > 520 + 40


def test_a_crop_at_the_edge_keeps_its_size():
    left, top, right, bottom = frame_box("crop", face(0, 0, 100, 120), (1000, 900))
    assert (left, top, right, bottom) == (0, 0, 264, 264)


def test_the_wider_crop_contains_the_narrower_one():
    someone = face(450, 400, 550, 520)
    narrow = frame_box("crop", someone, (1000, 1000))
    wide = frame_box("extcrop", someone, (1000, 1000))
    assert wide[0] < narrow[0]
    assert wide[1] < narrow[1]
    assert wide[2] > narrow[2]
    assert wide[3] > narrow[3]


@pytest.mark.parametrize("framing", ["full", "extfull", "resize"])
def test_full_framings_drop_at_most_one_row_and_column(framing):
    assert frame_box(framing, face(10, 10, 60, 70), (301, 203)) == (0, 0, 300, 202)


def test_an_unknown_word_is_named():
    with pytest.raises(InvalidOption, match="'close'"):
        frame_box("close", face(10, 10, 60, 70), (300, 200))
