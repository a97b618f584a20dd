"""The matte of a face that a person placed: the segmenter knows people, not cats or robots.

What belongs to the head is found by colours: inside the placed face, against the picture's rim
(Rother et al., "GrabCut", 2004), where the segmenter does not see it by itself.
"""

from __future__ import annotations

import threading
from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

from sadtalker_ext.portrait.topology import OVAL
from sadtalker_ext.types import FloatArray, ImageArray

_SIDE_PX: Final = 320
_ROUNDS: Final = 4
_RIM: Final = 0.02
_REACH: Final = 1.7
"""Ears, manes and hair lie within this many face sizes; what lies beyond is rather background."""
_CORE: Final = 0.85
_SEEN: Final = 0.9
"""Where the segmenter is that sure of a person, it is believed."""
_KNOWN: Final = 0.8
_UNKNOWN: Final = 1e-4
"""Colours less frequent than that, as a part of a place, do not belong to it."""
_ALIKE: Final = 0.2
"""Part of the colours that face and rim may have in common: 0.00 to 0.14 on nine drawn animals and
things, 0.28 for a drawing of lines on paper."""
_MOST: Final = 0.85
"""A head that fills more of the picture is none: its colours are those of the background."""


def placed_matte(pixels: ImageArray, points: FloatArray, mask: FloatArray) -> FloatArray:
    """Return the matte of what a placed face belongs to.

    Args:
        pixels: (H, W, 3) uint8.
        points: (478, 3) the mesh on it.
        mask: (H, W) float32, what the segmenter sees.

    Returns:
        (H, W) float32, 0 background .. 1 head and body; `mask` where colours tell nothing.
    """
    height, width = pixels.shape[:2]
    scale = min(1.0, _SIDE_PX / max(height, width))
    size = (max(8, round(width * scale)), max(8, round(height * scale)))
    small = np.asarray(cv2.resize(pixels, size, interpolation=cv2.INTER_AREA), np.uint8)
    seen = np.asarray(cv2.resize(mask, size, interpolation=cv2.INTER_AREA), np.float32)
    oval = points[list(OVAL), :2] * np.float32(scale)
    labels = _first_guess(small, oval, seen)
    core = labels == cv2.GC_FGD
    if not core.any() or _alike(small, core, labels == cv2.GC_BGD):
        return mask
    found = _cut(small, labels)
    head = np.isin(found, (cv2.GC_FGD, cv2.GC_PR_FGD)).astype(np.uint8)
    _, parts = cv2.connectedComponents(head)
    head = np.isin(parts, np.unique(parts[core])).astype(np.uint8)
    if head.mean() > _MOST:
        return mask
    soft = cv2.GaussianBlur(head.astype(np.float32), (0, 0), 1.0)
    large = cv2.resize(soft, (width, height), interpolation=cv2.INTER_CUBIC)
    own = np.clip(large, 0.0, 1.0).astype(np.float32)
    # a person whom the segmenter knows keeps the fine hair that it sees
    knows = float(seen[core].mean()) > _KNOWN
    return np.maximum(mask, own) if knows else own


def _first_guess(small: ImageArray, oval: FloatArray, seen: FloatArray) -> ImageArray:
    """Return labels: the face is surely head, the rim but the lower one surely background.

    What lies between is rather what has its colours; colours of neither are rather head near the
    face. With so good a beginning all versions of OpenCV find the same head.
    """
    height, width = seen.shape
    middle = oval.mean(axis=0)
    core, near = np.zeros((height, width), np.uint8), np.zeros((height, width), np.uint8)
    for mask, size in ((core, _CORE), (near, _REACH)):
        cv2.fillPoly(mask, [np.round(middle + (oval - middle) * size).astype(np.int32)], 1)
    rim = max(1, round(_RIM * min(height, width)))
    outer = np.ones((height, width), bool)
    outer[rim:, rim : width - rim] = False
    outer &= seen < 0.5
    inside, outside = (
        _frequency(small, place)[_cells(small)].reshape(height, width)
        for place in (core > 0, outer)
    )
    neither = (inside + outside) < _UNKNOWN
    rather = np.where(neither, near > 0, inside > outside) | (seen > 0.5)
    labels = np.where(rather, cv2.GC_PR_FGD, cv2.GC_PR_BGD).astype(np.uint8)
    labels[outer] = cv2.GC_BGD
    labels[(core > 0) | (seen > _SEEN)] = cv2.GC_FGD
    return labels


def _alike(small: ImageArray, one: npt.NDArray[np.bool_], other: npt.NDArray[np.bool_]) -> bool:
    """Tell whether two places have the same colours, as lines on paper and the paper have."""
    common = np.minimum(_frequency(small, one), _frequency(small, other))
    return float(common.sum()) > _ALIKE


def _frequency(small: ImageArray, place: npt.NDArray[np.bool_]) -> FloatArray:
    """Return (16, 16, 16) how frequent colours are at a place, in soft cells of 16 levels."""
    counts = np.zeros((16, 16, 16), np.float32)
    np.add.at(counts, _cells(small), place.reshape(-1).astype(np.float32))
    for axis in range(3):
        padded = np.pad(counts, [(1, 1) if one == axis else (0, 0) for one in range(3)])
        low, high = (np.take(padded, range(at, at + 16), axis) for at in (0, 2))
        counts = np.asarray(counts / 2 + (low + high) / 4, np.float32)
    found: FloatArray = counts / np.float32(max(float(place.sum()), 1.0))
    return found


def _cells(small: ImageArray) -> tuple[npt.NDArray[np.uint8], ...]:
    return tuple((small >> 4).reshape(-1, 3).T)


def _cut(small: ImageArray, labels: ImageArray) -> ImageArray:
    """Separate the colours. A new thread begins OpenCV's random numbers anew: seeds repeat."""
    found = labels.copy()

    def work() -> None:
        models = np.zeros((1, 65)), np.zeros((1, 65))
        cv2.grabCut(small, found, (0, 0, 1, 1), *models, _ROUNDS, cv2.GC_INIT_WITH_MASK)

    worker = threading.Thread(target=work, name="sadtalker-matte")
    worker.start()
    worker.join()
    return found
