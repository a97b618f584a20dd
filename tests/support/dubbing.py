"""What tests of dubbed videos share: a dubbing asked for in a line, and frames read back."""

from __future__ import annotations

from pathlib import Path

import av
import numpy as np

from sadtalker_ext.dubbing.make import make_dub
from sadtalker_ext.dubbing.request import DubRequest
from sadtalker_ext.options import GenerateOptions
from sadtalker_ext.progress import Progress

WIDTH = 256
OTHER = GenerateOptions(seed=1, audio_start=3.0, audio_end=5.0, provenance="metadata")
"""The words a video is dubbed with; it says those of the first two seconds itself."""


def frames_of(path: Path):
    with av.open(str(path)) as container:
        return [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]


def dub(tools, video, output, *roles, progress=None, **more):
    more = {"options": OTHER} | more
    request = DubRequest(video=video, output=output, roles=roles, **more)
    return make_dub(request, tools, progress or Progress())


def changes(one, other):
    """How far each pixel of two frames is apart, in grey levels."""
    return np.abs(one.astype(np.int16) - other).mean(-1)
