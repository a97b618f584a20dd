"""The sound track of the video: from the original file, in step with the frames."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from fractions import Fraction
from typing import TYPE_CHECKING, cast

import numpy as np

from sadtalker_ext.types import FloatArray, Speech

if TYPE_CHECKING:
    from av.audio.stream import AudioStream
    from av.container import OutputContainer

_FRAME = 1024
"""Samples per AAC block (ISO/IEC 14496-3)."""

_OPUS_RATE = 48000
_OPUS_FRAME = 960
"""20 ms, the usual block (RFC 6716)."""

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


class SpeechSamples:
    """The speech as samples in step with the frames: silence follows where it ends.

    Args:
        speech: The sound.
        rate_hz: Sampling rate to read at.

    Attributes:
        rate_hz: The same.
        channels: Number of channels.
    """

    def __init__(self, speech: Speech, rate_hz: int) -> None:
        self.rate_hz = rate_hz
        self._blocks = _all_channels(speech, rate_hz)
        self._waiting: deque[FloatArray] = deque()
        first = next(self._blocks, None)
        if first is not None:
            self._waiting.append(first)
        self.channels = first.shape[1] if first is not None else 1

    def take(self, count: int) -> FloatArray:
        """Return the next (count, C) float32 samples."""
        taken = np.zeros((count, self.channels), np.float32)
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

    def close(self) -> None:
        """Stop reading the speech; safe to call twice."""
        close = getattr(self._blocks, "close", None)
        if close is not None:
            close()


class SoundTrack:
    """Feeds the speech into the container as far as the frames have come.

    Args:
        container: The open output.
        speech: Its sound; silence follows where it ends.
        codec: "aac"; "libopus", which knows one sampling rate only; or "pcm_s16le".
    """

    def __init__(self, container: OutputContainer, speech: Speech, codec: str = "aac") -> None:
        self._container = container
        own = speech.rate_hz if codec == "pcm_s16le" else aac_rate(speech.rate_hz)
        self._rate = _OPUS_RATE if codec == "libopus" else own
        self._block = _OPUS_FRAME if codec == "libopus" else _FRAME
        self._samples = SpeechSamples(speech, self._rate)
        self._position = 0
        channels = self._samples.channels
        self._layout = _LAYOUTS[channels]
        self._stream = cast(
            "AudioStream", container.add_stream(codec, rate=self._rate, layout=self._layout)
        )
        if codec != "pcm_s16le":
            self._stream.codec_context.bit_rate = aac_bits(self._rate, channels)
        self._stream.codec_context.time_base = Fraction(1, self._rate)

    def write_until(self, seconds: Fraction) -> None:
        """Encode every whole block that ends before this time."""
        target = int(seconds * self._rate)
        while self._position + self._block <= target:
            self._encode(self._block)

    def finish(self, seconds: Fraction) -> None:
        """Encode up to exactly this time and end the stream."""
        self.write_until(seconds)
        rest = round(seconds * self._rate) - self._position
        if rest > 0:
            self._encode(rest)
        self._container.mux(self._stream.encode(None))

    def close(self) -> None:
        """Stop reading the speech; safe to call twice."""
        self._samples.close()

    def _encode(self, count: int) -> None:
        from av.audio.frame import AudioFrame

        samples = self._samples.take(count)
        codec = self._stream.codec_context.name
        if codec == "libopus":  # takes interleaved samples only
            packed = np.ascontiguousarray(samples.reshape(1, -1))
            frame = AudioFrame.from_ndarray(packed, format="flt", layout=self._layout)
        elif codec == "pcm_s16le":
            whole = np.rint(samples.reshape(1, -1) * 32767).clip(-32768, 32767).astype(np.int16)
            frame = AudioFrame.from_ndarray(whole, format="s16", layout=self._layout)
        else:
            planes = np.ascontiguousarray(samples.T)
            frame = AudioFrame.from_ndarray(planes, format="fltp", layout=self._layout)
        frame.sample_rate = self._rate
        frame.pts = self._position
        frame.time_base = Fraction(1, self._rate)
        self._position += count
        self._container.mux(self._stream.encode(frame))


def _all_channels(speech: Speech, rate_hz: int) -> Iterator[FloatArray]:
    """Yield (N, C) blocks: the file's own channels, or mono where only that can be read."""
    if speech.read_channels is not None:
        yield from speech.read_channels(rate_hz)
    else:
        for block in speech.read(rate_hz):
            yield block[:, None]
