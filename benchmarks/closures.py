"""How well lips close at P, B and M, against speech with exact phoneme times.

The opening of the finished, decoded video, at its narrowest around a closure, is divided by that
of the open vowels at their middle (or their mean, where that is less; see `measure`), so lips that
stay shut through short vowels do not pass. Needs the test extra (espeak-ng).
"""

from __future__ import annotations

import dataclasses
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.measure import closure_shares, decode, track_face
from benchmarks.subject import face_models, puppet_video, with_exact_phonemes
from sadtalker_ext.inputs.audio import open_speech
from sadtalker_ext.options import GenerateOptions

SENTENCES = (
    "Papa brought my mama a big map of Panama. Peter Piper packed a bamboo box.",
    "Maybe Bob can stop by my apartment before the market opens. "
    "I am happy to help him carry apples.",
)
VOICES = ("en-us", "en-gb-x-rp", "en-us+f3")
REACHED = 0.2


def run() -> dict[str, Any]:
    """Speak sentences in several voices; measure for every way the sounds can be known.

    "exact" takes the times of the synthesis, "aligned" the text, "recognised" the sound alone.
    """
    results = {}
    for mode in ("exact", "aligned", "recognised"):
        shares = np.concatenate(
            [_shares(text, voice, mode) for text in SENTENCES for voice in VOICES]
        )
        results[mode] = {
            "closures": len(shares),
            "reached": int((shares <= REACHED).sum()),
            "median_share_of_open_vowels": round(float(np.median(shares)), 3),
            "ninth_decile": round(float(np.quantile(shares, 0.9)), 3),
        }
    return results


def _shares(text: str, voice: str, mode: str) -> np.ndarray:
    from tests.support.espeak import say
    from tests.support.media import write_sound

    said = say(text, voice)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "said.wav"
        write_sound(path, said.samples[:, None], said.rate_hz)
        speech = open_speech(path)
        if mode == "exact":
            speech = with_exact_phonemes(speech, said.speech())
        elif mode == "aligned":
            speech = dataclasses.replace(speech, text=text)
        models = face_models()
        with puppet_video(GenerateOptions(seed=3), speech=speech, models=models) as made:
            track = track_face(decode(made[0].path), models)
    return closure_shares(track.opening, said.phonemes)
