"""Reference videos: any video file, or a still picture, read frame by frame.

The same rules as for sound hold: only local files, only formats that hold media themselves.
"""

from __future__ import annotations

import contextlib
import itertools
import math
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from sadtalker_ext.errors import InputTooLarge, InvalidOption, UnreadableImage, UnreadableVideo
from sadtalker_ext.inputs.content import describe_content, require_file
from sadtalker_ext.inputs.image import MAX_PIXELS, read_picture
from sadtalker_ext.local_media import open_local
from sadtalker_ext.performance import DrivingVideo
from sadtalker_ext.types import ImageArray

if TYPE_CHECKING:
    from av.container import InputContainer
    from av.packet import Packet
    from av.video.frame import VideoFrame
    from av.video.stream import VideoStream

EXPECTED = "a video (mp4, mov, webm, mkv, avi, gif) or a picture"

_FORMATS = "mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,avi,asf,flv,mpeg,mpegts,ogg,gif"
_REORDERED_SECONDS = 2.0
"""More than packets, which come in the order of decoding, are away from the order of showing."""
_FIRST_PACKETS = 16
"""Among them is the picture that is shown first: packets come in the order of decoding."""
_SWAPPED = "Give a video that shows a face; a sound is given behind it, as the speech."
_QUARTERS = {90: 1, 180: 2, 270: 3}


def open_driving(path: Path | str, *, start: float = 0.0, end: float = 0.0) -> DrivingVideo:
    """Check that a video can be read and return its used part.

    Nothing is kept in memory: every `read` decodes the file again.

    Args:
        path: A video file; a picture is a video of one frame. Only local files.
        start: Seconds to leave out at the beginning.
        end: Where the used part ends, in seconds from the file's beginning; 0 is its end.

    Raises:
        UnreadableVideo: Missing, empty, damaged, or without pictures.
        InputTooLarge: Its frames have more than `MAX_PIXELS`; seen before one is decoded.
        InvalidOption: `start` lies behind the end of the video.
    """
    path = Path(path)
    require_file(path, EXPECTED, UnreadableVideo)
    seconds = (end or math.inf) - start
    try:
        with opened_video(path):
            pass
        read = partial(_frames, path, start, seconds)
    except UnreadableVideo:
        with contextlib.suppress(UnreadableImage):
            still = read_picture(path).pixels
            return DrivingVideo(path=path, seconds=seconds, read=lambda: iter([(0.0, still)]))
        raise
    if next(read(), None) is None:
        if start:
            raise InvalidOption(f"Option audio_start lies behind the end of {path.name}.")
        raise UnreadableVideo(
            f"{path.name} should hold pictures, but none can be decoded.",
            hint="Export it again, for example as mp4.",
        )
    return DrivingVideo(path=path, seconds=seconds, read=read)


def video_extent(
    path: Path, *, start: float = 0.0, end: float = 0.0, most_frames: int = 10**9
) -> tuple[float, int, tuple[int, int]]:
    """Measure the used part of a video without decoding it.

    Args:
        path: A file that `open_driving` accepted; a picture has one frame and no length.
        start: As for `open_driving`.
        end: As for `open_driving`.
        most_frames: Counting stops behind this many.

    Returns:
        Seconds, number of frames, and (width, height) of the frames in pixels.
    """
    first, last, frames = math.inf, -math.inf, 0
    try:
        with opened_video(path) as container:
            stream = container.streams.video[0]
            size = _frame_size(container)
            frame_seconds = 1.0 / float(stream.average_rate or 25)
            for packet in _packets(container):
                if packet.pts is None or not packet.size:
                    continue
                at = float(packet.pts * packet.time_base)
                first = min(first, at)
                if end and at - first >= end + _REORDERED_SECONDS:
                    break
                if at - first < start or (end and at - first >= end):
                    continue
                last, frames = max(last, at), frames + 1
                if frames > most_frames:
                    break
    except UnreadableVideo:
        height, width = read_picture(path).pixels.shape[:2]
        return 0.0, 1, (width, height)
    return (last - first - start + frame_seconds if frames else 0.0), frames, size


