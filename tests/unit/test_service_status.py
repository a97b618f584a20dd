import sys
import types

from sadtalker_ext.host.standalone import StandaloneHost
from sadtalker_ext.service import Service


def test_engines_are_told_while_another_thread_imports_a_package(monkeypatch):
    half_imported = types.ModuleType("cv2")
    half_imported.__spec__ = None
    monkeypatch.setitem(sys.modules, "cv2", half_imported)
    assert {one.name for one in Service(StandaloneHost()).engines()} == {"puppet", "sadtalker"}
