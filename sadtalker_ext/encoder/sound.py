"""The sound track of the video: AAC from the original file, in step with the frames."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from fractions import Fraction
from typing import TYPE_CHECKING

import numpy as np

from sadtalker_ext.types import FloatArray, Speech

if TYPE_CHECKING:
    from av.audio.stream import AudioStream
    from av.container import OutputContainer

_FRAME = 1024
"""Samples per AAC block (ISO/IEC 14496-3)."""

_RATES = (8000, 11025, 12000, 16000, 22050, 24000, 32000, 44100, 48000)
"""Sampling rates AAC knows, up to the highest we keep."""

_BITS_PER_CHANNEL = 128_000
_LAYOUTS = {1: "mono", 2: "stereo", 3: "3.0", 4: "4.0", 5: "5.0", 6: "5.1"}


def aac_rate(rate_hz: int) -> int:
    """Return the AAC sampling rate that loses nothing below 24 kHz of sound."""
    return next((rate for rate in _RATES if rate >= rate_hz), _RATES[-1])


def aac_bits(rate_hz: int, channels: int) -> int:
    """Return the bit rate: 128 kbit/s per channel, less where AAC cannot use as much.

    A block holds at most 6144 bits per channel (ISO/IEC 14496-3), so slow rates have a ceiling.
    """
    ceiling = 6144 * rate_hz // _FRAME
    return min(_BITS_PER_CHANNEL, ceiling) * channels


class SoundTrack:
    """Feeds the speech into the container as far as the frames have come.

    Args:
        container: The open output.
        speech: Its sound; silence follows where it ends.
    """

    def __init__(self, container: OutputContainer, speech: Speech) -> None:
        self._container = container
        self._rate = aac_rate(speech.rate_hz)
        self._blocks = _all_channels(speech, self._rate)
        self._waiting: deque[FloatArray] = deque()
        self._position = 0
        first = next(self._blocks, None)
        if first is not None:
            self._waiting.append(first)
        self._channels = first.shape[1] if first is not None else 1
        layout = _LAYOUTS[self._channels]
        self._stream: AudioStream = container.add_stream("aac", rate=self._rate, layout=layout)
        self._stream.codec_context.bit_rate = aac_bits(self._rate, self._channels)
        self._stream.codec_context.time_base = Fraction(1, self._rate)

    def write_until(self, seconds: Fraction) -> None:
        """Encode every whole block that ends before this time."""
        target = int(seconds * self._rate)
        while self._position + _FRAME <= target:
            self._encode(_FRAME)

    def finish(self, seconds: Fraction) -> None:
        """Encode up to exactly this time and end the stream."""
        self.write_until(seconds)
        rest = round(seconds * self._rate) - self._position
        if rest > 0:
            self._encode(rest)
        self._container.mux(self._stream.encode(None))

    def close(self) -> None:
        """Stop reading the speech; safe to call twice."""
        close = getattr(self._blocks, "close", None)
        if close is not None:
            close()

    def _encode(self, count: int) -> None:
        from av.audio.frame import AudioFrame

        planes = np.ascontiguousarray(self._take(count).T)
        frame = AudioFrame.from_ndarray(planes, format="fltp", layout=_LAYOUTS[self._channels])
        frame.sample_rate = self._rate
        frame.pts = self._position
        frame.time_base = Fraction(1, self._rate)
        self._position += count
        self._container.mux(self._stream.encode(frame))

    def _take(self, count: int) -> FloatArray:
        """Return the next (count, C) samples, silence where there are none."""
        taken = np.zeros((count, self._channels), np.float32)
        filled = 0
        while filled < count:
            if not self._waiting:
                block = next(self._blocks, None)
                if block is None:
                    break
                self._waiting.append(block)
            block = self._waiting.popleft()
            part = block[: count - filled]
            taken[filled : filled + len(part)] = part
            filled += len(part)
            if len(part) < len(block):
                self._waiting.appendleft(block[len(part) :])
        return taken


def _all_channels(speech: Speech, rate_hz: int) -> Iterator[FloatArray]:
    """Yield (N, C) blocks: the file's own channels, or mono where only that can be read."""
    if speech.read_channels is not None:
        yield from speech.read_channels(rate_hz)
    else:
        for block in speech.read(rate_hz):
            yield block[:, None]
