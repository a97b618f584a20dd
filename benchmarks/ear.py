"""How well speech is heard, against exact times: the sound alone, and with its text.

Needs the test extra (espeak-ng). Clips of another synthesiser are taken from the folder named by
the variable EAR_CLIPS (see `ear_hibari`).
"""

from __future__ import annotations

import dataclasses
import os
import resource
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.ear_clips import HZ, Clip, espeak_clips, other_clips
from benchmarks.ear_measure import Tally
from sadtalker_ext.progress import Progress
from sadtalker_ext.speech.closure_times import parted
from sadtalker_ext.speech.hear.live import BLOCK_MS, LOOK_AHEAD_MS, LiveEar
from sadtalker_ext.speech.hear.recogniser import recogniser_of
from sadtalker_ext.speech.hearing import listen
from sadtalker_ext.speech.phonemes import in_order
from sadtalker_ext.types import Phoneme, Speech
from training.ear.rooms import at_rate

MODES = ("listening", "text", "exact")


def run() -> dict[str, Any]:
    """Measure every clip in every mode, for groups of clips."""
    clips = [*espeak_clips(), *other_clips(Path(os.environ.get("EAR_CLIPS", "nowhere")))]
    results: dict[str, Any] = {"cost": cost(clips), "stream": stream(clips)}
    for mode in MODES:
        tallies: dict[str, Tally] = {}
        for clip in clips:
            hearing = listen(speech_of(clip, mode), Progress())
            for name in groups_of(clip):
                tallies.setdefault(name, Tally()).add(clip, hearing)
        results[mode] = {name: tally.report() for name, tally in sorted(tallies.items())}
    return results


def groups_of(clip: Clip) -> list[str]:
    """Return the rows of the table to which a clip counts."""
    names = [clip.group]
    if clip.group in ("tuning", "held_out"):
        names.append(f"{clip.group}_{'english' if clip.language == 'en' else 'others'}")
    if clip.group != "other_synthesiser":
        names += ["all", f"language_{clip.language}"]
    return names


def speech_of(clip: Clip, mode: str) -> Speech:
    """Return a clip as the pipeline sees it."""

    def read(rate_hz: int | None) -> Iterator[np.ndarray]:
        wanted = rate_hz or HZ
        samples = clip.samples if wanted == HZ else at_rate(clip.samples, HZ, wanted / HZ)
        yield from np.array_split(samples, max(1, 2 * len(samples) // wanted))

    speech = Speech(
        path=Path("clip.wav"),
        start=0.0,
        seconds=len(clip.samples) / HZ,
        rate_hz=HZ,
        channels=1,
        read=read,
    )
    if mode == "text":
        return dataclasses.replace(speech, text=clip.text)
    if mode == "exact":
        phones = tuple(
            Phoneme(symbol=plain or clip.sounds[max(number - 1, 0)][0] or "ə", start=start, end=end)
            for number, (plain, start, end) in enumerate(clip.sounds)
        )
        return dataclasses.replace(speech, phonemes=phones)
    return speech


def stream(clips: list[Clip]) -> dict[str, Any]:
    """Return how well the half not tuned on is heard as a stream, in blocks of 20 ms."""
    recogniser = recogniser_of()
    assert recogniser is not None
    tally, spent, seconds = Tally(), 0.0, 0.0
    for clip in (one for one in clips if one.group == "held_out"):
        ear, phones, began = LiveEar(recogniser), [], _seconds()
        for block in np.array_split(clip.samples, len(clip.samples) // (HZ // 50)):
            phones += ear.push(block)
        phones += ear.finish()
        spent, seconds = spent + _seconds() - began, seconds + len(clip.samples) / HZ
        whole = listen(speech_of(clip, "listening"), Progress())
        told = parted(in_order(phones, whole.seconds))
        tally.add(clip, dataclasses.replace(whole, phonemes=told))
    return {
        **tally.report(),
        "told_after_ms": BLOCK_MS + LOOK_AHEAD_MS,
        "processor_share": round(spent / seconds, 2),
    }


def cost(clips: list[Clip]) -> dict[str, float]:
    """Return processor seconds for 60 seconds of speech, and the memory that listening adds."""
    joined = np.concatenate([clip.samples for clip in clips])[: 60 * HZ]
    whole = dataclasses.replace(clips[0], samples=np.resize(joined, 60 * HZ))
    listen(speech_of(clips[0], "listening"), Progress())  # models are loaded once
    before, memory = _seconds(), _memory_mb()
    listen(speech_of(whole, "listening"), Progress())
    return {
        "processor_seconds_per_60_s": round(_seconds() - before, 2),
        "added_peak_memory_mb": round(_memory_mb() - memory, 1),
    }


def _seconds() -> float:
    return sum(
        one.ru_utime + one.ru_stime
        for one in (
            resource.getrusage(resource.RUSAGE_SELF),
            resource.getrusage(resource.RUSAGE_CHILDREN),
        )
    )


def _memory_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
