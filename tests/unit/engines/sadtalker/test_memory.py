"""Long speech in little memory, and what happens when a device is full."""

import tracemalloc
from pathlib import Path

import numpy as np
import pytest
import torch

from sadtalker_ext.engines.sadtalker import engine as engine_module
from sadtalker_ext.engines.sadtalker import memory
from sadtalker_ext.engines.sadtalker import rig as rig_module
from sadtalker_ext.errors import Cancelled, OutOfMemory
from sadtalker_ext.motion.view import with_view
from sadtalker_ext.options import GenerateOptions
from sadtalker_ext.performance import Performance
from sadtalker_ext.progress import Progress
from sadtalker_ext.types import Speech
from tests.support.fake_networks import FakeRenderer, fake_networks
from tests.unit.engines.sadtalker.person import make_engine, prepared, run, someone, voice

RATE_HZ = 48_000
PER_SECOND = 64 * 1024
"""Bytes a second of speech may cost: its spectrogram (26 kB), its rows twice (15 kB), and small
things. All windows would cost 350 kB, all samples 260 kB."""


def long_voice(seconds):
    """Speech that only exists while it is read."""

    def read(rate_hz):
        for number in range(seconds):
            yield np.random.default_rng(number).normal(0, 0.1, RATE_HZ).astype(np.float32)

    return Speech(
        path=Path("long.wav"), start=0, seconds=seconds, rate_hz=RATE_HZ, channels=1, read=read
    )


def peak_bytes(seconds):
    """Largest memory during one video, beyond what was there before it."""
    engine, picture = make_engine(fake_networks()), someone()
    options = GenerateOptions(preprocess="full", mouth_scale=1.5, yaw="0 5")
    tracemalloc.start()
    try:
        rig = prepared(engine, picture, options)
        motion = rig.plan(Performance(speech=long_voice(seconds)), options, Progress(), 3)
        motion = with_view(motion, options)
        count = sum(1 for _ in rig.draw(motion))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert count == 25 * seconds
    return peak


def grows(short, long):
    return (peak_bytes(long) - peak_bytes(short)) / (long - short)


@pytest.fixture(autouse=True)
def forgetful(monkeypatch):
    """The stand-in remembers its questions for other tests; here that would count as memory."""

    def key_points(self, face, rows, camera=None):
        return torch.from_numpy(rows)

    monkeypatch.setattr(FakeRenderer, "key_points", key_points)


def test_memory_hardly_grows_with_the_speech():
    peak_bytes(2)  # whatever is made once
    assert grows(5, 60) < PER_SECOND


@pytest.mark.slow
def test_ten_minutes_take_hardly_more_memory_than_one():
    peak_bytes(2)
    assert grows(60, 600) < PER_SECOND


def test_frames_come_before_all_key_points_are_known(monkeypatch):
    """The first picture is seen soon, and a stop loses little work."""
    asked = []

    def key_points(self, face, rows, camera=None):
        asked.append(len(rows))
        return torch.from_numpy(rows)

    monkeypatch.setattr(FakeRenderer, "key_points", key_points)
    engine, options = make_engine(fake_networks()), GenerateOptions(preprocess="crop")
    rig = prepared(engine, someone(), options)
    motion = rig.plan(Performance(speech=voice(700)), options, Progress(), 1)
    frames = rig.draw(motion)
    next(frames)
    assert len(asked) == 1
    assert len([1 for _ in frames]) == 699
    assert 700 < sum(asked) <= 700 + 4 * 14


class Looking(FakeRenderer):
    """Key points that depend on all rows the mapping network sees, as the real one's do."""

    def key_points(self, face, rows, camera=None):
        near = np.clip(np.arange(len(rows))[:, None] + np.arange(-13, 14), 0, len(rows) - 1)
        return torch.from_numpy(rows[near].mean(axis=1) * 1000) % 250


@pytest.mark.parametrize("frames", [1, 200, 256, 257, 300, 530])
def test_key_points_in_blocks_are_those_of_the_whole(monkeypatch, frames):
    made = []
    for block in (10_000, 256, 64):
        monkeypatch.setattr(rig_module, "_BLOCK", block)
        networks = fake_networks()
        object.__setattr__(networks, "renderer", Looking())
        made.append(run(make_engine(networks), someone(), voice(frames), preprocess="crop")[2])
    for other in made[1:]:
        np.testing.assert_array_equal(np.stack(other), np.stack(made[0]))


def no_room(*anything, **more):
    raise torch.cuda.OutOfMemoryError("CUDA out of memory")


@pytest.mark.parametrize("part", ["prepare", "key_points"])
def test_a_full_card_offers_the_processor(monkeypatch, part):
    monkeypatch.setattr(FakeRenderer, part, no_room)
    with pytest.raises(OutOfMemory, match="--device cpu"):
        run(make_engine(fake_networks()), someone(), voice(3), preprocess="crop")


