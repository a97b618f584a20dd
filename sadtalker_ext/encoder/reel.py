"""A dubbed video: planes with their own time stamps, encoded in parts, then joined with the sound.

Every part is a file of its own, complete once it has its name, so that work that was stopped goes
on behind the last one. Joining copies the coded pictures; only the sound is coded then.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sadtalker_ext.encoder.muxer import h264_options
from sadtalker_ext.encoder.output_file import explain
from sadtalker_ext.encoder.sound import SoundTrack
from sadtalker_ext.encoder.subtitles import SubtitleTrack
from sadtalker_ext.local_media import open_local
from sadtalker_ext.types import Speech, Word

if TYPE_CHECKING:
    from av.container import OutputContainer
    from av.stream import Stream

    from sadtalker_ext.planes import Planes  # it needs OpenCV

_KEYFRAME_SECONDS = 4
_PART_FORMATS = "mov,mp4,m4a,3gp,3g2,mj2"
_SOURCE_FORMATS = f"{_PART_FORMATS},matroska,webm,avi,asf,flv,mpeg,mpegts,ogg,gif"


@dataclass(frozen=True, slots=True, kw_only=True)
class ReelLook:
    """How the pictures of a video are stored.

    Attributes:
        size: Width and height in pixels; odd ones grow by one.
        time_base: Seconds per unit of a time stamp.
        rate: Usual frames per second.
        bits: 8 or 10.
        tags: Codes of primaries, transfer, matrix and range (ITU-T H.273; range 2 is full).
        aspect: Shape of a pixel, width over height.
        quality: CRF on the scale of H.264.
    """

    size: tuple[int, int]
    time_base: Fraction
    rate: Fraction
    bits: int
    tags: tuple[int, int, int, int]
    aspect: Fraction
    quality: int


class ReelPart:
    """Encodes one part; use it as a context manager.

    Args:
        path: The file; there only when it is complete.
        look: How pictures are stored.
        begins: Time stamp of its first frame; the file itself begins with 0, because an mp4 rounds
            a later beginning to milliseconds.
    """

    def __init__(self, path: Path, look: ReelLook, begins: int = 0) -> None:
        import av

        self._path, self._look, self._begins = path, look, begins
        self._working = path.with_suffix(".part.mp4")
        self._container: OutputContainer = av.open(
            str(self._working),
            "w",
            format="mp4",
            options={"video_track_timescale": str(look.time_base.denominator)},
        )
        width, height = look.size
        options = h264_options(look.quality, width * height, one_shot=False)
        self._stream = self._container.add_stream("libx264", rate=look.rate, options=options)
        context: Any = self._stream.codec_context
        # threads with a frame each: `write` waits for none of them, while slices of one frame must
        # all be done before it returns
        context.thread_type = "FRAME"
        context.width, context.height = width + width % 2, height + height % 2
        context.pix_fmt = "yuv420p10le" if look.bits == 10 else "yuv420p"
        context.time_base = look.time_base
        context.gop_size = max(1, round(_KEYFRAME_SECONDS * look.rate))
        context.color_primaries, context.color_trc, context.colorspace = look.tags[:3]
        context.color_range = look.tags[3] or 1
        if look.aspect != 1:
            context.sample_aspect_ratio = look.aspect
        self._stream.time_base = look.time_base

    def write(self, planes: Planes, pts: int, duration: int = 0) -> None:
        """Add a frame with its time stamp."""
        from sadtalker_ext.encoder.yuv import video_frame  # it needs OpenCV

        frame = video_frame(planes)
        frame.pts, frame.time_base = pts - self._begins, self._look.time_base
        if duration and hasattr(frame, "duration"):
            with contextlib.suppress(AttributeError):
                frame.duration = duration
        self._container.mux(self._stream.encode(frame))

    def __enter__(self) -> ReelPart:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        """Complete the part, or remove it."""
        try:
            if kind is None:
                self._container.mux(self._stream.encode(None))
            self._container.close()
        except Exception as problem:
            self._working.unlink(missing_ok=True)
            if kind is None:
                raise explain(problem, self._path) from problem
            return
        if kind is None:
            self._working.replace(self._path)
        else:
            self._working.unlink(missing_ok=True)


def join_reel(
    parts: Sequence[Path],
    output: Path,
    look: ReelLook,
    *,
    begins: Sequence[int],
    seconds: Fraction,
    sound: Speech | None = None,
    beside: Path | None = None,
    tags: dict[str, str] | None = None,
    captions: tuple[Word, ...] = (),
) -> tuple[str, ...]:
    """Join parts and sound into one mp4.

    Args:
        parts: Files of `ReelPart`, in order.
        output: The file to write.
        look: How their pictures are stored.
        begins: Time stamp of the first frame of each.
        seconds: Length of the whole, which the sound will have.
        sound: What is heard; None makes a silent video.
        beside: A file whose subtitle tracks are copied, where an mp4 can hold them.
        tags: What the file says about itself.
        captions: Captions in order, for a subtitle track of their own.

    Returns:
        Sentences about what could not be copied.

    Raises:
        EncodingError: The file could not be written.
    """
    import av

    told: list[str] = []
    try:
        with contextlib.ExitStack() as stack:
            first = stack.enter_context(open_local(parts[0], _PART_FORMATS))
            container = stack.enter_context(
                av.open(
                    str(output),
                    "w",
                    format="mp4",
                    options={
                        "movflags": "+faststart",
                        "video_track_timescale": str(look.time_base.denominator),
                    },
                )
            )
            container.metadata.update(tags or {})
            video = _same_stream(container, first.streams.video[0])
            track = SoundTrack(container, sound) if sound is not None else None
            written = SubtitleTrack(container, captions) if captions else None
            copied = _Copied(container, beside, told) if beside is not None else None
            if copied is not None:
                stack.callback(copied.close)
            if written is not None:
                container.start_encoding()
            _copy_parts(zip(parts, begins, strict=True), container, video, look, track, seconds)
            if written is not None:
                written.write_until(seconds)
            if track is not None:
                track.finish(seconds)
                track.close()
            if copied is not None:
                copied.write(seconds)
    except Exception as problem:
        output.unlink(missing_ok=True)
        raise explain(problem, output) from problem
    return tuple(told)


def _copy_parts(
    parts: Iterable[tuple[Path, int]],
    container: OutputContainer,
    video: Stream,
    look: ReelLook,
    track: SoundTrack | None,
    seconds: Fraction,
) -> None:
    """Copy coded pictures, and code the sound as far as they have come."""
    last: int | None = None
    for path, begins in parts:
        with open_local(path, _PART_FORMATS) as source:
            for packet in source.demux(source.streams.video[0]):
                if packet.dts is None or packet.pts is None:
                    continue
                offset = round(begins * look.time_base / (packet.time_base or look.time_base))
                packet.pts, packet.dts = packet.pts + offset, packet.dts + offset
                # where parts meet, the order of decoding must go on
                if last is not None and packet.dts <= last:
                    packet.dts = last + 1
                last = packet.dts
                if not packet.duration:  # PyAV 13 knows none; without one the last frame is lost
                    packet.duration = max(1, round(1 / (look.rate * look.time_base)))
                shown = Fraction(packet.pts) * (packet.time_base or look.time_base)
                onwards: Any = packet
                onwards.stream = video
                container.mux(packet)
                if track is not None:
                    track.write_until(min(max(shown, Fraction(0)), seconds))


class _Copied:
    """Subtitle tracks of the source, copied as they are."""

    def __init__(self, container: OutputContainer, path: Path, told: list[str]) -> None:
        self._container = container
        self._source = open_local(path, _SOURCE_FORMATS)
        self._pairs: dict[int, Stream] = {}
        for stream in self._source.streams:
            if stream.type != "subtitle":
                continue
            name = stream.codec_context.name if stream.codec_context else ""
            if name == "mov_text":
                self._pairs[stream.index] = _same_stream(container, stream)
            else:
                told.append(f"A subtitle track ({name or 'unknown'}) does not fit into an mp4.")

    def write(self, seconds: Fraction) -> None:
        """Copy what begins before the end."""
        for packet in (
            self._source.demux([one for one in self._source.streams if one.index in self._pairs])
            if self._pairs
            else ()
        ):
            if packet.dts is None or (packet.pts or 0) * packet.time_base >= seconds:
                continue
            packet.stream = self._pairs[packet.stream.index]
            self._container.mux(packet)

    def close(self) -> None:
        """Close the source."""
        self._source.close()


def _same_stream(container: Any, stream: Stream) -> Any:
    """Add a stream for packets that are copied; PyAV 13 has another name for it than 14."""
    if hasattr(container, "add_stream_from_template"):
        return container.add_stream_from_template(stream)
    return container.add_stream(template=stream)
