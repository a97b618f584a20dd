"""What happens to a voice before it is heard: throats, rooms, microphones, noise, music."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from training.ear.music import band

HZ = 16000
Samples = npt.NDArray[np.float32]


def at_rate(samples: Samples, rate_hz: int, stretch: float) -> Samples:
    """Return samples at 16 kHz, `stretch` times as long: a longer throat that speaks slower."""
    count = int(len(samples) * HZ / rate_hz * stretch)
    spectrum = np.fft.rfft(samples)
    kept = len(np.fft.rfftfreq(count))
    cut = np.zeros(kept, spectrum.dtype)
    cut[: min(kept, len(spectrum))] = spectrum[:kept]
    return (np.fft.irfft(cut, count) * (count / len(samples))).astype(np.float32)


def between_pauses(voice: Samples, lead: int, chance: np.random.Generator) -> Samples:
    """Return a voice after `lead` samples of silence, and some behind it; at times with breaths."""
    padded = np.concatenate([
        np.zeros(lead, np.float32), voice, np.zeros(int(chance.uniform(0, 0.6) * HZ), np.float32)
    ])  # fmt: skip
    if lead > 0.3 * HZ and chance.random() < 0.4:
        count = int(min(lead, chance.uniform(0.2, 0.6) * HZ))
        hertz = np.fft.rfftfreq(count, 1 / HZ)
        shape = np.exp(-np.square((hertz - chance.uniform(800, 3500)) / chance.uniform(600, 2500)))
        breath = np.fft.irfft(np.fft.rfft(chance.normal(0, 1, count)) * shape, count)
        breath *= np.sin(np.linspace(0, np.pi, count)) / (np.abs(breath).max() + 1e-6)
        first = chance.integers(0, lead - count + 1)
        level = np.abs(voice).max() * 10 ** (chance.uniform(-36, -14) / 20)
        padded[first : first + count] += level * breath.astype(np.float32)
    return padded


def heard(voice: Samples, others: list[Samples], chance: np.random.Generator) -> Samples:
    """Return a voice as some microphone in some room hears it.

    Args:
        voice: (N,) at 16 kHz.
        others: Voices that may talk in the background.
        chance: Decides everything.
    """
    sound = _filtered(voice, chance)
    if chance.random() < 0.5:
        sound = _in_a_room(sound, chance)
    sound = sound / (np.abs(sound).max() + 1e-6)
    kind = chance.random()
    if kind < 0.15:
        sound = _mixed(sound, _music(len(sound), chance), chance.uniform(0, 20))
    elif kind < 0.25 and others:
        other = np.resize(others[chance.integers(len(others))], len(sound))
        sound = _mixed(sound, other, chance.uniform(6, 25))
    sound = _mixed(sound, _noise(len(sound), chance), chance.uniform(5, 60))
    if chance.random() < 0.12:
        sound = _telephone(sound)
    if chance.random() < 0.1:
        sound = np.clip(sound / np.abs(sound).max(), -0.3, 0.3)
    sound = sound / (np.abs(sound).max() + 1e-6) * 10 ** (chance.uniform(-26, 0) / 20)
    return sound.astype(np.float32)


def heard_in_noise(voice: Samples, others: list[Samples], chance: np.random.Generator) -> Samples:
    """Return a voice as it is heard under music and noise about as strong; as `heard` otherwise."""
    sound = _filtered(voice, chance)
    if chance.random() < 0.4:
        sound = _in_a_room(sound, chance)
    sound = sound / (np.abs(sound).max() + 1e-6)
    kind = chance.random()
    if kind < 0.75:
        sound = _mixed(sound, band(len(sound), chance), chance.uniform(-2, 14))
    elif kind < 0.82 and others:
        other = np.resize(others[chance.integers(len(others))], len(sound))
        sound = _mixed(sound, other, chance.uniform(4, 20))
    least = 0 if kind > 0.82 else 8
    sound = _mixed(sound, _noise(len(sound), chance), chance.uniform(least, 45))
    if chance.random() < 0.06:
        sound = _telephone(sound)
    sound = sound / (np.abs(sound).max() + 1e-6) * 10 ** (chance.uniform(-26, 0) / 20)
    return sound.astype(np.float32)


def _filtered(sound: Samples, chance: np.random.Generator) -> Samples:
    bins = len(sound) // 2 + 1
    curve = np.cumsum(chance.normal(0, 0.45, 9))
    gain = np.exp(np.interp(np.linspace(0, 1, bins), np.linspace(0, 1, 9), curve - curve.mean()))
    return np.fft.irfft(np.fft.rfft(sound) * gain, len(sound)).astype(np.float32)


def _in_a_room(sound: Samples, chance: np.random.Generator) -> Samples:
    length = 4800
    tail = chance.normal(0, 1, length) * np.exp(-np.arange(length) / chance.uniform(150, 1500))
    tail[0] = chance.uniform(4, 14)
    bins = len(sound) + length
    together = np.fft.rfft(sound, bins) * np.fft.rfft(tail, bins)
    return np.fft.irfft(together, bins)[: len(sound)].astype(np.float32)


def _noise(count: int, chance: np.random.Generator) -> Samples:
    """Return noise of any colour, sometimes with a hum."""
    slope = chance.uniform(-1.2, 0.2)
    hertz = np.fft.rfftfreq(count, 1 / HZ)
    spectrum = np.fft.rfft(chance.normal(0, 1, count)) * np.maximum(hertz, 20.0) ** slope
    noise = np.fft.irfft(spectrum, count)
    if chance.random() < 0.2:
        times = np.arange(count) / HZ
        hum = sum(
            np.sin(2 * np.pi * 50 * part * times + chance.uniform(0, 6)) / part
            for part in range(1, 7)
        )
        noise = noise / noise.std() + hum * chance.uniform(0, 2)
    return noise.astype(np.float32)


def _music(count: int, chance: np.random.Generator) -> Samples:
    """Return chords of plucked and bowed tones with a beat."""
    times = np.arange(count) / HZ
    total = np.zeros(count)
    length = chance.uniform(0.25, 0.8)
    for number in range(int(count / HZ / length) + 1):
        first = int(number * length * HZ)
        part = times[first:] - times[min(first, count - 1)]
        fade = np.exp(-part / chance.uniform(0.1, 1.5)) * np.minimum(part / 0.01, 1)
        for _ in range(3):
            pitch = 110 * 2 ** (chance.integers(0, 36) / 12)
            for over in range(1, 8):
                total[first:] += fade * np.sin(2 * np.pi * pitch * over * part) / over**1.3
        if chance.random() < 0.5:
            total[first:] += 3 * chance.normal(0, 1, len(part)) * np.exp(-part / 0.03)
    return total.astype(np.float32)


def _mixed(sound: Samples, other: Samples, decibels: float) -> Samples:
    """Add another sound, so many dB below the loud parts of the first."""
    loud = np.sqrt(np.mean(np.square(sound[np.abs(sound) > 0.05 * np.abs(sound).max()])))
    level = np.sqrt(np.mean(np.square(other))) + 1e-9
    return (sound + other * (loud / level * 10 ** (-decibels / 20))).astype(np.float32)


def _telephone(sound: Samples) -> Samples:
    hertz = np.fft.rfftfreq(len(sound), 1 / HZ)
    kept = np.clip((hertz - 200) / 150, 0, 1) * np.clip((3700 - hertz) / 300, 0, 1)
    return np.fft.irfft(np.fft.rfft(sound) * kept, len(sound)).astype(np.float32)
