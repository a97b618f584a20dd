"""A frame of which only what moves is touched, and its planes."""

from __future__ import annotations

import numpy as np
import pytest

from sadtalker_ext.encoder.yuv import YuvFrames
from sadtalker_ext.engines.puppet.moving_frame import MovingFrame

SIZES = [
    ((0, 0, 130, 90), (130, 90)),
    ((6, 3, 102, 201), (120, 220)),
    ((0, 0, 70000, 2), (70000, 2)),
]


def noise(width, height, seed):
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)


def coded(pixels):
    return YuvFrames().convert(pixels).to_ndarray(format="yuv420p")


@pytest.mark.parametrize(("within", "size"), SIZES)
def test_planes_are_those_of_the_frame_from_frame_to_frame(within, size):
    left, top, right, bottom = within
    stage = noise(*size, 1)
    own = stage[top:bottom, left:right]
    frame = MovingFrame(stage, within)
    assert np.array_equal(frame.planes([]), coded(own))
    first = None
    for number, boxes in enumerate([[(3, 1, 9, 2), (40, 0, 41, 2)], [], [(61, 0, 64, 2)]]):
        frame.begin()
        assert np.array_equal(frame.pixels, own)
        wanted = own.copy()
        for x, y, end_x, end_y in boxes:
            drawn = noise(end_x - x, end_y - y, 2 + number)
            frame.pixels[y:end_y, x:end_x] = wanted[y:end_y, x:end_x] = drawn
        made = frame.planes(boxes)
        assert np.array_equal(made, coded(wanted))
        first = made if first is None else first
    assert not np.array_equal(first, made), "planes that were given are not changed any more"


def test_parts_of_a_canvas_are_shown_as_far_as_they_are_in_the_frame():
    stage, canvas = noise(60, 50, 1), noise(60, 50, 2)
    frame = MovingFrame(stage, (10, 20, 40, 50))
    boxes = [(0, 0, 15, 25), (30, 30, 60, 50), (0, 0, 10, 50), (50, 0, 60, 50)]
    assert frame.show(canvas, boxes) == [(0, 0, 5, 5), (20, 10, 30, 30)]
    wanted = stage[20:50, 10:40].copy()
    wanted[:5, :5], wanted[10:, 20:] = canvas[20:25, 10:15], canvas[30:50, 30:40]
    assert np.array_equal(frame.pixels, wanted)
    assert np.array_equal(frame.planes(frame.show(canvas, boxes)), coded(wanted))
