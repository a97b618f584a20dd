"""Opening sound tracks: only local files, only formats that hold media themselves.

Playlists and other files that merely point elsewhere (hls, dash, concat) are not on the list of
formats, and no protocol but plain files is allowed, so a crafted upload cannot make the machine
read other files or talk to the network.
"""

from __future__ import annotations

import contextlib
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, cast

from sadtalker_ext.errors import InvalidOption, UnreadableAudio
from sadtalker_ext.inputs.content import describe_content, require_file
from sadtalker_ext.local_media import open_local

if TYPE_CHECKING:
    from av.audio.stream import AudioStream
    from av.container import InputContainer

EXPECTED = "a sound or video file (wav, mp3, m4a, ogg, opus, flac, webm, mp4, mov, mkv)"

_FORMATS = (
    "wav,w64,aiff,caf,au,mp3,aac,flac,ogg,mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,"
    "avi,asf,flv,mpeg,mpegts,ac3,eac3,amr,ape,wv,tta"
)
_OF_WAVES = {"max_size": "65536", "max_probe_packets": "1"}
"""For wav: bytes of a packet, usually 4096 although a packet takes longer than its samples do; and
how many are looked at for a coded sound among the samples, which one of that size shows as well."""
_LEAD_IN = 1 << 16
MOST_RATE = 768_000
"""Samples per second; recorders end at 384,000. A promise of more is a way to waste time."""


@contextlib.contextmanager
def open_sound(path: Path, track: int = 0) -> Iterator[tuple[InputContainer, AudioStream]]:
    """Open the file and one of its sound streams; closes it at the end.

    Args:
        path: The file.
        track: Number of the stream among those with sound, from 1; 0 is the best.

    Raises:
        InvalidOption: The file has fewer sound tracks.
        UnreadableAudio: Missing, empty, truncated, not media, or without a sound stream.
    """
    from av.error import FFmpegError

    require_file(path, EXPECTED, UnreadableAudio)
    try:
        container = open_local(path, _FORMATS, _OF_WAVES if _is_wave(path) else None)
    except (FFmpegError, OSError, ValueError) as problem:
        raise _refused(path) from problem
    with container:
        if not container.streams.audio:
            raise UnreadableAudio(
                f"{path.name} should have a sound track, but it is "
                f"{describe_content(path)} with none.",
                hint="Give a sound file, or a video that can be heard.",
            )
        stream = _stream(container, track, path.name)
        if not stream.codec_context or not stream.rate:
            raise UnreadableAudio(
                f"{path.name} has a sound track of an unknown kind, or it is truncated.",
                hint="Convert it to wav, mp3 or m4a.",
            )
        if stream.rate > MOST_RATE:
            raise UnreadableAudio(
                f"{path.name} should have at most {MOST_RATE} samples per second, found "
                f"{stream.rate}.",
                hint="Convert it to wav with 48000 samples per second.",
            )
        yield container, stream


def _stream(container: InputContainer, track: int, name: str) -> AudioStream:
    streams = container.streams.audio
    if not track:
        return cast("AudioStream", container.streams.best("audio") or streams[0])
    if track > len(streams):
        raise InvalidOption(
            f"Option audio_track should be at most {len(streams)}, the number of sound tracks of "
            f"{name}, found {track}."
        )
    return streams[track - 1]


def declared_seconds(path: Path, container: InputContainer, stream: AudioStream) -> float | None:
    """Return the length that the file itself states, or None when it can only be guessed.

    Used to notice files that were cut off. MP3 durations without a frame count are guesses from
    the bit rate; Ogg has no promise; WAV durations are adapted to the file size by the demuxer, so
    the header is read here.
    """
    name = container.format.name
    if name == "wav":
        return _wav_seconds(path)
    if name == "mp3" and not _mp3_is_counted(path):
        return None
    if name in ("mp3", "flac") or name.startswith("mov"):
        if stream.duration and stream.time_base:
            return float(stream.duration * stream.time_base)
        return None
    if name.startswith("matroska") and len(container.streams) == 1 and container.duration:
        return container.duration / 1e6
    return None


def exact_samples(container: InputContainer, stream: AudioStream) -> int | None:
    """Return the number of samples after which only padding follows, where the file tells it.

    AAC is coded in blocks of 1024 samples; MP4 files keep the true length in their edit list.
    """
    if not container.format.name.startswith("mov"):
        return None
    if not stream.duration or not stream.time_base:
        return None
    return round(float(stream.duration * stream.time_base) * stream.rate)


def _refused(path: Path) -> UnreadableAudio:
    found = describe_content(path)
    if "sound" in found or "video" in found or found.startswith(("an MP4", "an Ogg", "a Matroska")):
        return UnreadableAudio(
            f"{path.name} looks like {found} but is damaged or truncated: it cannot be opened.",
            hint="Download or export it again.",
        )
    return UnreadableAudio(
        f"{path.name} should be {EXPECTED}, but it is {found}.",
        hint="Convert the speech to wav, mp3 or m4a.",
    )


def _is_wave(path: Path) -> bool:
    with path.open("rb") as file:
        head = file.read(12)
    return head[:4] in (b"RIFF", b"RF64") and head[8:] == b"WAVE"


def _wav_seconds(path: Path) -> float | None:
    """Read the length from the header of a RIFF WAVE file (chunks: name, size, data)."""
    with path.open("rb") as file:
        head = file.read(12)
        if head[:4] != b"RIFF" or head[8:] != b"WAVE":
            return None
        bytes_per_second = 0
        while len(chunk := file.read(8)) == 8:
            name, size = chunk[:4], struct.unpack("<I", chunk[4:])[0]
            if name == b"data":
                # recorders that stream write 0 or the largest number
                known = 0 < size < 0xFFFFFF00 and bytes_per_second
                return size / bytes_per_second if known else None
            if name == b"fmt " and size >= 16:
                if len(form := file.read(16)) < 16:
                    return None
                bytes_per_second = struct.unpack("<I", form[8:12])[0]
                size -= 16
            file.seek(size + size % 2, 1)
    return None


def _mp3_is_counted(path: Path) -> bool:
    """Tell whether an MP3 file begins with a frame that counts the others (Xing or Info)."""
    with path.open("rb") as file:
        head = file.read(10)
        if head[:3] == b"ID3" and len(head) == 10:
            size = 0
            for byte in head[6:10]:  # four times seven bits
                size = size << 7 | byte & 0x7F
            file.seek(size, 1)
        lead = file.read(_LEAD_IN)
    return b"Xing" in lead or b"Info" in lead
