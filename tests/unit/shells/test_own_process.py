"""What the command line sets up in its own process, and only there."""

import cv2
import pytest

from sadtalker_ext.host.standalone import StandaloneHost
from sadtalker_ext.shells.cli import serve
from sadtalker_ext.shells.cli.own_process import suit


@pytest.fixture(autouse=True)
def threads():
    before = cv2.getNumThreads()
    cv2.setNumThreads(2)
    yield
    cv2.setNumThreads(before)


@pytest.mark.parametrize(("device", "threads_left"), [("cuda:0", 1), ("cpu", 2), ("mps", 2)])
def test_opencv_keeps_to_the_calling_thread_where_a_card_draws(device, threads_left):
    with StandaloneHost(device=device, suit=suit).gpu_turn("a job"):
        assert cv2.getNumThreads() == threads_left


def test_in_other_programs_nothing_is_switched():
    with StandaloneHost(device="cuda:0").gpu_turn("a job"):
        assert cv2.getNumThreads() == 2


@pytest.mark.parametrize(
    ("version", "page"), [("6.0.1", True), ("12.1", True), ("4.40.0", False), ("3.41.2", False)]
)
def test_an_older_gradio_of_a_webui_gets_no_page_of_ours(monkeypatch, version, page):
    """It would serve one without asking for passwords."""
    monkeypatch.setattr(serve, "_installed", lambda module: True)
    monkeypatch.setattr(serve.importlib.metadata, "version", lambda name: version)
    assert serve._has_page() == page
