import numpy as np
import pytest

from sadtalker_ext import finish_tools
from sadtalker_ext.errors import InvalidOption, WeightsCorrupt, WeightsMissing
from sadtalker_ext.finish_tools import ToolBox, needs_device
from sadtalker_ext.host.standalone import StandaloneHost
from sadtalker_ext.options import GenerateOptions
from sadtalker_ext.weights.store import WeightStore


class LendingHost(StandaloneHost):
    def __init__(self, enhancers=(), upscalers=()):
        super().__init__(device="cpu")
        self.lent_enhancers, self.lent_upscalers = dict(enhancers), dict(upscalers)

    def enhancers(self):
        return self.lent_enhancers

    def upscalers(self):
        return self.lent_upscalers


def same(pictures, factor=1.0):
    return pictures


def box(tmp_path, host=None):
    store = WeightStore([tmp_path], cache=tmp_path / "cache")
    return ToolBox(host or LendingHost(), store, lambda: None)


@pytest.mark.parametrize(
    ("options", "needed"),
    [
        ({}, False),
        ({"enhancer": "gfpgan"}, True),
        ({"enhancer": "gfpgan", "enhancer_strength": 0}, False),
        ({"upscaler": "x"}, True),
        ({"upscaler": ""}, False),
        ({"debug_overlay": True}, False),
        ({"output_side": 800}, False),
    ],
)
def test_only_networks_need_the_device(options, needed):
    assert needs_device(GenerateOptions(**options)) == needed


def test_no_tools_for_plain_options(tmp_path):
    assert box(tmp_path).tools(GenerateOptions()) is None
    drawn = box(tmp_path).tools(GenerateOptions(debug_overlay=True))
    assert drawn.enhancer is drawn.upscaler is None


def test_the_hosts_own_tools_come_first(tmp_path):
    host = LendingHost({"gfpgan": same}, {"R-ESRGAN 4x+": same})
    options = GenerateOptions(enhancer="gfpgan", upscaler="r-esrgan 4x+")
    tools = box(tmp_path, host).tools(options)
    assert tools.enhancer is same
    assert tools.upscaler is same


def test_a_missing_restorer_is_told_with_the_command(tmp_path):
    with pytest.raises(WeightsMissing) as caught:
        box(tmp_path).tools(GenerateOptions(enhancer="gfpgan"))
    assert "GFPGANv1.4.pth" in caught.value.message
    assert "weights fetch gfpgan" in caught.value.hint


def test_a_restorer_that_cannot_be_fetched_is_told_with_the_folders(tmp_path):
    with pytest.raises(WeightsMissing) as caught:
        box(tmp_path).tools(GenerateOptions(enhancer="restoreformer"))
    assert "RestoreFormer.pth" in caught.value.message
    assert str(tmp_path) in caught.value.hint
    assert "fetch" not in caught.value.hint


def test_a_file_of_the_wrong_size_is_not_loaded(tmp_path):
    (tmp_path / "codeformer.pth").write_bytes(b"not a network")
    with pytest.raises(WeightsCorrupt):
        box(tmp_path).tools(GenerateOptions(enhancer="codeformer"))


@pytest.mark.parametrize("name", ["../secret.pth", "/etc/passwd", "a\\b.pth", "C:\\x.pth", ".."])
def test_an_upscaler_is_a_name_and_reaches_no_other_folder(tmp_path, name):
    inside = tmp_path / "weights"
    inside.mkdir()
    (tmp_path / "secret.pth").write_bytes(b"x")
    with pytest.raises(InvalidOption):
        box(inside).tools(GenerateOptions(upscaler=name))


def test_an_unknown_upscaler_is_told_with_the_known_ones(tmp_path):
    host = LendingHost(upscalers={"Lanczos": same})
    with pytest.raises(InvalidOption) as caught:
        box(tmp_path, host).tools(GenerateOptions(upscaler="lancos"))
    assert "lancos" in caught.value.message
    assert "Lanczos" in caught.value.hint


@pytest.mark.extra
def test_an_upscaler_that_is_no_model_is_told(tmp_path):
    (tmp_path / "mine.pth").write_bytes(b"not a network")
    with pytest.raises(WeightsCorrupt, match=r"mine\.pth"):
        box(tmp_path).tools(GenerateOptions(upscaler="mine.pth"))


def test_networks_are_loaded_once_and_one_at_a_time(tmp_path, monkeypatch):
    loaded = []

    def load(self, name, *rest):
        loaded.append(name)
        return lambda pictures: pictures

    monkeypatch.setattr(finish_tools.ToolBox, "_load_restorer", load)
    tools = box(tmp_path)
    first = tools.tools(GenerateOptions(enhancer="gfpgan")).enhancer
    assert tools.tools(GenerateOptions(enhancer="gfpgan")).enhancer is first
    tools.tools(GenerateOptions(enhancer="codeformer"))
    tools.tools(GenerateOptions(enhancer="gfpgan"))
    tools.close()
    tools.tools(GenerateOptions(enhancer="gfpgan"))
    assert loaded == ["gfpgan", "codeformer", "gfpgan", "gfpgan"]
    assert np.array_equal(first(np.zeros(3)), np.zeros(3))
