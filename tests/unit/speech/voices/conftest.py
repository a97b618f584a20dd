"""The built-in voice, and a dictionary small enough to read."""

import gzip
import json

import pytest

from sadtalker_ext.speech.voices.hibari.lexicon import Lexicon
from sadtalker_ext.weights.store import WeightStore

COMMON = {
    "the": "ði", "a": "A", "A": "ˈA", "an": "æn", "to": "tu", "I": "ˈI", "apple": "ˈæpᵊl",
    "cat": "kˈæt", "dog": "dˈɔɡ", "box": "bˈɑks", "city": "sˈɪɾi", "stop": "stˈɑp",
    "hope": "hˈOp", "wait": "wˈAt", "run": "ɹˈʌn", "it": "ɪt", "have": "hæv", "is": "ɪz",
    "that": {"DEFAULT": "ðæt", "DT": "ðˈæt"}, "by": {"DEFAULT": "bI", "None": "bˈI"},
    "record": {"DEFAULT": "ɹˈɛkəɹd", "VERB": "ɹəkˈɔɹd"}, "water": "wˈɔɾəɹ", "he": "hi",
    "read": {"DEFAULT": "ɹˈid", "VBD": "ɹˈɛd", "VBN": "ɹˈɛd"}, "Paul": "pˈɔl",
    "used": {"DEFAULT": "jˈuzd", "VBD": "jˈust"}, "pen": "pˈɛn", "five": "fˈIv",
    "B": "bˈi", "F": "ˈɛf", "U": "jˈu", "S": "ˈɛs", "dollars": "dˈɑləɹz", "us": "ˌʌs",
}  # fmt: skip
RARE = {"zebra": "zˈibɹə", "walked": "wˈɔkt"}


@pytest.fixture
def lexicon(tmp_path):
    """A lexicon of a few words; what it does not know is spelled backwards."""
    paths = []
    for name, words in (("common", COMMON), ("rare", RARE)):
        path = tmp_path / f"{name}.json.gz"
        with gzip.open(path, "wt", encoding="utf-8") as stream:
            json.dump(words, stream)
        paths.append(path)
    return Lexicon(*paths, unknown=lambda word: word[::-1])


@pytest.fixture(scope="session")
def voice_store():
    """The voice's files; the test command of quickstart.py fetches them before the tests."""
    store = WeightStore.standard()
    absent = [file.name for file in store.missing(["voice"])]
    assert not absent, (
        f"The tests need the files {absent}: run `python3 quickstart.py test`, "
        "or `sadtalker weights fetch voice` first."
    )
    return store
