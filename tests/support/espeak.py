"""Test speech with exact phoneme times, synthesised offline by espeak-ng (tests only: GPL)."""

from __future__ import annotations

import ctypes
import functools
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy.signal import resample_poly

from sadtalker_ext.types import FloatArray, Phoneme, Speech

# espeak's mnemonics, without stress marks, to ARPABET
SYMBOLS = {
    **dict.fromkeys(("@", "@2", "@5", "a#", "V", "@-"), ("AH",)),
    **dict.fromkeys(("I", "I2", "I#"), ("IH",)),
    **dict.fromkeys(("i", "i:"), ("IY",)),
    **dict.fromkeys(("0", "0#", "A:", "A#", "A"), ("AA",)),
    **dict.fromkeys(("3", "3:"), ("ER",)),
    **dict.fromkeys(("E", "E2"), ("EH",)),
    **dict.fromkeys(("a", "aa", "&"), ("AE",)),
    **dict.fromkeys(("U",), ("UH",)),
    **dict.fromkeys(("u:", "u"), ("UW",)),
    **dict.fromkeys(("O:", "O", "O2"), ("AO",)),
    **dict.fromkeys(("aI@", "aI3"), ("AY", "ER")),
    **dict.fromkeys(("aU@",), ("AW", "ER")),
    **dict.fromkeys(("O@", "o@"), ("AO", "R")),
    **dict.fromkeys(("i@", "i@3"), ("IH", "R")),
    "eI": ("EY",),
    **dict.fromkeys(("aI", "aI2"), ("AY",)),
    "aU": ("AW",),
    "OI": ("OY",),
    "oU": ("OW",),
    "A@": ("AA", "R"),
    "e@": ("EH", "R"),
    "U@": ("UH", "R"),
    "@L": ("AH", "L"),
    "D": ("DH",),
    "T": ("TH",),
    "dZ": ("JH",),
    "tS": ("CH",),
    "S": ("SH",),
    "Z": ("ZH",),
    "N": ("NG",),
    "h": ("HH",),
    "?": ("HH",),
    **dict.fromkeys(("j", ";"), ("Y",)),
    "t#": ("D",),
    "t2": ("T",),
    "n-": ("N",),
    "r-": ("R",),
    **{letter: (letter.upper(),) for letter in "bdfgklmnprstvwz"},
}


class _Name(ctypes.Union):
    _fields_ = [("number", ctypes.c_int), ("string", ctypes.c_char * 8)]


class _Event(ctypes.Structure):
    _fields_ = [
        ("type", ctypes.c_int),
        ("identifier", ctypes.c_uint),
        ("text_position", ctypes.c_int),
        ("length", ctypes.c_int),
        ("milliseconds", ctypes.c_int),
        ("sample", ctypes.c_int),
        ("user_data", ctypes.c_void_p),
        ("name", _Name),
    ]


_Callback = ctypes.CFUNCTYPE(
    ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.POINTER(_Event)
)
_PHONEME_EVENT = 7


@dataclass(frozen=True)
class Utterance:
    """Synthesised speech and the truth about it."""

    samples: FloatArray
    rate_hz: int
    phonemes: tuple[Phoneme, ...]
    text: str

    def speech(self, *, exact: bool = True, text: bool = False) -> Speech:
        """As the pipeline sees it, with or without the exact phonemes and the text."""
        return speech_of(
            self.samples,
            self.rate_hz,
            phonemes=self.phonemes if exact else None,
            text=self.text if text else "",
        )


@functools.cache
def _library() -> tuple[ctypes.CDLL, int]:
    import espeakng_loader

    library = ctypes.CDLL(espeakng_loader.get_library_path())
    rate_hz = library.espeak_Initialize(2, 0, str(espeakng_loader.get_data_path()).encode(), 1)
    return library, int(rate_hz)


def say(text: str, voice: str = "en-us", words_per_minute: int = 165) -> Utterance:
    """Speak `text`; the phonemes are translated to ARPABET only for English voices."""
    library, rate_hz = _library()
    blocks: list[np.ndarray] = []
    events: list[tuple[float, str]] = []

    def receive(samples, count, event):
        if samples and count:
            blocks.append(np.ctypeslib.as_array(samples, (count,)).copy())
        index = 0
        while event[index].type != 0:
            if event[index].type == _PHONEME_EVENT:
                name = bytes(event[index].name.string).split(b"\0")[0].decode()
                events.append((event[index].sample / rate_hz, name))
            index += 1
        return 0

    callback = _Callback(receive)
    library.espeak_SetSynthCallback(callback)
    if library.espeak_SetVoiceByName(voice.encode()) != 0:
        raise ValueError(f"espeak has no voice {voice}")
    library.espeak_SetParameter(1, words_per_minute, 0)
    data = text.encode()
    library.espeak_Synth(data, len(data) + 1, 0, 1, 0, 1, None, None)
    library.espeak_Synchronize()
    samples = (np.concatenate(blocks) / 32768).astype(np.float32)
    phonemes = _translate(events, len(samples) / rate_hz) if voice.startswith("en") else ()
    return Utterance(samples, rate_hz, phonemes, text)


def _translate(events: list[tuple[float, str]], seconds: float) -> tuple[Phoneme, ...]:
    found: list[Phoneme] = []
    ends = [start for start, _ in events[1:]] + [seconds]
    for (start, name), end in zip(events, ends, strict=True):
        bare = name.lstrip("',%=|")
        symbols = ("SIL",) if not bare or bare[0] in "_:" else SYMBOLS[bare]
        edges = np.linspace(start, end, len(symbols) + 1)
        found += [
            Phoneme(symbol=symbol, start=float(left), end=float(right))
            for symbol, left, right in zip(symbols, edges[:-1], edges[1:], strict=True)
            if right > left
        ]
    return tuple(found)


def speech_of(
    samples: FloatArray,
    rate_hz: int,
    *,
    phonemes: tuple[Phoneme, ...] | None = None,
    text: str = "",
    repeats: int = 1,
) -> Speech:
    """A `Speech` that reads an array, `repeats` times over, in blocks of about half a second."""

    def read(wanted_hz: int | None) -> Iterator[FloatArray]:
        target = wanted_hz or rate_hz
        step = np.gcd(target, rate_hz)
        once = resample_poly(samples, target // step, rate_hz // step).astype(np.float32)
        for _ in range(repeats):
            yield from np.array_split(once, max(1, 2 * len(once) // target))

    return Speech(
        path=Path("speech.wav"),
        start=0.0,
        seconds=repeats * len(samples) / rate_hz,
        rate_hz=rate_hz,
        channels=1,
        read=read,
        text=text,
        phonemes=phonemes,
    )
