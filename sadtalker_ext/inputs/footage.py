"""A video as frames to draw on: planes with their own time stamps, decoded as a stream."""

from __future__ import annotations

import contextlib
from collections.abc import Generator, Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from sadtalker_ext.errors import UnreadableVideo
from sadtalker_ext.inputs.content import require_file
from sadtalker_ext.inputs.video import EXPECTED, opened_video, rotation_of
from sadtalker_ext.planes import Colours, Plane, Planes

if TYPE_CHECKING:
    from av.container import InputContainer
    from av.filter import Graph
    from av.video.frame import VideoFrame
    from av.video.stream import VideoStream

_EIGHT_BIT = ("yuv420p", "yuvj420p")
_TEN_BIT = "yuv420p10le"
_FURTHER_BACK = (0.0, 2.0, 12.0)
"""Seconds before a stamp from which it is looked for."""
_QUARTERS = {90: 1, 180: 2, 270: 3}


@dataclass(frozen=True, slots=True, kw_only=True)
class FootageFacts:
    """What a video says about itself.

    Attributes:
        size: Width and height of upright frames in pixels.
        time_base: Seconds per unit of `FootageFrame.pts`.
        rate: Usual frames per second.
        seconds: Length as the file tells it; 0 where it does not.
        frames: Number of frames as the file tells it, or about; 0 where it does not.
        bits: 8 or 10 per channel.
        tags: Codes of primaries, transfer, matrix and range (ITU-T H.273; range 2 is full).
        aspect: Shape of a pixel, width over height.
        turned: Whether frames are turned upright.
        sound_tracks: Number of sound tracks.
        sound_delay: Seconds by which the sound begins after the first frame.
        other_streams: Kinds of the further streams, such as "subtitle".
    """

    size: tuple[int, int]
    time_base: Fraction
    rate: Fraction
    seconds: float
    frames: int
    bits: int
    tags: tuple[int, int, int, int]
    aspect: Fraction
    turned: bool
    sound_tracks: int
    sound_delay: float
    other_streams: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class FootageFrame:
    """One frame.

    Attributes:
        number: Counted from 0 in the order of showing.
        pts: When it is shown, in units of the time base.
        duration: How long, in the same units; 0 where the file does not tell.
        seconds: When it is shown, counted from the first frame.
        planes: The picture, upright; may be changed by whoever receives it.
    """

    number: int
    pts: int
    duration: int
    seconds: float
    planes: Planes


class Footage:
    """A video file to draw on; nothing is kept in memory, every reading decodes it again.

    Args:
        path: The file; only local ones.
        shrink: Frames are made so many times smaller.
        turn: Quarter turns clockwise, beside those the file asks for.

    Attributes:
        path: The same.
        facts: What it says about itself.

    Raises:
        UnreadableVideo: Missing, damaged, or without pictures.
        InputTooLarge: Its frames have too many pixels.
    """

    def __init__(self, path: Path | str, *, shrink: int = 1, turn: int = 0) -> None:
        self.path = Path(path)
        self._turn = -turn
        require_file(self.path, EXPECTED, UnreadableVideo)
        with opened_video(self.path) as container:
            self.facts = _facts(container, self.path, shrink, self._turn)

    def frames(
        self, first: int = 0, *, pts: int | None = None, origin: int | None = None
    ) -> Iterator[FootageFrame]:
        """Yield frames in the order of showing; a damaged end is left out.

        Args:
            first: Number of the first frame to yield.
            pts: Its time stamp, if known: reading then begins near it and not at the beginning.
            origin: Time stamp of frame 0, needed with `pts`.
        """
        number = 0 if pts is None else first
        start, last = origin, -(2**62)
        with contextlib.closing(self._decoded(pts)) as raw:
            for frame, stamp in raw:
                # stamps that stand still or go back move on by one
                last = max(stamp, last + 1)
                start = last if start is None else start
                if number >= first:
                    yield FootageFrame(
                        number=number,
                        pts=last,
                        duration=int(getattr(frame, "duration", 0) or 0),
                        seconds=float((last - start) * self.facts.time_base),
                        planes=_planes(frame, self.facts, self._turn),
                    )
                number += 1

    def _decoded(self, pts: int | None) -> Generator[tuple[VideoFrame, int], None, None]:
        """Yield whole pictures with their stamps, from a stamp on; a damaged end is left out."""
        from av.error import FFmpegError

        with opened_video(self.path) as container, contextlib.suppress(FFmpegError):
            stream = container.streams.video[0]
            stream.thread_type = "AUTO"
            straight, stamp = _Straight(stream), -self._usual_step
            for raw in self._raw(container, stream, pts):
                stamp = stamp + self._usual_step if raw.pts is None else raw.pts
                if pts is None or stamp >= pts:
                    for frame in straight(raw):
                        yield frame, stamp if frame.pts is None else frame.pts
            for frame in straight(None):
                yield frame, stamp if frame.pts is None else frame.pts

    def _raw(
        self, container: InputContainer, stream: VideoStream, pts: int | None
    ) -> Iterator[VideoFrame]:
        """Decode from before a stamp on.

        Files without an index are searched a little too far ahead: then once more from further
        back, and at last from the beginning.
        """
        for seconds in () if pts is None else _FURTHER_BACK:
            earlier = (pts or 0) - round(seconds / self.facts.time_base)
            container.seek(earlier, stream=stream, backward=True)
            decoded = container.decode(stream)
            found = next(decoded, None)
            if found is not None and found.pts is not None and found.pts <= (pts or 0):
                yield found
                yield from decoded
                return
        if pts is None:
            yield from container.decode(stream)
            return
        with opened_video(self.path) as again:
            yield from again.decode(again.streams.video[0])

    @property
    def _usual_step(self) -> int:
        return max(1, round(1 / (self.facts.rate * self.facts.time_base)))


