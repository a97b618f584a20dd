"""The phone recogniser's network against its own library, and against damaged files."""

import json
import struct
from pathlib import Path

import numpy as np
import pytest

from sadtalker_ext.errors import WeightsCorrupt
from sadtalker_ext.speech.hear.conformer import Conformer
from sadtalker_ext.speech.hear.recogniser import recogniser_of
from sadtalker_ext.speech.hear.tensors import read_tensors
from sadtalker_ext.speech.ipa import SILENCE, parts_of
from sadtalker_ext.weights.manifest import RECOGNISER, VOCABULARY
from sadtalker_ext.weights.store import WeightStore
from tests.unit.speech.hear.sounds import babble

RECORDED = Path(__file__).with_name("conformer.npz")
MOST = 0.05


@pytest.fixture(scope="module")
def files():
    store = WeightStore.standard()
    return [store.require(name).read_bytes() for name in (RECOGNISER, VOCABULARY)]


@pytest.fixture(scope="module")
def network(files):
    return Conformer(*files)


def test_equals_its_own_library(network):
    wanted = np.load(RECORDED)["log_probs"].astype(np.float32)
    found = network(babble()).log_probs
    assert found.shape == wanted.shape
    np.testing.assert_allclose(found, wanted, atol=MOST)
    assert (found.argmax(1) == wanted.argmax(1)).all()


def test_rows_of_any_length(network):
    for count in (1, 159, 160, 320, 321, 5000):
        heard = network(np.zeros(count, np.float32))
        assert len(heard.mels) == count // 160 + 1
        assert len(heard.log_probs) == len(heard.hidden) == (count // 160 + 2) // 2
        np.testing.assert_allclose(np.exp(heard.log_probs).sum(1), 1, atol=1e-4)


def test_every_speech_symbol_has_a_mouth(network):
    assert len(network.symbols) == 191
    silent = [one for one in network.symbols if parts_of(one) == (SILENCE,)]
    # marks, tones and signs: no sounds of their own
    letters = [one for one in silent if one.isalpha() and ord(one[0]) > 127]
    assert set(letters) <= set("ʰʱˀˤːˑ一不"), letters


def test_a_damaged_file_is_told(files):
    weights, vocabulary = files
    for broken in (b"", b"HAMAPK", weights[:2000], b"X" + weights[1:], weights[:-5000]):
        with pytest.raises(WeightsCorrupt):
            Conformer(broken, vocabulary)
    with pytest.raises(WeightsCorrupt):
        Conformer(weights, b"[]")


def test_tensors_by_the_format():
    name = b"x"
    entry = struct.pack("<H", 1) + name + struct.pack("<BBII", 1, 2, 2, 3)
    entry += struct.pack("<QQ", 0, 12)
    head = b"HAMAPK" + bytes([1, 1]) + struct.pack("<H", 1) + b"\0\0"
    values = np.arange(6, dtype=np.float16).reshape(2, 3)
    found = read_tensors(head + entry + b"padding!" + values.tobytes())
    np.testing.assert_array_equal(found["x"], values.astype(np.float32))


def test_without_weights_there_is_no_recogniser(tmp_path):
    store = WeightStore([tmp_path], cache=tmp_path / "cache")
    assert recogniser_of(store.require) is None


def test_provenance_is_told():
    told = json.loads(RECORDED.with_suffix(".json").read_text(encoding="utf-8"))
    assert "hama 1.7.0" in told["made_by"]
