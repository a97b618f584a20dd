"""The first frame of a finished video, for "send to img2img"."""

from __future__ import annotations

from pathlib import Path

import av
from PIL import Image

from sadtalker_ext.errors import UnreadableImage


def first_frame(video: Path) -> Image.Image:
    """Decode one frame.

    Raises:
        UnreadableImage: The file is gone, or holds no picture.
    """
    try:
        with av.open(str(video)) as container:
            for frame in container.decode(video=0):
                return Image.fromarray(frame.to_ndarray(format="rgb24"))
    except (OSError, ValueError, IndexError, av.error.FFmpegError) as error:
        raise UnreadableImage(f"{video.name} cannot be read: {error}.") from error
    raise UnreadableImage(f"{video.name} holds no picture.")
