"""From a found face to the square picture the networks see and its coefficients."""

from __future__ import annotations

from dataclasses import dataclass

from sadtalker_ext.engines.sadtalker.alignment import align, aligned_picture
from sadtalker_ext.engines.sadtalker.coefficients import coefficient_row
from sadtalker_ext.engines.sadtalker.crop import (
    CropMode,
    CropPlan,
    cut,
    frame_points,
    plan_crop,
    square_frame,
)
from sadtalker_ext.engines.sadtalker.frames import frame_size
from sadtalker_ext.engines.sadtalker.networks import Networks
from sadtalker_ext.types import Box, Face, FloatArray, ImageArray, Picture

_SMALL_FACE = 0.5
"""Faces lower than this share of the picture's height keep the whole picture in `auto` mode."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Framing:
    """What part of a picture is animated, and what was found in it.

    Attributes:
        mode: How the picture was cut.
        frame: (S, S, 3) uint8 square picture.
        row: (73,) float32 coefficients of the source.
        size: Width and height of finished frames.
        paste_box: Where they go back into the picture, or None.
    """

    mode: CropMode
    frame: ImageArray
    row: FloatArray
    size: tuple[int, int]
    paste_box: Box | None


def choose_mode(preprocess: str, picture: Picture, face: Face) -> CropMode:
    """Return the crop mode an option value means for this picture."""
    if preprocess != "auto":
        return CropMode(preprocess)
    low, high = face.points[:, 1].min(), face.points[:, 1].max()
    small = float(high - low) < _SMALL_FACE * picture.size[1]
    return CropMode.FULL if small else CropMode.CROP


def frame_face(
    picture: Picture,
    landmarks: FloatArray,
    mode: CropMode,
    side: int,
    networks: Networks,
    *,
    original_crop: bool = False,
) -> Framing:
    """Cut, align and measure a face.

    The reference looks for landmarks again in the square frame; here they are carried there,
    because it is the same face and they lie between the pixels anyway.

    Args:
        picture: The user's picture.
        landmarks: (68, 2) float32 of the face to animate, picture pixels.
        mode: How to cut.
        side: Side of the square frame, 256 or 512.
        networks: Only the reconstruction is used.
        original_crop: Keep two defects of the reference: the lower edge of the box is limited by
            the picture's width (see `plan_crop`), and the wider crops get the narrower box's
            aspect. Otherwise the chin is never cut, and frames have the aspect of what was cut.
    """
    plan = _plan(landmarks, picture, mode, cure_height_limit=not original_crop)
    if plan is None:
        frame = square_frame(picture.pixels, side)
    else:
        frame = square_frame(cut(picture.pixels, plan, mode), side)
    points = frame_points(landmarks, plan, mode, side, picture.size)
    alignment = align(points, (side, side))
    row = coefficient_row(networks.recover(aligned_picture(frame, alignment)), alignment)
    shape = picture.size
    if plan is not None:
        left, top, right, bottom = plan.region(mode)
        shape = plan.frame_shape if original_crop else (right - left, bottom - top)
    goes_back = plan is not None and mode.goes_back
    return Framing(
        mode=mode,
        frame=frame,
        row=row,
        size=frame_size(side, shape),
        paste_box=plan.region(mode, cure_shrink=True) if plan and goes_back else None,
    )


def _plan(
    landmarks: FloatArray, picture: Picture, mode: CropMode, *, cure_height_limit: bool
) -> CropPlan | None:
    if mode is CropMode.RESIZE:
        return None
    return plan_crop(
        landmarks, picture.size, cure_height_limit=cure_height_limit, cure_overhang=True
    )
