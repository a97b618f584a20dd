"""Batches by a recording: the same frames as without, in every place a batch can be."""

import pytest
import torch

from sadtalker_ext.engines.sadtalker.replay import WORTH_BATCHES, Replayed, recorder_for

SIZE = 4


class Renderer:
    """Levels that follow from the key points; counts how often it is asked."""

    def __init__(self):
        self.asked = []

    def __call__(self, driving):
        self.asked.append(len(driving))
        levels = (driving.sum(dim=(1, 2)).reshape(-1, 1, 1, 1) % 251).to(torch.uint8)
        return levels.expand(-1, 2, 2, 3).contiguous(), torch.isfinite(driving).all()


class Recorder:
    """What a graph does, on a processor: the recorded tensors stay where they are."""

    def __init__(self, problem=None):
        self.problem = problem
        self.recorded = 0

    def record(self, work):
        if self.problem is not None:
            raise self.problem
        self.recorded += 1
        work()
        made = work.__self__._made

        def replay():
            work()
            again = work.__self__._made
            for kept, new in zip(made, again, strict=True):
                kept.copy_(new)
            work.__self__._made = made

        return replay


def batches_of(count):
    points = torch.arange(count * 15 * 3, dtype=torch.float32).reshape(count, 15, 3)
    return [points[first : first + SIZE] for first in range(0, count, SIZE)]


def rendered(levels, count):
    made = [levels(batch) for batch in batches_of(count)]
    return torch.cat([frames for frames, _ in made]), [bool(fits) for _, fits in made]


@pytest.mark.parametrize("count", [SIZE, 3 * SIZE, 5 * SIZE, 5 * SIZE + 1, 8 * SIZE - 1])
def test_frames_are_those_of_single_launches(count):
    recorder = Recorder()
    replayed = Replayed(Renderer(), recorder, SIZE, count // SIZE)
    frames, fits = rendered(replayed, count)
    expected, _ = rendered(Renderer(), count)
    assert torch.equal(frames, expected) and all(fits)
    assert recorder.recorded == (1 if count // SIZE >= WORTH_BATCHES else 0)


def test_a_shorter_last_batch_is_filled_up_for_the_recording():
    renderer = Renderer()
    replayed = Replayed(renderer, Recorder(), SIZE, 5)
    frames, _ = rendered(replayed, 5 * SIZE + 1)
    assert len(frames) == 5 * SIZE + 1
    assert set(renderer.asked) == {SIZE}


def test_what_does_not_fit_is_seen_in_its_own_batch():
    batches = batches_of(6 * SIZE)
    batches[3] = batches[3] * float("nan")
    replayed = Replayed(Renderer(), Recorder(), SIZE, 6)
    fits = [bool(one) for _, one in map(replayed, batches)]
    assert fits == [True, True, True, False, True, True]


def test_without_a_recording_the_work_goes_on():
    renderer = Renderer()
    replayed = Replayed(renderer, Recorder(RuntimeError("not permitted")), SIZE, 6)
    frames, _ = rendered(replayed, 6 * SIZE)
    expected, _ = rendered(Renderer(), 6 * SIZE)
    assert torch.equal(frames, expected)


def test_a_processor_records_nothing():
    assert recorder_for(torch.device("cpu")) is None


@pytest.mark.gpu
def test_a_recording_gives_the_frames_of_single_launches():
    device = torch.device("cuda")
    network = torch.nn.Conv2d(3, 3, 3, padding=1).to(device).requires_grad_(requires_grad=False)

    def levels(driving):
        picture = network(driving[:, :, :, None].expand(-1, -1, -1, 8).permute(0, 2, 1, 3))
        return (picture * 20).to(torch.uint8), torch.isfinite(picture).all()

    batches = [torch.randn(SIZE, 15, 3, device=device) for _ in range(8)]
    with torch.inference_mode():
        expected = [levels(batch)[0] for batch in batches]
        replayed = Replayed(levels, recorder_for(device), SIZE, 8)
        found = [replayed(batch)[0] for batch in batches]
    assert replayed._replay is not None
    assert all(torch.equal(one, two) for one, two in zip(found, expected, strict=True))
