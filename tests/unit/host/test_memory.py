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
