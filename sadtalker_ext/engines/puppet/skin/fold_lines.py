"""Where skin folds when it is squeezed: lines on the face, and what they answer to."""

from __future__ import annotations

from typing import Final, NamedTuple

Place = tuple[int, int, float, float]
"""A point of the mesh on the left and on the right side of the picture, and a way out and up."""


class Fold(NamedTuple):
    """One fold, on the left and on the right side of the picture.

    Attributes:
        line: Places along it.
        width: Half width of the dark line, in face widths.
        depth: Share of the light that is gone in the middle of the deepest line.
        probes: Two places that come near each other when the skin is squeezed.
        full: Share of their distance at which the fold is as deep as it gets.
        swell: Light on the skin that is pushed up beside the line, on the side of the second
            probe, and half as much shade on the other, as shares of the depth.
    """

    line: tuple[Place, ...]
    width: float
    depth: float
    probes: tuple[Place, Place]
    full: float
    swell: float = 0.0


def _brow_line(share: float) -> tuple[Place, ...]:
    """Return places over one brow; `share` face widths above its upper edge."""
    return tuple(
        (left, right, 0.0, share)
        for left, right in ((63, 293), (105, 334), (66, 296), (107, 336), (9, 9))
    )


_FOREHEAD_PROBES: Final[tuple[Place, Place]] = ((105, 334, 0.0, 0.02), (105, 334, -0.01, 0.24))
_INNER_PROBES: Final[tuple[Place, Place]] = ((107, 336, 0.0, 0.02), (107, 336, -0.01, 0.24))

_BAGS: Final = ((110, 24, 23, 22, 26), (339, 254, 253, 252, 256))

FOLDS: Final[tuple[Fold, ...]] = (
    # beside the mouth, from the wing of the nose down: smile, sneer, raised lip
    Fold(
        ((129, 358, 0.012, 0.0), (206, 426, 0.002, 0.0), (61, 291, 0.032, -0.012)),
        *(0.019, 0.14, ((61, 291, 0.0, 0.02), (50, 280, 0.0, 0.0)), 0.17, 0.25),
    ),
    Fold(
        ((129, 358, 0.000, 0.030), (129, 358, 0.024, -0.006), (206, 426, -0.004, 0.004)),
        *(0.019, 0.24, ((129, 358, 0.0, 0.0), (117, 346, 0.0, 0.0)), 0.14, 0.2),
    ),
    # below the corners of the mouth: frown
    Fold(
        ((61, 291, 0.006, -0.012), (61, 291, 0.012, -0.045), (61, 291, 0.006, -0.085)),
        *(0.016, 0.12, ((61, 291, 0.0, 0.0), (61, 291, 0.0, -0.16)), 0.16, 0.2),
    ),
    # beside the corners: dimples, stretched lips
    Fold(
        ((61, 291, 0.034, 0.030), (61, 291, 0.042, 0.0), (61, 291, 0.034, -0.030)),
        *(0.014, 0.11, ((61, 291, 0.0, 0.0), (61, 291, 0.16, 0.0)), 0.17, 0.3),
    ),
    # across the forehead
    Fold(_brow_line(0.060), 0.009, 0.095, _FOREHEAD_PROBES, 0.15, 0.2),
    Fold(_brow_line(0.100), 0.009, 0.105, _FOREHEAD_PROBES, 0.17, 0.2),
    Fold(_brow_line(0.140), 0.009, 0.080, _FOREHEAD_PROBES, 0.19, 0.2),
    Fold(
        ((66, 296, 0.0, 0.075), (107, 336, 0.0, 0.080), (9, 9, 0.0, 0.068)),
        *(0.009, 0.070, _INNER_PROBES, 0.22, 0.2),
    ),
    # between the brows, where the skin in the middle swells
    Fold(
        ((55, 285, -0.026, -0.022), (55, 285, -0.030, 0.020), (107, 336, -0.030, 0.032)),
        *(0.013, 0.36, ((55, 285, 0.0, 0.0), (8, 8, 0.0, 0.01)), 0.17, 0.08),
    ),
    # the shadow of a lowered brow over the lid
    Fold(
        ((225, 445, 0.0, 0.004), (223, 443, 0.0, 0.0), (222, 442, 0.0, 0.0), (189, 413, 0.0, 0.0)),
        *(0.026, 0.26, ((52, 282, 0.0, 0.0), (159, 386, 0.0, -0.01)), 0.34),
    ),
    # across the root of the nose: lowered brows, sneer
    Fold(
        ((193, 417, -0.004, -0.004), (168, 168, 0.026, -0.014), (168, 168, 0.0, -0.018)),
        *(0.014, 0.08, ((6, 6, 0.0, 0.0), (9, 9, 0.0, 0.0)), 0.22),
    ),
    Fold(
        ((193, 417, 0.008, -0.052), (6, 6, 0.028, -0.004), (6, 6, 0.0, 0.0)),
        *(0.014, 0.08, ((129, 358, 0.0, 0.0), (193, 417, 0.0, 0.0)), 0.17),
    ),
    # down the sides of the nose: sneer
    Fold(
        ((197, 197, 0.030, 0.028), (197, 197, 0.058, 0.002), (197, 197, 0.088, -0.034)),
        *(0.014, 0.13, ((193, 417, 0.0, 0.0), (129, 358, 0.0, 0.0)), 0.17, 0.1),
    ),
    Fold(
        ((197, 197, 0.044, -0.018), (197, 197, 0.072, -0.048), (197, 197, 0.102, -0.088)),
        *(0.014, 0.12, ((193, 417, 0.0, 0.0), (129, 358, 0.0, 0.0)), 0.17, 0.1),
    ),
    # crow's feet
    *(
        Fold(
            ((33, 263, 0.026, start), (33, 263, 0.082, end)),
            *(0.007, depth, ((33, 263, 0.05, 0.0), (117, 346, 0.0, 0.0)), 0.26, 0.1),
        )
        for start, end, depth in (
            (0.010, 0.034, 0.09),
            (-0.006, -0.006, 0.12),
            (-0.02, -0.045, 0.10),
        )
    ),
    # below the eye, over a raised cheek
    Fold(
        tuple((left, right, 0.0, -0.020) for left, right in zip(*_BAGS, strict=True)),
        *(0.012, 0.14, ((23, 253, 0.0, 0.0), (50, 280, 0.0, 0.0)), 0.20, 0.25),
    ),
    # below the lower lip: chin pushed up
    Fold(
        ((18, 18, 0.085, -0.006), (18, 18, 0.045, 0.002), (18, 18, 0.0, 0.004)),
        *(0.012, 0.16, ((17, 17, 0.0, 0.0), (199, 199, 0.0, 0.0)), 0.07, 0.2),
    ),
)
