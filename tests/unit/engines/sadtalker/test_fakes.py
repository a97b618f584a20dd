"""The stand-ins are asked as the real networks are: a changed signature fails here."""

import inspect

import pytest

from sadtalker_ext.engines.sadtalker.nets.expnet import ExpNet
from sadtalker_ext.engines.sadtalker.nets.posenet import PoseNet
from sadtalker_ext.engines.sadtalker.render import Renderer
from tests.golden.test_engine import RowCollector
from tests.support.fake_networks import FakePose, FakeRenderer, fake_expression


def names(function):
    return [name for name in inspect.signature(function).parameters if name != "self"]


@pytest.mark.parametrize("fake", [FakeRenderer, RowCollector])
@pytest.mark.parametrize("method", ["prepare", "key_points", "draw"])
def test_the_fake_renderer_takes_what_the_real_one_takes(fake, method):
    real, stand_in = getattr(Renderer, method), getattr(fake, method)
    assert names(stand_in) == names(real)
    defaults = [p.default for p in inspect.signature(real).parameters.values()]
    assert [p.default for p in inspect.signature(stand_in).parameters.values()] == defaults


def test_the_fake_speech_networks_take_what_the_real_ones_take():
    assert len(names(fake_expression)) == len(names(ExpNet.forward))
    assert len(names(FakePose.__call__)) == len(names(PoseNet.forward))
    assert len(names(FakePose.embed)) == len(names(PoseNet.embed))


def test_the_fake_renderer_redraws_as_the_real_one():
    assert names(FakeRenderer.redraw) == names(Renderer.redraw)
