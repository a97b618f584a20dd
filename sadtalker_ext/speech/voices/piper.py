"""Voices of piper that the user put into a weight folder, where onnxruntime is installed.

A voice is a pair of files, ``NAME.onnx`` and ``NAME.onnx.json``. Its text becomes phones by
espeak-ng, clause by clause, each phone one or more numbers of the voice's own table.
"""

from __future__ import annotations

import functools
import importlib
import importlib.util
import json
import re
import unicodedata
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import numpy as np

from sadtalker_ext.errors import UnreadableAudio, WeightsCorrupt
from sadtalker_ext.speech.voices import espeak
from sadtalker_ext.speech.voices.provider import Delivery, Utterance, Voice
from sadtalker_ext.types import FloatArray
from sadtalker_ext.weights.store import WeightStore

PREFIX: Final = "piper:"
_PAD, _START, _END = "_", "^", "$"
_CLAUSE: Final = re.compile(r"[^,;:.!?…]+|[,;:.!?…]+")
_PARAGRAPH, _SENTENCE, _CLAUSE_PAUSE = 0.8, 0.35, 0.1
_DEFAULTS: Final = {"noise_scale": 0.667, "length_scale": 1.0, "noise_w": 0.8}


class Piper:
    """Speaks with piper's voices.

    Args:
        store: Its folders are searched, and ``piper`` inside each of them.
    """

    name = "piper"

    def __init__(self, store: WeightStore) -> None:
        self._store = store

    def voices(self) -> tuple[Voice, ...]:
        """Return the voices whose two files are there, if they can be run here."""
        if not (_installed("onnxruntime") and espeak.installed()):
            return ()
        return tuple(
            Voice(
                name=f"{PREFIX}{name}",
                language=str(_config(path).get("language", {}).get("code", "")).replace("_", "-"),
                label=f"{name} (piper)",
            )
            for name, path in self._files().items()
        )

    def unread(self, text: str) -> Iterator[str]:  # noqa: ARG002  the protocol's
        """Yield nothing: the program does not tell what it leaves out."""
        return iter(())

    def synthesise(self, text: str, delivery: Delivery) -> Iterator[Utterance]:
        """Speak a text, sentence by sentence; piper tells no times.

        Raises:
            WeightsCorrupt: The voice's files cannot be read.
            UnreadableAudio: The voice failed.
        """
        from sadtalker_ext.speech.reading.sentences import sentences

        path = self._files()[delivery.voice.removeprefix(PREFIX)]
        config = _config(path)
        if not config:
            raise WeightsCorrupt(f"{path}.json is not a readable description of a piper voice.")
        session = _session(path, path.stat().st_mtime_ns)
        for sentence in sentences(text):
            places = _places(sentence.text, config)
            if len(places) < 4:
                continue
            pause = _PARAGRAPH if sentence.ends_paragraph else _SENTENCE
            yield Utterance(
                sound=_run(session, places, config, delivery),
                rate_hz=int(config["audio"]["sample_rate"]),
                pause=(pause if sentence.whole else _CLAUSE_PAUSE) / delivery.rate,
                written=len(sentence.text),
            )

    def _files(self) -> dict[str, Path]:
        folders = [place for one in self._store.folders for place in (one, one / "piper")]
        found = [
            file
            for folder in folders
            if folder.is_dir()
            for file in sorted(folder.glob("*.onnx"))
            if file.with_name(f"{file.name}.json").is_file()
        ]
        return {file.stem: file for file in reversed(found)}


def _installed(module: str) -> bool:
    return importlib.util.find_spec(module) is not None


def _config(path: Path) -> dict[str, Any]:
    try:
        read: Any = json.loads(path.with_name(f"{path.name}.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    known = isinstance(read, dict) and {"audio", "phoneme_id_map"} <= set(read)
    return read if known else {}


@functools.lru_cache(maxsize=1)
def _session(path: Path, _: int) -> Any:
    runtime = importlib.import_module("onnxruntime")
    try:
        return runtime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    except Exception as error:
        raise WeightsCorrupt(f"{path} is not a readable piper voice: {error}.") from error


def _places(text: str, config: Mapping[str, Any]) -> list[int]:
    """Return the numbers of a sentence: start, each phone followed by padding, end."""
    table: Mapping[str, list[int]] = config["phoneme_id_map"]
    parts = [part.strip() for part in _CLAUSE.findall(text) if part.strip()]
    spoken = [part for part in parts if any(sign.isalnum() for sign in part)]
    if config.get("phoneme_type", "espeak") == "text" or not spoken:
        said = {part: part.casefold() for part in spoken}
    else:
        voice = config.get("espeak", {}).get("voice", "en-us")
        answer = espeak.ask({"do": "phones", "texts": spoken, "voice": voice})
        said = dict(zip(spoken, answer["phones"], strict=True))
    signs = unicodedata.normalize("NFD", " ".join(said.get(part, part[:1]) for part in parts))
    signs = re.sub(r"\s+([,;:.!?…])", r"\1", signs)
    pad = table.get(_PAD, [0])
    places = [*table.get(_START, []), *pad]
    for sign in signs:
        if sign in table:
            places += [*table[sign], *pad]
    return [*places, *table.get(_END, [])]


def _run(
    session: Any, places: list[int], config: Mapping[str, Any], delivery: Delivery
) -> FloatArray:
    """Return the sound of one sentence, (N,) float32."""
    how = _DEFAULTS | config.get("inference", {})
    scales = [how["noise_scale"], how["length_scale"] / delivery.rate, how["noise_w"]]
    inputs = {
        "input": np.array([places], dtype=np.int64),
        "input_lengths": np.array([len(places)], dtype=np.int64),
        "scales": np.array(scales, dtype=np.float32),
    }
    if int(config.get("num_speakers", 1)) > 1:
        inputs["sid"] = np.zeros(1, dtype=np.int64)
    try:
        sound = np.asarray(session.run(None, inputs)[0], dtype=np.float32).reshape(-1)
    except Exception as error:
        raise UnreadableAudio(f"The piper voice failed: {error}.") from error
    return np.clip(sound, -1.0, 1.0)
