"""How the example portrait blinks, by the measures of the benchmarks."""

from __future__ import annotations

import pytest

from benchmarks.blink_look import run
from benchmarks.subject import PORTRAIT
from sadtalker_ext.weights.store import WeightStore


@pytest.fixture(scope="module")
def row():
    if WeightStore.standard().missing(["face", "phones"]):
        pytest.skip("needs the face models: run `sadtalker weights fetch puppet`")
    return run()[PORTRAIT.stem]


def test_no_lid_is_torn_or_patched(row):
    assert row["edges"] <= 0.001
    assert row["faint"] <= 0.005
    assert row["seams"] <= 0.01


def test_the_lashes_are_a_thin_band(row):
    assert row["lash_share"] <= 0.3  # 0.39 when shadows were taken for lashes


def test_both_lids_close_together(row):
    assert row["depth"] <= 0.15
    assert row["apart"] <= 0.1
    assert row["warnings"] == []
