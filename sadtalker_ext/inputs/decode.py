"""Decoding a sound track into float blocks on its own timeline, and changing the rate."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from sadtalker_ext.errors import UnreadableAudio
from sadtalker_ext.inputs.container import exact_samples, open_sound
from sadtalker_ext.inputs.samples import as_float
from sadtalker_ext.types import FloatArray

if TYPE_CHECKING:
    from av.audio.frame import AudioFrame
    from av.audio.stream import AudioStream
    from av.container import InputContainer

_log = logging.getLogger(__name__)

BLOCK = 16384
"""Samples per block handed on; small enough to stay in the cache, large enough to be cheap."""

_GAP_SECONDS = 0.1
_LOSS_SECONDS = 0.005
_LONGEST_GAP_SECONDS = 60.0
_LEAD_SECONDS = 0.03
LAYOUTS = {1: "mono", 2: "stereo", 3: "3.0", 4: "4.0", 5: "5.0", 6: "5.1"}
"""Channel layouts by number of channels; more are mixed to two."""


def decode_blocks(path: Path, track: int = 0) -> Iterator[FloatArray]:
    """Yield a whole sound track as (N, C) float32 blocks at the file's own rate and channels.

    The first sample is the first one that is heard: what codecs need to warm up is dropped.
    Packets that cannot be decoded are skipped; the hole they leave, like any hole in the
    timestamps, is filled with silence so that everything after it stays in place.

    Args:
        path: The file.
        track: As for `open_sound`.

    Raises:
        UnreadableAudio: The file cannot be opened, or nothing in it can be decoded.
    """
    with open_sound(path, track) as (container, stream):
        timeline = _Timeline(rate=stream.rate, limit=exact_samples(container, stream))
        channels = 0
        for frame, after_loss in _frames(container, stream, path.name):
            samples = as_float(frame)
            channels = channels or samples.shape[1]
            if frame.sample_rate != stream.rate:
                samples = _one_rate(samples, frame.sample_rate, stream.rate)
            if samples.shape[1] != channels:
                samples = np.repeat(samples.mean(axis=1, keepdims=True), channels, axis=1)
            yield from timeline.place(samples, _seconds(frame), after_loss=after_loss)
            if timeline.ended:
                return


def lead_samples(path: Path, track: int, begins: float) -> int:
    """Return how many samples of silence stand before a sound; negative when it begins too early.

    Args:
        path: The file.
        track: As for `open_sound`.
        begins: The time, by the file's own clock, at which the sound should begin.

    Raises:
        UnreadableAudio: As for `decode_blocks`.
    """
    with open_sound(path, track) as (container, stream):
        for frame, _after_loss in _frames(container, stream, path.name):
            seconds = _seconds(frame)
            late = 0.0 if seconds is None else seconds - begins
            # what coders need to warm up is no lateness
            if abs(late) < _LEAD_SECONDS or abs(late) > _LONGEST_GAP_SECONDS:
                return 0
            return round(late * stream.rate)
    return 0


def shifted(blocks: Iterable[FloatArray], samples: int) -> Iterator[FloatArray]:
    """Yield blocks behind some samples of silence, or, for negative ones, without their first."""
    if samples <= 0:
        yield from cut(blocks, -samples, None)
        return
    for block in blocks:
        while samples > 0:
            part = min(samples, BLOCK)
            samples -= part
            yield np.zeros((part, block.shape[1]), np.float32)
        yield block


def _frames(
    container: InputContainer, stream: AudioStream, name: str
) -> Iterator[tuple[AudioFrame, bool]]:
    """Yield decoded frames, and whether a packet before the frame was lost."""
    from av.error import FFmpegError

    good = bad = held = 0
    lost = False
    packets = container.demux(stream)
    while True:
        try:
            packet = next(packets)
        except StopIteration:
            break
        except FFmpegError as problem:  # the container itself is broken from here on
            _log.debug("%s: stops being readable: %s", name, problem)
            bad += 1
            break
        held += packet.size
        try:
            frames = packet.decode()
        except FFmpegError as problem:
            bad += 1
            lost = True
            _log.debug("%s: packet skipped: %s", name, problem)
            continue
        for frame in frames:
            good += 1
            yield frame, lost
            lost = False
    if not (good or bad or held):
        raise UnreadableAudio(
            f"{name} has a sound track with nothing in it: it is empty, or cut off.",
            hint="Record or export it again.",
        )
    if not good:
        raise UnreadableAudio(
            f"{name} has a sound track of which nothing can be decoded; "
            "it is damaged, truncated or encrypted.",
            hint="Export it again, or convert it to wav.",
        )
    if bad > 1:  # the very last packet of a cut file is not worth a word
        _log.warning("%s: %d damaged pieces of sound were skipped.", name, bad)


class _Timeline:
    """Puts decoded samples where their timestamps say, filling holes with silence.

    Timestamps jitter by some milliseconds in files of live recorders, so only a clear hole counts;
    after a packet that is known to be lost they are taken at their word.
    """

    def __init__(self, *, rate: int, limit: int | None) -> None:
        self._rate = rate
        self._limit = limit
        self._origin: float | None = None
        self._done = 0

    @property
    def ended(self) -> bool:
        """Whether everything that follows is padding."""
        return self._limit is not None and self._done >= self._limit

    def place(
        self, samples: FloatArray, seconds: float | None, *, after_loss: bool = False
    ) -> Iterator[FloatArray]:
        """Yield the silence due before these samples, then the samples."""
        if seconds is not None:
            if self._origin is None:
                self._origin = seconds
            hole = seconds - self._origin - self._done / self._rate
            least = _LOSS_SECONDS if after_loss else _GAP_SECONDS
            if least < hole <= _LONGEST_GAP_SECONDS:
                yield from self._silence(round(hole * self._rate), samples.shape[1])
            elif abs(hole) > _GAP_SECONDS:  # the clock was set anew: go on from here
                self._origin = seconds - self._done / self._rate
        if self._limit is not None:
            samples = samples[: self._limit - self._done]
        self._done += len(samples)
        if len(samples):
            yield samples

    def _silence(self, count: int, channels: int) -> Iterator[FloatArray]:
        if self._limit is not None:
            count = min(count, self._limit - self._done)
        self._done += max(count, 0)
        while count > 0:
            block = min(count, BLOCK)
            count -= block
            yield np.zeros((block, channels), np.float32)


def cut(blocks: Iterable[FloatArray], begin: int, end: int | None) -> Iterator[FloatArray]:
    """Yield samples `begin` (inclusive) to `end` (exclusive; None is the end of the sound)."""
    position = 0
    for block in blocks:
        last = position + len(block)
        if last > begin:
            part = block[max(begin - position, 0) : None if end is None else end - position]
            if len(part):
                yield part
        position = last
        if end is not None and position >= end:
            return


def gather(blocks: Iterable[FloatArray], size: int = BLOCK) -> Iterator[FloatArray]:
    """Join small blocks into blocks of at least `size` samples; the last may be shorter."""
    waiting: list[FloatArray] = []
    count = 0
    for block in blocks:
        waiting.append(block)
        count += len(block)
        if count >= size:
            yield np.concatenate(waiting)
            waiting, count = [], 0
    if waiting:
        yield np.concatenate(waiting)


def resample(blocks: Iterable[FloatArray], rate_hz: int, target_hz: int) -> Iterator[FloatArray]:
    """Change the rate of (N, C) blocks, keeping the first sample in place and the length exact.

    Channels are never mixed here: PyAV's own mix to mono is not normalised and would clip.
    The number of samples becomes round(N * target_hz / rate_hz).
    """
    if rate_hz == target_hz:
        yield from blocks
        return
    from av import AudioResampler

    resampler: Any = None
    taken = given = 0
    for block in blocks:
        if resampler is None:
            resampler = AudioResampler("fltp", LAYOUTS[block.shape[1]], target_hz)
        taken += len(block)
        for frame in resampler.resample(_frame(block, rate_hz)):
            samples = as_float(frame)
            given += len(samples)
            yield samples
    if resampler is None:
        return
    missing = round(taken * target_hz / rate_hz) - given
    for frame in resampler.resample(None):
        samples = as_float(frame)[: max(missing, 0)]
        missing -= len(samples)
        yield samples
    if missing > 0:
        yield np.zeros((missing, block.shape[1]), np.float32)


def _frame(block: FloatArray, rate_hz: int) -> AudioFrame:
    from av.audio.frame import AudioFrame

    planes = np.ascontiguousarray(block.T)
    frame = AudioFrame.from_ndarray(planes, format="fltp", layout=LAYOUTS[block.shape[1]])
    frame.sample_rate = rate_hz
    return frame


def _one_rate(samples: FloatArray, rate_hz: int, target_hz: int) -> FloatArray:
    """Bring one frame to another rate by straight lines (chained streams that change rate)."""
    count = round(len(samples) * target_hz / rate_hz)
    old, new = np.arange(len(samples)) / rate_hz, np.arange(count) / target_hz
    columns = [np.interp(new, old, samples[:, index]) for index in range(samples.shape[1])]
    return np.stack(columns, axis=1).astype(np.float32)


def _seconds(frame: AudioFrame) -> float | None:
    return None if frame.time is None else float(frame.time)
