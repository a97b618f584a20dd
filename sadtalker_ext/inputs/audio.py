"""Speech: any sound or video file to a `Speech` that can be read in blocks."""

from __future__ import annotations

import logging
import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import numpy.typing as npt

from sadtalker_ext.errors import InputError, InvalidOption, SilentAudio, UnreadableAudio
from sadtalker_ext.inputs.container import declared_seconds, open_sound
from sadtalker_ext.inputs.decode import (
    LAYOUTS,
    cut,
    decode_blocks,
    gather,
    lead_samples,
    resample,
    shifted,
)
from sadtalker_ext.inputs.downmix import Downmix, downmix_of
from sadtalker_ext.types import FloatArray, Speech

_log = logging.getLogger(__name__)

MIN_SECONDS = 0.2
"""Shortest speech; less is a click, and engines need a few frames to move."""

SILENCE_DBFS = -60.0
"""A track whose loudest moment is below this holds no speech that could be followed."""

_TRUNCATED_SECONDS = 0.5
_TRUNCATED_SHARE = 0.02
_CANCELLED_SHARE = 0.05


def open_speech(
    path: Path | str,
    *,
    start: float = 0.0,
    end: float = 0.0,
    pad: float = 0.0,
    track: int = 0,
    begins: float | None = None,
) -> Speech:
    """Scan a sound track once and return the used part, ready to be read.

    Nothing is kept in memory: every `read` decodes the file again.

    Args:
        path: A sound file, or a video with sound. Only local files.
        start: Seconds to leave out at the beginning.
        end: Where the used part ends, in seconds from the file's beginning; 0 is its end. An end
            behind the end of the file is the end of the file.
        pad: Seconds of silence to add to the video after the speech.
        track: Which of the file's sound tracks, from 1; 0 is its best, or the first that is not
            silent where that one is: recorders of screens keep a track for each microphone.
        begins: The time, by the file's own clock, that counts as its beginning: where the pictures
            of a video begin, whose sound may come later. None is where the sound begins.

    Raises:
        UnreadableAudio: Missing, empty, truncated, no sound, or shorter than `MIN_SECONDS`.
        SilentAudio: The used part has no moment louder than `SILENCE_DBFS`.
        InvalidOption: `start` lies behind the end of the sound, or there is no such track.
    """
    path = Path(path)
    sound = _measured(path, start, end, track, begins)
    if sound.scan.peak_dbfs < SILENCE_DBFS:
        sound = (None if track else _heard_track(path, start, end, begins)) or sound
    scan, rate = sound.scan, sound.rate
    if scan.peak_dbfs < SILENCE_DBFS:
        raise SilentAudio(
            f"{path.name} should hold speech, but its loudest moment is at "
            f"{_decibels(scan.peak_dbfs)}, which is silence.",
            hint="Check the recording, or choose another part of it.",
        )
    first = round(start * rate)
    part = _Part(path, sound.track, (first, first + scan.used), rate, sound.lead)
    return Speech(
        path=path,
        start=start,
        seconds=scan.used / rate,
        pad_seconds=pad,
        rate_hz=rate,
        channels=scan.channels,
        read=partial(_read_mono, part, scan),
        read_channels=partial(_read_channels, part, scan),
    )


@dataclass(frozen=True, slots=True)
class _Part:
    """Which samples of which file are read: `bounds` are the first and the one behind the last."""

    path: Path
    track: int
    bounds: tuple[int, int]
    rate: int
    lead: int = 0

    def blocks(self) -> Iterator[FloatArray]:
        sound = shifted(decode_blocks(self.path, self.track), self.lead)
        return gather(cut(sound, *self.bounds))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Scan:
    """What one pass over the sound found.

    Attributes:
        total: Samples decoded, from the beginning of the file.
        used: Samples of the used part.
        channels: Channels of the file.
        peak_dbfs: Loudest moment of the used part without its constant offset.
        lone_channel: The channel to listen to when the mix cancels out, else None.
        downmix: How channels become fewer.
    """

    total: int
    used: int
    channels: int
    peak_dbfs: float
    lone_channel: int | None
    downmix: Downmix


@dataclass(frozen=True, slots=True)
class _Sound:
    """A track that was scanned, its rate, and the samples of silence before it."""

    track: int
    rate: int
    scan: _Scan
    lead: int


def _measured(path: Path, start: float, end: float, track: int, begins: float | None) -> _Sound:
    """Scan one track from end to end, and see that it is long enough."""
    with open_sound(path, track) as (container, stream):
        rate = stream.rate
        promised = declared_seconds(path, container, stream)
        downmix = downmix_of([channel.name for channel in stream.layout.channels])
    first = round(start * rate)
    last = round(end * rate) if end else None
    lead = 0 if begins is None else lead_samples(path, track, begins)
    scan = _scan(shifted(decode_blocks(path, track), lead), first, last, downmix)
    if promised is not None:
        promised += lead / rate
    _check_length(path.name, scan, rate=rate, first=first, last=last, promised=promised)
    return _Sound(track, rate, scan, lead)


