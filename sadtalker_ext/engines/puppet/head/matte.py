"""The person cut out of the picture, and the background behind.

A picture I is explained as ``I = P + (1 - a) B``: the light P that comes from the person, the
background's colours B, and the matte a. P and a move with the head, B stays where it is, so
nothing behind the person can swim. B equals the picture wherever there is no person, which keeps
the background untouched to the bit; and P holds whatever B and a do not explain, so loose hairs
that the matte misses still move with the head instead of staying behind as a ghost.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from sadtalker_ext.curves import smoothstep
from sadtalker_ext.engines.puppet.fields import as_picture, blur, spread_colours
from sadtalker_ext.engines.puppet.head.background import fill_hole
from sadtalker_ext.types import FloatArray, ImageArray

BoolArray = npt.NDArray[np.bool_]

_CONTRAST = 40.0
"""Differences above this many grey levels stand out from a plain background."""
_BUSY = 22.0
"""A background that varies by more than this many grey levels is busy."""
_GRAIN = 6.0
"""Differences up to this many grey levels are the background's own grain."""
_SHARPER = (1.5, 2.5)
"""Times the fine detail of the background that the person's outer rim must have, before what lies
beside it is told apart by its sharpness: 0.6 to 64 on 44 portraits, 34 above 2.5, 4 below 1.5."""
_SOFT = (0.75, 0.35)
"""Where, on the way from the background's detail to the rim's (by logarithms), an area is hair and
where it is background out of focus."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Layers:
    """A picture taken apart; both arrays have the picture's size.

    Attributes:
        matte: (H, W) float32, 0 background .. 1 person, soft at hair and edges.
        background: (H, W, 3) uint8 background, continued behind the person.
    """

    matte: FloatArray
    background: ImageArray


def split_layers(picture: ImageArray, mask: FloatArray, core: ImageArray, reach: float) -> Layers:
    """Take a picture apart into person and background.

    Args:
        picture: (H, W, 3) uint8.
        mask: (H, W) float32 from the segmentation, 0 background .. 1 person.
        core: (H, W) uint8, non-zero where the person certainly is (the face).
        reach: How far, in pixels, the true edge may lie from the mask's edge.
    """
    colours = picture.astype(np.float32)
    guess = _guess(colours, mask, core, reach)
    matte = guided_filter(picture, mask, radius=max(2, round(reach)), smoothness=3.0)
    matte = np.maximum(smoothstep(0.06, 0.94, matte), guess.likely)
    matte[guess.sure] = 1.0
    matte[~guess.possible] = 0.0
    # Before a plain background all that differs from it belongs to the person; a busy background
    # keeps its own texture nearly up to the matte.
    side = 2 * max(2, round(reach)) + 1
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side))
    visible = np.asarray(cv2.dilate((matte > 0.1).astype(np.uint8), disc))
    hole = guess.possible & ((visible > 0) | (guess.busy < 1.0))
    matte[~hole] = 0.0
    filled = fill_hole(picture, hole.astype(np.uint8), depth=8.0 * reach, rim=reach)
    behind = filled.astype(np.float32)
    bare = guess.busy * (hole & (matte < 0.5) & ~guess.stands_out)
    behind = _agreeing(colours, behind, bare, reach)
    behind += (colours - behind) * (guess.unsharp * (1.0 - matte))[..., None]
    return Layers(matte=matte, background=as_picture(behind))


def _agreeing(
    colours: FloatArray, behind: FloatArray, bare: FloatArray, reach: float
) -> FloatArray:
    """Make the background agree with the picture, coarsely, where it is bare.

    Beside the person, the mirror image that fills the hole may show something else than the true
    background; what differs over an area is the background's, what differs in a line is hair.

    Args:
        colours: (H, W, 3) float32 the picture.
        behind: (H, W, 3) float32 the background so far.
        bare: (H, W) float32, 1 where the picture shows the background, 0 elsewhere.
        reach: Size of an area, in pixels.
    """
    share = blur(bare, reach)
    error = blur((colours - behind) * bare[..., None], reach)
    error *= (smoothstep(0.0, 0.3, share) / np.maximum(share, 1e-6))[..., None]
    return np.asarray(np.clip(behind + error, 0.0, 255.0), np.float32)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Guess:
    """What is known of the person before the matte.

    Attributes:
        sure: (H, W) bool, certainly the person.
        possible: (H, W) bool, perhaps the person.
        likely: (H, W) float32, the matte by colours alone.
        busy: (H, W) float32, 0 where the background nearby is plain .. 1 where it is busy.
        stands_out: (H, W) bool, where a pixel does not look like the background.
        unsharp: (H, W) float32, 1 where a busy background out of focus looks like the person.
    """

    sure: BoolArray
    possible: BoolArray
    likely: FloatArray
    busy: FloatArray
    stands_out: BoolArray
    unsharp: FloatArray


def _guess(colours: FloatArray, mask: FloatArray, core: ImageArray, reach: float) -> _Guess:
    """Sort pixels into person, background and possible person.

    Only the piece of the mask that holds the face counts: stray patches elsewhere are background.
    Loose hair, or a bow, beyond the mask is added where it touches the piece and either has the
    person's colours or stands out from a plain background.
    """
    piece = _piece_with(core, (mask > 0.5) | (core > 0))
    framed = cv2.distanceTransform(_framed(piece), cv2.DIST_L2, 5)
    inside = np.asarray(framed[1:-1, 1:-1], np.float32)
    outside = np.asarray(cv2.distanceTransform(1 - piece, cv2.DIST_L2, 5), np.float32)
    sure = np.asarray(((inside > reach) & (mask > 0.9)) | (core > 0), np.bool_)
    far = (outside > 3.0 * reach).astype(np.float32)
    typical = spread_colours(colours, sure.astype(np.float32))
    usual = _average_around(colours, far, 6.0 * reach)
    from_person = ((colours - typical) ** 2).sum(-1)
    from_background = ((colours - usual) ** 2).sum(-1)
    # Clipped, so that a bow beyond the mask does not itself make the background look busy.
    clipped = np.minimum(from_background, 1.5 * _CONTRAST**2)
    variance = _average_around(clipped[..., None], far, 6.0 * reach)[..., 0]
    outlier = from_background > 9.0 * variance + _CONTRAST**2
    stands_out = (from_person < 0.35 * from_background) | outlier
    busy = smoothstep(0.4 * _BUSY, _BUSY, np.sqrt(variance))
    likely = _likely_share(colours, typical, usual)
    looks_so = stands_out | (likely > 0.1)
    unsharp = busy * _unsharp(colours, looks_so, (inside, outside), reach)
    stands_out &= unsharp < 0.5
    near = outside <= 1.5 * reach
    loose = stands_out & ~near & (outside <= 8.0 * reach)
    grown = _piece_with(core, near | _ending(loose, beyond=(outside > 7.0 * reach) & (busy > 0.5)))
    tip = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * round(0.4 * reach) + 1,) * 2)
    possible = near | (np.asarray(cv2.dilate(grown, tip)) > 0)
    return _Guess(
        sure=sure,
        possible=possible,
        likely=likely * (1.0 - unsharp),
        busy=busy,
        stands_out=stands_out,
        unsharp=unsharp,
    )


def _unsharp(
    colours: FloatArray,
    looks_so: BoolArray,
    distances: tuple[FloatArray, FloatArray],
    reach: float,
) -> FloatArray:
    """Find what looks like the person over an area beside it, and is as soft as the background.

    A light patch out of focus can have the colour of hair, but not its detail; what is narrow may
    be a strand out of focus.

    Args:
        colours: (H, W, 3) float32 the picture.
        looks_so: (H, W) bool, where it looks like the person.
        distances: (H, W) float32 each, pixels into the person's mask and out of it.
        reach: Half width of the narrowest area, twice; in pixels.

    Returns:
        (H, W) float32, 1 for background .. 0; all 0 where the person is no sharper than it.
    """
    inside, outside = distances
    rim, far = (inside > 0.3 * reach) & (inside < 2.0 * reach), outside > 2.0 * reach
    if not rim.any() or not far.any():
        return np.zeros_like(outside)
    side = 2 * round(0.5 * reach) + 1
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side))
    fine = np.abs(colours - blur(colours, max(1.0, 0.15 * reach))).max(-1)
    raw = blur(fine, 0.4 * reach)
    # opened, so that the sharp outline of a head does not count for a patch beside it
    opened = cv2.morphologyEx(raw, cv2.MORPH_OPEN, disc)
    detail = np.log(np.stack([opened, raw]) + 0.1)
    own, behind = (float(np.median(detail[0][area])) for area in (rim, far))
    low, high = np.log(_SHARPER).tolist()
    sharper = smoothstep(low, high, own - behind)
    wide_soft, soft = smoothstep(*_SOFT, (detail - behind) / max(own - behind, 1e-3))
    either = (looks_so | (inside > 0)).astype(np.uint8)
    wide = np.asarray(cv2.morphologyEx(either, cv2.MORPH_OPEN, disc), np.float32)
    wide = blur(wide, 0.2 * reach)
    beyond = smoothstep(0.1, 0.5, outside / reach)
    return np.asarray(sharper * np.maximum(wide_soft * wide, soft) * beyond, np.float32)


def _piece_with(core: ImageArray, area: BoolArray) -> ImageArray:
    """Return the connected piece of an area that holds most of the core, as 0 and 1."""
    _, labels = cv2.connectedComponents(area.astype(np.uint8), connectivity=4)
    votes = np.bincount(labels[core > 0], minlength=2)
    votes[0] = 0
    return np.asarray(labels == int(votes.argmax()), np.uint8)


def _ending(area: BoolArray, beyond: BoolArray) -> BoolArray:
    """Keep the pieces of an area that do not reach `beyond`.

    Before a busy background a strand of hair ends near the head; a branch or a leaf goes on.
    """
    _, labels = cv2.connectedComponents(area.astype(np.uint8), connectivity=8)
    kept = np.ones(int(labels.max()) + 1, np.bool_)
    kept[labels[beyond]] = False
    kept[0] = False
    return np.asarray(kept[labels], np.bool_)


def _average_around(colours: FloatArray, weight: FloatArray, radius: float) -> FloatArray:
    """Average the colours that have weight over about `radius` pixels, everywhere."""
    height, width = weight.shape
    factor = max(1.0, radius / 6.0)
    size = max(1, round(width / factor)), max(1, round(height / factor))
    area = cv2.INTER_AREA
    known = np.atleast_3d(cv2.resize(colours * weight[..., None], size, interpolation=area))
    share = np.asarray(cv2.resize(weight, size, interpolation=area), np.float32)
    known = blur(np.asarray(known.reshape(*share.shape, -1), np.float32), radius / factor)
    share = blur(share, radius / factor)
    average = known.reshape(*share.shape, -1) / np.maximum(share, 1e-6)[..., None]
    trust = np.minimum(20.0 * share, 1.0)
    small = spread_colours(np.asarray(average, np.float32), np.asarray(trust, np.float32))
    full = cv2.resize(small, (width, height), interpolation=cv2.INTER_LINEAR)
    return np.asarray(full, np.float32).reshape(height, width, -1)


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
    # The slopes are smooth, so they are found on a reduced grid and enlarged.
    full = guide.shape[1], guide.shape[0]
    factor = max(1, radius // 4)
    small = max(1, full[0] // factor), max(1, full[1] // factor)
    area = cv2.INTER_AREA
    colour = np.asarray(cv2.resize(guide, small, interpolation=area), np.float32)
    wanted = np.asarray(cv2.resize(signal, small, interpolation=area), np.float32)
    half = max(1, round(radius / factor))

    def mean(values: FloatArray) -> FloatArray:
        window = (2 * half + 1, 2 * half + 1)
        return np.asarray(cv2.blur(values, window, borderType=cv2.BORDER_REFLECT), np.float32)

    colour_mean, wanted_mean = mean(colour), mean(wanted)
    spread = np.empty((*wanted.shape, 3, 3), np.float32)
    for i, j in [(0, 0), (0, 1), (0, 2), (1, 1), (1, 2), (2, 2)]:
        entry = mean(colour[..., i] * colour[..., j]) - colour_mean[..., i] * colour_mean[..., j]
        spread[..., i, j] = spread[..., j, i] = entry
    spread += smoothness**2 * np.eye(3, dtype=np.float32)
    shared = mean(colour * wanted[..., None]) - colour_mean * wanted_mean[..., None]
    slope = np.linalg.solve(spread, shared[..., None])[..., 0].astype(np.float32)
    offset = wanted_mean - (slope * colour_mean).sum(-1)
    slope = np.asarray(cv2.resize(mean(slope), full), np.float32)
    offset = np.asarray(cv2.resize(mean(np.asarray(offset, np.float32)), full), np.float32)
    return np.asarray(np.clip((slope * guide).sum(-1) + offset, 0.0, 1.0), np.float32)


def _likely_share(colours: FloatArray, typical: FloatArray, usual: FloatArray) -> FloatArray:
    """Estimate the matte from colours alone: how far from the background's to the person's.

    The estimate counts as much as the colour lies on the line between the two; other differences
    from the background are its own texture, which must not move with the head.
    """
    line, away = typical - usual, colours - usual
    length = (line**2).sum(-1) + _GRAIN**2
    share = np.clip(((line * away).sum(-1) - _GRAIN * np.sqrt(length)) / length, 0.0, 1.0)
    beside = ((away - share[..., None] * line) ** 2).sum(-1)
    trust = np.exp(-beside / (0.15 * length + (2.0 * _GRAIN) ** 2))
    return np.asarray(share * trust, np.float32)
