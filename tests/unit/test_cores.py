"""How many cores are used: of the system, of a container, and as people and libraries want."""

import sys

import pytest

from sadtalker_ext import cores


@pytest.fixture(autouse=True)
def files(monkeypatch, tmp_path):
    monkeypatch.setattr(cores, "_QUOTA", tmp_path / "cpu.max")
    monkeypatch.setattr(cores, "_OLD_QUOTA", tmp_path)
    return tmp_path


def test_a_person_and_the_other_libraries_bound_them(monkeypatch):
    monkeypatch.setattr("os.sched_getaffinity", lambda _: set(range(4)), raising=False)
    for wanted, count in (("", 4), ("2", 2), ("9", 4), ("2,1", 2), ("0", 4), ("x", 4)):
        monkeypatch.setenv("OMP_NUM_THREADS", wanted)
        assert cores.usable_cores() == count


def test_a_share_of_the_processor_counts_as_cores(files):
    assert cores._quota() == sys.maxsize
    for words, count in (("150000 100000", 2), ("50000 100000", 1), ("max 100000", sys.maxsize)):
        (files / "cpu.max").write_text(f"{words}\n")
        assert cores._quota() == count


def test_so_does_the_share_that_older_systems_tell(files):
    (files / "cpu.cfs_period_us").write_text("100000\n")
    for share, count in (("350000", 4), ("-1", sys.maxsize)):
        (files / "cpu.cfs_quota_us").write_text(f"{share}\n")
        assert cores._quota() == count
