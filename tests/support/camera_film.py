"""What a browser's false camera shows: a portrait whose head leans from side to side."""

import math

import numpy as np
from PIL import Image

SIZE = (320, 240)
RATE = 15
LEAN_DEGREES = 12.0


def write_film(path, portrait, seconds=2.0):
    """Write a YUV4MPEG2 file that can be repeated without a jump, and return its path."""
    width, height = SIZE
    face = Image.open(portrait).convert("RGB").resize((height, height))
    with path.open("wb") as file:
        file.write(f"YUV4MPEG2 W{width} H{height} F{RATE}:1 Ip A1:1 C420jpeg\n".encode())
        for number in range(round(seconds * RATE)):
            lean = LEAN_DEGREES * math.sin(2 * math.pi * number / (seconds * RATE))
            frame = Image.new("RGB", SIZE, (90, 96, 104))
            turned = face.rotate(lean, Image.Resampling.BILINEAR, fillcolor=(90, 96, 104))
            frame.paste(turned, ((width - height) // 2, 0))
            file.write(b"FRAME\n" + _planes(frame))
    return path


def _planes(frame):
    """Return luma, then both chromas at half the size, one byte each."""
    light, blue, red = frame.convert("YCbCr").split()
    half = (frame.width // 2, frame.height // 2)
    small = [one.resize(half, Image.Resampling.BOX) for one in (blue, red)]
    return b"".join(np.asarray(one).tobytes() for one in (light, *small))
