"""The person cut out of the picture, and the background behind.

A picture I is explained as ``I = a F + (1 - a) B``: the person's colours F, the background's
colours B, and the matte a. F and a move with the head, B stays where it is, so nothing behind the
person can swim. B equals the picture wherever the matte is zero, which keeps the background
untouched to the bit.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from sadtalker_ext.engines.puppet.background import fill_hole
from sadtalker_ext.engines.puppet.fields import smooth_step, spread_colours
from sadtalker_ext.types import FloatArray, ImageArray

BoolArray = npt.NDArray[np.bool_]

_CLEAR = 0.004
"""A matte below this share (one grey level) shows nothing of the person."""
_GRAIN = 3.0
"""Differences up to this many grey levels are the background's own grain."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Layers:
    """A picture taken apart; all arrays have the picture's size.

    Attributes:
        matte: (H, W) float32, 0 background .. 1 person, soft at hair and edges.
        person: (H, W, 3) uint8 colours of the person, continued beyond its edge.
        background: (H, W, 3) uint8 background, continued behind the person.
    """

    matte: FloatArray
    person: ImageArray
    background: ImageArray


def split_layers(picture: ImageArray, mask: FloatArray, core: ImageArray, reach: float) -> Layers:
    """Take a picture apart into person and background.

    Args:
        picture: (H, W, 3) uint8.
        mask: (H, W) float32 from the segmentation, 0 background .. 1 person.
        core: (H, W) uint8, non-zero where the person certainly is (the face).
        reach: How far, in pixels, the true edge may lie from the mask's edge.
    """
    sure_person, possible = _trimap(picture, mask, core, reach)
    matte = guided_filter(picture, mask, radius=max(2, round(reach)), smoothness=3.0)
    matte = smooth_step(0.06, 0.94, matte)
    matte[sure_person] = 1.0
    matte[~possible] = 0.0
    hole = np.asarray(possible, np.uint8)
    background = fill_hole(picture, hole, depth=8.0 * reach)
    matte = _enough_matte(picture, background, matte)
    person = _person_colours(picture, background, matte)
    background = _rest_colours(picture, person, background, matte)
    return Layers(matte=matte, person=person, background=background)


def _trimap(
    picture: ImageArray, mask: FloatArray, core: ImageArray, reach: float
) -> tuple[BoolArray, BoolArray]:
    """Return where the person certainly is, and where it may be.

    Only the piece of the mask that holds the face counts: stray patches elsewhere are background.
    Loose hair beyond the mask is added where its colour says so and it touches the piece.
    """
    piece = _piece_with(core, (mask > 0.5) | (core > 0))
    inside = cv2.distanceTransform(_framed(piece), cv2.DIST_L2, 5)[1:-1, 1:-1]
    outside = np.asarray(cv2.distanceTransform(1 - piece, cv2.DIST_L2, 5), np.float32)
    sure = np.asarray(((inside > reach) & (mask > 0.9)) | (core > 0), np.bool_)
    near = outside <= 1.5 * reach
    loose = (outside <= 5.0 * reach) & _resembles(picture, sure, outside > 3.0 * reach)
    grown = _piece_with(core, near | loose)
    round_tip = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * round(0.4 * reach) + 1,) * 2)
    grown = np.asarray(cv2.dilate(grown, round_tip), np.uint8)
    return sure, near | (grown > 0)


def _piece_with(core: ImageArray, area: BoolArray) -> ImageArray:
    """Return the connected piece of an area that holds most of the core, as 0 and 1."""
    _, labels = cv2.connectedComponents(area.astype(np.uint8), connectivity=4)
    votes = np.bincount(labels[core > 0], minlength=2)
    votes[0] = 0
    return np.asarray(labels == int(votes.argmax()), np.uint8)


def _resembles(picture: ImageArray, person: BoolArray, background: BoolArray) -> BoolArray:
    """Tell which pixels look clearly more like the person nearby than like the background."""
    colours = picture.astype(np.float32)
    to_person = colours - spread_colours(colours, person.astype(np.float32))
    to_background = colours - spread_colours(colours, background.astype(np.float32))
    return np.asarray((to_person**2).sum(-1) < 0.35 * (to_background**2).sum(-1), np.bool_)


