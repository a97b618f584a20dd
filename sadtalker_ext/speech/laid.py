"""Several sounds laid over one another in time, read as one: dubbing over a video's own sound."""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from sadtalker_ext.speech.spans import GivingWay
from sadtalker_ext.types import FloatArray, Speech

_BLOCK_SECONDS = 1


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Laid:
    """One sound and where it lies.

    Attributes:
        speech: The sound.
        at: When it begins, in seconds; before 0 its beginning is left out.
        gain: By how much it is made louder.
        gives_way: To what it gives way, times the gain; None where it does not.
    """

    speech: Speech
    at: float = 0.0
    gain: float = 1.0
    gives_way: GivingWay | None = None


def laid_out(parts: Sequence[Laid], seconds: float) -> Speech:
    """Return sounds laid over one another as one sound with one or two channels.

    Args:
        parts: At least one.
        seconds: Length of the result; silence where nothing lies.
    """
    first = parts[0].speech
    channels = min(max(_channels(one) for one in parts), 2)
    rate = max(one.speech.rate_hz for one in parts)

    def read_channels(rate_hz: int | None) -> Iterator[FloatArray]:
        return _mixed(parts, seconds, rate_hz or rate, channels)

    def read(rate_hz: int | None) -> Iterator[FloatArray]:
        for block in _mixed(parts, seconds, rate_hz or rate, 1):
            yield block[:, 0]

    return dataclasses.replace(
        first,
        start=0.0,
        seconds=seconds,
        rate_hz=rate,
        channels=channels,
        read=read,
        read_channels=read_channels,
        pad_seconds=0.0,
        text=" ".join(one.speech.text for one in parts if one.speech.text),
        phonemes=None,
        words=(),
        warnings=(),
    )


def one_channel(speech: Speech, channel: int) -> Speech:
    """Return one channel of a sound, counted from 0."""

    def read(rate_hz: int | None) -> Iterator[FloatArray]:
        if speech.read_channels is None:
            yield from speech.read(rate_hz)
            return
        for block in speech.read_channels(rate_hz):
            yield np.ascontiguousarray(block[:, min(channel, block.shape[1] - 1)])

    return dataclasses.replace(speech, channels=1, read=read, read_channels=None)


def _channels(part: Laid) -> int:
    return 1 if part.speech.read_channels is None else part.speech.channels


def _mixed(parts: Sequence[Laid], seconds: float, rate: int, channels: int) -> Iterator[FloatArray]:
    """Yield (N, C) blocks of the sum, at most 1 in magnitude."""
    tapes = [_Tape(part, rate, channels) for part in parts]
    total, block = round(seconds * rate), _BLOCK_SECONDS * rate
    try:
        for begin in range(0, total, block):
            mixed = np.zeros((min(block, total - begin), channels), np.float32)
            for tape in tapes:
                tape.add(mixed, begin)
            yield np.clip(mixed, -1.0, 1.0)
    finally:
        for tape in tapes:
            tape.close()


class _Tape:
    """Plays one part: opens its sound when its time has come."""

    def __init__(self, part: Laid, rate: int, channels: int) -> None:
        self._part, self._rate, self._channels = part, rate, channels
        self._begins = round(part.at * rate)
        self._blocks: Iterator[FloatArray] | None = None
        self._waiting: FloatArray = np.zeros((0, channels), np.float32)
        self._over = False

    def add(self, mixed: FloatArray, begin: int) -> None:
        """Add what lies in a block that begins at a sample of the whole."""
        if self._over or begin + len(mixed) <= self._begins:
            return
        if self._blocks is None:
            self._blocks = self._opened()
            skip = max(begin - self._begins, 0)  # begins before the whole does
            self._take(skip)
        into = max(self._begins - begin, 0)
        samples = self._take(len(mixed) - into)
        if self._part.gives_way is not None:
            times = (begin + into + np.arange(len(samples))) / self._rate
            samples = samples * self._part.gives_way.gains(times)[:, None]
        mixed[into : into + len(samples)] += np.float32(self._part.gain) * samples

    def close(self) -> None:
        """Stop reading."""
        stop = getattr(self._blocks, "close", None)
        if stop is not None:
            with contextlib.suppress(RuntimeError):
                stop()

    def _opened(self) -> Iterator[FloatArray]:
        speech = self._part.speech
        if speech.read_channels is None or self._channels == 1 or speech.channels > 2:
            for mono in speech.read(self._rate):
                yield np.repeat(mono[:, None], self._channels, axis=1)
            return
        for block in speech.read_channels(self._rate):
            yield (
                block
                if block.shape[1] == self._channels
                else np.repeat(block[:, :1], self._channels, axis=1)
            )

    def _take(self, count: int) -> FloatArray:
        """Return up to (count, C) samples; fewer where the sound ends."""
        taken = [self._waiting[:count]]
        self._waiting = self._waiting[count:]
        missing = count - len(taken[0])
        while missing > 0 and not self._over:
            block = next(self._blocks, None) if self._blocks is not None else None
            if block is None:
                self._over = True
                break
            taken.append(block[:missing])
            self._waiting = block[missing:]
            missing -= len(taken[-1])
        return np.concatenate(taken)
