import subprocess
import sys
from types import SimpleNamespace

import pytest

from sadtalker_ext.host.memory import (
    ALWAYS,
    NEEDED_BYTES,
    NEVER,
    WHEN_NEEDED,
    ClassicRoom,
    find_room,
    should_free,
)


class SdModels:
    """Records where the model is."""

    def __init__(self, model):
        self.model_data = SimpleNamespace(sd_model=model)
        self.moves = []

    def send_model_to_cpu(self, model):
        self.moves.append(("cpu", model))

    def send_model_to_device(self, model):
        self.moves.append(("device", model))


def test_the_model_goes_to_ram_and_comes_back():
    models = SdModels("sd")
    room = ClassicRoom(models)
    room.free()
    assert models.moves == [("cpu", "sd")]
    room.give_back()
    assert models.moves == [("cpu", "sd"), ("device", "sd")]
    room.give_back()
    assert len(models.moves) == 2


def test_a_model_that_is_not_loaded_is_not_loaded_by_us():
    models = SdModels(None)
    room = ClassicRoom(models)
    room.free()
    room.give_back()
    assert models.moves == []


def test_a_model_changed_in_the_meantime_is_left_where_it_is():
    models = SdModels("old")
    room = ClassicRoom(models)
    room.free()
    models.model_data.sd_model = "new"
    room.give_back()
    assert models.moves == [("cpu", "old")]


@pytest.mark.parametrize(
    ("present", "name"),
    [
        ("backend.memory_management", "forge"),
        ("ldm_patched.modules.model_management", "reforge"),
        (None, "automatic1111"),
    ],
)
def test_hosts_are_told_apart_by_their_memory_managers(present, name):
    unloaded = []

    def load(module):
        if module != present:
            raise ImportError(module)
        return SimpleNamespace(unload_all_models=lambda: unloaded.append(module))

    found, room = find_room(load, SdModels(None))
    assert found == name
    room.free()
    room.give_back()
    assert unloaded == ([present] if present else [])


@pytest.mark.parametrize(
    ("policy", "device", "free", "expected"),
    [
        (NEVER, "cuda", 0, False),
        (ALWAYS, "cpu", 0, False),
        (ALWAYS, "cuda:1", NEEDED_BYTES * 9, True),
        (WHEN_NEEDED, "cuda", NEEDED_BYTES - 1, True),
        (WHEN_NEEDED, "cuda", NEEDED_BYTES, False),
        (WHEN_NEEDED, "mps", None, False),
    ],
)
def test_room_is_made_only_where_it_helps(policy, device, free, expected):
    assert should_free(policy, device, lambda: free) is expected


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only glibc keeps free pages")
def test_freed_pages_go_back_to_the_system():
    """In a process of its own: many small pieces, as a checkpoint's tensors are for malloc."""
    script = """
import ctypes
from pathlib import Path
from sadtalker_ext.host.memory import return_free_memory
def resident():
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("RssAnon"))
libc = ctypes.CDLL(None)
if not hasattr(libc, "malloc_trim"):
    raise SystemExit("no glibc")
libc.malloc.restype, libc.free.argtypes = ctypes.c_void_p, [ctypes.c_void_p]
pieces = [libc.malloc(50_000) for _ in range(4000)]
for piece in pieces:
    ctypes.memset(piece, 1, 50_000)
for piece in pieces[:-1]:  # the last one keeps the top of the heap
    libc.free(piece)
before = resident()
return_free_memory()
print(before - resident())
"""
    done = subprocess.run(
        [sys.executable, "-c", script], check=False, capture_output=True, text=True
    )
    if "no glibc" in done.stderr:
        pytest.skip("no glibc")
    assert int(done.stdout) > 100_000, "kilobytes"
