"""The visible label is in its corner, readable, and nowhere else."""

import numpy as np
import pytest

from sadtalker_ext.encoder.label import Label
from sadtalker_ext.encoder.video import VideoWriter
from tests.support import media


@pytest.mark.parametrize("level", [0, 128, 255])
@pytest.mark.parametrize(("height", "width"), [(512, 512), (256, 256), (1080, 1920), (1200, 800)])
def test_the_label_stays_in_its_corner(level, height, width):
    frame = np.full((height, width, 3), level, np.uint8)
    marked = Label().draw(frame)
    assert (frame == level).all(), "the caller's frame is not touched"
    rows, columns = np.nonzero((marked != frame).any(axis=2))
    assert rows.min() > height * 0.8
    assert columns.min() > width * 0.35
    high = np.ptp(rows) + 1
    expected = max(round(0.045 * min(height, width)), 16)
    if level:
        assert high == expected
    else:  # on black only the letters differ, not their plate
        assert 0.5 * expected < high < expected
    patch = marked[rows.min() : rows.max(), columns.min() : columns.max()].astype(int)
    # dark plate and light letters, whatever is below
    assert np.percentile(patch, 97) - np.percentile(patch, 20) > 80


@pytest.mark.parametrize(("height", "width"), [(64, 64), (32, 200), (200, 32), (16, 16), (2, 2)])
def test_small_frames_do_no_harm(height, width):
    frame = np.full((height, width, 3), 200, np.uint8)
    marked = Label().draw(frame)
    assert marked.shape == frame.shape
    assert (marked[: height // 4] == 200).all()


def test_the_video_carries_it(tmp_path):
    plain, marked = tmp_path / "plain.mp4", tmp_path / "marked.mp4"
    for path in (plain, marked):
        with VideoWriter(path, label=path == marked) as writer:
            for _ in range(5):
                writer.write(np.full((256, 256, 3), 90, np.uint8))
    difference = np.abs(media.read_frames(plain)[0].astype(int) - media.read_frames(marked)[0])
    assert difference[-1, 235:250, 150:250].max() > 100
    assert difference[-1, :200].max() <= 1
