"""Bars beside a picture, as of a film, are no part of it."""

import cv2
import numpy as np
import pytest

from sadtalker_ext.engines.puppet.head.region import content_box
from sadtalker_ext.engines.puppet.head.turn import HeadTurn
from tests.support.puppet_person import make_person


@pytest.fixture(scope="module")
def person():
    return make_person()


def barred(person, top):
    picture = person.picture.copy()
    picture[:top] = 0
    noise = np.random.default_rng(1).normal(0, 2, picture.shape)
    return np.clip(picture + noise, 0, 255).astype(np.uint8)


@pytest.mark.parametrize("turns", [0, 1, 2, 3])
def test_a_bar_on_any_side_is_found(person, turns):
    picture = np.ascontiguousarray(np.rot90(barred(person, 30), turns))
    height, width = picture.shape[:2]
    left, top, right, bottom = content_box(picture)
    found = [top, left, height - bottom, width - right]
    expected = [0, 0, 0, 0]
    expected[turns] = 31
    assert found == expected


def test_a_plain_wall_is_no_bar(person):
    assert content_box(person.picture) == (0, 0, 320, 360)
    flat = np.full((60, 60, 3), 90, np.uint8)
    assert content_box(flat) == (0, 0, 60, 60)
    cv2.circle(flat, (30, 40), 18, (200, 160, 140), -1)
    assert content_box(flat) == (0, 0, 60, 60)


def test_hair_under_a_bar_takes_nothing_of_it_along(person):
    picture = barred(person, 50)  # the head begins at row 40
    moved = HeadTurn(picture, person.points, person.mask).apply(picture, 0.0, 10.0, 0.0)
    assert np.array_equal(moved[:50], picture[:50])
    head = np.s_[53:70, 150:170]
    assert np.abs(moved[head].astype(int) - picture[head]).max() > 0
    assert moved[head].astype(int).sum(-1).min() > 100


def test_bars_beside_a_picture_that_has_bars_above_and_below_are_found(person):
    height, width = person.picture.shape[:2]
    high, wide = round(0.2 * height), round(0.1 * width)
    whole = np.zeros((height + 2 * high, width + 2 * wide, 3), np.uint8)
    noise = np.random.default_rng(2).normal(0, 2, person.picture.shape)
    inside = np.clip(person.picture + noise, 0, 255).astype(np.uint8)
    whole[high : high + height, wide : wide + width] = inside
    for picture, box in (
        (whole, (wide, high, wide + width, high + height)),
        (whole.swapaxes(0, 1), (high, wide, high + height, wide + width)),
    ):
        found = content_box(np.ascontiguousarray(picture))
        assert np.abs(np.subtract(found, box)).max() <= 1


def test_transparency_turns_as_the_picture_does(person):
    """Its plain margin is no bar, and what turns over it may come from there."""
    alpha = np.zeros_like(person.picture)
    alpha[30:, 40:-40] = 255
    content = HeadTurn(person.picture, person.points, person.mask).content
    assert content != content_box(alpha)
    head = HeadTurn(alpha, person.points, person.mask, content)
    assert head.box == HeadTurn(person.picture, person.points, person.mask).box
