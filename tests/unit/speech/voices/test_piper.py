import importlib.util
import json
import sys
import types

import numpy as np
import pytest

from sadtalker_ext.errors import UnreadableAudio, WeightsCorrupt
from sadtalker_ext.speech.voices import piper
from sadtalker_ext.speech.voices.piper import Piper
from sadtalker_ext.speech.voices.provider import Delivery
from sadtalker_ext.weights.store import WeightStore

CONFIG = {
    "audio": {"sample_rate": 16000},
    "language": {"code": "en_GB"},
    "espeak": {"voice": "en-us"},
    "inference": {"noise_scale": 0.5, "length_scale": 1.2, "noise_w": 0.7},
    "num_speakers": 2,
    "phoneme_id_map": {
        "^": [1], "$": [2], "_": [0], " ": [3], ",": [8], ".": [10], "h": [20], "ə": [59],
        "l": [24], "ˈ": [120], "o": [27], "ʊ": [100], "ð": [41], "ɛ": [61], "ɹ": [88],
    },
}  # fmt: skip


class Session:
    """Says a tone of 0.01 s for each number, and remembers what it was asked."""

    asked: list = []  # noqa: RUF012 - one list for the test

    def __init__(self, path, providers):
        self.path = path

    def run(self, outputs, inputs):
        Session.asked.append(inputs)
        return [np.full((1, 1, 1, 160 * inputs["input"].shape[1]), 0.5, np.float32)]


@pytest.fixture
def store(tmp_path, monkeypatch):
    folder = tmp_path / "weights" / "piper"
    folder.mkdir(parents=True)
    (folder / "amy.onnx").write_bytes(b"a network")
    (folder / "amy.onnx.json").write_text(json.dumps(CONFIG), encoding="utf-8")
    (folder / "alone.onnx").write_bytes(b"no description")
    runtime = types.ModuleType("onnxruntime")
    runtime.InferenceSession = Session
    monkeypatch.setitem(sys.modules, "onnxruntime", runtime)
    monkeypatch.setattr(piper, "_installed", lambda module: True)
    Session.asked.clear()
    piper._session.cache_clear()
    return WeightStore((tmp_path / "weights",), cache=tmp_path / "cache")


def speak(store, text, **delivery):
    return list(Piper(store).synthesise(text, Delivery(voice="piper:amy", **delivery)))


def test_voices_with_both_files_are_found(store):
    (voice,) = Piper(store).voices()
    assert (voice.name, voice.language) == ("piper:amy", "en-GB")


def test_without_the_runtime_there_are_none(store, monkeypatch):
    monkeypatch.setattr(piper, "_installed", lambda module: False)
    assert Piper(store).voices() == ()


def test_phones_become_numbers_with_padding_between(store):
    (one,) = speak(store, "Hello, there.")
    (asked,) = Session.asked
    assert asked["input"][0].tolist() == [
        1, 0, 20, 0, 59, 0, 24, 0, 120, 0, 27, 0, 100, 0, 8, 0, 3, 0,
        41, 0, 120, 0, 61, 0, 88, 0, 10, 0, 2,
    ]  # fmt: skip
    assert asked["input_lengths"].tolist() == [29]
    assert asked["sid"].tolist() == [0]
    assert one.rate_hz == 16000
    assert one.seconds == pytest.approx(0.29)


def test_the_rate_shortens_and_sentences_come_one_by_one(store):
    found = speak(store, "Hello. There.", rate=2.0)
    assert len(found) == 2
    np.testing.assert_allclose(Session.asked[0]["scales"], [0.5, 0.6, 0.7])


def test_what_it_cannot_say_is_left_out(store):
    assert speak(store, "***") == []


def test_a_failing_voice_is_a_sentence(store, monkeypatch):
    def fail(self, outputs, inputs):
        raise RuntimeError("wrong input")

    monkeypatch.setattr(Session, "run", fail)
    with pytest.raises(UnreadableAudio, match="wrong input"):
        speak(store, "Hello.")


def test_a_broken_description_is_a_sentence(store, tmp_path):
    (tmp_path / "weights" / "piper" / "amy.onnx.json").write_text("{}")
    with pytest.raises(WeightsCorrupt, match="description"):
        speak(store, "Hello.")


def test_the_runtime_is_not_looked_for_by_importing_it():
    assert piper._installed("wave") is True
    assert piper._installed("no_such_module_here") is False
    assert importlib.util.find_spec("wave") is not None