FULL = {
    "mps": RuntimeError("MPS backend out of memory (MPS allocated: 17 GB)."),
    "xpu": torch.OutOfMemoryError("XPU out of memory."),
    "directml": RuntimeError("There is not enough GPU video memory available!"),
}


@pytest.mark.parametrize("device", FULL)
@pytest.mark.parametrize("part", ["prepare", "key_points"])
def test_a_full_card_of_another_make_offers_the_processor(monkeypatch, part, device):
    def full(*anything, **more):
        raise FULL[device]

    monkeypatch.setattr(FakeRenderer, part, full)
    with pytest.raises(OutOfMemory, match="--device cpu") as caught:
        run(make_engine(fake_networks()), someone(), voice(3), preprocess="crop")
    assert caught.value.__cause__ is FULL[device]


@pytest.mark.parametrize(
    "error", [MemoryError(), RuntimeError("DefaultCPUAllocator: can't allocate memory")]
)
def test_a_full_machine_is_not_sent_to_its_own_processor(monkeypatch, error):
    def full(*anything, **more):
        raise error

    monkeypatch.setattr(FakeRenderer, "prepare", full)
    with pytest.raises(OutOfMemory, match="machine's memory") as caught:
        run(make_engine(fake_networks()), someone(), voice(3), preprocess="crop")
    assert "--device cpu" not in caught.value.hint


def test_other_failures_are_not_called_a_full_memory(monkeypatch):
    def broken(*anything, **more):
        raise RuntimeError("shapes differ")

    monkeypatch.setattr(FakeRenderer, "prepare", broken)
    with pytest.raises(RuntimeError, match="shapes differ"):
        run(make_engine(fake_networks()), someone(), voice(3), preprocess="crop")


def test_a_full_card_while_listening_offers_the_processor():
    networks = fake_networks()
    object.__setattr__(networks, "expression", no_room)
    with pytest.raises(OutOfMemory, match="--device cpu"):
        run(make_engine(networks), someone(), voice(3), preprocess="crop")


@pytest.mark.parametrize(("device", "offered"), [("cpu", False), ("mps", True)])
def test_no_room_for_one_frame_says_what_was_tried_and_offers_the_processor(
    monkeypatch, device, offered
):
    """Unless it was the processor itself that had no room."""
    engine = make_engine(fake_networks(room=0))
    options = GenerateOptions(preprocess="crop", batch_size=4)
    rig = prepared(engine, someone(), options)
    motion = rig.plan(Performance(speech=voice(3)), options, Progress(), 1)
    monkeypatch.setattr(FakeRenderer, "device", torch.device(device))
    monkeypatch.setattr(rig_module, "give_back", lambda device: None)
    with pytest.raises(OutOfMemory, match=r"down to one frame\.") as caught:
        list(rig.draw(motion))
    assert ("--device cpu" in caught.value.hint) == offered


@pytest.fixture
def emptied(monkeypatch):
    """Which devices were given back, as if a card had been used."""
    found = []
    monkeypatch.setattr(rig_module, "give_back", found.append)
    return found


@pytest.mark.parametrize("end", ["done", "stopped", "failed", "dropped"])
def test_memory_goes_back_however_a_video_ends(emptied, end):
    engine, options = make_engine(fake_networks()), GenerateOptions(preprocess="crop")
    rig = prepared(engine, someone(), options)
    motion = rig.plan(Performance(speech=voice(9)), options, Progress(), 1)
    frames = rig.draw(motion)
    next(frames)
    if end == "done":
        list(frames)
    elif end == "dropped":
        frames.close()
    else:
        error = Cancelled("stop") if end == "stopped" else RuntimeError("broken")
        with pytest.raises(type(error)):
            frames.throw(error)
    assert emptied == [torch.device("cpu")]


def test_only_a_card_that_was_used_is_emptied(monkeypatch):
    calls = []
    monkeypatch.setattr(torch.cuda, "empty_cache", lambda: calls.append(1))
    memory.give_back(torch.device("cpu"))
    assert calls == []
    memory.give_back(torch.device("cuda"))
    assert calls == [1]


@pytest.mark.parametrize("device", ["mps", "xpu"])
def test_cards_of_other_makes_are_emptied_too(monkeypatch, device):
    calls = []
    monkeypatch.setattr(getattr(torch, device), "empty_cache", lambda: calls.append(1))
    memory.give_back(torch.device(device))
    assert calls == [1]
    monkeypatch.delattr(getattr(torch, device), "empty_cache")
    memory.give_back(torch.device(device))  # an older torch


def test_closing_gives_back_once(monkeypatch):
    emptied = []
    monkeypatch.setattr(engine_module, "give_back", emptied.append)
    engine = make_engine(fake_networks())
    prepared(engine, someone(), GenerateOptions())
    engine.close()
    engine.close()
    assert emptied == [torch.device("cpu")]