def _framed(piece: ImageArray) -> ImageArray:
    """Add one pixel of person around, so that the picture's border is not taken for an edge."""
    framed = cv2.copyMakeBorder(piece, 1, 1, 1, 1, cv2.BORDER_CONSTANT, value=1)
    return np.asarray(framed, np.uint8)


def guided_filter(
    guide: ImageArray, signal: FloatArray, *, radius: int, smoothness: float
) -> FloatArray:
    """Make the edges of a signal follow the edges of a colour picture.

    He, Sun and Tang, "Guided image filtering" (2010), colour guide: in every window the signal is
    fitted as a linear function of the colour.

    Args:
        guide: (H, W, 3) uint8.
        signal: (H, W) float32.
        radius: Half side of the window in pixels.
        smoothness: Colour contrast, in grey levels, below which an edge is ignored.
    """
    colour = guide.astype(np.float32)
    size = (2 * radius + 1, 2 * radius + 1)

    def mean(values: FloatArray) -> FloatArray:
        return np.asarray(cv2.blur(values, size, borderType=cv2.BORDER_REFLECT), np.float32)

    colour_mean, signal_mean = mean(colour), mean(signal)
    pairs = [(0, 0), (0, 1), (0, 2), (1, 1), (1, 2), (2, 2)]
    spread = np.empty((*signal.shape, 3, 3), np.float32)
    for i, j in pairs:
        entry = mean(colour[..., i] * colour[..., j]) - colour_mean[..., i] * colour_mean[..., j]
        spread[..., i, j] = spread[..., j, i] = entry
    spread += smoothness**2 * np.eye(3, dtype=np.float32)
    shared = mean(colour * signal[..., None]) - colour_mean * signal_mean[..., None]
    slope = np.linalg.solve(spread, shared[..., None])[..., 0].astype(np.float32)
    offset = signal_mean - (slope * colour_mean).sum(-1)
    fitted = (mean(slope) * colour).sum(-1) + mean(offset)
    return np.asarray(np.clip(fitted, 0.0, 1.0), np.float32)


def _enough_matte(picture: ImageArray, background: ImageArray, matte: FloatArray) -> FloatArray:
    """Raise the matte until colours between 0 and 255 can explain the picture.

    From I = a F + (1 - a) B follows a >= 1 - I / B where the picture is darker than the background
    and a >= (I - B) / (255 - B) where it is brighter. This catches loose hair the mask misses.
    Differences as small as grain are left to `_rest_colours`.
    """
    seen = picture.astype(np.float32)
    behind = background.astype(np.float32)
    darker = (behind - seen - _GRAIN) / np.maximum(behind, 1.0)
    brighter = (seen - behind - _GRAIN) / np.maximum(255.0 - behind, 1.0)
    needed = np.maximum(darker, brighter).max(-1)
    needed[needed < _CLEAR] = 0.0
    return np.asarray(np.clip(np.maximum(matte, needed), 0.0, 1.0), np.float32)


def _person_colours(picture: ImageArray, background: ImageArray, matte: FloatArray) -> ImageArray:
    """Solve for the person's colours and continue them beyond the matte."""
    part = matte[..., None]
    solved = (picture - (1.0 - part) * background) / np.maximum(part, _CLEAR)
    own = np.asarray(np.clip(solved, 0.0, 255.0), np.float32)
    spread = spread_colours(own, np.asarray(matte * matte, np.float32))
    colours = np.where(part > _CLEAR, own, spread)
    return np.asarray(np.clip(colours + 0.5, 0, 255), np.uint8)


def _rest_colours(
    picture: ImageArray, person: ImageArray, background: ImageArray, matte: FloatArray
) -> ImageArray:
    """Give the background, where it shows, what is left of the picture: (I - a F) / (1 - a)."""
    part = matte[..., None]
    rest = (picture - part * person) / np.maximum(1.0 - part, 0.5)
    colours = np.where(part < 0.5, rest, background)
    return np.asarray(np.clip(colours + 0.5, 0, 255), np.uint8)
