"""Speech with exact times of all sounds, from espeak-ng.

espeak-ng is GPL: it is loaded only by this tool, never by the program.
"""

from __future__ import annotations

import ctypes
import functools
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from sadtalker_ext.speech.espeak_worker import PHONEME_EVENT, SYNCHRONOUS, UTF8, _Receiver
from sadtalker_ext.speech.ipa import SILENCE, parts_of

_PHONEMES_AS_IPA = 3
_RATE, _PITCH, _RANGE = 1, 3, 4
_LONGEST_SHUT = 0.12
"""Seconds of silence before the burst of a plosive that belong to it, and not to the vowel."""
_SILENT = 3e-4
_LOUD = 0.01
_PLOSIVES = frozenset("pbtdkgɡqcɟʈɖ")
_NEARLY_SHUT = ("β", "ɸ")
"""Lips come together and do not touch: neither a closure nor none."""
_FIRST_PART = 0.6

Samples = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Spoken:
    """One text spoken.

    Attributes:
        samples: (N,) float32.
        rate_hz: Samples per second.
        sounds: Symbol, start and end in seconds of each sound; symbols are plain sounds, or ""
            where nothing is known.
        bursts: For each sound the moment in seconds at which a plosive opens, else its start.
        symbols: The IPA symbols as they were spoken, with their beginnings.
    """

    samples: Samples
    rate_hz: int
    sounds: tuple[tuple[str, float, float], ...]
    bursts: tuple[float, ...]
    symbols: tuple[tuple[str, float], ...]


@functools.cache
def _library() -> tuple[ctypes.CDLL, int]:
    import espeakng_loader

    library = ctypes.CDLL(espeakng_loader.get_library_path())
    data = str(espeakng_loader.get_data_path()).encode()
    return library, int(library.espeak_Initialize(SYNCHRONOUS, 0, data, _PHONEMES_AS_IPA))


def speak(text: str, voice: str, *, rate: int = 165, pitch: int = 50, span: int = 50) -> Spoken:
    """Speak a text.

    Args:
        text: What is said.
        voice: Name or language of the voice, with "+variant".
        rate: Words per minute.
        pitch: 0 to 99.
        span: How lively the melody is, 0 to 99.

    Raises:
        ValueError: espeak-ng has no such voice, or says nothing.
    """
    library, rate_hz = _library()
    blocks: list[bytes] = []
    events: list[tuple[str, float]] = []

    def receive(samples: object, count: int, event: object) -> int:
        if samples and count:
            blocks.append(ctypes.string_at(samples, 2 * count))  # type: ignore[arg-type]
        index = 0
        while event[index].type:  # type: ignore[index]
            one = event[index]  # type: ignore[index]
            if one.type == PHONEME_EVENT:
                name = bytes(one.name.string).split(b"\0")[0].decode("utf-8", "ignore")
                events.append((name, one.sample / rate_hz))
            index += 1
        return 0

    receiver = _Receiver(receive)
    library.espeak_SetSynthCallback(receiver)
    if library.espeak_SetVoiceByName(voice.encode()):
        raise ValueError(f"no voice {voice}")
    for number, value in ((_RATE, rate), (_PITCH, pitch), (_RANGE, span)):
        library.espeak_SetParameter(number, value, 0)
    coded = text.encode()
    library.espeak_Synth(coded, len(coded) + 1, 0, 1, 0, UTF8, None, None)
    library.espeak_Synchronize()
    samples = np.frombuffer(b"".join(blocks), np.int16).astype(np.float32) / 32768
    if len(samples) < rate_hz // 4:
        raise ValueError("nothing said")
    sounds, bursts = _sounds(samples, rate_hz, events)
    return Spoken(samples, rate_hz, sounds, bursts, tuple(events))


def _sounds(
    samples: Samples, rate_hz: int, events: list[tuple[str, float]]
) -> tuple[tuple[tuple[str, float, float], ...], tuple[float, ...]]:
    """Return the plain sounds without gaps, each plosive with the silence before its burst."""
    seconds = len(samples) / rate_hz
    ends = [start for _, start in events[1:]] + [seconds]
    found: list[tuple[str, float, float]] = [(SILENCE, 0.0, events[0][1] if events else seconds)]
    bursts = [0.0]
    for (symbol, start), end in zip(events, ends, strict=True):
        if end <= start:
            continue
        parts = parts_of(symbol)
        if symbol.lstrip("ˈˌ") in _NEARLY_SHUT:
            parts = ("",)
        if parts == (SILENCE,):
            piece = samples[int(start * rate_hz) : int(end * rate_hz)]
            parts = (SILENCE,) if np.abs(piece).max(initial=0) < _LOUD else ("",)
        opened = begins = start
        if symbol.lstrip("ˈˌ")[:1] in _PLOSIVES:
            shut = _shut(samples, rate_hz, opened)
            found[-1] = (*found[-1][:2], min(found[-1][2], max(shut, found[-1][1])))
            begins = found[-1][2]
        edges = [begins, *_edges(begins, end, len(parts)), end]
        for part, left, right in zip(parts, edges[:-1], edges[1:], strict=True):
            found.append((part, left, right))
            bursts.append(opened if left == begins else left)
    return tuple(found), tuple(bursts)


def _edges(start: float, end: float, parts: int) -> list[float]:
    if parts == 2:
        return [start + _FIRST_PART * (end - start)]
    return [start + (end - start) * part / parts for part in range(1, parts)]


def _shut(samples: Samples, rate_hz: int, burst: float) -> float:
    """Return when the silence before a burst began."""
    last = int(burst * rate_hz)
    first = max(0, last - int(_LONGEST_SHUT * rate_hz))
    loud = np.flatnonzero(np.abs(samples[first:last]) > _SILENT)
    return (first + int(loud[-1]) + 1 if len(loud) else first) / rate_hz
