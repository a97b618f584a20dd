"""Batches from a device: how many are started ahead, and that their frames come in order."""

import numpy as np
import pytest
import torch

from sadtalker_ext.engines.sadtalker.transfer import PrecisionLost, Waited, fetched, starter


class Started:
    """Batches that note when they are started and when they are waited for."""

    def __init__(self, count):
        self.log = []
        self.count = count

    def __iter__(self):
        for number in range(self.count):
            self.log.append(("started", number))
            yield self.Copy(self, number)

    class Copy:
        def __init__(self, owner, number):
            self.owner, self.number = owner, number

        def frames(self):
            self.owner.log.append(("waited", self.number))
            return np.full((2, 1, 1, 3), self.number, np.uint8)


@pytest.mark.parametrize("ahead", [0, 1, 2, 9])
def test_frames_come_in_order_while_further_batches_run(ahead):
    batches = Started(5)
    frames = fetched(batches, ahead)
    next(frames)
    assert len([1 for what, _ in batches.log if what == "started"]) == min(ahead + 1, 5)
    numbers = [0] + [int(frame[0, 0, 0]) for frame in frames]
    assert numbers == [0, 0, 1, 1, 2, 2, 3, 3, 4, 4]


def test_nothing_is_started_before_it_is_asked_for():
    batches = Started(3)
    frames = fetched(batches, 2)
    assert not batches.log
    next(frames)
    frames.close()
    assert ("waited", 1) not in batches.log


def test_a_processor_waits_and_shows_what_was_lost():
    start = starter(torch.device("cpu"))
    assert start is Waited
    levels = torch.arange(12, dtype=torch.uint8).reshape(1, 2, 2, 3)
    assert start(levels, torch.tensor(True)).frames().tolist() == levels.tolist()
    with pytest.raises(PrecisionLost):
        start(levels, torch.tensor(False)).frames()


@pytest.mark.gpu
def test_frames_cross_beside_the_computing():
    device = torch.device("cuda")
    start = starter(device)
    batches = [torch.full((4, 64, 64, 3), number, dtype=torch.uint8) for number in range(20)]

    def copies():
        for batch in batches:
            yield start(batch.to(device) + 1, torch.tensor(True, device=device))

    frames = list(fetched(copies(), 2))
    assert [int(frame.min()) for frame in frames] == [
        int(b[0, 0, 0, 0]) + 1 for b in batches for _ in b
    ]
    assert all(frame.min() == frame.max() for frame in frames)
