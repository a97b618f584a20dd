"""Every worker of a machine has cores of its own."""

import os
import sys

import pytest

from sadtalker_ext.batch import cores

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="only Linux lets a process choose")


@pytest.fixture
def bound(monkeypatch):
    """What the process was bound to; it is not really, and has five cores."""
    groups = []
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {0, 2, 4, 6, 8})
    monkeypatch.setattr(os, "sched_setaffinity", lambda _, group: groups.append(group))
    return groups


def test_groups_are_taken_once_and_free_again_when_their_owner_ends(bound, tmp_path):
    first = cores.take_cores(2, tmp_path / "locks")
    second = cores.take_cores(2, tmp_path / "locks")
    assert cores.take_cores(2, tmp_path / "locks") is None  # one core is left over
    assert bound == [[0, 2], [4, 6]]
    first.close()
    third = cores.take_cores(2, tmp_path / "locks")
    assert bound[-1] == [0, 2]
    second.close()
    third.close()


def test_who_wants_all_cores_is_bound_to_none(bound, tmp_path):
    assert cores.take_cores(5, tmp_path / "locks") is None
    assert bound == []
