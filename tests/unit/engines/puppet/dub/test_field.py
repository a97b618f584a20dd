"""A part of the fields that bend the lips is the same as in the whole."""

import numpy as np

from sadtalker_ext.engines.puppet.dub.field import mouth_box, mouth_fields
from sadtalker_ext.engines.puppet.dub.lips import lip_lines
from sadtalker_ext.portrait import topology
from sadtalker_ext.portrait.mean_face import mean_face


def test_lips_are_bent_in_a_part_as_in_the_whole():
    points = 100 * mean_face() + np.array([90, 80, 0], np.float32)
    target = points.copy()
    target[list(topology.LIPS_INNER_LOWER), 1] += 4
    box = mouth_box(points, target)
    fields = mouth_fields(points, target, lip_lines(target), box, 1.0)
    whole = fields.of_lips((slice(0, box[3] - box[1]), slice(0, box[2] - box[0])))
    assert whole[0].shape == fields.both.shape
    part = slice(41, 97), slice(28, 101)
    for some, every in zip(fields.of_lips(part), whole, strict=True):
        assert np.ptp(every[part]) > 1
        np.testing.assert_allclose(some, every[part], atol=1e-4)
