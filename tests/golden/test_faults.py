"""Faults planted in the networks: each must fail a stage, on every processor."""

from pathlib import Path

import pytest

from sadtalker_ext.engines.sadtalker.nets import dense_motion, layers, spade
from tests.golden import float64
from tests.golden.check import run_topic
from tests.golden.folder import GoldenFolder
from tests.golden.networks import keyed_network
from tests.golden.registry import topics

DATA = Path(__file__).parent / "data"
TOPICS = {topic.name: topic for topic in topics()}
COMPONENTS = {"recon": "face_3drecon", "generator": "generator"}


def weight_of(network, name):
    module, _, leaf = name.rpartition(".")
    return getattr(network.get_submodule(module), leaf).data


def scaled(name, factor=1.01, entry=slice(None)):
    """A weight that is a hundredth too large, or only one number of it."""

    def plant(network, _patch):
        weight_of(network, name).view(-1)[entry] *= factor

    return plant


def swapped(name):
    """Two output channels in the wrong order."""

    def plant(network, _patch):
        weight = weight_of(network, name)
        weight[[0, 1]] = weight[[1, 0]]

    return plant


def constant(module, name, value):
    """Another number in the code."""

    def plant(_network, patch):
        patch.setattr(module, name, value)

    return plant


def broken_stages(topic, plant, patch):
    """Plant a fault in the network under test, and in the float64 one, as a mistake of ours is."""
    original = keyed_network

    def faulty(name, seed):
        network = original(name, seed)
        if name == COMPONENTS[topic]:
            plant(network, patch)
        return network

    patch.setattr("tests.golden.networks.keyed_network", faulty)
    patch.setattr("tests.golden.float64.keyed_network", faulty)
    verdicts = list(run_topic(TOPICS[topic], GoldenFolder(DATA)))
    assert not [verdict.note for verdict in verdicts if verdict.note]
    return [verdict.name.split(":")[1] for verdict in verdicts if not verdict.passed]


RECON = {
    "swapped channels": swapped("backbone.layer4.2.conv2.weight"),
    "smaller epsilon": constant(layers, "NORM_EPS", 1e-6),
    "larger epsilon": constant(layers, "NORM_EPS", 2e-5),
    "one tensor": scaled("backbone.layer4.2.conv3.weight"),
    "one number": scaled("backbone.conv1.weight", entry=0),
    "one bias": scaled("final_layers.0.bias", entry=3),
}
slow = pytest.mark.slow
"""A generator with a fault is computed in double precision, too; two of the four always run."""
GENERATOR = {
    "swapped channels": (swapped("decoder.G_middle_5.conv_1.weight_orig"), slow),
    "larger epsilon": (constant(spade, "EPS", 1e-3), ()),
    "one tensor": (scaled("fourth.weight"), slow),
    "another cut of the mask": (constant(dense_motion, "SMALLEST_MASK", 0.00101), ()),
}


@pytest.mark.parametrize("shipped", [True, False], ids=["shipped", "computed"])
@pytest.mark.parametrize("fault", RECON)
def test_recon(fault, shipped, monkeypatch):
    if not shipped:
        monkeypatch.setattr(float64, "shipped", dict)
    assert "out" in broken_stages("recon", RECON[fault], monkeypatch)


@pytest.mark.parametrize(
    "fault", [pytest.param(name, marks=marks) for name, (_, marks) in GENERATOR.items()]
)
def test_generator(fault, monkeypatch):
    plant, _ = GENERATOR[fault]
    assert "prediction" in broken_stages("generator", plant, monkeypatch)
