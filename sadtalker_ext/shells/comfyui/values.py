"""ComfyUI's values and ours: pictures, sounds and videos.

Conventions
    IMAGE is a torch tensor (B, H, W, C), float 0..1, C is 3, or 4 with transparency.
    AUDIO is {"waveform": (B, C, N) float -1..1, "sample_rate": Hz}.
"""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from sadtalker_ext.errors import UnreadableAudio, UnreadableImage
from sadtalker_ext.local_media import open_local
from sadtalker_ext.types import FloatArray, Picture, Speech

if TYPE_CHECKING:
    from torch import Tensor


def picture_of(image: Tensor) -> Picture:
    """Return the first picture of an IMAGE batch; transparency is laid over white.

    Raises:
        UnreadableImage: It is no IMAGE.
    """
    if image.ndim != 4 or image.shape[-1] not in (3, 4) or not len(image):
        raise UnreadableImage(
            "The portrait should be an IMAGE of shape (B, H, W, 3 or 4), found "
            f"{tuple(image.shape)}."
        )
    levels: FloatArray = image[0].detach().float().cpu().numpy()
    if levels.shape[-1] == 4:
        opaque = levels[..., 3:]
        levels = levels[..., :3] * opaque + (1 - opaque)
    pixels = np.rint(np.clip(np.nan_to_num(levels), 0, 1) * 255).astype(np.uint8)
    return Picture(pixels=np.ascontiguousarray(pixels), name="portrait")


def write_sound(audio: dict[str, Any], path: Path) -> None:
    """Write the first sound of an AUDIO as a WAV file of floats.

    Raises:
        UnreadableAudio: It holds no sound.
    """
    import av

    wave: FloatArray = audio["waveform"].detach().float().cpu().numpy()
    while wave.ndim > 2:
        wave = wave[0]
    wave = np.atleast_2d(wave)
    if not wave.size:
        raise UnreadableAudio("The AUDIO should hold sound, found an empty one.")
    rate, channels = int(audio["sample_rate"]), min(len(wave), 2)
    layout = "mono" if channels == 1 else "stereo"
    with av.open(str(path), "w", format="wav") as container:
        stream: Any = container.add_stream("pcm_f32le", rate=rate, layout=layout)
        packed = np.ascontiguousarray(wave[:channels].T, np.float32).reshape(1, -1)
        for first in range(0, packed.shape[1], rate * channels):
            part = np.ascontiguousarray(packed[:, first : first + rate * channels])
            frame = av.AudioFrame.from_ndarray(part, format="flt", layout=layout)
            frame.sample_rate = rate
            frame.pts = first // channels
            frame.time_base = Fraction(1, rate)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))


def sound_of(speech: Speech) -> dict[str, Any]:
    """Return a sound track as AUDIO, at its own rate and with its own channels."""
    import torch

    if speech.read_channels is not None:
        blocks = list(speech.read_channels(None))
    else:
        blocks = [block[:, None] for block in speech.read(None)]
    if not blocks:
        return silence(speech.total_seconds)
    wave = np.ascontiguousarray(np.concatenate(blocks).T, np.float32)
    return {"waveform": torch.from_numpy(wave)[None], "sample_rate": speech.rate_hz}


def silence(seconds: float, rate: int = 44100) -> dict[str, Any]:
    """Return an AUDIO in which nothing is heard."""
    import torch

    return {"waveform": torch.zeros(1, 1, max(round(seconds * rate), 1)), "sample_rate": rate}


def frames_of(path: Path) -> Tensor:
    """Return every frame of a video as an IMAGE batch (T, H, W, 3); 12 bytes a pixel."""
    import torch

    with open_local(path, "mov,mp4") as container:
        frames = [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]
    batch = torch.empty(len(frames), *frames[0].shape, dtype=torch.float32)
    for number, frame in enumerate(frames):
        batch[number] = torch.from_numpy(frame).float() / 255
    return batch