class _Straight:
    """Makes whole pictures of interlaced frames; others go through as they are."""

    def __init__(self, stream: VideoStream) -> None:
        self._stream = stream
        self._graph: Graph | None = None
        self._base: Fraction | None = None

    def __call__(self, frame: VideoFrame | None) -> Iterator[VideoFrame]:
        """Yield what is ready after one more frame; after the last one, None."""
        if frame is None and self._graph is None:
            return
        if (
            frame is not None
            and self._graph is None
            and not getattr(frame, "interlaced_frame", False)
        ):
            yield frame
            return
        from av.error import BlockingIOError as Waiting
        from av.filter import Graph

        if self._graph is None and frame is not None:
            self._graph = Graph()
            source = self._graph.add_buffer(template=self._stream, time_base=frame.time_base)
            straighten = self._graph.add("bwdif", "mode=send_frame:deint=interlaced")
            sink = self._graph.add("buffersink")
            source.link_to(straighten)
            straighten.link_to(sink)
            self._graph.configure()
            self._base = frame.time_base
        graph: Any = self._graph
        graph.push(frame)
        with contextlib.suppress(Waiting, StopIteration, EOFError):
            while True:
                ready: Any = graph.pull()
                if ready.pts is not None and ready.time_base and self._base:
                    ready.pts = round(ready.pts * ready.time_base / self._base)
                yield ready


def _facts(container: InputContainer, path: Path, shrink: int, turn: int) -> FootageFacts:
    from av.error import FFmpegError

    stream = container.streams.video[0]
    try:
        first = next(container.decode(stream), None)
    except FFmpegError:
        first = None
    if first is None:
        raise UnreadableVideo(
            f"{path.name} should hold pictures, but none can be decoded.",
            hint="Export it again, for example as mp4.",
        )
    context = stream.codec_context
    turned = (_quarters(first) + turn) % 4
    size = (max(stream.width // shrink, 2), max(stream.height // shrink, 2))
    rate = Fraction(stream.average_rate or stream.guessed_rate or 25)
    base = Fraction(stream.time_base or Fraction(1, 90000))
    length = float(stream.duration * base) if stream.duration else (container.duration or 0) / 1e6
    others = [one.type for one in container.streams if one.type not in ("video", "audio")]
    bits = max((one.bits for one in first.format.components), default=8)
    return FootageFacts(
        size=size[::-1] if turned % 2 else size,
        time_base=base,
        rate=rate,
        seconds=length,
        frames=stream.frames or round(length * rate),
        bits=10 if bits > 8 else 8,
        tags=(
            int(context.color_primaries),
            int(context.color_trc),
            int(context.colorspace),
            2 if first.format.name.startswith("yuvj") else int(context.color_range),
        ),
        aspect=Fraction(stream.sample_aspect_ratio or 1),
        turned=bool(turned),
        sound_tracks=len(container.streams.audio),
        sound_delay=_sound_delay(container, first),
        other_streams=tuple(others),
    )


def _sound_delay(container: InputContainer, first: VideoFrame) -> float:
    """Return by how many seconds the sound begins after the pictures."""
    if not container.streams.audio or first.time is None:
        return 0.0
    sound = container.streams.audio[0]
    if sound.start_time is None or not sound.time_base:
        return 0.0
    return float(sound.start_time * sound.time_base) - float(first.time)


def _quarters(frame: VideoFrame) -> int:
    return _QUARTERS.get(rotation_of(frame) % 360, 0)


def _planes(frame: VideoFrame, facts: FootageFacts, more: int) -> Planes:
    """Return upright planes of a decoded frame, of the video's own depth."""
    wanted = _TEN_BIT if facts.bits == 10 else "yuv420p"
    turn = (_quarters(frame) + more) % 4
    width, height = facts.size[::-1] if turn % 2 else facts.size
    plain = frame.format.name in ((_TEN_BIT,) if facts.bits == 10 else _EIGHT_BIT)
    if not plain or (frame.width, frame.height) != (width, height):
        frame = frame.reformat(width=width, height=height, format=wanted)
    y, u, v = (_plane(frame, index, facts.bits) for index in range(3))
    if turn:
        y, u, v = (np.ascontiguousarray(np.rot90(one, turn)) for one in (y, u, v))
    matrix, full = facts.tags[2], facts.tags[3] == 2
    colours = Colours.of(matrix, full=full, bits=facts.bits, height=facts.size[1])
    return Planes(y, u, v, colours)


def _plane(frame: VideoFrame, index: int, bits: int) -> Plane:
    """Return a copy of a plane without the padding of its rows."""
    plane: Any = frame.planes[index]
    kind = np.uint16 if bits == 10 else np.uint8
    rows: npt.NDArray[Any] = np.frombuffer(plane, kind).reshape(plane.height, -1)
    return rows[:, : plane.width].copy()
