"""Hair trails behind the head, smoothly and not far; the face does not notice."""

from __future__ import annotations

import numpy as np
import pytest

from sadtalker_ext.engines.puppet.head.hair import trailing_poses
from sadtalker_ext.engines.puppet.head.turn import HeadTurn
from tests.support.puppet_person import make_person, places_of


@pytest.mark.parametrize("fps", [25.0, 50.0])
def test_hair_lags_behind_a_slow_turn_and_comes_to_rest_with_it(fps):
    rows = np.arange(int(3 * fps)) / fps
    head = np.stack([20.0 * np.minimum(rows, 1.5), 0 * rows, 0 * rows], -1).astype(np.float32)
    hair, _ = trailing_poses(head, fps)
    behind = head[int(fps)] - hair[int(fps)]
    assert 0.04 < behind[0] / 20.0 < 0.08  # seconds
    assert hair[-1] == pytest.approx(head[-1], abs=0.02)
    assert not hair[:, 1:].any()


def test_a_jump_of_the_head_is_followed_without_one():
    head = np.zeros((50, 3), np.float32)
    head[10:] = (15.0, -10.0, 8.0)
    hair, _ = trailing_poses(head, 25.0)
    assert np.array_equal(hair[:10], head[:10])
    assert np.abs(hair - head).max() <= 2.5
    swing = hair[10:, 0] - 15.0
    assert swing[0] < -2 < 0.1 < swing.max() < 2.5  # one small swing back
    assert np.abs(swing[20:]).max() < 0.05


def test_hair_beside_the_face_stays_behind_and_the_face_does_not():
    person = make_person()
    turn = HeadTurn(person.picture, person.points, person.mask)
    pose, hair = (0.0, 0.0, 6.0), (0.0, 0.0, 4.0)
    alike, trailing = places_of(turn, *pose, 0.0, pose), places_of(turn, *pose, 0.0, hair)
    assert np.allclose(alike, places_of(turn, *pose, 0.0), atol=1e-3)
    left, top = turn.box[:2]
    apart = np.hypot(*np.moveaxis(trailing - alike, -1, 0))
    x, y = person.points[:, 0], person.points[:, 1]
    beside, middle = int(x.max() + 0.45 * np.ptp(x)), int(y.mean())
    assert apart[middle - top, beside - left] > 0.5
    inside = np.s_[int(y.min()) + 10 - top : int(y.max()) - 10 - top, int(x.mean()) - left]
    assert apart[inside].max() < 0.1
    assert apart[305 - top].max() < 0.1  # nor does the chest
    for axis in (0, 1):
        assert np.abs(np.diff(apart, axis=axis)).max() < 0.3  # nothing tears


def test_a_still_head_with_swinging_hair_is_drawn():
    person = make_person()
    turn = HeadTurn(person.picture, person.points, person.mask)
    frame = turn.apply(person.picture, 0.0, 0.0, 0.0, 0.0, (0.0, 0.0, 2.0))
    assert not np.array_equal(frame, person.picture)
    assert np.array_equal(turn.apply(person.picture, 0, 0, 0, 0, (0, 0, 0)), person.picture)
