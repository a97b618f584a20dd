"""Placing the key points: angles, their order, and what the translation head may move."""

import math

import pytest
import torch

from sadtalker_ext.engines.sadtalker.keypoints import (
    HeadAngles,
    expected_degrees,
    head_angles,
    place_points,
    rotation,
)
from sadtalker_ext.engines.sadtalker.nets.mapping import HeadMotion


def motion(**heads):
    rest = {
        "yaw": torch.zeros(1, 66),
        "pitch": torch.zeros(1, 66),
        "roll": torch.zeros(1, 66),
        "translation": torch.zeros(1, 3),
        "expression": torch.zeros(1, 45),
    }
    return HeadMotion(**{**rest, **heads})


def angles(yaw=0.0, pitch=0.0, roll=0.0):
    return HeadAngles(torch.tensor([yaw]), torch.tensor([pitch]), torch.tensor([roll]))


@pytest.mark.parametrize("number", [0, 33, 65])
def test_a_sure_bin_is_its_degree(number):
    scores = torch.full((1, 66), -1e4)
    scores[0, number] = 0
    assert expected_degrees(scores).item() == pytest.approx(3 * number - 99, abs=1e-4)


def test_undecided_bins_give_the_middle():
    assert head_angles(motion()).yaw.item() == pytest.approx(-1.5, abs=1e-4)


def test_half_a_turn_is_not_quite_one():
    """Degrees become radians with 3.14, as the model was trained."""
    turned = rotation(angles(yaw=180.0))[0]
    assert turned[0, 2].item() == pytest.approx(math.sin(3.14), abs=1e-6)
    assert abs(turned[0, 2].item()) > 1e-3


def test_pitch_yaw_and_roll_turn_about_their_axes():
    x, y, z = torch.eye(3)
    assert torch.allclose(rotation(angles(pitch=90.0))[0] @ y, z, atol=2e-3)
    assert torch.allclose(rotation(angles(yaw=90.0))[0] @ z, x, atol=2e-3)
    assert torch.allclose(rotation(angles(roll=90.0))[0] @ x, y, atol=2e-3)


def test_the_order_is_pitch_yaw_roll():
    every = rotation(angles(yaw=20.0, pitch=30.0, roll=40.0))[0]
    one_by_one = (
        rotation(angles(pitch=30.0))[0]
        @ rotation(angles(yaw=20.0))[0]
        @ rotation(angles(roll=40.0))[0]
    )
    assert torch.allclose(every, one_by_one, atol=1e-6)
    other = rotation(angles(yaw=20.0))[0] @ rotation(angles(pitch=30.0))[0]
    assert not torch.allclose(every, other @ rotation(angles(roll=40.0))[0], atol=1e-2)


def test_only_the_height_of_the_translation_counts():
    canonical = torch.zeros(15, 3)
    moved = place_points(canonical, motion(translation=torch.tensor([[1.0, 2.0, 3.0]])), angles())
    assert torch.equal(moved, torch.tensor([0.0, 2.0, 0.0]).expand(1, 15, 3))


def test_expressions_are_added_after_turning_three_numbers_per_point():
    canonical = torch.zeros(15, 3)
    canonical[4] = torch.tensor([1.0, 0.0, 0.0])
    offsets = torch.arange(45.0).reshape(1, 45)
    moved = place_points(canonical, motion(expression=offsets), angles(roll=90.0))
    assert torch.allclose(moved[0, 3], torch.tensor([9.0, 10.0, 11.0]))
    assert torch.allclose(moved[0, 4], torch.tensor([12.0, 14.0, 14.0]), atol=2e-3)


def test_every_frame_has_its_own_turn():
    many = HeadAngles(torch.tensor([0.0, 90.0]), torch.zeros(2), torch.zeros(2))
    rest = HeadMotion(*(head.expand(2, -1) for head in motion()))
    canonical = torch.tensor([[0.0, 0.0, 1.0]]).repeat(15, 1)
    moved = place_points(canonical, rest, many)
    assert torch.allclose(moved[0, 0], torch.tensor([0.0, 0.0, 1.0]))
    assert torch.allclose(moved[1, 0], torch.tensor([1.0, 0.0, 0.0]), atol=2e-3)
