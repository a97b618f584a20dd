"""What a painted mouth must match: the picture's colours, contrast, sharpness and grain."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from sadtalker_ext.curves import smoothstep
from sadtalker_ext.engines.puppet.mouth.frame import MouthFrame
from sadtalker_ext.portrait import topology
from sadtalker_ext.types import FloatArray, ImageArray

_LUMA = np.array([0.299, 0.587, 0.114], np.float32)
_EYES = (
    (topology.EYE_LEFT_UPPER, topology.EYE_LEFT_LOWER),
    (topology.EYE_RIGHT_UPPER, topology.EYE_RIGHT_LOWER),
)
_CHEEKS = (50, 280, 205, 425, 101, 330)
_LINES = (0.06, 0.12)
"""Share of a face that thin dark lines take, from none of a line drawing to all: a pen drawing has
0.16, 44 other portraits have at most 0.034."""
_PUPILS = (0.44, 0.54)
"""Luma of the darkest of both eyes as a share of the skin's, in a living face and in a statue: the
eyes of 43 portraits have 0.01 to 0.42, those of a statue 0.54."""
_REDDER = (4.0, 0.0)
"""How much redder than the skin lips are (a* of CIELAB) in a living face, and in a statue. Lips
without colour are also found in dim light, in grey pictures and under beards, pupils are not."""
_LINE_WIDTH, _LINE_DEPTH = 0.03, 0.3
"""Widest line in face widths, and least contrast against the range of the face's tones."""

_STRONG, _STEEP = 0.97, 0.94
"""Share of the slopes of a face that are less steep than its sharpest edges, and that need not be
looked at to find those."""
_EVERY = 11


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PictureStyle:
    """Measurements of one face. Colours are (3,) float32 RGB, 0..255.

    Attributes:
        skin: Median colour of the cheeks around the mouth.
        lip: Median colour of the lips.
        black: Luma of the darkest parts of the face.
        white: Luma of the brightest parts of the face.
        blur: Standard deviation of the blur of the sharpest edges, pixels.
        grain: Standard deviation of the pixel noise on the skin, grey levels.
        detail: 0 for flat colours (drawings) .. 1 for skin with photographic texture.
        lined: 1 for drawings made of lines on paper .. 0 for everything else.
        stone: 1 for statues, with neither pupils nor lips of their own colour .. 0 for the living.
    """

    skin: FloatArray
    lip: FloatArray
    black: float
    white: float
    blur: float
    grain: float
    detail: float
    lined: float = 0.0
    stone: float = 0.0

    @property
    def flat(self) -> float:
        """1 for drawings in flat colours .. 0 for everything with any texture of its own."""
        return float(1 - smoothstep(0.03, 0.13, self.detail))


def luma(colour: FloatArray) -> FloatArray:
    """Luma (Rec. 601) of (..., 3) RGB values."""
    value: FloatArray = np.asarray(colour, np.float32) @ _LUMA
    return value


def measure_style(picture: ImageArray, points: FloatArray, frame: MouthFrame) -> PictureStyle:
    """Measure one face.

    Args:
        picture: (H, W, 3) uint8 RGB.
        points: (478, 3) mesh points in pixels of the picture.
        frame: The mouth of this face.
    """
    oval = points[list(topology.OVAL), :2]
    height, width = picture.shape[:2]
    left, top = np.clip(np.floor(oval.min(0)).astype(int), 0, [width - 2, height - 2])
    right, bottom = np.clip(np.ceil(oval.max(0)).astype(int) + 1, 2, [width, height])
    face = picture[top : max(bottom, top + 2), left : max(right, left + 2)]
    shift = np.array([left, top], np.float32)
    grey = cv2.cvtColor(face, cv2.COLOR_RGB2GRAY).astype(np.float32)

    inside = _filled(grey.shape, cv2.convexHull((oval - shift).astype(np.float32))[:, 0])
    patches = np.zeros(grey.shape, bool)
    for point in _CHEEKS:
        x, y = np.rint(points[point, :2] - shift).astype(int)
        r = max(1, int(0.05 * frame.face_width))
        patches[max(y - r, 0) : max(y + r + 1, 0), max(x - r, 0) : max(x + r + 1, 0)] = True
    patches &= inside
    outer = [*topology.LIPS_OUTER_UPPER, *topology.LIPS_OUTER_LOWER[-2:0:-1]]
    inner = [*topology.LIPS_INNER_UPPER, *topology.LIPS_INNER_LOWER[-2:0:-1]]
    lips = _filled(grey.shape, points[outer, :2] - shift)
    lips &= ~_filled(grey.shape, points[inner, :2] - shift)
    skin = np.median(face[patches], 0) if patches.any() else np.array([190.0, 150.0, 130.0])
    lip = np.median(face[lips], 0) if lips.any() else 0.8 * skin
    tones = grey[inside] if inside.any() else grey.ravel()
    grain, detail = _texture(grey, patches)
    lined = _lined(grey, inside)
    return PictureStyle(
        skin=np.asarray(skin, np.float32),
        lip=np.asarray(lip, np.float32),
        black=float(np.percentile(tones, 1)),
        white=float(np.percentile(tones, 99)),
        blur=edge_blur(grey, inside),
        # Hatching is no skin, and paper has no grain of a camera.
        grain=grain * (1 - lined),
        detail=detail * (1 - lined),
        lined=lined,
        stone=_stone(picture, points, skin, lip),
    )


