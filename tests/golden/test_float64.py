"""The float64 yardstick: what is shipped, the cut of the mask, and the judgement by distance."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch

from sadtalker_ext.engines.sadtalker.nets.dense_motion import SMALLEST_MASK, DenseMotion
from tests.golden import float64
from tests.golden.float64 import Cut, computed, digest, steered
from tests.golden.folder import GoldenFolder
from tests.golden.registry import topics
from tests.golden.rounding import LARGEST, RMS, rounding_of

DATA = Path(__file__).parent / "data"


def test_what_is_shipped_is_what_is_computed(monkeypatch):
    """The renderer's values take minutes; `python -m tests.golden.float64` makes them alike."""
    stored = float64.shipped()
    monkeypatch.setattr(float64, "shipped", dict)
    made = computed(GoldenFolder(DATA), [t for t in topics() if t.name == "recon"])
    assert len(made) == 7
    for name, difference in made.items():
        scale = np.abs(stored[name]).max()
        assert np.abs(stored[name] - difference).max() < 1e-4 * scale


def test_every_recorded_stage_of_the_renderer_is_shipped():
    folder = GoldenFolder(DATA)
    for file in ("recon.npz", "kp_detector.npz", "generator256.npz"):
        for key in set(folder.arrays(file)) - {"kp_source", "kp_driving", "out_kp"}:
            assert digest(folder, file, key) in float64.shipped(), (file, key)
    assert Cut.shipped(folder, "generator256.npz") is not None


def test_changed_recordings_have_no_shipped_values():
    folder = GoldenFolder(DATA)
    arrays = dict(folder.arrays("recon.npz"))
    arrays["out"] = arrays["out"] + np.float32(1e-3)
    folder._arrays["recon.npz"] = arrays
    assert digest(folder, "recon.npz", "out") not in float64.shipped()


SIZE = (16, 4, 4)
NEAR = 7
"""Flat number of the one mask entry that lies next to the cut."""


def mask_and_shifts():
    draw = torch.Generator().manual_seed(5)
    mask = torch.rand(1, 16, *SIZE, generator=draw).double() + 0.01
    mask.view(-1)[NEAR] = SMALLEST_MASK * (1 + 1e-7)
    return mask, torch.rand(1, 16, 3, generator=draw).double() + 1


@pytest.fixture
def recording(tmp_path):
    """A folder whose original cut the entry that float64 keeps."""

    def write(*, cut, step=1):
        mask, shifts = mask_and_shifts()
        low = mask.float()
        if cut:
            low.view(-1)[NEAR] = SMALLEST_MASK * (1 - 1e-7)
        field = DenseMotion.deform(low, shifts.float())
        shape = list(field.shape)
        arrays = {"dm_mask": low.numpy(), "deformation": field.numpy().reshape(-1)[::step]}
        np.savez(tmp_path / "g.npz", **arrays)
        index = {"deformation": {"shape": shape, "flat_step": step}} if step > 1 else {}
        (tmp_path / "index.json").write_text(json.dumps({"g.npz": index}))
        return GoldenFolder(tmp_path), mask, shifts

    return write


@pytest.mark.parametrize("step", [1, 3])
@pytest.mark.parametrize("cut", [True, False])
def test_the_recording_decides_at_the_cut(recording, cut, step):
    decided = Cut.of(folder := recording(cut=cut, step=step)[0], "g.npz", *mask_and_shifts())
    assert decided.places.tolist() == [NEAR]
    assert decided.kept.tolist() == [not cut]
    mask, shifts = mask_and_shifts()
    for kind in (torch.float32, torch.float64):
        field = DenseMotion.deform(decided.steer(mask.to(kind)), shifts.to(kind))
        wanted = folder.arrays("g.npz")["deformation"].reshape(-1)
        assert np.abs(field.numpy().reshape(-1)[::step] - wanted).max() < 1e-5


def test_only_undecided_entries_are_steered(recording):
    folder, mask, shifts = recording(cut=True)
    decided = Cut.of(folder, "g.npz", mask, shifts)
    moved = (decided.steer(mask) != mask).reshape(-1).nonzero().reshape(-1)
    assert moved.tolist() == [NEAR]
    assert torch.equal(Cut(np.array([NEAR]), np.array([True])).steer(mask), mask)


def test_a_steered_network_is_itself_again_afterwards():
    with torch.device("meta"):
        motion = DenseMotion()
    before = motion.deform
    mask, shifts = mask_and_shifts()
    cut = Cut(np.array([NEAR]), np.array([False]))
    with steered(motion, lambda _mask, _shifts: cut):
        assert not torch.equal(motion.deform(mask, shifts), before(mask, shifts))
    assert torch.equal(motion.deform(mask, shifts), before(mask, shifts))


def evaluations():
    draw = np.random.default_rng(3)
    truth = draw.normal(size=10_000)
    noise = draw.normal(scale=1e-4, size=(2, 10_000))
    ours, recorded = (truth + noise).astype(np.float32)
    return ours, recorded, truth


def test_two_roundings_of_one_truth_pass():
    ours, recorded, truth = evaluations()
    assert rounding_of(ours, recorded, truth).passed
    assert rounding_of(ours, recorded, truth, noise=8e-5).passed
    assert rounding_of(truth.astype(np.float32), truth.astype(np.float32), truth).passed


def test_what_is_more_than_rounding_fails():
    ours, recorded, truth = evaluations()
    further = (truth + 1.2 * RMS * (ours - truth)).astype(np.float32)
    assert not rounding_of(further, recorded, truth).passed
    assert not rounding_of(ours + np.float32(1e-3), recorded, truth + 1e-3).passed
    assert not rounding_of(ours, recorded, truth, noise=2e-5).passed
    single = ours.copy()
    single[7] += 1.2 * LARGEST * np.abs(recorded - truth).max()
    assert not rounding_of(single, recorded, truth).passed
    single[7] = np.nan
    assert not rounding_of(single, recorded, truth).passed
