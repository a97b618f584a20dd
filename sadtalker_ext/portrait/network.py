"""A TensorFlow-Lite model run by OpenCV."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from sadtalker_ext.errors import WeightsCorrupt
from sadtalker_ext.opencv import require_sound_opencv
from sadtalker_ext.types import FloatArray


class Network:
    """One network with named outputs. Safe to call from several threads.

    Args:
        path: The .tflite file.
        outputs: Names of the outputs to compute.

    Raises:
        PackageBroken: This OpenCV is too old, or calculates wrongly.
        WeightsCorrupt: The file cannot be read.
    """

    def __init__(self, path: Path, outputs: Sequence[str]) -> None:
        require_sound_opencv()
        try:
            # from memory: OpenCV on Windows opens no paths with letters outside its code page
            self._net = cv2.dnn.readNetFromTFLite(np.frombuffer(path.read_bytes(), np.uint8))
        except (cv2.error, OSError) as error:
            raise WeightsCorrupt(f"{path} cannot be read as a face model: {error}.") from error
        self._outputs = tuple(outputs)
        # OpenCV 5 refuses a list of names; OpenCV 4 runs the network again for every single name
        self._at_once = len(self._outputs) > 1
        self._lock = threading.Lock()

    def __call__(self, image: FloatArray) -> list[FloatArray]:
        """Run the network on an (H, W, 3) float32 image; return its outputs in order."""
        blob = np.ascontiguousarray(image.transpose(2, 0, 1)[None], dtype=np.float32)
        with self._lock:
            return [np.array(result, np.float32) for result in self._results(blob)]

    def _results(self, blob: FloatArray) -> Sequence[Any]:
        self._net.setInput(blob)
        if self._at_once:
            try:
                results: Sequence[Any] = self._net.forward(list(self._outputs))
                return results
            except cv2.error:
                self._at_once = False
                self._net.setInput(blob)
        return [self._net.forward(name) for name in self._outputs]
