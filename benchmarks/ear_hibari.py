"""``python -m benchmarks.ear_hibari FOLDER``: clips of another synthesiser with phone times.

Needs the packages hibari-tts and onnxruntime, which the project itself does not. The network's
node ``/Round_output_0`` gives the length of every symbol in units of 25 ms.
"""

from __future__ import annotations

import json
import sys
import wave
from pathlib import Path

import numpy as np

from sadtalker_ext.speech.ipa import SILENCE, parts_of

UNIT = 0.025
LATE = 0.06
"""Seconds by which these lengths lag behind the sound, in all clips alike: the silence of P, B and
K is deepest 40 to 50 ms before their nominal beginning, and should be some 20 ms after it."""
LETTERS = {
    "A": "eɪ",
    "I": "aɪ",
    "W": "aʊ",
    "Y": "ɔɪ",
    "O": "oʊ",
    "Q": "əʊ",
    "ʤ": "d͡ʒ",
    "ʧ": "t͡ʃ",
    "ᵻ": "ɪ",
    "T": "ɾ",
}
FAINT = 0.003  # of the peak: 50 dB below
MARKS = "ˈˌː"
TEXTS = (
    "My brother and I built a boat from bamboo, rope, and five old barrels.",
    "Whenever the weather is warm, people move slowly through the park.",
    "Please put the paper box above the lamp, before anybody bumps into it.",
    "You should choose a good book and read it to the youngest children.",
    "The very first movie about the river was full of wonderful surprises.",
    "Could you show me how to open the small blue window over there?",
    "Pepper and butter make almost every meal better, my mother believes.",
    "He never knew why the yellow house was empty for more than a year.",
    "We found four foxes and a wolf behind the old farm on the hill.",
    "Maybe the boys would join us for supper, if the trip is not too long.",
    "Her voice was calm, but both of her hands were moving all the time.",
    "A huge wave pushed the ship up the beach and broke its mast in two.",
)


def main() -> int:
    """Write a WAV and a JSON file for each text."""
    import hibari
    import onnx
    import onnxruntime

    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    voice = hibari.Hibari()
    graph = onnx.load(voice.model_path)
    graph.graph.output.extend([onnx.ValueInfoProto(name="/Round_output_0")])
    timing = onnxruntime.InferenceSession(graph.SerializeToString())
    for number, text in enumerate(TEXTS):
        (phones,) = voice.phonemize(text)
        ids = [0, *[voice.vocab[one] for one in phones if one in voice.vocab], 0]
        known = [SILENCE, *[one for one in phones if one in voice.vocab], SILENCE]
        given = {"ids": np.array([ids], np.int64), "speed": np.ones(1, np.float32)}
        lengths = np.ravel(timing.run(["/Round_output_0"], given)[0])
        sound = voice.from_phonemes(phones, seed=number)
        edges = np.concatenate([[0], np.cumsum(lengths)]) * UNIT
        edges *= len(sound) / voice.sample_rate / edges[-1]
        edges[1:-1] = np.maximum(edges[1:-1] - LATE, 0)
        with wave.open(str(folder / f"hibari-{number:02}.wav"), "wb") as target:
            target.setnchannels(1)
            target.setsampwidth(2)
            target.setframerate(voice.sample_rate)
            target.writeframes((np.clip(sound, -1, 1) * 32767).astype(np.int16).tobytes())
        sounds = _ended(_sounds(known, edges), sound, voice.sample_rate)
        told = {"language": "en", "text": text, "sounds": sounds}
        path = folder / f"hibari-{number:02}.json"
        path.write_text(json.dumps(told, ensure_ascii=False), encoding="utf-8")
    return 0


def _sounds(symbols: list[str], edges: np.ndarray) -> list[tuple[str, float, float]]:
    """Return plain sounds without gaps, "" for spaces and marks."""
    found: list[tuple[str, float, float]] = []
    for symbol, start, end in zip(symbols, edges[:-1], edges[1:], strict=True):
        if symbol in MARKS or symbol == " ":
            # to which of its neighbours this time belongs nobody knows
            found.append(("", float(start), float(end)))
            continue
        parts = parts_of(LETTERS.get(symbol, symbol))
        middle = start + 0.6 * (end - start) if len(parts) == 2 else end
        found.append((parts[0], float(start), float(middle)))
        found += [(part, float(middle), float(end)) for part in parts[1:]]
    return found


def _ended(
    sounds: list[tuple[str, float, float]], samples: np.ndarray, rate_hz: int
) -> list[tuple[str, float, float]]:
    """Return the sounds, the last one before each pause cut where it is no longer to be heard.

    Its length counts up to 0.3 seconds of silence in.
    """
    floor = FAINT * np.abs(samples).max()
    found = list(sounds)
    for number, (symbol, start, end) in enumerate(found[:-1]):
        if symbol == SILENCE or found[number + 1][0] != SILENCE:
            continue
        piece = np.abs(samples[int(start * rate_hz) : int(end * rate_hz)])
        loud = np.flatnonzero(piece > floor)
        stop = start + (int(loud[-1]) + 1 if len(loud) else len(piece)) / rate_hz
        found[number] = (symbol, start, stop)
        found[number + 1] = (SILENCE, stop, found[number + 1][2])
    return found


if __name__ == "__main__":
    sys.exit(main())
