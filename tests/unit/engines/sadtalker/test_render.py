"""The renderer: streaming, batches, precisions and compiling, with keyed weights.

Pictures are 128 pixels wide, the smallest the networks take, to keep this quick.
"""

from functools import partial

import numpy as np
import pytest
import torch

from sadtalker_ext.engines.sadtalker import render, semantics
from sadtalker_ext.engines.sadtalker.render import Renderer
from sadtalker_ext.engines.sadtalker.semantics import driving_windows
from sadtalker_ext.errors import OutOfMemory
from tests.unit.engines.sadtalker.small_face import FRAMES, SIDE, coefficient_rows


def test_frames_are_pictures_that_move(frames, picture):
    assert len(frames) == 5
    for frame in frames:
        assert frame.shape == picture.shape
        assert frame.dtype == np.uint8
        assert frame.flags.writeable
        assert frame.std() > 10
    moved = np.abs(frames[0].astype(int) - frames[-1])
    assert moved.mean() > 0.5


@pytest.mark.parametrize(("batch", "count"), [(2, 3), pytest.param(5, 5, marks=pytest.mark.slow)])
def test_the_batch_size_changes_no_frame(renderer, face, points, frames, batch, count):
    together = list(renderer.draw(face, points[:count], batch))
    assert len(together) == count
    for one, other in zip(frames, together, strict=False):
        difference = np.abs(one.astype(int) - other)
        assert difference.max() <= 1
        assert (difference > 0).mean() < 1e-3


def test_frames_come_one_batch_at_a_time(renderer, face, points, monkeypatch):
    sizes = []

    def draw(source, driving):
        sizes.append(len(driving))
        return torch.zeros(len(driving), 3, SIDE, SIDE)

    monkeypatch.setattr(renderer, "_draw", draw)
    stream = renderer.draw(face, points, 2)
    assert sizes == []
    assert not torch.is_inference_mode_enabled()
    next(stream)
    assert sizes == [2]
    assert not torch.is_inference_mode_enabled()
    assert len(list(stream)) == 4
    assert sizes == [2, 2, 1]


def test_levels_are_rounded_half_to_even(renderer, face, points, monkeypatch):
    """0.5 / 255 and its like are exact enough in float32 to be ties again."""
    levels = torch.tensor([0.0, 0.5, 1.5, 2.5, 254.5, 255.0])
    ties = (levels / 255) * 255 == levels
    row = (levels / 255).expand(1, 3, 1, -1)
    monkeypatch.setattr(renderer, "_draw", lambda _source, _driving: row)
    frame = next(renderer.draw(face, points[:1], 1))
    assert frame.shape == (1, 6, 3)
    assert ties[1:3].all()
    assert frame[0, :3, 0].tolist() == [0, 0, 2]
    assert frame[0, 5, 0] == 255


def test_frames_and_draw_agree(renderer, face, points, monkeypatch):
    seen = []

    def draw(source, driving):
        seen.append(driving)
        return torch.zeros(len(driving), 3, SIDE, SIDE)

    monkeypatch.setattr(renderer, "_draw", draw)
    assert len(list(renderer.frames(face, coefficient_rows()[1], batch_size=25))) == FRAMES
    assert torch.equal(torch.cat(seen)[[0, 27, 30, 33, FRAMES - 1]], points)


def test_many_frames_are_mapped_in_pieces(renderer, face, monkeypatch):
    rows = coefficient_rows()[1]
    whole = renderer.key_points(face, rows)
    monkeypatch.setattr(render, "MAPPING_BATCH", 7)
    assert torch.allclose(renderer.key_points(face, rows), whole, atol=1e-5)


def test_a_free_view_replaces_only_its_axis(renderer, face):
    rows = coefficient_rows()[1]
    own = renderer.key_points(face, rows)
    degrees = np.linspace(-20, 20, FRAMES).astype(np.float32)
    turned = renderer.key_points(face, rows, {"yaw": degrees})
    assert (turned - own).abs().max() > 0.05
    assert torch.allclose(turned[..., 1], own[..., 1], atol=0.2)
    assert (turned[1:] - turned[:-1]).abs().amax(dim=(1, 2)).min() > 1e-4


def test_floats_and_bytes_prepare_alike(renderer, face, picture):
    floats = picture.astype(np.float32) / 255
    again = renderer.prepare(floats, coefficient_rows()[0])
    assert torch.equal(again.canonical, face.canonical)
    assert all(map(torch.equal, again.source, face.source))


@pytest.mark.parametrize(
    "error",
    [
        torch.cuda.OutOfMemoryError("no room"),
        RuntimeError("MPS backend out of memory"),
        RuntimeError("There is not enough GPU video memory available!"),
        RuntimeError("DefaultCPUAllocator: not enough memory: you tried to allocate"),
    ],
)
def test_running_out_of_memory_says_what_to_do(renderer, face, points, monkeypatch, error):
    def full(source, driving):
        raise error

    monkeypatch.setattr(renderer, "_draw", full)
    with pytest.raises(OutOfMemory, match="no room for 5 frames") as caught:
        next(renderer.draw(face, points, 5))
    assert "batch size" in caught.value.hint


@pytest.mark.parametrize(("device", "offered"), [("cpu", False), ("mps", True)])
def test_only_another_device_is_told_to_use_the_processor(
    renderer, face, points, monkeypatch, device, offered
):
    def full(source, driving):
        raise RuntimeError("out of memory")

    monkeypatch.setattr(renderer, "_draw", full)
    monkeypatch.setattr(renderer, "device", torch.device(device))
    with pytest.raises(OutOfMemory) as caught:
        next(renderer.draw(face, points, 5))
    assert ("CPU" in caught.value.hint) == offered


def test_a_model_is_told_by_its_numbers(renderer):
    before = list(renderer.numbers())
    assert before == list(renderer.numbers()) and all(before)
    network = next(iter(renderer._mappings.values()))
    number = next(iter(network.state_dict().values()))
    kept = number.clone()
    try:
        number += 1
        assert list(renderer.numbers()) != before
    finally:
        number.copy_(kept)
    assert list(renderer.numbers()) == before


def test_mapping_networks_are_loaded_once_and_only_when_rows_need_them(networks, renderer):
    loaded = []

    def load(inputs):
        loaded.append(inputs)
        return networks["mapping_00229"]

    parts = networks["generator"], networks["kp_extractor"]
    late = Renderer(*parts, {inputs: partial(load, inputs) for inputs in (70, 73)})
    assert not loaded
    rows = coefficient_rows()[1]
    for _ in range(2):
        found = late._motion(driving_windows(rows))
    assert loaded == [70]
    assert torch.equal(found.yaw, renderer._motion(driving_windows(rows)).yaw)


@pytest.mark.slow  # test_own_sources.py looks at the parts
def test_a_face_redrawn_beside_another_is_what_it_is_alone(renderer, picture, frames):
    """Every frame of a video is its own source, though several are drawn at once."""
    row, rows = coefficient_rows()
    pictures = np.stack([picture[:, ::-1], picture])
    sources = np.stack([row + np.float32(0.02), row])
    windows = np.stack([semantics.source_window(one) for one in (row, rows[-1])])
    other, found = renderer.redraw(pictures, sources, windows)
    difference = np.abs(found.astype(int) - frames[-1])
    assert difference.max() <= 1
    assert (difference > 0).mean() < 1e-3
    assert np.abs(other.astype(int) - found).mean() > 1
