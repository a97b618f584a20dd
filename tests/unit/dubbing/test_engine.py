"""Which engine dubs, and whether it waits for the host's device."""

import dataclasses
from contextlib import contextmanager
from pathlib import Path

import pytest

from sadtalker_ext.dubbing import make
from sadtalker_ext.dubbing.request import DubRequest, DubRole
from sadtalker_ext.engines.registry import engine_specs
from sadtalker_ext.errors import InvalidOption
from sadtalker_ext.host.standalone import StandaloneHost
from sadtalker_ext.options import GenerateOptions
from sadtalker_ext.progress import Progress
from sadtalker_ext.service import Service


class Host(StandaloneHost):
    """Counts the turns on its device."""

    turns = 0

    @contextmanager
    def gpu_turn(self, job):
        self.turns += 1
        yield


@pytest.fixture
def dubbed(monkeypatch):
    """The engines that were asked, instead of any work."""
    asked = []
    monkeypatch.setattr(make, "make_dub", lambda request, tools, progress: asked.append(tools))
    return asked


def request(engine):
    return DubRequest(
        video=Path("v.mp4"),
        output=Path("o.mp4"),
        roles=(DubRole(speech=Path("s.wav")),),
        options=GenerateOptions(engine=engine),
    )


@pytest.mark.parametrize(
    ("wanted", "name", "turns"), [("auto", "puppet", 0), ("puppet", "puppet", 0),
                                  ("sadtalker", "sadtalker", 1)],
)  # fmt: skip
def test_the_engine_asked_for_dubs(dubbed, wanted, name, turns):
    host = Host()
    service = Service(host)
    service.dub(request(wanted), Progress())
    assert [tools.spec.name for tools in dubbed] == [name]
    assert host.turns == turns
    assert service.waits_for_device(request(wanted).options, dubs=True) == bool(turns)


def test_an_engine_that_cannot_dub_says_so(dubbed):
    specs = [dataclasses.replace(one, dub=None) for one in engine_specs()]
    with pytest.raises(InvalidOption, match="sadtalker engine cannot dub"):
        Service(Host(), specs=specs).dub(request("sadtalker"), Progress())
    assert not dubbed
