import sys
import types

import pytest

from sadtalker_ext.host.standalone import StandaloneHost
from sadtalker_ext.service import Service
from sadtalker_ext.weights.checkpoint import LEGACY, MAPPING, converted_name
from sadtalker_ext.weights.store import WeightStore

OLD = sorted({name for name, _ in LEGACY.values()} | set(MAPPING.values()))


def test_engines_are_told_while_another_thread_imports_a_package(monkeypatch):
    half_imported = types.ModuleType("cv2")
    half_imported.__spec__ = None
    monkeypatch.setitem(sys.modules, "cv2", half_imported)
    assert {one.name for one in Service(StandaloneHost()).engines()} == {"puppet", "sadtalker"}


@pytest.mark.parametrize("present", [OLD, [converted_name(name) for name in OLD]])
def test_older_and_converted_checkpoints_make_the_engine_ready(tmp_path, monkeypatch, present):
    store = WeightStore(cache=tmp_path)
    service = Service(StandaloneHost(), store)
    monkeypatch.setattr("sadtalker_ext.engine_status._installed", lambda module: True)
    found = set(present[1:])
    monkeypatch.setattr(store, "find", lambda name: tmp_path / name if name in found else None)
    assert service.lacking("sadtalker"), "one of them is still missing"
    found.add(present[0])
    assert service.lacking("sadtalker") == ()
    assert [one.name for one in service.engines() if one.ready] == ["sadtalker"]
    assert service.choose("auto") == "sadtalker"
