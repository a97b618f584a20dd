"""Frames as numbered PNG pictures, with the speech as WAV, in one zip file that streams."""

from __future__ import annotations

import contextlib
import struct
import wave
import zipfile
import zlib
from fractions import Fraction
from pathlib import Path

import numpy as np

from sadtalker_ext.encoder.metadata import VideoMetadata
from sadtalker_ext.encoder.sound import SpeechSamples
from sadtalker_ext.errors import EncodingError
from sadtalker_ext.types import ImageArray, Speech

SOUND_NAME = "speech.wav"
_BLOCK = 1 << 16
_COMPRESSION = 1
_HEADER = 33
"""Bytes of the PNG signature and the first chunk, which must come first."""


def frame_name(number: int) -> str:
    """Return the name of a frame, counted from 1."""
    return f"frame_{number:06}.png"


class PngEncoder:
    """An open zip file of frames; see `FrameEncoder`.

    Args:
        path: The zip file.
        rate: Frames per second.
        speech: Goes in as 16-bit WAV, as long as the frames.
        metadata: Goes into every picture.
        alpha: Whether the pictures are transparent.
    """

    def __init__(
        self,
        path: Path,
        *,
        rate: Fraction,
        speech: Speech | None,
        metadata: VideoMetadata | None,
        alpha: bool = False,
    ) -> None:
        self._alpha = alpha
        self._rate = rate
        self._speech = speech
        self._frames = 0
        self._chunks = _text_chunks(metadata) if metadata else b""
        # pictures are compressed already
        self._zip = zipfile.ZipFile(path, "w", zipfile.ZIP_STORED)

    def encode(self, frame: ImageArray) -> None:
        """Add one frame."""
        import cv2

        pixels = cv2.cvtColor(frame, cv2.COLOR_RGBA2BGRA if self._alpha else cv2.COLOR_RGB2BGR)
        done, data = cv2.imencode(".png", pixels, [cv2.IMWRITE_PNG_COMPRESSION, _COMPRESSION])
        if not done:
            raise EncodingError(f"Frame {self._frames} could not be made a PNG picture.")
        self._frames += 1
        png = data.tobytes()
        picture = png[:_HEADER] + self._chunks + png[_HEADER:]
        self._zip.writestr(frame_name(self._frames), picture)

    def finish(self) -> None:
        """Add the sound and complete the file."""
        if self._speech is not None:
            self._add_sound(self._speech)
        self._zip.close()

    def close(self) -> None:
        """Close the file."""
        with contextlib.suppress(Exception):  # the file is about to be removed
            self._zip.close()

    def _add_sound(self, speech: Speech) -> None:
        samples = SpeechSamples(speech, speech.rate_hz)
        left = round(self._frames / self._rate * speech.rate_hz)
        try:
            with self._zip.open(SOUND_NAME, "w", force_zip64=True) as file:
                sound = wave.open(file, "wb")  # noqa: SIM115 - closed below
                sound.setnchannels(samples.channels)
                sound.setsampwidth(2)
                sound.setframerate(speech.rate_hz)
                sound.setnframes(left)  # known beforehand: a zip cannot be written backwards
                while left:
                    block = samples.take(min(left, _BLOCK))
                    levels = np.rint(np.clip(block, -1, 1) * 32767).astype("<i2")
                    sound.writeframesraw(levels.tobytes())
                    left -= len(block)
                sound.close()
        finally:
            samples.close()


def _text_chunks(metadata: VideoMetadata) -> bytes:
    """Return iTXt chunks (PNG specification, 11.3.3.4) with what the video says about itself."""
    texts = {
        "Comment": metadata.line,
        "Description": metadata.disclosure,
        "XML:com.adobe.xmp": metadata.xmp,
    }
    chunks = b""
    for keyword, text in texts.items():
        if text:
            body = keyword.encode("ascii") + b"\0\0\0\0\0" + text.encode("utf-8")
            check = zlib.crc32(b"iTXt" + body)
            chunks += struct.pack(">I", len(body)) + b"iTXt" + body + struct.pack(">I", check)
    return chunks
