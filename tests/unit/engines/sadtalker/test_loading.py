from pathlib import Path

import pytest
import torch
from torch import nn

from sadtalker_ext.engines.sadtalker import loading, render
from sadtalker_ext.errors import WeightsMissing

PACKAGED = "SadTalker_V0.0.2_512.safetensors"
MAPPINGS = ("mapping_00229-model.pth.tar", "mapping_00109-model.pth.tar")


class SmallNetwork(nn.Module):
    def __init__(self):
        super().__init__()
        self.one = nn.Linear(1, 1)


@pytest.fixture
def asked(monkeypatch):
    """What is loaded from where, without the weights themselves."""
    found = []

    def load(factory, path, component):
        with torch.device("meta"):
            found.append((component, path.name, getattr(factory(), "inputs", None)))
        return SmallNetwork()

    class FakeRenderer:
        def __init__(self, generator, detector, mappings, device, dtype):
            self.device, self.dtype, self.mappings = torch.device(device), dtype, mappings

    monkeypatch.setattr(loading, "load_network", load)
    monkeypatch.setattr(render, "Renderer", FakeRenderer)
    return found


def holding(*names):
    return lambda name: Path(name) if name in names else None


def test_every_network_comes_from_its_file(asked):
    networks = loading.load_networks(holding(PACKAGED, *MAPPINGS), "cpu", 512, "auto")
    assert not any(component == "mapping" for component, *_ in asked)
    for load in networks.renderer.mappings.values():
        load()
    assert sorted(asked, key=str) == sorted(
        [
            ("face_3drecon", PACKAGED, None),
            ("audio2exp", PACKAGED, None),
            ("audio2pose", PACKAGED, None),
            ("generator", PACKAGED, None),
            ("kp_extractor", PACKAGED, None),
            ("mapping", MAPPINGS[0], 70),
            ("mapping", MAPPINGS[1], 73),
        ],
        key=str,
    )
    assert networks.device == torch.device("cpu")
    assert len(networks.renderer.mappings) == 2


@pytest.mark.parametrize(
    ("precision", "dtype"),
    [
        ("auto", torch.float32),
        ("float32", torch.float32),
        ("float16", torch.float16),
        ("bfloat16", torch.bfloat16),
    ],
)
def test_precision_is_the_renderers(asked, precision, dtype):
    find = holding(PACKAGED, *MAPPINGS)
    assert loading.load_networks(find, "cpu", 512, precision).renderer.dtype is dtype


@pytest.mark.parametrize(
    ("capability", "dtype"),
    [((6, 1), torch.float32), ((7, 0), torch.float16), ((9, 0), torch.float16)],
)
def test_auto_is_float16_on_cards_that_are_fast_with_it(monkeypatch, capability, dtype):
    """A Tesla P4 (6.1) computes it at a 64th of its speed."""
    monkeypatch.setattr(torch.cuda, "get_device_capability", lambda _device: capability)
    assert loading._dtype("auto", torch.device("cuda")) is dtype
    assert loading._dtype("float32", torch.device("cuda")) is torch.float32
    assert loading._dtype("auto", torch.device("cpu")) is torch.float32


@pytest.mark.parametrize("absent", [PACKAGED, *MAPPINGS])
def test_missing_files_are_named(asked, absent):
    present = [name for name in (PACKAGED, *MAPPINGS) if name != absent]
    with pytest.raises(WeightsMissing, match=absent):
        loading.load_networks(holding(*present), "cpu", 512, "auto")
    assert not asked
