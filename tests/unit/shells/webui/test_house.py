"""The service in the WebUI says what to do in the WebUI's words."""

import dataclasses

import numpy as np
import pytest

from sadtalker_ext.errors import Cancelled, WeightsMissing
from sadtalker_ext.options import GenerateOptions
from sadtalker_ext.progress import Progress, Stage
from sadtalker_ext.service import DubRequest, DubRole, Request, Service
from sadtalker_ext.types import Picture
from sadtalker_ext.weights.checkpoint import MAPPING, locate
from tests.support.media import write_mute_video


@pytest.fixture
def service(webui, monkeypatch, tmp_path):
    from sadtalker_ext.shells.webui import house
    from sadtalker_ext.weights import store

    monkeypatch.setattr(store, "PROJECT_CHECKPOINTS", tmp_path / "none")
    house.service.cache_clear()
    yield house.service()
    house.service.cache_clear()


def test_weights_arrive_where_the_host_keeps_models(service, tmp_path):
    assert service.store.download_folder == tmp_path / "models/SadTalker"
    assert tmp_path / "models/SadTalker" in service.store.folders


def test_nobody_is_sent_to_a_command_line(service, tmp_path):
    for status in service.engines():
        assert not status.ready
        if status.name == "sadtalker":
            assert "restart the WebUI" in status.hint
    picture = Picture(pixels=np.zeros((64, 64, 3), np.uint8), name="x.png")
    options = GenerateOptions(engine="puppet", idle_seconds=1.0)
    request = Request(picture=picture, speech=None, output=tmp_path / "a.mp4", options=options)
    with pytest.raises(WeightsMissing) as caught:
        service.generate(request, Progress())
    assert "download button" in caught.value.hint


def test_the_button_is_named_only_for_what_it_fetches(service, tmp_path, monkeypatch):
    """Size 512 has a file of its own, which no engine needs to be ready."""
    present = {"SadTalker_V0.0.2_256.safetensors", *MAPPING.values()}

    def generate(self, request, progress, elsewhere):
        locate(lambda name: tmp_path / name if name in present else None, 512, full=False)

    monkeypatch.setattr("sadtalker_ext.service.Service.generate", generate)
    monkeypatch.setattr(service.store, "missing", lambda words: ())
    picture = Picture(pixels=np.zeros((64, 64, 3), np.uint8), name="x.png")
    options = GenerateOptions(engine="sadtalker", size=512, idle_seconds=1.0)
    request = Request(picture=picture, speech=None, output=tmp_path / "a.mp4", options=options)
    with pytest.raises(WeightsMissing, match="512") as caught:
        service.generate(request, Progress())
    assert "button" not in caught.value.hint
    assert "Put the file" in caught.value.hint


def test_a_ready_engine_but_for_a_package_needs_a_restart(service, monkeypatch):
    monkeypatch.setattr(service.store, "missing", lambda words: ())
    # other tests may have imported them already, and then they count as installed
    monkeypatch.setattr("sadtalker_ext.engine_status._installed", lambda name: False)
    hints = {status.name: status.hint for status in service.engines()}
    assert all("installer" in hint for hint in hints.values())


def requests_in(folder):
    """A request of every kind, by the service's verb."""
    return {
        "generate": Request(
            picture=Picture(pixels=np.zeros((64, 64, 3), np.uint8), name="x.png"),
            speech=None,
            output=folder / "a.mp4",
            options=GenerateOptions(idle_seconds=1.0),
        ),
        "dub": DubRequest(video=folder / "v.mp4", output=folder / "a.mp4", roles=()),
    }


@pytest.mark.parametrize(
    ("engine", "no_half", "chosen", "used"),
    [
        ("sadtalker", False, "auto", "auto"),
        ("sadtalker", True, "auto", "float32"),
        ("sadtalker", True, "bfloat16", "bfloat16"),
        # it has no networks on the device, and would say that the option has no effect
        ("puppet", True, "auto", "auto"),
        ("auto", True, "auto", "auto"),
    ],
)
@pytest.mark.parametrize("verb", ["generate", "dub"])
def test_no_half_counts_unless_a_precision_was_chosen(
    service, webui, monkeypatch, tmp_path, engine, no_half, chosen, used, verb
):
    seen = []
    monkeypatch.setattr(Service, verb, lambda self, request, *_: seen.append(request))
    webui("shared").cmd_opts.no_half = no_half
    options = GenerateOptions(engine=engine, precision=chosen, idle_seconds=1.0)
    request = requests_in(tmp_path)[verb]
    getattr(service, verb)(dataclasses.replace(request, options=options), Progress())
    assert seen[0].options.precision == used


@pytest.mark.parametrize("verb", ["generate", "dub"])
def test_every_kind_of_job_sees_interrupt_and_is_seen(service, webui, monkeypatch, tmp_path, verb):
    state = webui("shared").state

    def work(self, request, progress, elsewhere=None):
        progress.enter(Stage.RENDERING, 10)
        assert state.sampling_steps == 10
        state.interrupt()
        progress.check()

    monkeypatch.setattr(Service, verb, work)
    try:
        with service.host.joined(), pytest.raises(Cancelled):
            getattr(service, verb)(requests_in(tmp_path)[verb], Progress())
    finally:
        state.interrupted = False


def test_dubbing_without_weights_names_the_button(service, tmp_path):
    video = write_mute_video(tmp_path / "v.mp4", 0.2)
    role = DubRole(text="Hello.")
    with pytest.raises(WeightsMissing) as caught:
        service.dub(DubRequest(video=video, output=tmp_path / "a.mp4", roles=(role,)), Progress())
    assert "download button" in caught.value.hint
