"""Training examples: what the recogniser makes of spoken texts, and which sound is when."""

from __future__ import annotations

import random
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass

import numpy as np

from sadtalker_ext.speech.hear.conformer import Conformer
from sadtalker_ext.speech.ipa import PLAIN
from training.ear import recorded, rooms, words
from training.ear.spoken import Spoken, speak

VARIANTS = (
    *("", "+f1", "+f2", "+f4", "+f5", "+m1", "+m2", "+m4", "+m5", "+m6", "+m7", "+m8"),
    *("+klatt", "+klatt2", "+klatt4", "+croak", "+Annie", "+Alex", "+Andy", "+Diogo", "+Gene"),
    *("+Jacky", "+Lee", "+Mario", "+Michael", "+Reed", "+Tweaky", "+adam", "+anika", "+aunty"),
    *("+belinda", "+benjamin", "+boris", "+david", "+grandma", "+grandpa", "+gustave", "+ian"),
    *("+john", "+linda", "+marcelo", "+max", "+michel", "+pablo", "+quincy", "+rob", "+sandro"),
    *("+steph", "+travis", "+whisper", "+zac"),
)
"""Kept out of training: +f3, +m3, +klatt3, +Alicia, +Denis, +Marco, +edward, +norbert, +victor."""

HZ = 100
UNKNOWN = 255
_PER_BATCH = 40
RECORDED = 0.4
"""Share of the batches in voices that are made from recordings, where there are any."""


@dataclass(frozen=True)
class Example:
    """One clip.

    Attributes:
        mels: (M, 80) float16.
        hidden: (T, 144) float16; row t belongs to row 2t of `mels`.
        labels: (M,) uint8 index in `PLAIN`, or `UNKNOWN`.
        language: Of the text, or the voice.
    """

    mels: np.ndarray
    hidden: np.ndarray
    labels: np.ndarray
    language: str


def labels_of(sounds: list[tuple[str, float, float]], rows: int) -> np.ndarray:
    """Return (M,) uint8 labels; row m belongs to the moment 0.01 m seconds."""
    labels = np.zeros(rows, np.uint8)
    for symbol, start, end in sounds:
        first, last = (max(0, int(np.ceil(one * HZ))) for one in (start, end))
        labels[first:last] = PLAIN.index(symbol) if symbol else UNKNOWN
    return labels


def make(
    minutes: float,
    seed: int,
    weights: bytes,
    vocabulary: bytes,
    workers: int,
    *,
    in_noise: bool = False,
) -> Iterator[Example]:
    """Yield examples of so many minutes altogether, in rooms or under music and noise."""
    start = (weights, vocabulary, "heard_in_noise" if in_noise else "heard")
    with ProcessPoolExecutor(workers, initializer=_start, initargs=start) as pool:
        pending = [pool.submit(_batch, seed + number) for number in range(workers)]
        made, number = 0.0, workers
        while pending:
            for example in pending.pop(0).result():
                made += len(example.mels) / HZ
                yield example
            if made + len(pending) * 150 < 60 * minutes:
                pending.append(pool.submit(_batch, seed + number))
                number += 1


_NETWORK: list[Conformer] = []
_HEARD = [rooms.heard]


def _start(weights: bytes, vocabulary: bytes, heard: str) -> None:
    _NETWORK.append(Conformer(weights, vocabulary))
    _HEARD[0] = getattr(rooms, heard)


def _batch(seed: int) -> list[Example]:
    chance, numbers = random.Random(seed), np.random.default_rng(seed)
    voices = recorded.voices()
    if voices and chance.random() < RECORDED:
        said = _recorded(chance.choice(voices), chance)
    else:
        said = (_synthetic(chance) for _ in range(_PER_BATCH))
    examples: list[Example] = []
    before: list[np.ndarray] = []
    for language, spoken in said:
        stretch = chance.uniform(0.82, 1.22)
        clean = rooms.at_rate(spoken.samples, spoken.rate_hz, stretch)[: 14 * rooms.HZ]
        before = [*before[-4:], clean]
        lead = int(numbers.choice((0.0, numbers.uniform(0.05, 1.0))) * rooms.HZ)
        padded = rooms.between_pauses(clean, lead, numbers)
        answer = _NETWORK[0](_HEARD[0](padded, before[:-1], numbers))
        late = lead / rooms.HZ
        sounds = [
            (one, late + start * stretch, late + end * stretch) for one, start, end in spoken.sounds
        ]
        examples.append(
            Example(
                answer.mels.astype(np.float16),
                answer.hidden.astype(np.float16),
                labels_of(sounds, len(answer.mels)),
                language,
            )
        )
    return examples


def _recorded(voice: str, chance: random.Random) -> list[tuple[str, Spoken]]:
    texts = recorded.texts_for(voice, _PER_BATCH, chance)
    return [(voice, one) for one in recorded.say(voice, texts)]


def _synthetic(chance: random.Random) -> tuple[str, Spoken]:
    while True:
        language = words.any_language(chance)
        voice = chance.choice(words.VOICES.get(language, (language,))) + chance.choice(VARIANTS)
        rate, pitch, span = chance.randint(120, 260), chance.randint(10, 95), chance.randint(15, 90)
        text = words.any_text(language, chance)
        try:
            return language, speak(text, voice, rate=rate, pitch=pitch, span=span)
        except ValueError:
            continue
