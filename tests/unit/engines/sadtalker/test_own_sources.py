"""Several faces in one batch, each with a source of its own: as each of them alone."""

import torch

from sadtalker_ext.engines.sadtalker.keypoints import HeadAngles, place_points
from sadtalker_ext.engines.sadtalker.nets.dense_motion import COMPRESSED, DEPTH, DenseMotion
from sadtalker_ext.engines.sadtalker.nets.mapping import POINTS, HeadMotion

SIZE = 8


def drawn(*shape, seed=0):
    return torch.empty(shape).uniform_(-0.5, 0.5, generator=torch.Generator().manual_seed(seed))


def test_trials_of_a_batch_look_each_at_their_own_source():
    with torch.device("meta"):
        network = DenseMotion()  # no parameter takes part
    compressed, driving = drawn(2, COMPRESSED, DEPTH, SIZE, SIZE), drawn(2, POINTS, 3, seed=1)
    heat = network.heat(drawn(2, POINTS, 3, seed=2), SIZE)
    shifts = drawn(2, POINTS + 1, 3, seed=3)
    together = network.trials(compressed, heat, shifts, driving)
    for n in range(2):
        one = slice(n, n + 1)
        alone = network.trials(compressed[one], heat[one], shifts[one], driving[one])
        torch.testing.assert_close(together[one], alone)
    assert (together[0] - together[1]).abs().mean() > 0.05


def test_key_points_of_a_batch_are_placed_on_their_own_faces():
    faces = drawn(3, POINTS, 3)
    motion = HeadMotion(*(torch.zeros(3, 66) for _ in range(3)), drawn(3, 3), drawn(3, 3 * POINTS))
    angles = HeadAngles(*(drawn(3, seed=seed) * 40 for seed in (4, 5, 6)))
    together = place_points(faces, motion, angles)
    for n in range(3):
        one = slice(n, n + 1)
        of_one = HeadMotion(*(part[one] for part in motion))
        alone = place_points(faces[n], of_one, HeadAngles(*(part[one] for part in angles)))
        torch.testing.assert_close(together[one], alone)
