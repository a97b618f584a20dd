"""A frame of a finished video, for "send to img2img" and small pictures."""

from __future__ import annotations

from pathlib import Path

import av
from PIL import Image

from sadtalker_ext.errors import UnreadableImage
from sadtalker_ext.local_media import open_local

FORMATS = "mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,gif,apng"
"""What finished videos may be."""
_LONGEST_SECONDS = 1e6


def first_frame(video: Path) -> Image.Image:
    """Decode the first frame; see `frame_at`."""
    return frame_at(video, 0.0)


def frame_at(video: Path, seconds: float) -> Image.Image:
    """Decode the frame that is shown at a time; behind the end the last one.

    Raises:
        UnreadableImage: The file is gone, or holds no picture.
    """
    try:
        with open_local(video, FORMATS) as container:
            if seconds > 0:
                container.seek(int(min(seconds, _LONGEST_SECONDS) * 1_000_000))
            last = None
            for frame in container.decode(video=0):
                if last is not None and frame.time is not None and frame.time > seconds:
                    break
                last = frame
            if last is not None:
                return Image.fromarray(last.to_ndarray(format="rgb24"))
    except (OSError, ValueError, IndexError, av.error.FFmpegError) as error:
        raise UnreadableImage(f"{video.name} cannot be read: {error}.") from error
    raise UnreadableImage(f"{video.name} holds no picture.")
