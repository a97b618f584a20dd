"""Files made to do harm: little to send, much to read."""

import io
import struct

import numpy as np
from PIL import Image


def _number(value, width=8):
    """A number in Matroska's way of writing lengths, always of full width."""
    return ((1 << (7 * width)) | value).to_bytes(width, "big")


def _element(name, content):
    return bytes.fromhex(name) + _number(len(content)) + content


def matroska_with_gaps(rate, gaps, step_ms=59_000):
    """PCM blocks a minute apart: the silence between them has to be written out.

    Args:
        rate: Samples per second that the file promises.
        gaps: How many blocks.
        step_ms: Between two blocks.
    """
    block = np.random.default_rng(1).integers(-9000, 9000, 2000).astype("<i2").tobytes()
    head = (("4286", b"\1"), ("42F7", b"\1"), ("42F2", b"\4"), ("42F3", b"\x08"),
            ("4282", b"matroska"), ("4287", b"\4"), ("4285", b"\2"))  # fmt: skip
    header = _element("1A45DFA3", b"".join(_element(*one) for one in head))
    info = _element("1549A966", _element("2AD7B1", (1_000_000).to_bytes(8, "big")))
    sound = _element("E1", _element("B5", struct.pack(">d", rate)) + _element("9F", b"\1")
                     + _element("6264", b"\x10"))  # fmt: skip
    entry = (("D7", b"\1"), ("73C5", b"\1"), ("83", b"\2"), ("86", b"A_PCM/INT/LIT"))
    track = _element("AE", b"".join(_element(*one) for one in entry) + sound)
    clusters = b"".join(
        _element(
            "1F43B675",
            _element("E7", (number * step_ms).to_bytes(8, "big"))
            + _element("A3", b"\x81\0\0\x80" + block),
        )
        for number in range(gaps)
    )
    return header + _element("18538067", info + _element("1654AE6B", track) + clusters)


def many_scans(scans, side=64):
    """A progressive JPEG whose last scan is repeated."""
    file = io.BytesIO()
    picture = Image.fromarray(np.arange(side * side, dtype=np.uint8).reshape(side, side))
    picture.save(file, "JPEG", progressive=True, quality=50)
    data = file.getvalue()
    last = data.rindex(b"\xff\xda")
    table = data.rindex(b"\xff\xc4", 0, last)
    return data[:-2] + data[table:-2] * scans + b"\xff\xd9"


def gif_larger_than_its_canvas():
    """One frame of 65535 x 65535 on a canvas of 64 x 64."""
    canvas = b"GIF89a" + struct.pack("<HHBBB", 64, 64, 0xF0, 0, 0) + b"\0" * 6
    frame = b"," + struct.pack("<HHHHB", 0, 0, 65535, 65535, 0) + b"\x02\x02L\x01\0;"
    return canvas + frame
