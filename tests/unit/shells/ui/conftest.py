import asyncio
import warnings

import pytest
from PIL import Image

from sadtalker_ext.host.standalone import StandaloneHost
from sadtalker_ext.service import Service
from sadtalker_ext.shells.ui.page import PageHost
from sadtalker_ext.weights.store import WeightStore
from tests.support.fake_engine import FakeEngine
from tests.support.media import portrait_like, speech_like, write_sound
from tests.support.specs import built_by


@pytest.fixture(scope="session")
def gradio():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return pytest.importorskip("gradio", reason="the page extra is not installed")


@pytest.fixture(scope="package", autouse=True)
def closed_loops():
    """gradio makes event loops of its own while a page is built, and never closes them."""
    made, new_loop = [], asyncio.new_event_loop
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(asyncio, "new_event_loop", lambda: made.append(new_loop()) or made[-1])
        yield
    asyncio.set_event_loop(None)
    for loop in made:
        loop.close()


@pytest.fixture
def store(tmp_path):
    """A store without any file."""
    return WeightStore(cache=tmp_path / "cache")


@pytest.fixture
def service(tmp_path, store, puppet):
    host = StandaloneHost(output_dir=tmp_path)
    return Service(host, store, specs=built_by(lambda: puppet[-1]))


@pytest.fixture
def puppet():
    """A list whose last engine is the one that is built."""
    return [FakeEngine()]


@pytest.fixture
def host(gradio, service, tmp_path):
    return PageHost(service, tmp_path / "results", state_folder=tmp_path / "state")


@pytest.fixture
def portrait(tmp_path):
    path = tmp_path / "ada.png"
    Image.fromarray(portrait_like(96, 80)).save(path)
    return path


@pytest.fixture
def speech(tmp_path):
    return write_sound(tmp_path / "speech.wav", speech_like(0.8, 16000), 16000)
