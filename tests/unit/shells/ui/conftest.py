import asyncio
import warnings

import pytest
from PIL import Image

from sadtalker_ext.host.standalone import StandaloneHost
from sadtalker_ext.progress import Progress
from sadtalker_ext.service import Service
from sadtalker_ext.shells.ui import contract
from sadtalker_ext.shells.ui import speech as said
from sadtalker_ext.shells.ui.page import PageHost, build_page
from sadtalker_ext.weights.store import WeightStore
from tests.support.fake_engine import FakeEngine
from tests.support.media import portrait_like, speech_like, write_sound
from tests.support.specs import built_by

NAMES = (
    "video",
    "moving",
    "file",
    "summary",
    "parameters",
    "plot",
    "path",
    "seed",
    "status",
)


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


@pytest.fixture
def press(host):
    """Press Generate with some values, all others untouched."""
    jobs = []
    connect = host.connect_job
    host.connect_job = lambda parts, job: (jobs.append(job), connect(parts, job))
    _, parts = build_page(host)

    def run(progress=None, tick=True, **given):
        given |= {"consent": tick, "speech_kind": given.pop("kind", said.FILE)}
        given["speech_file"] = given.pop("file", None)
        ids = [one.elem_id.removeprefix(f"{contract.PREFIX}_") for one in parts.job.inputs]
        assert set(given) <= set(ids)
        values = [
            given.get(name, one.value) for name, one in zip(ids, parts.job.inputs, strict=True)
        ]
        outputs = jobs[0](progress or Progress(), *values)
        assert len(outputs) == len(parts.job.outputs)
        return dict(zip(NAMES, outputs, strict=True))

    return run