def _heard_track(path: Path, start: float, end: float, begins: float | None) -> _Sound | None:
    """Return the first track that is not silent; None where there is none that can be read."""
    with open_sound(path) as (container, _):
        count = len(container.streams.audio)
    for track in range(1, count + 1 if count > 1 else 1):
        try:
            sound = _measured(path, start, end, track, begins)
        except InputError as problem:
            _log.debug("%s: track %d is of no use: %s", path.name, track, problem)
            continue
        if sound.scan.peak_dbfs >= SILENCE_DBFS:
            _log.info("%s: track %d is the first that is not silent.", path.name, track)
            return sound
    return None


def _scan(blocks: Iterator[FloatArray], first: int, last: int | None, downmix: Downmix) -> _Scan:
    total = used = channels = 0
    low: npt.NDArray[np.float64] = np.zeros(1)
    high: npt.NDArray[np.float64] = np.zeros(1)
    power: npt.NDArray[np.float64] = np.zeros(1)
    mixed = loudest = 0.0
    for block in gather(blocks):
        part = block[max(first - total, 0) : None if last is None else max(last - total, 0)]
        total += len(block)
        if not used and len(part):
            channels = part.shape[1]
            low, high = np.full(channels, np.inf), np.full(channels, -np.inf)
            power = np.zeros(channels)
            downmix = downmix.for_channels(channels)
        if len(part):
            used += len(part)
            rows = np.ascontiguousarray(part.T)  # numpy is slow along the long side of columns
            low, high = np.minimum(low, rows.min(axis=1)), np.maximum(high, rows.max(axis=1))
            power += [_power(row) for row in rows]
            mixed += _power(downmix.mono(part)[:, 0])
            loudest = max(loudest, downmix.peak(part))
        if last is not None and total >= last:
            break
    peak = float((high - low).max() / 2) if used else 0.0
    cancelled = mixed < _CANCELLED_SHARE * float(power.max()) / max(channels, 1)
    return _Scan(
        total=total,
        used=used,
        channels=channels,
        peak_dbfs=20 * math.log10(peak) if peak > 0 else -math.inf,
        lone_channel=int(power.argmax()) if channels > 1 and cancelled else None,
        downmix=downmix.limited(loudest),
    )


def _power(samples: FloatArray) -> float:
    wide = samples.astype(np.float64)
    return float(wide @ wide)


def _check_length(
    name: str, scan: _Scan, *, rate: int, first: int, last: int | None, promised: float | None
) -> None:
    seconds = scan.total / rate
    reaches_end = last is None or scan.total < last
    if promised is not None and reaches_end:
        missing = promised - seconds
        wanted = promised if last is None else min(promised, last / rate)
        if wanted > seconds and missing > max(_TRUNCATED_SECONDS, _TRUNCATED_SHARE * promised):
            end = math.floor(seconds * 10) / 10
            enough = end - first / rate >= MIN_SECONDS
            raise UnreadableAudio(
                f"{name} is truncated: it should be {promised:.1f} seconds long, "
                f"but only {seconds:.1f} seconds can be read.",
                hint=f"Export it again, or set audio_end to {end:g} to use what is there."
                if enough
                else "Export it again.",
            )
    if first >= scan.total > 0:
        raise InvalidOption(
            f"Option audio_start should be less than {seconds:.2f} seconds, the length of "
            f"{name}, found {first / rate:g}."
        )
    if scan.used < MIN_SECONDS * rate:
        raise UnreadableAudio(
            f"{name} should hold at least {MIN_SECONDS} seconds of sound, "
            f"found {scan.used / rate:.2f}" + (" in the chosen part." if first or last else "."),
            hint="Use a longer recording.",
        )


def _read_mono(part: _Part, scan: _Scan, target: int | None) -> Iterator[FloatArray]:
    """Yield (N,) float32 blocks of all channels mixed to one, at most 1 in magnitude."""
    lone = scan.lone_channel
    mixed = (
        scan.downmix.mono(block) if lone is None else block[:, lone : lone + 1]
        for block in part.blocks()
    )
    for block in resample(mixed, part.rate, target or part.rate):
        yield np.clip(block[:, 0], -1.0, 1.0)


def _read_channels(part: _Part, scan: _Scan, target: int | None) -> Iterator[FloatArray]:
    """Yield (N, C) float32 blocks of all channels; more than a video can have are mixed to two."""
    blocks = part.blocks()
    if scan.channels not in LAYOUTS:
        blocks = (scan.downmix.stereo(block) for block in blocks)
    yield from resample(blocks, part.rate, target or part.rate)


def _decibels(value: float) -> str:
    return f"{value:.0f} dBFS" if math.isfinite(value) else "minus infinity dBFS (all zeros)"
