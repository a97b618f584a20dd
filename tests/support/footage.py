"""Videos made in code for dubbing: any time stamps, depths and turns."""

from __future__ import annotations

import struct
from fractions import Fraction
from pathlib import Path

import av
import numpy as np


def write_footage(
    path: Path,
    frames,
    *,
    stamps=None,
    base: Fraction = Fraction(1, 1000),
    rate: Fraction = Fraction(25),
    pix_fmt: str = "yuv420p",
    crf: str = "10",
    gop: int = 250,
) -> Path:
    """Write (H, W, 3) uint8 RGB frames with time stamps in units of `base`."""
    frames = list(frames)
    if stamps is None:
        stamps = [round(n / (rate * base)) for n in range(len(frames))]
    height, width = frames[0].shape[:2]
    options = {"video_track_timescale": str(base.denominator)} if path.suffix == ".mp4" else {}
    with av.open(str(path), "w", options=options) as container:
        stream = container.add_stream("libx264", rate=rate, options={"crf": crf, "preset": "fast"})
        stream.width, stream.height, stream.pix_fmt = width, height, pix_fmt
        stream.codec_context.time_base, stream.codec_context.gop_size = base, gop
        stream.codec_context.colorspace = stream.codec_context.color_primaries = 1
        stream.codec_context.color_trc = stream.codec_context.color_range = 1
        stream.time_base = base
        for image, pts in zip(frames, stamps, strict=True):
            frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(image), format="rgb24")
            frame = frame.reformat(format=pix_fmt, dst_colorspace=1, dst_color_range=1)
            frame.pts, frame.time_base = int(pts), base
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


def turn_clockwise(path: Path) -> Path:
    """Say in an mp4 that its pictures are to be shown turned by 90 degrees clockwise."""
    data = bytearray(path.read_bytes())
    at = data.index(b"tkhd") + 4 + 40  # ISO/IEC 14496-12: the matrix of the track header
    one = 1 << 16
    data[at : at + 36] = struct.pack(">9i", 0, one, 0, -one, 0, 0, 0, 0, 1 << 30)
    path.write_bytes(bytes(data))
    return path


def times_of(path: Path) -> list[Fraction]:
    """Return when each frame of a video is shown, in seconds."""
    with av.open(str(path)) as container:
        return [frame.pts * frame.time_base for frame in container.decode(video=0)]
