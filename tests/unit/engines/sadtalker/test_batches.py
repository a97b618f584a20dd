"""How many frames the engine draws at once, and what it does when memory is short."""

import pytest
import torch

from sadtalker_ext.engines.sadtalker.batch import choose_batch
from sadtalker_ext.errors import OutOfMemory
from tests.support.fake_networks import fake_networks
from tests.unit.engines.sadtalker.person import (
    make_engine,
    run,
    someone,
    voice,
)


@pytest.fixture
def networks():
    return fake_networks()


@pytest.fixture
def picture():
    return someone()


@pytest.mark.parametrize("batch", [1, 2, 5, 8])
def test_batches_give_the_same_frames_in_order(networks, picture, batch):
    _, motion, frames = run(
        make_engine(networks), picture, voice(7), preprocess="crop", batch_size=batch
    )
    wanted = motion.rows[:, 0].astype(int)
    assert [int(frame[0, 0, 0]) for frame in frames] == wanted.tolist()
    assert max(networks.renderer.batches) == min(batch, 7)


def test_out_of_memory_halves_the_batch_and_loses_no_frame(picture):
    networks = fake_networks(room=2)
    _, motion, frames = run(
        make_engine(networks), picture, voice(9), preprocess="crop", batch_size=8
    )
    assert len(frames) == len(motion) == 9
    assert max(networks.renderer.batches) == 2


def test_out_of_memory_for_one_frame_says_what_was_tried(picture):
    with pytest.raises(OutOfMemory, match="down to one frame"):
        run(make_engine(fake_networks(room=0)), picture, voice(3), preprocess="crop", batch_size=4)


def test_batch_size_is_what_was_asked_or_one_on_a_processor():
    cpu = torch.device("cpu")
    assert choose_batch(0, cpu, 256) == 1
    assert choose_batch(7, cpu, 512) == 7


def test_batch_size_follows_free_memory(monkeypatch):
    card = torch.device("cuda")
    free = {"bytes": 6 * 2**30}
    monkeypatch.setattr(torch.cuda, "mem_get_info", lambda device: (free["bytes"], 2**34))
    assert choose_batch(0, card, 256) == 7
    assert choose_batch(0, card, 512) == 1
    free["bytes"] = 10**6
    assert choose_batch(0, card, 256) == 1
    free["bytes"] = 10**12
    assert choose_batch(0, card, 256) == 16
