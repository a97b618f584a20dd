"""A hand that nobody has: drawn, and put over a picture."""

import cv2
import numpy as np

FINGERS = (((0.36, 0.52), (0.29, 0.20)), ((0.45, 0.48), (0.43, 0.12)), ((0.54, 0.49), (0.58, 0.15)),
           ((0.62, 0.53), (0.73, 0.25)))  # fmt: skip
"""Root and tip of each finger but the thumb, in sides of the drawing; the hand is 0.9 long."""
THUMB = ((0.42, 0.72), (0.30, 0.60), (0.17, 0.44))
PALM = (0.49, 0.74)
WRIST = (0.48, 0.78)
"""Where the forearm ends, which comes from below."""


def drawn_hand(side, skin=(224, 172, 140)):
    """Return (side, side, 3) RGB and (side, side) 0..1 of an open hand, wrist below."""
    pixels = np.zeros((side, side, 3), np.float32)
    matte = np.zeros((side, side), np.float32)
    y, x = np.mgrid[:side, :side].astype(np.float32) / side

    def limb(first, last, thick, thin, shade=0.35):
        a, b = np.array(first), np.array(last)
        along = b - a
        part = np.clip(((x - a[0]) * along[0] + (y - a[1]) * along[1]) / (along @ along), 0, 1)
        radius = thick + (thin - thick) * part
        away = np.hypot(x - a[0] - part * along[0], y - a[1] - part * along[1]) / radius
        cover = np.clip((1 - away) * radius * side, 0, 1)
        colour = np.array(skin) * (1 - shade * np.clip(away, 0, 1) ** 2)[..., None]
        pixels[:] += cover[..., None] * (colour - pixels)
        np.maximum(matte, cover, out=matte)

    limb((0.48, 0.98), (0.49, 0.72), 0.12, 0.13)
    limb(THUMB[0], THUMB[1], 0.09, 0.06)
    limb(THUMB[1], THUMB[2], 0.055, 0.04)
    for root, _ in FINGERS:
        limb(PALM, root, 0.12, 0.055, 0.25)
    for root, tip in FINGERS:
        middle = (np.array(root) + tip) / 2
        limb(root, middle, 0.05, 0.043)
        limb(middle, tip, 0.043, 0.034)
    return np.clip(pixels, 0, 255).astype(np.uint8), matte


def with_hand(picture, at, length, angle_deg=0.0, **look):
    """Return a picture with a hand whose knuckles lie at a place.

    Args:
        picture: (H, W, 3) uint8.
        at: Where, in pixels.
        length: Of the hand, wrist to finger tip, in pixels.
        angle_deg: Turn of the fingers from upright, clockwise.
        look: See `drawn_hand`.
    """
    side = 240
    hand, matte = drawn_hand(side, **look)
    turn = cv2.getRotationMatrix2D((0.49 * side, 0.5 * side), -angle_deg, length / (0.9 * side))
    turn[:, 2] += np.array(at) - (0.49 * side, 0.5 * side)
    size = picture.shape[1::-1]
    over = cv2.warpAffine(hand, turn, size).astype(np.float32)
    cover = cv2.warpAffine(matte, turn, size)[..., None]
    return (picture + cover * (over - picture)).astype(np.uint8)