def picture_start(path: Path) -> float | None:
    """Return when the first picture of a video is shown, by the file's own clock; None if unknown.

    Sound and pictures need not begin together: a recorder's microphone may start later.
    """
    first: float | None = None
    with contextlib.suppress(UnreadableVideo), opened_video(path) as container:
        for packet in itertools.islice(_packets(container), _FIRST_PACKETS):
            if packet.pts is not None and packet.time_base is not None and packet.size:
                at = float(packet.pts * packet.time_base)
                first = at if first is None else min(first, at)
    return first


def has_sound(path: Path) -> bool:
    """Tell whether a video file, which `open_driving` accepted, has a sound track."""
    try:
        with opened_video(path) as container:
            return bool(container.streams.audio)
    except UnreadableVideo:
        return False


@contextlib.contextmanager
def opened_video(path: Path) -> Iterator[InputContainer]:
    """Open a video that can be read, and close it at the end; raises as `open_driving` does."""
    from av.error import FFmpegError

    try:
        container = open_local(path, _FORMATS)
    except (FFmpegError, OSError, ValueError) as problem:
        found = describe_content(path)
        raise UnreadableVideo(
            f"{path.name} should be {EXPECTED}, but it is {found}.",
            hint=_SWAPPED if "sound file" in found else "Export it again, for example as mp4.",
        ) from problem
    with container:
        if not container.streams.video:
            raise UnreadableVideo(
                f"{path.name} should be {EXPECTED}, but it is "
                f"{describe_content(path)} without pictures.",
                hint=_SWAPPED if container.streams.audio else "Give a video that shows a face.",
            )
        if container.streams.video[0].codec_context is None:
            raise UnreadableVideo(
                f"{path.name} has pictures of an unknown kind, or it is damaged.",
                hint="Export it again, for example as mp4.",
            )
        width, height = _frame_size(container)
        if width * height > MAX_PIXELS:
            raise InputTooLarge(
                f"{path.name} should have at most {MAX_PIXELS // 1_000_000} megapixels, found "
                f"{width} x {height}.",
                hint="Scale it down first.",
            )
        yield container


def _packets(container: InputContainer) -> Iterator[Packet[VideoStream]]:
    """Yield the packets of the pictures; a damaged end is left out."""
    from av.error import FFmpegError

    with contextlib.suppress(FFmpegError):
        yield from container.demux(container.streams.video[0])


def _frame_size(container: InputContainer) -> tuple[int, int]:
    coded = container.streams.video[0].codec_context
    return coded.width, coded.height


def _frames(path: Path, start: float, seconds: float) -> Iterator[tuple[float, ImageArray]]:
    """Yield (seconds since the first frame used, frame); a damaged end is left out."""
    from av.error import FFmpegError

    with opened_video(path) as container, contextlib.suppress(FFmpegError):
        stream = container.streams.video[0]
        rate = float(stream.average_rate or 25)
        began: float | None = None
        first: float | None = None
        for number, frame in enumerate(container.decode(stream)):
            at = number / rate if frame.time is None else float(frame.time)
            began = at if began is None else began
            # half a millisecond: containers round their time stamps
            if at - began < start - 0.0005:
                continue
            first = at if first is None else first
            if at - first >= seconds:
                return
            yield at - first, _upright(frame, stream.width, stream.height)


def _upright(frame: VideoFrame, width: int, height: int) -> ImageArray:
    """Return a frame as (H, W, 3) uint8 RGB, turned as the camera was held."""
    pixels = np.asarray(frame.to_ndarray(format="rgb24", width=width, height=height), np.uint8)
    turn = _QUARTERS.get(rotation_of(frame) % 360, 0)
    return np.ascontiguousarray(np.rot90(pixels, turn)) if turn else pixels


def rotation_of(frame: VideoFrame) -> int:
    """Return by how many degrees a frame is to be turned, counter-clockwise.

    PyAV tells it from 14.1 on; the display matrix (of FFmpeg, 9 integers in the machine's order)
    is there in all versions.
    """
    matrix: Any = frame.side_data.get("DISPLAYMATRIX")
    if matrix is None:
        return 0
    cosine, sine = np.frombuffer(bytes(matrix), np.int32)[:2]
    return round(-math.degrees(math.atan2(sine, cosine)))
