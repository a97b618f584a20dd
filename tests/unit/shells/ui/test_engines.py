import pytest

from sadtalker_ext.errors import DownloadFailed
from sadtalker_ext.host.standalone import StandaloneHost
from sadtalker_ext.progress import Stage
from sadtalker_ext.service import Service
from sadtalker_ext.shells.ui.engines import EngineLine, download_size
from sadtalker_ext.weights.manifest import MEDIAPIPE_WHEEL, select

pytestmark = pytest.mark.usefixtures("gradio")


@pytest.fixture
def line(service):
    return EngineLine(service)


def test_the_built_in_engine_is_offered_first(line):
    offer = line.offer()
    assert offer.engine.name == "puppet"
    assert offer.size == MEDIAPIPE_WHEEL.size, "three files of one wheel are fetched once"
    assert offer.licences == ("Apache-2.0",)
    assert "36 MB, licence Apache-2.0" in line.html()
    assert line.button()["value"] == "Download Puppet (36 MB)"


def test_the_other_engine_is_offered_when_the_first_is_complete(line, store):
    complete(store, "face", "phones")
    assert line.offer().engine.name == "sadtalker"
    assert "1.0 GB" in line.html()
    complete(store, "sadtalker")
    assert line.offer() is None
    assert line.button()["visible"] is False


def complete(store, *features):
    """Let the store believe that files are there; only sizes are looked at here."""
    names = {file.name for file in select(features)}
    before = store.find
    store.find = lambda name: "there" if name in names else before(name)


def test_a_download_shows_its_progress_and_then_the_new_state(line, store):
    seen = []

    def fetch(words, progress):
        progress.enter(Stage.DOWNLOADING, 36_000_000)
        progress.advance(18_000_000)
        seen.append(list(words))
        complete(store, "face", "phones")
        complete(store, "sadtalker")

    store.fetch = fetch
    states = list(line.fetch())
    assert seen == [["face", "phones"]]
    assert "Puppet</b> ready" in states[-1][0]
    assert states[-1][1]["visible"] is False


def test_a_failed_download_says_why_and_can_be_tried_again(line, store):
    def fetch(words, progress):
        raise DownloadFailed("The network is down.", hint="Try again.")

    store.fetch = fetch
    text, button, stop = list(line.fetch())[-1]
    assert "The network is down." in text
    assert "Try again." in text
    assert button["visible"] is True
    assert stop["visible"] is False


def test_a_download_can_be_stopped(line, store):
    def fetch(words, progress):
        progress.enter(Stage.DOWNLOADING, 36_000_000)
        while True:
            progress.check()

    store.fetch = fetch
    states = line.fetch()
    text, button, stop = next(states)
    assert "Downloading 0 / 36 MB" in text
    assert (button["visible"], stop["visible"]) == (False, True)
    line.stop()
    text, button, _ = list(states)[-1]
    assert "Stopped" in text
    assert button["visible"] is True


def test_sizes_of_separate_files_add_up():
    files = select(["sadtalker"])
    assert download_size(files) == sum(file.size for file in files)


def test_missing_packages_are_named(monkeypatch, store):
    # other tests may have imported them already, and then they count as installed
    monkeypatch.setattr("sadtalker_ext.engine_status._installed", lambda name: False)
    html = EngineLine(Service(StandaloneHost(), store)).html()
    assert "needs torch, librosa" in html
    assert "pip install" in html
