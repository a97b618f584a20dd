"""Head pose from speech: how the clip is cut into the pose network's pieces of 32 frames (SPEC 10).

T is the number of video frames, C = ceil((T - 1) / 32) the number of chunks. The first frame keeps
the source's pose; the chunks fill the other T - 1.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from sadtalker_ext.engines.sadtalker.windows import WindowSource
from sadtalker_ext.types import FloatArray

if TYPE_CHECKING:
    import torch

    from sadtalker_ext.engines.sadtalker.nets.posenet import PoseNet

CHUNK = 32
LATENT = 64
_EMBED_BATCH = 128
"""Windows encoded at once, so that memory does not grow with the speech."""
_GROUP = 32
"""Chunks decoded at once, for the same reason."""


def chunk_windows(frames: int) -> npt.NDArray[np.int64]:
    """Return which speech windows every chunk reads, (C, 32) frame numbers.

    Window 0 is never read. The last chunk reads the last 32 windows, also when that overlaps the
    chunk before; a clip of less than 32 windows repeats its first one in front.
    """
    chunks = -(-(frames - 1) // CHUNK)
    starts = np.minimum(1 + CHUNK * np.arange(chunks), frames - CHUNK)
    return np.maximum(starts[:, None] + np.arange(CHUNK), 1)


def join_chunks(motion: FloatArray, frames: int) -> FloatArray:
    """Join the motion of chunks (C, 32, 6) to (T, 6); the last one gives its new frames."""
    joined = np.zeros((frames, motion.shape[-1]), np.float32)
    for chunk, piece in enumerate(motion):
        first = 1 + CHUNK * chunk
        new = min(CHUNK, frames - first)
        joined[first : first + new] = piece[CHUNK - new :]
    return joined


def draw_noise(frames: int, seed: int) -> FloatArray:
    """Return the noise of a clip, (C, 64) float32.

    One draw per chunk from a CPU generator, as the reference draws from the global one: a clip
    has the same noise as the reference after `torch.manual_seed(seed)`.
    """
    import torch

    generator = torch.Generator().manual_seed(seed)
    rows = [torch.randn(1, LATENT, generator=generator) for _ in chunk_windows(frames)]
    if not rows:
        return np.zeros((0, LATENT), np.float32)
    drawn: FloatArray = torch.cat(rows).numpy()
    return drawn


def generate_pose(
    network: PoseNet,
    windows: WindowSource,
    reference: FloatArray,
    *,
    style: int,
    noise: FloatArray,
    device: torch.device | None = None,
) -> FloatArray:
    """Return the pose per frame, (T, 6) float32, before smoothing.

    Args:
        network: The pose network, in evaluation mode.
        windows: (T, 80, 16) float32 speech windows.
        reference: (6,) float32 pose of the source.
        style: One of the 46 styles, 0 to 45.
        noise: (C, 64) float32, see `draw_noise`.
        device: Where the network lies; the CPU when left out.
    """
    frames = len(windows)
    if frames <= 1:
        return np.repeat(reference[None].astype(np.float32), frames, axis=0)
    order = chunk_windows(frames)
    start = reference.astype(np.float32)
    motion = [
        _group_motion(network, windows, start, style, noise[group], order[group], device)
        for group in (slice(at, at + _GROUP) for at in range(0, len(order), _GROUP))
    ]
    pose: FloatArray = start + join_chunks(np.concatenate(motion), frames)
    return pose


def _group_motion(
    network: PoseNet,
    windows: WindowSource,
    reference: FloatArray,
    style: int,
    noise: FloatArray,
    order: npt.NDArray[np.int64],
    device: torch.device | None,
) -> FloatArray:
    """Return the motion of some consecutive chunks, (c, 32, 6) float32."""
    import torch

    first, end = int(order.min()), int(order.max()) + 1
    with torch.inference_mode():
        pieces = [
            network.embed(
                torch.from_numpy(windows[at : min(at + _EMBED_BATCH, end)]).unsqueeze(1).to(device)
            )
            for at in range(first, end, _EMBED_BATCH)
        ]
        motion: FloatArray = (
            network(
                torch.from_numpy(reference).to(device).expand(len(order), -1),
                torch.from_numpy(noise).to(device),
                torch.full((len(order),), style, device=device),
                torch.cat(pieces)[torch.from_numpy(order - first).to(device)],
            )
            .cpu()
            .numpy()
        )
    return motion
