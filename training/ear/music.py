"""Music that plays while somebody speaks: bands of instruments drawn at random."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

HZ = 16000
Samples = npt.NDArray[np.float32]

_SCALES = (
    (0, 2, 4, 5, 7, 9, 11),
    (0, 2, 3, 5, 7, 8, 10),
    (0, 2, 4, 7, 9),
    (0, 3, 5, 6, 7, 10),
    tuple(range(12)),
)
_CHORDS = ((0, 4, 7), (0, 3, 7), (0, 4, 7, 10), (0, 3, 7, 10), (0, 4, 7, 11), (0, 5, 7))


@dataclass(frozen=True, kw_only=True)
class _Piece:
    """What the players share: length in samples, seconds of a beat, key and scale in half tones."""

    count: int
    beat: float
    key: float
    scale: tuple[int, ...]


def band(count: int, chance: np.random.Generator) -> Samples:
    """Return (count,) samples of one to six instruments that share a beat and a key.

    Args:
        count: Samples at 16 kHz.
        chance: Decides everything.
    """
    piece = _Piece(
        count=count,
        beat=60 / chance.uniform(60, 240),
        key=chance.uniform(0, 12),
        scale=_SCALES[chance.integers(len(_SCALES))],
    )
    total = np.zeros(count, np.float32)
    for number in chance.permutation(len(_PLAYERS))[: chance.integers(1, len(_PLAYERS) + 1)]:
        part = _PLAYERS[number](piece, chance)
        strength = np.sqrt(np.mean(np.square(part))) + 1e-9
        total += part / strength * np.float32(10 ** (chance.uniform(-12, 0) / 20))
    return total


def _notes(
    count: int, lengths: tuple[float, float], chance: np.random.Generator
) -> list[tuple[int, int]]:
    """Return the first and last sample of notes that follow each other."""
    ends = [0]
    while ends[-1] < count:
        ends.append(ends[-1] + max(400, int(chance.uniform(*lengths) * HZ)))
    return [(a, min(b, count)) for a, b in itertools.pairwise(ends)]


def _hertz(key: float, steps: float, low: float) -> float:
    """Return a pitch so many half tones above the key, in the octave above `low` Hz."""
    return float(low * 2 ** (np.mod(key + steps, 12) / 12))


def _melody(piece: _Piece, chance: np.random.Generator) -> Samples:
    """A horn, flute, fiddle or singing saw: it slides, trembles, breathes, and rests."""
    pitch = np.zeros(piece.count, np.float32)
    loud = np.zeros(piece.count, np.float32)
    low = chance.choice((110.0, 165.0, 220.0, 330.0, 440.0))
    unit = piece.beat * chance.choice((0.25, 0.5, 1.0, 2.0))
    rests = chance.uniform(0, 0.3)
    attack = chance.uniform(0.005, 0.12)
    for first, end in _notes(piece.count, (unit * 0.6, unit * 1.6), chance):
        step = piece.scale[chance.integers(len(piece.scale))] + 12 * chance.integers(0, 2)
        pitch[first:end] = np.log2(low) + (piece.key + step) / 12
        part = np.arange(end - first, dtype=np.float32) / HZ
        length = (end - first) / HZ
        swell = np.minimum(part / attack, 1) * np.minimum((length - part) / 0.02, 1)
        loud[first:end] = swell * (0 if chance.random() < rests else chance.uniform(0.4, 1))
    glide = max(1, int(chance.uniform(0.002, 0.05) * HZ))
    pitch = _smoothed(pitch, glide)
    times = np.arange(piece.count, dtype=np.float32) / HZ
    trembling = chance.uniform(0, 0.025) * np.sin(2 * np.pi * chance.uniform(4, 7) * times)
    phase = 2 * np.pi * np.cumsum(2.0 ** (pitch + trembling)) / HZ
    tone = _tone(phase, 2.0 ** float(np.median(pitch)), chance)
    breath = chance.uniform(0, 0.15) * chance.normal(0, 1, piece.count)
    return ((tone + breath) * loud).astype(np.float32)


def _tone(phase: npt.NDArray[np.floating], hertz: float, chance: np.random.Generator) -> Samples:
    """Return overtones under an envelope with some resonances."""
    slope, peaks = chance.uniform(0.6, 2.2), chance.uniform(300, 3500, 3)
    odd_only = chance.random() < 0.2
    total = np.zeros(len(phase), np.float32)
    wound = np.mod(phase, 2 * np.pi).astype(np.float32)
    for over in range(1, min(14, int(7500 / hertz)) + 1):
        if odd_only and over % 2 == 0:
            continue
        near = 1 + 2 * np.exp(-np.square((over * hertz - peaks) / 400)).sum()
        total += np.sin(over * wound + chance.uniform(0, 6)) * np.float32(near / over**slope)
    return total


def _chords(piece: _Piece, chance: np.random.Generator) -> Samples:
    """A piano, guitar, harp or organ."""
    total = np.zeros(piece.count, np.float32)
    decay = chance.uniform(0.1, 4)
    attack = chance.uniform(0.003, 0.2)
    unit = piece.beat * chance.choice((0.5, 1.0, 2.0, 4.0))
    low, slope = chance.choice((110.0, 165.0, 220.0)), chance.uniform(1.0, 2.2)
    detuned = chance.uniform(0, 0.004)
    for first, end in _notes(piece.count, (unit * 0.95, unit * 1.05), chance):
        part = np.arange(end - first, dtype=np.float32) / HZ
        fade = np.exp(-part / decay) * np.minimum(part / attack, 1)
        chord = _CHORDS[chance.integers(len(_CHORDS))]
        root = piece.scale[chance.integers(len(piece.scale))]
        for one in chord:
            hertz = _hertz(piece.key, root + one, low) * (1 + chance.uniform(-detuned, detuned))
            for over in range(1, 7):
                stretched = over * hertz * np.sqrt(1 + 3e-4 * over**2)
                total[first:end] += fade * np.sin(2 * np.pi * stretched * part) / over**slope
    return total


def _bass(piece: _Piece, chance: np.random.Generator) -> Samples:
    total = np.zeros(piece.count, np.float32)
    sharp, decay = chance.uniform(0.2, 1.2), chance.uniform(0.15, 1)
    for first, end in _notes(piece.count, (piece.beat, piece.beat * 1.001), chance):
        part = np.arange(end - first, dtype=np.float32) / HZ
        hertz = _hertz(
            piece.key, piece.scale[chance.integers(len(piece.scale))], 41.0
        ) * chance.choice((1, 2))
        wave = sum(np.sin(2 * np.pi * hertz * over * part) / over**sharp for over in range(1, 7))
        total[first:end] = wave * np.exp(-part / decay) * np.minimum(part / 0.005, 1)
    return total


def _drums(piece: _Piece, chance: np.random.Generator) -> Samples:
    """Kick, snare, and a cymbal that may swing."""
    total = np.zeros(piece.count, np.float32)
    swing, ring = chance.uniform(0.5, 0.7), chance.uniform(0.02, 0.3)
    levels = chance.uniform(0, 1, 3)
    hiss = np.diff(chance.normal(0, 1, HZ // 2 + 1)).astype(np.float32)
    noise = chance.normal(0, 1, HZ // 2).astype(np.float32)
    part = np.arange(HZ // 2, dtype=np.float32) / HZ
    kick = 6 * np.sin(2 * np.pi * (50 * part + 2 * (1 - np.exp(-part * 40)))) * np.exp(-part * 14)
    snare = (2 * noise + np.sin(2 * np.pi * 190 * part)) * np.exp(-part * chance.uniform(12, 40))
    cymbal = hiss * np.exp(-part / ring)
    for number in range(int(piece.count / HZ / piece.beat) + 1):
        _add(total, cymbal * levels[0], number * piece.beat)
        _add(total, cymbal * levels[0] * 0.6, (number + swing) * piece.beat)
        _add(total, (snare if number % 2 else kick) * levels[1], number * piece.beat)
        if chance.random() < 0.2:
            _add(total, (kick, snare)[chance.integers(2)] * levels[2], (number + 0.5) * piece.beat)
    return total


def _hiss(piece: _Piece, chance: np.random.Generator) -> Samples:
    """Noise of a tape, or of a crowd, that swells."""
    spectrum = np.fft.rfft(chance.normal(0, 1, piece.count))
    hertz = np.fft.rfftfreq(piece.count, 1 / HZ)
    noise = np.fft.irfft(spectrum * np.maximum(hertz, 30) ** chance.uniform(-1, 0.2), piece.count)
    times = np.arange(piece.count) / HZ
    swell = 1 + chance.uniform(0, 0.6) * np.sin(2 * np.pi * times * chance.uniform(0.1, 2))
    return (noise * swell).astype(np.float32)


def _section(piece: _Piece, chance: np.random.Generator) -> Samples:
    """Two or three melodies at once."""
    parts = [_melody(piece, chance) for _ in range(chance.integers(2, 4))]
    return np.sum(parts, axis=0, dtype=np.float32)


_Player = Callable[[_Piece, np.random.Generator], Samples]
_PLAYERS: tuple[_Player, ...] = (_melody, _section, _chords, _bass, _drums, _hiss)


def _add(total: Samples, one: Samples, seconds: float) -> None:
    first = int(seconds * HZ)
    length = min(len(one), len(total) - first)
    if length > 0:
        total[first : first + length] += one[:length]


def _smoothed(values: Samples, width: int) -> Samples:
    sums = np.cumsum(np.pad(values.astype(np.float64), (width, 0), mode="edge"))
    return ((sums[width:] - sums[:-width]) / width).astype(np.float32)
