"""Coefficients of a filmed face: they tremble less, are not late, and never mix two shots."""

import numpy as np
import pytest

from sadtalker_ext.engines.sadtalker.dub.steady_rows import SteadyRows

FRAMES = 60
EXPRESSION, POSE = slice(0, 64), slice(64, 70)


def steady(rows, numbers=None, ways=range(-6, 7)):
    numbers = np.arange(len(rows)) if numbers is None else numbers
    track = SteadyRows(numbers, rows.astype(np.float32))
    inside = [[way for way in ways if 0 <= n + way <= numbers[-1]] for n in numbers]
    return np.stack([track.at(int(n), way) for n, way in zip(numbers, inside, strict=True)])


def test_what_trembles_is_steadier():
    rows = np.random.default_rng(0).normal(0, 1, (FRAMES, 70))
    found = steady(rows)[3:-3]
    # of five and seven values with equal trembling: the root of 17/35 and of 1/7
    assert found[:, EXPRESSION].std() == pytest.approx(np.sqrt(17 / 35), rel=0.03)
    assert found[:, POSE].std() == pytest.approx(np.sqrt(1 / 7), rel=0.1)


@pytest.mark.parametrize("period", [6, 12])
def test_a_mouth_that_opens_quickly_opens_as_far_and_at_the_same_time(period):
    wave = np.sin(2 * np.pi * np.arange(FRAMES) / period)
    found = steady(np.repeat(wave[:, None], 70, 1))[:, 0]
    inner = slice(3, -3)
    along = found[inner] @ wave[inner] / (wave[inner] @ wave[inner])
    assert along > 0.9
    np.testing.assert_allclose(found[inner], along * wave[inner], atol=1e-5)


def test_movement_is_followed_to_the_ends():
    line = np.linspace(0, 5, FRAMES)[:, None].repeat(70, 1)
    np.testing.assert_allclose(steady(line), line, atol=1e-4)


def test_a_cut_is_not_smoothed_over():
    rows = np.concatenate([np.zeros((10, 70)), np.ones((10, 70))])
    track = SteadyRows(np.arange(20), rows.astype(np.float32))
    np.testing.assert_allclose(track.at(9, [0, *range(-6, 0)]), 0, atol=1e-6)
    np.testing.assert_allclose(track.at(10, range(7)), 1, atol=1e-6)


def test_a_frame_between_those_that_were_recovered():
    rows = np.arange(20.0)[:, None].repeat(70, 1).astype(np.float32)
    known = np.array([n for n in range(20) if n not in (8, 9, 10, 11, 12)])
    track = SteadyRows(known, rows[known])
    assert track.at(10, range(-2, 3)) is None
    np.testing.assert_allclose(SteadyRows(known, rows[known]).at(8, range(-6, 7)), 8, atol=1.5)
