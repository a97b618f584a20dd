"""The opening of the mouth in the picture itself, and how lips and jaw close it."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from sadtalker_ext.curves import smoothstep
from sadtalker_ext.engines.puppet.mouth.frame import MouthFrame

UPPER_SHARE = 0.4
"""Share of a gap that the upper lip closes; the lower lip does the rest."""

_LONGEST_CLOSING = (0.16, 0.2)
"""Longest way of the upper lip over an opening in the picture, when it relaxes and when it purses,
in halves of the mouth width: from a shout it is the jaw that closes the mouth."""

_SHOUT = (0.4, 1.0)
"""Openings in the picture, in half-widths, from which on the jaw closes them and not the lips:
smiles and parted lips of 45 portraits have 0.17 to 0.39, two shouting ones 1.6 and 1.8."""

_BY_JAW = 0.8
"""Share of a shout's opening that the jaw closes."""

_LEFT_UP = 0.8
"""Share of the relaxing upper lip's way that it does not go over an open jaw."""

_ROUNDS = 0.3
"""Share of the rounding that is left to lips of a shout: their skin was stretched in the picture
and folds where they purse."""

RELAXED = 0.9
"""Share of an opening in the picture that relaxing closes: lips at ease hardly touch."""


class OwnOpening:
    """What has to be closed before lips that are parted in the picture can meet.

    Args:
        frame: Axes, sizes and curves of the mouth.

    Attributes:
        jaw_gap: What the jaw closes in the middle of the opening, in halves of the mouth width.
        lip_gap: The rest of the opening there, which the lips close.
        gap: The same; at most 0.4 counts.
    """

    def __init__(self, frame: MouthFrame) -> None:
        self._frame = frame
        self._shout = float(smoothstep(*_SHOUT, np.array(frame.rest_gap)))
        self.jaw_gap = self._shout * _BY_JAW * frame.rest_gap
        self.lip_gap = frame.rest_gap - self.jaw_gap
        self.gap = min(self.lip_gap, 0.4)
        self._upper_relaxed, self._upper_pursed = self._upper_shares()

    @property
    def shouts(self) -> bool:
        """Whether the mouth is so wide open that mostly the jaw must close it."""
        return self.jaw_gap > 0.5 * self._frame.rest_gap

    def possible(self, controls: Mapping[str, float]) -> Mapping[str, float]:
        """Return controls without what lips that are wide open in the picture cannot do.

        The corners of a shout are too far from the teeth for F and V: the mouth shuts instead.
        """
        share = self._shout
        tuck, rounded = (float(np.clip(controls.get(n, 0.0), 0.0, 1.0)) for n in ("tuck", "round"))
        if share == 0.0 or max(tuck, rounded) == 0.0:
            return controls
        return {
            **controls,
            "press": max(float(controls.get("press", 0.0)), share * tuck),
            "tuck": (1.0 - share) * tuck,
            "round": (1.0 - share * (1.0 - _ROUNDS)) * rounded,
        }

    @property
    def way_left(self) -> float:
        """Share of the jaw's way that an opening in the picture has left over."""
        frame = self._frame
        open_already = frame.rest_gap * frame.half_width / frame.size
        return 1 - 0.6 * min(open_already, 0.4)

    def closing(
        self, sign: float, press: float, relax: float, rounded: float, tuck: float, jaw: float
    ) -> float:
        """Share of the picture's own opening that the upper (sign 1) or lower lip closes."""
        share = self._upper_relaxed if sign > 0 else 1 - self._upper_relaxed
        # Pursing closes an open smile too, mostly by the upper lip, over the teeth.
        pursed = self._upper_pursed if sign > 0 else 0.9 - self._upper_pursed
        relaxed = share + (pursed + 0.05 - share) * rounded
        # The lower lip waits at the teeth for F and V, and the upper one comes down to it.
        relaxed = relaxed + 0.25 * tuck if sign > 0 else relaxed * (1 - tuck)
        if sign > 0:
            # Where the jaw opens the mouth the upper lip need not hide the picture's teeth.
            relaxed *= 1 - _LEFT_UP * jaw * (1 - rounded)
        smiling = pursed * rounded
        return share * press + (1 - press) * (smiling + (RELAXED * relaxed - smiling) * relax)

    def _upper_shares(self) -> tuple[float, float]:
        """Share of the picture's opening that the upper lip closes, relaxing and pursing."""
        frame = self._frame
        gap, unit = max(self.lip_gap, 1e-6), frame.size / 2 / frame.half_width
        relaxed, pursed = (most * unit / gap for most in _LONGEST_CLOSING)
        if frame.teeth is not None:
            # Lips at ease still show half of the teeth that they show in the picture.
            seen = (frame.teeth.bottom - frame.upper)[np.abs(frame.xs) < 0.5]
            relaxed = min(relaxed, 0.5 * max(float(np.median(seen)), 0.0) / gap)
        return min(UPPER_SHARE, relaxed), min(0.55, pursed)
