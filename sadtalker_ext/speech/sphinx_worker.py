"""Runs pocketsphinx; started as a program of its own by `sphinx`.

pocketsphinx holds Python's interpreter lock for seconds at a time. In the process of a WebUI or a
server that would freeze every page and every answer, so it works in a child process. The script
needs only the standard library and pocketsphinx.

A request is one line of JSON and `bytes` bytes of 16 kHz mono 16-bit sound; the answer is one line
of JSON. Times are in frames of 10 ms.
"""

from __future__ import annotations

import contextlib
import functools
import json
import os
import sys
from typing import Any

Sounds = list[tuple[str, int, int]]

_SURE, _CERTAIN = 0.5, 0.9  # probability of a word

_added: set[str] = set()
"""Words of earlier requests that the dictionary did not have; they are still not known."""


def answer(request: dict[str, Any], pcm: bytes) -> Any:
    """Do what a request asks for: "known", "phones", "words" or "align"."""
    if request["do"] == "known":
        decoder = _decoder("align")
        return [
            word not in _added and decoder.lookup_word(word) is not None
            for word in request["words"]
        ]
    if request["do"] == "phones":
        return _phones(pcm)
    if request["do"] == "words":
        return _words(pcm)
    return _align(pcm, request["words"], request["spellings"])


@functools.cache
def _decoder(kind: str) -> Any:
    """Return the decoder for "words", "phones" or "align"; never lets it print."""
    import pocketsphinx

    if kind == "words":
        # one pass and a limit to the hypotheses: half the time, and no more errors
        return pocketsphinx.Decoder(loglevel="FATAL", fwdflat=False, maxhmmpf=3000)
    if kind == "phones":
        model = pocketsphinx.get_model_path("en-us")
        return pocketsphinx.Decoder(
            loglevel="FATAL",
            lm=None,
            hmm=f"{model}/en-us",
            allphone=f"{model}/en-us-phone.lm.bin",
            lw=2.0,
            beam=1e-20,
            pbeam=1e-20,
        )
    return pocketsphinx.Decoder(loglevel="FATAL", lm=None)


def _run(decoder: Any, pcm: bytes) -> None:
    # without this the decoder's idea of the background noise leaks into the next job
    decoder.reinit_feat()
    decoder.start_utt()
    try:
        decoder.process_raw(pcm, full_utt=True)
    finally:
        decoder.end_utt()


def _phones(pcm: bytes) -> Sounds:
    decoder = _decoder("phones")
    _run(decoder, pcm)
    return [(one.word, one.start_frame, one.end_frame + 1) for one in decoder.seg() or ()]


def _words(pcm: bytes) -> dict[str, Any]:
    """Recognise English.

    The hypothesis is aligned as it stands, with the pronunciations and the times that won: a new
    alignment of its words alone fails on every third recording.

    Returns:
        "words"; "sure", the share of them that is fairly sure; "sounds", their phones; "certain",
        first and last frame of each word that is hardly to be doubted.
    """
    decoder = _decoder("words")
    search = decoder.current_search()
    _run(decoder, pcm)
    guess = decoder.hyp()
    if guess is None or not guess.hypstr:
        return {"words": [], "sure": 0.0, "sounds": [], "certain": []}
    heard = [one for one in decoder.seg() if one.word[0] not in "<[+"]
    sure = [one.prob > _SURE for one in heard]
    result = {
        "words": guess.hypstr.split(),
        "sure": sum(sure) / len(sure) if sure else 0.0,
        "sounds": [],
        "certain": [(one.start_frame, one.end_frame) for one in heard if one.prob > _CERTAIN],
    }
    with contextlib.suppress(RuntimeError):
        decoder.set_alignment()
        _run(decoder, pcm)
        result["sounds"] = _sounds(decoder)
    decoder.activate_search(search)
    return result


def _sounds(decoder: Any) -> Sounds:
    """Return the phones of a finished alignment."""
    return [
        (phone.name, phone.start, phone.start + phone.duration)
        for word in decoder.get_alignment() or ()
        for phone in word
    ]


def _align(pcm: bytes, words: list[str], spellings: dict[str, str]) -> Sounds:
    """Return the phonemes of the words; empty when the alignment fails."""
    decoder = _decoder("align")
    for word, phones in spellings.items():
        if decoder.lookup_word(word) is None:
            decoder.add_word(word, phones, True)
            _added.add(word)
    with contextlib.suppress(RuntimeError):
        decoder.set_align_text(" ".join(words))
        _run(decoder, pcm)
        decoder.set_alignment()
        _run(decoder, pcm)
        return _sounds(decoder)
    return []


def serve() -> None:
    """Answer requests until the other side closes; nothing else may reach the output."""
    with os.fdopen(os.dup(1), "w", encoding="utf-8") as output:
        os.dup2(2, 1)
        for line in sys.stdin.buffer:
            request = json.loads(line)
            pcm = sys.stdin.buffer.read(request["bytes"])
            output.write(json.dumps(answer(request, pcm)) + "\n")
            output.flush()


if __name__ == "__main__":
    serve()
