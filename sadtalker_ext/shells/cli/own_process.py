"""What the command line may decide because the process is its own."""

from __future__ import annotations

import importlib.util
import os
import signal


def suit(device: str) -> None:
    """Let OpenCV compute on the calling thread where a graphics card draws.

    Several threads composite then, and OpenCV's own threads, which wait by spinning, take the cores
    from them and from the encoder. The switch counts for a whole process, so that no host's is
    touched.

    Args:
        device: Torch's name of the device.
    """
    if device.startswith("cuda"):
        keep_to_callers()


def keep_to_callers() -> None:
    """Let OpenCV compute on the calling thread, for work that has a thread on every core."""
    if importlib.util.find_spec("cv2") is None:
        return
    import cv2

    cv2.setNumThreads(1)


def end_process() -> None:
    """Ask this process to end in an orderly way, as whoever started it would."""
    signal.raise_signal(signal.SIGTERM)


def restrain_ray() -> None:
    """Keep Ray, which this process is about to import, from doing what nobody asked for."""
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"  # reports to its makers
    os.environ["RAY_ENABLE_AUTO_CONNECT"] = "0"  # a cluster of its own for a late call
