"""A build of OpenCV that calculates garbage or stands still is named in a sentence."""

import threading
import time

import cv2
import numpy as np
import pytest

from sadtalker_ext import opencv
from sadtalker_ext.errors import PackageBroken


@pytest.fixture(autouse=True)
def fresh_answer():
    """The answer of the process is remembered: each test asks anew, and leaves none behind."""
    opencv.opencv_fault.cache_clear()
    yield
    opencv.opencv_fault.cache_clear()


def test_the_installed_build_is_sound():
    assert opencv.opencv_fault() == ""
    opencv.require_sound_opencv()


def test_the_test_takes_little_time():
    opencv.opencv_fault()  # the first call of OpenCV starts its threads
    opencv.opencv_fault.cache_clear()
    began = time.process_time()
    opencv.opencv_fault()
    assert time.process_time() - began < 0.2


def garbage(real):
    def call(*arguments, **names):
        values = np.array(real(*arguments, **names))
        values[values.shape[0] // 2, values.shape[1] // 2] = 250  # a single speck is enough
        return values

    return call


def not_a_number(real):
    def call(*arguments, **names):
        values = np.array(real(*arguments, **names), np.float32)
        values[values.shape[0] // 2, values.shape[1] // 2] = np.nan
        return values

    return call


@pytest.mark.parametrize("name", ["remap", "warpAffine", "resize", "GaussianBlur"])
@pytest.mark.parametrize("fault", [garbage, not_a_number])
def test_wrong_pixels_are_named(monkeypatch, name, fault):
    monkeypatch.setattr(cv2, name, fault(getattr(cv2, name)))
    with pytest.raises(PackageBroken, match=rf"{cv2.__version__} calculates wrong.*{name}") as told:
        opencv.require_sound_opencv()
    assert opencv.ADVICE in told.value.hint


def test_a_call_that_stands_still_is_named(monkeypatch):
    released = threading.Event()
    monkeypatch.setattr(cv2, "remap", lambda *_, **__: released.wait(60))
    monkeypatch.setattr(opencv, "_PATIENCE", 0.2)
    try:
        with pytest.raises(PackageBroken, match="stands still in remap"):
            opencv.require_sound_opencv()
    finally:
        released.set()


def test_a_call_that_takes_seconds_is_named(monkeypatch):
    real = cv2.warpAffine

    def slow(*arguments, **names):
        until = time.thread_time() + 0.1
        while time.thread_time() < until:
            pass
        return real(*arguments, **names)

    monkeypatch.setattr(cv2, "warpAffine", slow)
    monkeypatch.setattr(opencv, "_SLOW", 0.05)
    with pytest.raises(PackageBroken, match=r"takes seconds .* warpAffine"):
        opencv.require_sound_opencv()


def test_an_error_of_opencv_is_named(monkeypatch):
    def refuse(*_, **__):
        raise cv2.error("unsupported")

    monkeypatch.setattr(cv2, "remap", refuse)
    with pytest.raises(PackageBroken, match="cannot do remap"):
        opencv.require_sound_opencv()


@pytest.mark.parametrize(("version", "old"), [("4.7.0", True), ("4.8.0", False), ("5.1.0", False)])
def test_old_builds_are_refused(monkeypatch, version, old):
    monkeypatch.setattr(cv2, "__version__", version)
    assert bool(opencv.opencv_fault()) == old


def test_the_drawing_and_the_face_models_ask_first(monkeypatch, tmp_path):
    from sadtalker_ext.pixels import remap
    from sadtalker_ext.portrait.network import Network

    monkeypatch.setattr(cv2, "__version__", "4.5.1")
    with pytest.raises(PackageBroken):
        remap(np.zeros((4, 4)), np.zeros((2, 2)), np.zeros((2, 2)))
    with pytest.raises(PackageBroken):
        Network(tmp_path / "face.tflite", ["out"])