def _stone(
    picture: ImageArray, points: FloatArray, skin: npt.NDArray[Any], lip: npt.NDArray[Any]
) -> float:
    """Say how much a face is one of stone or clay, 0..1."""
    shares = []
    for upper, lower in _EYES:
        ring = points[[*upper, *lower[-2:0:-1]], :2]
        low = np.clip(np.floor(ring.min(0)).astype(int), 0, None)
        high = np.ceil(ring.max(0)).astype(int) + 1
        eye = picture[low[1] : max(high[1], 0), low[0] : max(high[0], 0)]
        inside = _filled(eye.shape, ring - low) if eye.size else np.zeros((0, 0), bool)
        if inside.any():
            darkest = float(np.percentile(luma(eye[inside].astype(np.float32)), 8))
            shares.append(darkest / max(float(luma(np.asarray(skin, np.float32))), 1.0))
    no_pupils = float(smoothstep(*_PUPILS, np.array(np.mean(shares)))) if shares else 0.0
    if no_pupils == 0:  # a living face: OpenCV's tables for CIELAB take longer than all of this
        return 0.0
    colours = np.asarray([[skin, lip]], np.float32) / np.float32(255)
    _, red, _ = cv2.split(cv2.cvtColor(colours, cv2.COLOR_RGB2LAB))
    redder = float(red[0, 1] - red[0, 0])
    return no_pupils * float(smoothstep(*_REDDER, np.array(redder)))


def _filled(shape: tuple[int, ...], polygon: npt.NDArray[Any]) -> npt.NDArray[np.bool_]:
    mask = np.zeros(shape[:2], np.uint8)
    cv2.fillPoly(mask, [np.rint(polygon).astype(np.int32)], 1)
    filled: npt.NDArray[np.bool_] = mask > 0
    return filled


def edge_blur(grey: FloatArray, inside: npt.NDArray[np.bool_] | None = None) -> float:
    """Blur of the sharpest edges, from the gradient's fall after one more known blur.

    A step edge of blur s has gradient 1 / s; blurred again by t it has 1 / sqrt(s*s + t*t)
    (Zhuo and Sim, "Defocus map estimation from a single image", 2011).

    Args:
        grey: (h, w) luma.
        inside: (h, w) which pixels count; all of them by default.

    Returns:
        Standard deviation in pixels.
    """
    again = 1.5
    first = cv2.magnitude(*_sobel(grey)).ravel()
    if inside is not None:
        first = first * inside.ravel()
    usable = int(np.count_nonzero(first > 1))
    if not usable:
        return 1.0
    strong = _strongest(first, usable)
    across, down = (one.ravel()[strong] for one in _sobel(cv2.GaussianBlur(grey, (0, 0), again)))
    ratio = float(np.median(first[strong] / np.maximum(np.hypot(across, down), 1e-3)))
    blur = again / np.sqrt(max(ratio**2 - 1, 0.05))
    # The Sobel kernel itself is as wide as a blur of about 0.7 pixels.
    return float(np.clip(np.sqrt(max(blur**2 - 0.5, 0.1)), 0.4, 4.0))


def _sobel(image: npt.NDArray[Any]) -> tuple[npt.NDArray[Any], npt.NDArray[Any]]:
    return cv2.Sobel(image, cv2.CV_32F, 1, 0), cv2.Sobel(image, cv2.CV_32F, 0, 1)


def _strongest(slopes: npt.NDArray[Any], usable: int) -> npt.NDArray[np.intp]:
    """Return where the strongest (n,) slopes are, of those above 1, of which there are so many.

    Only those can be meant that are steep among every eleventh one, too: all need not be sorted.
    """
    few = slopes[::_EVERY]
    few = few[few > 1]
    least = 1.0
    if len(few):
        least = float(np.partition(few, int(_STEEP * len(few)))[int(_STEEP * len(few))])
    below = int(np.ceil(_STRONG * (usable - 1)))
    where = np.flatnonzero(slopes > least)
    if len(where) < usable - below:
        where = np.flatnonzero(slopes > 1)
    steep = slopes[where]
    place = below - (usable - len(where))
    strongest: npt.NDArray[np.intp] = where[steep >= np.partition(steep, place)[place]]
    return strongest


def _lined(grey: FloatArray, inside: npt.NDArray[np.bool_]) -> float:
    """How much a face (h, w) is drawn in lines, 0..1."""
    if not inside.any():
        return 0.0
    low, high = np.percentile(grey[inside], [1, 99])
    side = max(3, round(_LINE_WIDTH * float(np.ptp(np.flatnonzero(inside.any(0)))))) | 1
    thin = cv2.morphologyEx(grey, cv2.MORPH_BLACKHAT, np.ones((side, side), np.uint8))
    share = float((thin[inside] > _LINE_DEPTH * max(high - low, 1.0)).mean())
    return float(smoothstep(*_LINES, np.array(share)))


def _texture(grey: FloatArray, patches: npt.NDArray[np.bool_]) -> tuple[float, float]:
    """Noise of the skin (Immerkaer 1996) and how much texture it has, 0..1."""
    if not patches.any():
        return 0.0, 0.5
    kernel = np.array([[1, -2, 1], [-2, 4, -2], [1, -2, 1]], np.float32)
    residual = np.abs(cv2.filter2D(grey, cv2.CV_32F, kernel))[patches]
    grain = float(np.sqrt(np.pi / 2) * residual.mean() / 6)
    fine = grey - cv2.GaussianBlur(grey, (0, 0), 3)
    texture = float(np.median(np.abs(fine[patches])))
    return min(grain, 6.0), float(np.clip((texture - 0.3) / 2.0, 0, 1))
