"""Calibration of the model's expression numbers, on a synthetic renderer with a known mixing."""

import numpy as np
import pytest

from sadtalker_ext.blendshapes import BLENDSHAPES, COLUMN
from sadtalker_ext.engines.sadtalker.calibration import (
    AIMS,
    EXPRESSIONS,
    LANDMARKS,
    LIMIT,
    Calibration,
    calibrate,
    measured,
    solve,
)
from sadtalker_ext.errors import NoFaceFound
from sadtalker_ext.progress import Progress

WIDTH = 200.0


def rest_points():
    rng = np.random.default_rng(4)
    points = np.concatenate(
        [rng.uniform(-90, 90, (478, 1)), rng.uniform(-110, 110, (478, 1)), np.zeros((478, 1))], 1
    )
    for left, right, x, y in ((234, 454, 100, 0), (127, 356, 98, -20), (33, 263, 60, -30)):
        points[left], points[right] = (-x, y, 0), (x, y, 0)
    points[133], points[362] = (-22, -30, 0), (22, -30, 0)
    for middle, y in ((6, -30), (168, -40), (197, -15), (195, 0)):
        points[middle] = (0, y, 0)
    return points


class Synthetic:
    """Draws "pictures" that hold the mesh itself, moved by a known mixing, and reads them."""

    def __init__(self, mixing, *, noise=0.0, tilt=0.0, bend=0.0):
        self.mixing, self.noise, self.tilt, self.bend = mixing, noise, tilt, bend
        self.rng = np.random.default_rng(7)

    def render(self, changes):
        for change in changes:
            points = rest_points()
            way = np.tensordot(change + self.bend * change**3, self.mixing, 1) * WIDTH
            points[list(LANDMARKS), :2] += way * (1, -1)
            angle = self.tilt * change.sum()
            turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
            points[:, :2] = points[:, :2] @ turn.T + 300 + 5 * change.sum()
            points[:, :2] += self.rng.normal(0, self.noise, (478, 2))
            yield points.astype(np.float32)

    @staticmethod
    def track(frames):
        yield from frames


def mixing_of(rank=EXPRESSIONS, size=0.01):
    """(64, L, 2) smooth ways: every number moves many landmarks, but never those of the pose."""
    rng = np.random.default_rng(11)
    found = rng.normal(0, size, (EXPRESSIONS, len(LANDMARKS), 2)).astype(np.float32)
    found[rank:] = 0
    return found


def free_of_pose(mixing):
    """Leave alone the landmarks from which the head's pose is read."""
    for point in set(LANDMARKS) & {33, 133, 362, 263, 234, 454, 127, 356, 6, 168, 195, 197}:
        mixing[:, LANDMARKS.index(point)] = 0
    return mixing


def off(found, true):
    return np.linalg.norm(found - true) / np.linalg.norm(true)


@pytest.mark.parametrize(
    ("noise", "tilt", "bend"), [(0.0, 0.0, 0.0), (0.04, 0.0, 0.0), (0.0, 0.02, 0.03)]
)
def test_a_known_mixing_is_recovered_within_five_percent(noise, tilt, bend):
    true = free_of_pose(mixing_of())
    drawn = Synthetic(true, noise=noise, tilt=tilt, bend=bend)
    found = calibrate(drawn.render, drawn.track, Progress())
    assert off(found.response, true * (1 + bend)) < 0.05


def test_the_solution_makes_what_was_asked():
    """A model that can smile, frown and so on, with every movement spread over all numbers."""
    able = np.zeros((EXPRESSIONS, len(LANDMARKS), 2), np.float32)
    for row, (name, side) in enumerate(
        (name, side) for name in AIMS if name != "jawOpen" for side in (-1, 1)
    ):
        aim = AIMS[name]
        for point in aim.right if side > 0 else aim.left:
            able[row, LANDMARKS.index(point)] = (aim.out * side, aim.up)
    spread = np.linalg.qr(np.random.default_rng(5).normal(0, 1, (EXPRESSIONS, EXPRESSIONS)))[0]
    true = free_of_pose(np.tensordot(spread, able, 1).astype(np.float32))
    drawn = Synthetic(true)
    solved = solve(calibrate(drawn.render, drawn.track, Progress()), limit=50.0)
    before = measured(next(drawn.render(np.zeros((1, EXPRESSIONS)))))
    face = np.zeros((1, len(BLENDSHAPES)), np.float32)
    face[0, COLUMN["mouthSmileLeft"]] = 1
    after = measured(next(drawn.render(solved.of(face))))
    moved = after - before
    # the person's left corner is the one on the right side of the picture
    right, left = (moved[LANDMARKS.index(point)] for point in (291, 61))
    np.testing.assert_allclose(right, (AIMS["mouthSmile"].out, AIMS["mouthSmile"].up), rtol=0.15)
    assert np.abs(left).max() < 0.2 * AIMS["mouthSmile"].out


def test_numbers_stay_within_their_limit():
    solved = solve(Calibration(free_of_pose(mixing_of(size=0.0005))))
    assert np.abs(solved.rows).max() <= LIMIT + 1e-6


def test_what_the_model_cannot_make_is_named():
    mixing = np.zeros((EXPRESSIONS, len(LANDMARKS), 2), np.float32)
    for point in (*AIMS["jawOpen"].left,):
        mixing[0, LANDMARKS.index(point), 1] = -0.1  # one number, which opens the jaw
    solved = solve(Calibration(mixing))
    assert "jawOpen" not in solved.unable
    assert {"browInnerUp", "mouthSmileLeft", "tongueOut", "cheekPuff"} <= set(solved.unable)
    assert solved.rows[COLUMN["jawOpen"], 0] == pytest.approx(1, abs=0.02)
    assert np.abs(solved.rows[COLUMN["browInnerUp"]]).max() == 0


def test_it_is_kept_and_read_again(tmp_path):
    path = tmp_path / "expressions.npz"
    assert Calibration.load(path) is None
    kept = Calibration(mixing_of())
    kept.save(path)
    np.testing.assert_array_equal(Calibration.load(path).response, kept.response)
    assert [one.name for one in tmp_path.iterdir()] == ["expressions.npz"]
    path.write_bytes(b"something else")
    assert Calibration.load(path) is None


def test_a_face_that_is_lost_is_said():
    with pytest.raises(NoFaceFound, match="lost"):
        calibrate(lambda changes: [None] * len(changes), iter, Progress())
