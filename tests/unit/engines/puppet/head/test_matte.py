"""A picture is taken apart so that both parts together are the picture again."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from sadtalker_ext.curves import smoothstep
from sadtalker_ext.engines.puppet.fields import spread_colours
from sadtalker_ext.engines.puppet.head.background import fill_hole
from sadtalker_ext.engines.puppet.head.guided_filter import guided_filter
from sadtalker_ext.engines.puppet.head.matte import split_layers
from tests.support.puppet_person import make_person


@pytest.fixture(scope="module")
def person():
    return make_person()


@pytest.fixture(scope="module")
def layers(person):
    core = np.zeros(person.mask.shape, np.uint8)
    core[110:180, 130:190] = 1
    return split_layers(person.picture, person.mask, core, reach=3.0)


def test_background_is_the_picture_where_nobody_is(person, layers):
    nobody = layers.matte == 0
    away = nobody & person.far
    assert away.sum() > 1000
    assert np.array_equal(layers.background[away], person.picture[away])


def test_background_behind_the_head_looks_like_the_wall(person, layers):
    error = np.abs(layers.background[person.head].astype(int) - person.plain)
    assert np.percentile(error, 95) < 12


def test_matte_is_whole_on_the_person_and_none_on_the_wall(person, layers):
    assert layers.matte[person.head & (person.mask > 0.99)].mean() > 0.98
    assert layers.matte[person.far].max() == 0


def test_a_patch_of_mask_away_from_the_face_is_background(person):
    mask = person.mask.copy()
    mask[5:40, 5:40] = 1.0
    core = np.zeros(mask.shape, np.uint8)
    core[110:180, 130:190] = 1
    layers = split_layers(person.picture, mask, core, reach=3.0)
    assert layers.matte[:60, :60].max() == 0
    assert np.array_equal(layers.background[:60, :60], person.picture[:60, :60])


def test_a_strand_the_mask_misses_is_not_left_in_the_background(person):
    picture = person.picture.copy()
    picture[118:121, 90:108] = (90, 60, 40)  # hair, 10 pixels beyond the head
    core = np.zeros(person.mask.shape, np.uint8)
    core[110:180, 130:190] = 1
    layers = split_layers(picture, person.mask, core, reach=3.0)
    strand = layers.background[119, 92:96].astype(int)
    assert np.abs(strand - person.plain).max() < 15


def test_a_light_patch_out_of_focus_beside_the_head_is_no_hair(person):
    rng = np.random.default_rng(5)
    wall = np.full((*person.mask.shape, 3), 40.0, np.float32)
    for x, y in [(228, 90), *((x, y) for x in (20, 68, 274, 310) for y in range(10, 250, 48))]:
        cv2.circle(wall, (x, y), 18, (160, 130, 90), -1)
    wall = cv2.GaussianBlur(wall, (0, 0), 5.0)
    hair = np.array([170, 140, 90]) + rng.normal(0, 30, (*person.mask.shape, 1))
    person_too = np.where(person.head[..., None], hair, person.picture)
    picture = np.where(person.mask[..., None] > 0.5, person_too, wall)
    core = np.zeros(person.mask.shape, np.uint8)
    core[110:180, 130:190] = 1
    layers = split_layers(np.clip(picture, 0, 255).astype(np.uint8), person.mask, core, reach=8.0)
    patch = np.s_[84:96, 226:236]
    assert person.mask[patch].max() == 0
    assert layers.matte[patch].max() < 0.1
    assert np.abs(layers.background[patch] - picture[patch]).max() < 12


def test_the_edge_of_the_matte_follows_the_picture():
    guide = np.full((60, 60, 3), 200, np.uint8)
    guide[:, 30:] = 40
    rough = np.zeros((60, 60), np.float32)
    rough[:, 34:] = 1.0  # four pixels off
    matte = guided_filter(guide, rough, radius=8, smoothness=3.0)
    assert matte[:, 31:34].mean() > matte[:, 26:29].mean() + 0.4


def test_fill_keeps_texture_near_the_edge():
    picture = np.zeros((80, 80, 3), np.uint8)
    picture[::2] = 200
    hole = np.zeros((80, 80), np.uint8)
    hole[:, 50:] = 1
    filled = fill_hole(picture, hole, depth=20.0)
    assert np.array_equal(filled[:, :50], picture[:, :50])
    assert filled[10:70:2, 52].mean() > 150
    assert filled[11:70:2, 52].mean() < 50


def test_fill_does_not_repeat_the_hair_beside_the_hole_and_meets_its_light():
    picture = np.full((80, 80, 3), 150, np.uint8)
    picture[:, 44:50] = 40  # hair that the hole misses
    hole = np.zeros((80, 80), np.uint8)
    hole[:, 50:] = 1
    filled = fill_hole(picture, hole, depth=20.0, rim=10.0)
    assert filled[:, 50:].min() > 130
    picture[:, 44:] = 170  # the background is a little brighter here
    filled = fill_hole(picture, hole, depth=20.0, rim=10.0)
    assert filled[10:70, 51].mean() > 160


@pytest.mark.parametrize("shape", [(1, 1), (1, 9), (7, 2), (33, 20)])
def test_spread_keeps_what_is_known_and_invents_nothing(shape):
    rng = np.random.default_rng(0)
    colours = rng.uniform(50, 90, (*shape, 3)).astype(np.float32)
    weight = (rng.uniform(size=shape) > 0.7).astype(np.float32)
    weight[0, 0] = 1.0
    spread = spread_colours(colours, weight)
    assert spread[weight > 0] == pytest.approx(colours[weight > 0], abs=1e-3)
    assert spread.min() > 49
    assert spread.max() < 91


def test_no_hole_and_nothing_but_hole_are_harmless():
    picture = np.full((6, 5, 3), 7, np.uint8)
    for value in (0, 1):
        filled = fill_hole(picture, np.full((6, 5), value, np.uint8), depth=3.0)
        assert np.array_equal(filled, picture)


def test_smooth_step_is_flat_at_both_ends():
    values = smoothstep(2.0, 4.0, np.array([1, 2, 3, 4, 5], np.float32))
    assert values == pytest.approx([0, 0, 0.5, 1, 1])


def test_the_dark_edge_of_a_page_is_not_continued_behind_the_head():
    page = np.full((120, 100, 3), 230, np.uint8)
    page[:5] = page[:, :3] = 10
    hole = np.zeros((120, 100), np.uint8)
    hole[8:90, 30:70] = 1
    filled = fill_hole(page, hole, depth=24.0, rim=3.0)
    assert filled[12:90, 30:70].min() > 200
    assert np.array_equal(filled[:5], page[:5])


def test_an_object_beside_the_head_is_not_mirrored_into_it():
    """Mirrored pieces would lie beside the head that turns away."""
    wall = np.full((120, 120, 3), 200, np.uint8)
    wall[50:60, 16:24] = 0
    hole = np.zeros((120, 120), np.uint8)
    hole[20:110, 30:90] = 1
    filled = fill_hole(wall, hole, depth=40.0)
    assert filled[20:110, 34:90].min() > 150
