"""How well speech is heard when it is hard to hear: music, hum, telephone, whisper, a child, ...

Every condition is compared with the truth, and the mouth's opening with that of the clean clip.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

import numpy as np

from benchmarks.ear import HZ, speech_of
from benchmarks.ear_clips import TEXTS, Clip, espeak_clips
from benchmarks.ear_measure import FPS, Tally
from sadtalker_ext.motion.controls import MOUTH
from sadtalker_ext.motion.lips.mouth_track import MouthTrack
from sadtalker_ext.progress import Progress
from sadtalker_ext.speech.hearing import listen
from training.ear import rooms
from training.ear.rooms import at_rate
from training.ear.spoken import speak

EVERY = 6
"""Of the clips, so many are used."""
MOVES = 0.08
JAW = MOUTH.index("jaw")


def run() -> dict[str, Any]:
    """Measure every condition."""
    clips = list(espeak_clips())[::EVERY]
    clean = [_jaw(listen(speech_of(clip, "listening"), Progress())) for clip in clips]
    results = {name: _measured(clips, change, clean) for name, change in CONDITIONS.items()}
    for name, say in SPEAKERS.items():
        results[name] = _measured([say(clip) for clip in clips], lambda samples, _: samples, [])
    results["breaths_alone"] = breaths_alone()
    return results


def _measured(
    clips: list[Clip],
    change: Callable[[np.ndarray, int], np.ndarray],
    clean: list[np.ndarray],
) -> dict[str, Any]:
    tally, alike, warned = Tally(), [], []
    for number, clip in enumerate(clips):
        changed = dataclasses.replace(clip, samples=change(clip.samples, number).astype(np.float32))
        hearing = listen(speech_of(changed, "listening"), Progress())
        tally.add(clip, hearing)
        warned.append(bool(hearing.warnings))
        if not clean:
            continue
        curves = [_jaw(hearing), clean[number]]
        shorter = min(len(one) for one in curves)
        first, second = (one[:shorter] for one in curves)
        alike.append(np.corrcoef(first, second)[0, 1] if first.std() > 1e-6 else 0.0)
    report = tally.report()
    kept = ("closures_recall", "closures_precision", "viseme")
    return {
        **{name: report[name] for name in kept},
        "warned": round(float(np.mean(warned)), 2),
        **({"jaw_like_clean": round(float(np.mean(alike)), 3)} if alike else {}),
    }


def _jaw(hearing: Any) -> np.ndarray:
    frames = int(hearing.seconds * FPS)
    return MouthTrack(hearing, frames, FPS).rows(0, frames)[:, JAW]


def breaths_alone() -> dict[str, float]:
    """Return the share of frames in which the mouth moves in a silence with breaths."""
    chance = np.random.default_rng(5)
    sound = chance.normal(0, 3e-4, 20 * HZ)
    for second in range(2, 20, 4):
        count = HZ // 2
        hertz = np.fft.rfftfreq(count, 1 / HZ)
        shape = np.exp(-np.square((hertz - 1800) / 1500))
        breath = np.fft.irfft(np.fft.rfft(chance.normal(0, 1, count)) * shape, count)
        breath *= np.sin(np.linspace(0, np.pi, count)) / np.abs(breath).max()
        sound[second * HZ : second * HZ + count] += 0.02 * breath
    spoken = next(iter(espeak_clips())).samples
    sound = np.concatenate([spoken, sound]).astype(np.float32)
    clip = dataclasses.replace(next(iter(espeak_clips())), samples=sound)
    jaw = _jaw(listen(speech_of(clip, "listening"), Progress()))
    return {"moves": round(float(np.mean(jaw[int(len(spoken) / HZ * FPS) + 12 :] > MOVES)), 3)}


def _music(samples: np.ndarray, number: int) -> np.ndarray:
    chance = np.random.default_rng(number)
    return rooms._mixed(samples, rooms._music(len(samples), chance), 0.0)


def _chords(samples: np.ndarray, number: int) -> np.ndarray:
    return rooms._music(len(samples), np.random.default_rng(100 + number))


def _like(other: np.ndarray, samples: np.ndarray) -> np.ndarray:
    """Return a sound made as strong as another, by the mean of their squares."""
    return other * np.sqrt(np.mean(np.square(samples)) / np.mean(np.square(other)))


def _noise(decibels: float) -> Callable[[np.ndarray, int], np.ndarray]:
    def change(samples: np.ndarray, number: int) -> np.ndarray:
        noise = np.random.default_rng(number).normal(0, 1, len(samples)).astype(np.float32)
        return rooms._mixed(samples, noise, decibels)

    return change


def _hum(samples: np.ndarray, number: int) -> np.ndarray:
    times = np.arange(len(samples)) / HZ
    hum = sum(np.sin(2 * np.pi * 50 * part * times + number) / part for part in range(1, 9))
    return rooms._mixed(samples, hum.astype(np.float32), 6.0)


def _strings(samples: np.ndarray, number: int) -> np.ndarray:
    """Return a voice with strings that swell and tremble, a bass and hiss, together as strong."""
    times, chance = np.arange(len(samples)) / HZ, np.random.default_rng(200 + number)
    notes = 330 * 2 ** (np.round(2 * np.sin(2 * np.pi * times / 3)) / 6)
    trembling = notes * (1 + 0.006 * np.sin(2 * np.pi * 5.5 * times))
    phase = 2 * np.pi * np.cumsum(trembling) / HZ
    strings = sum(np.sin(part * phase) / part for part in range(1, 12))
    strings = strings * (0.6 + 0.4 * np.sin(2 * np.pi * times / 1.7))
    bass = 0.5 * np.sign(np.sin(2 * np.pi * 82.4 * times)) * (np.mod(times, 0.4) < 0.3)
    return samples + _like(strings + bass + 0.15 * chance.normal(0, 1, len(samples)), samples)


def _other_voice(samples: np.ndarray, number: int) -> np.ndarray:
    said = speak("Nobody else was waiting for the morning bus at that time.", "en-us+m7")
    other = np.resize(np.roll(at_rate(said.samples, said.rate_hz, 1.0), number * HZ), len(samples))
    return rooms._mixed(samples, other, 10.0)


CONDITIONS: dict[str, Callable[[np.ndarray, int], np.ndarray]] = {
    "clean": lambda samples, _: samples,
    "music_0_dB_by_rms": lambda samples, number: samples + _like(_chords(samples, number), samples),
    "music_0_dB": _music,
    "white_noise_0_dB": _noise(0.0),
    "white_noise_10_dB": _noise(10.0),
    "hum": _hum,
    "offset_5_percent": lambda samples, _: 0.2 * samples + 0.05,
    "telephone": lambda samples, _: rooms._telephone(samples),
    "strings_and_hiss_by_rms": _strings,
    "clipped_20_dB": lambda samples, _: np.clip(10 * samples, -0.5, 0.5),
    "clipped_40_dB": lambda samples, _: np.clip(100 * samples, -0.5, 0.5),
    "second_voice_10_dB": _other_voice,
    "faint": lambda samples, _: np.round(samples * 0.001 * 32768) / 32768,
}


def _said(clip: Clip, variant: str, stretch: float = 1.0, **how: int) -> Clip:
    """Return the text of a clip spoken in another way."""
    voice = next(voice for (voice, _), texts in TEXTS.items() if clip.text in texts)
    said = speak(clip.text, voice + variant, **how)
    return dataclasses.replace(
        clip,
        samples=0.5 * at_rate(said.samples, said.rate_hz, stretch),
        sounds=tuple((one, start * stretch, end * stretch) for one, start, end in said.sounds),
        bursts=tuple(moment * stretch for moment in said.bursts),
    )


SPEAKERS: dict[str, Callable[[Clip], Clip]] = {
    "whisper": lambda clip: _said(clip, "+whisperf"),
    "child": lambda clip: _said(clip, "+f5", 0.75, pitch=90, rate=130),
    "very_slow": lambda clip: _said(clip, "+f3", rate=90, pitch=85),
    "very_fast": lambda clip: _said(clip, "+m3", rate=300),
}
