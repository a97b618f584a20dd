"""Displacement fields of the lower face, one per elementary movement.

The lower face is two sheets cut apart along the lip line: the upper sheet (upper lip, nose, cheeks)
and the lower sheet (lower lip, chin, cheeks). Both are smooth fields over the whole region; they
agree beyond the mouth corners and differ along the lips, where they part. Fields are evaluated once
per picture on a coarse grid; a frame is a weighted sum of them.

The movements and their sizes are anatomical commonplaces expressed in mouth widths and lip-to-chin
distances: the jaw turns about a hinge near the ear, so that the chin and the lower lip go down
together and the corners follow by about a third; rounding narrows the mouth by about a third; lips
close by meeting somewhat above the middle of the gap.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from sadtalker_ext.curves import smoothstep
from sadtalker_ext.engines.puppet.mouth.frame import MouthFrame
from sadtalker_ext.engines.puppet.mouth.own_opening import RELAXED, UPPER_SHARE, OwnOpening
from sadtalker_ext.types import FloatArray

JAW_DROP = 0.34
"""Way of the lower lip at jaw = 1, in mouth widths."""

CORNER_SHARE = 0.27
"""Share of the jaw's way that the mouth corners follow."""

LIP_HIDDEN = 0.07
"""How far the lower lip reaches behind the upper teeth at tuck = 1, in half-widths."""

PLAIN = (
    *("jaw", "narrow", "wide", "round", "plump", "flatten"),
    *("part", "raise", "arch", "roll", "tuck", "drop"),
)
_STEEPEST = 0.5  # share by which a jaw that shuts a shout may press skin together, along `v`
OPENERS = ("rest", "jaw", "part", "raise", "tuck", "drop")
"""Everything that opens the mouth; each has two fields that close it again, one per lip."""

FIELDS = PLAIN + tuple(f"{lip}:{name}" for lip in ("upper", "lower") for name in OPENERS)
_CLOSED_BELOW = FIELDS.index("lower:rest")


class ExpressionBasis:
    """The fields of one face on given nodes.

    Args:
        frame: Axes, sizes and curves of the mouth.
        nodes: (h, w, 2) picture coordinates of the grid nodes.
        tooth_edge: (N,) y of the upper teeth's edge on `frame.xs`, in half-widths.

    Attributes:
        fields: (K, 2, h, w, 2) float32 displacement in pixels at weight 1, in the order of
            `FIELDS`; the second axis is the upper and the lower sheet.
    """

    def __init__(self, frame: MouthFrame, nodes: FloatArray, tooth_edge: FloatArray) -> None:
        self._frame, self._own = frame, OwnOpening(frame)
        x, y = frame.local(nodes)
        height = frame.height(x, y, frame.middle)
        u = frame.sideways(x, height)
        outside = smoothstep(0.85, 1.0, np.abs(u))
        above: npt.NDArray[Any] = frame.height(x, y, frame.upper)
        below: npt.NDArray[Any] = frame.height(x, y, frame.lower)
        # Inside the mouth a sheet is continued beyond its lip by its value at the lip.
        above = height * outside + np.minimum(above, 0) * (1 - outside)
        below = height * outside + np.maximum(below, 0) * (1 - outside)
        self._x, self._u = x, u
        self._v: FloatArray = np.stack([above, below]).astype(np.float32)
        # The jaw at weight -1 takes back what it does at 1, and so much of it closes a shout.
        self._jaw_shuts = self._own.jaw_gap * frame.half_width / self.drop
        self._profiles = self._opening_profiles(x, u, tooth_edge)
        plain = self._plain_fields()
        fields = [*(plain[name] for name in PLAIN), *self._closing_fields()]
        self.fields: FloatArray = np.stack(fields).astype(np.float32)
        # How much wider than at rest the mouth is in the picture.
        self._smile = float(np.clip(2 * self._half() / frame.size - 1, 0, 0.3))
        self._room_for_wide = max(1 - 2 * self._smile, 0.4)

    def weights(self, controls: Mapping[str, float]) -> FloatArray:
        """Turn controls into (K,) weights of the fields; all zero gives all zero."""
        jaw, wide, rounded, upper, press, tuck, relax, drop = (
            float(np.clip(controls.get(name, 0.0), 0.0, 1.0))
            for name in ("jaw", "wide", "round", "upper", "press", "tuck", "relax", "drop")
        )
        # Lips that have just left each other are open: the last part of the way seals them.
        press = press * press * (3 - 2 * press)
        gap = self._own.gap
        # How far the opening of the picture itself is closed.
        shut = 1 - (1 - press) * (1 - relax)
        # The upper lip of an open mouth is an arch, of a round one a high one, unless it smiles.
        # Over a shut jaw round lips leave a small opening (U, W), over an open one a large one (O).
        held = 1 - 0.6 * relax * min(4 * gap, 1)
        lowered = min(jaw / 0.6, 1)
        pursed = rounded * (0.38 - 0.3 * lowered)
        arch = rounded * (0.1 + 0.9 * jaw) + 0.35 * jaw * (1 - min(4 * gap, 1) * (1 - relax))
        amount = {
            "jaw": jaw * (1 - 0.45 * press) * (1 - 0.5 * tuck) * (1 - pursed),
            "wide": wide * (1 - 0.7 * rounded) * self._room_for_wide,
            "round": rounded * (1 - 0.25 * press),
            "part": rounded * (0.1 + 0.9 * lowered) * (1 - press) * held,
            "raise": upper * (1 - 0.8 * press) + 0.55 * tuck * (1 - press),
            "arch": arch * (1 - press) * (1 - tuck),
            "roll": press * (1 - 1.5 * gap),
            "plump": rounded + shut * gap,
            # A smile's curve straightens when the lips round or must close over the teeth.
            "flatten": 0.85 * rounded * (1 - 0.5 * press) + 1.2 * shut * gap,
            "tuck": tuck * (1 - press),
            "drop": drop * (1 - tuck) * (1 - 0.8 * press),
            "rest": 1.0,
        }
        # A relaxed jaw has the whole way before it again.
        amount["jaw"] *= 1 + relax * (1 / self._own.way_left - 1)
        amount["narrow"] = (
            0.10 * amount["jaw"]
            + shut * 0.45 * gap * (1 - 0.4 * rounded)
            + 0.5 * max(rounded, 0.6 * relax) * self._smile
        )
        closing = []
        for share, sign in ((UPPER_SHARE, 1.0), (1 - UPPER_SHARE, -1.0)):
            for name in OPENERS:
                close = share * press
                if name == "rest":
                    close = self._own.closing(sign, press, relax, rounded, tuck, jaw)
                if sign < 0 and name in ("jaw", "part"):
                    # F and V: the lower lip comes up to the teeth whatever the jaw does.
                    close += (1 - press) * tuck
                closing.append(sign * close * amount[name])
        # The jaw closes a shout, as soon as the lips relax, and for F and V.
        shut = min((closing[0] - closing[len(OPENERS)]) / RELAXED, 1.0)
        amount["jaw"] -= self._jaw_shuts * (shut + (1 - shut) * tuck)
        return np.array([amount[name] for name in PLAIN] + closing, np.float32)

    def jaw_way(self, weights: FloatArray) -> FloatArray:
        """Movement of the lower jaw's front for (K,) weights, (2,) pixels."""
        frame = self._frame
        # Where the lower lip closes an opening of the picture, tongue and teeth come along.
        closed = weights[_CLOSED_BELOW] * self._own.lip_gap * frame.half_width
        way = frame.vertical * (self.drop * weights[0]) + frame.across * closed
        return np.asarray(way, np.float32)

    def _half(self) -> float:
        """Half the mouth width with the head's turn undone, pixels."""
        frame = self._frame
        return frame.half_width / max(abs(float(frame.lateral @ frame.along)), 0.5)

    @property
    def drop(self) -> float:
        """Way of the lower lip at jaw = 1, pixels."""
        frame = self._frame
        return min(JAW_DROP * frame.size * self._own.way_left, 0.42 * frame.chin)

    def _opening_profiles(
        self, x: FloatArray, u: FloatArray, tooth_edge: FloatArray
    ) -> dict[str, tuple[FloatArray, FloatArray]]:
        """For each opener: opening along the lips (h, w) in pixels, and its direction (2,)."""
        frame = self._frame
        au = np.minimum(np.abs(u), 1)
        arch = 0.8 * np.sqrt(1 - au**2) + 0.2 * (1 - au**2)
        # muscles that bare teeth pull beside the middle, too
        soft, square = (1 - au**2) ** 2, (1 - au**4) ** 2
        inside = np.asarray(np.abs(x) < 1, np.float32)
        jaw = (CORNER_SHARE * (1 - au**3) + (1 - CORNER_SHARE) * arch) * self.drop
        gap = np.interp(x, frame.xs, frame.mesh_gap) * frame.half_width
        gap = (gap - self._jaw_shuts * jaw) * inside
        tuck = np.interp(x, frame.xs, tooth_edge - LIP_HIDDEN - frame.lower)
        tuck = (tuck * frame.half_width + self._jaw_shuts * jaw) * (1 - au**2)
        # Beside the teeth lips that the jaw has brought near close what is left.
        tuck = (tuck - min(self._jaw_shuts, 1) * au**2 * gap) * inside
        return {
            "rest": (gap, frame.across),
            "jaw": (jaw, frame.vertical),
            "part": (soft * 0.055 * frame.size, frame.vertical),
            "raise": (0.5 * (soft + square) * 0.06 * frame.size, frame.vertical),
            "tuck": (tuck, frame.across),
            "drop": (square * 0.075 * frame.size, frame.vertical),
        }

    def _plain_fields(self) -> dict[str, FloatArray]:
        frame, u, v = self._frame, self._u, self._v
        au = np.abs(u)
        beyond, within = np.maximum(au - 1, 0), np.minimum(au, 1)
        size, half = frame.size, self._half()
        near = np.exp(-((beyond / 0.75) ** 2)) * np.exp(-((v / 0.5) ** 2))
        # On a turned head the far half of the mouth is short, and so is its way.
        seen = 1 - 1.7 * np.float32(frame.midline) * np.clip(u, -1, 1)
        pull = np.clip(u, -1.2, 1.2) * near * seen
        cheek = (
            np.sign(u) * np.exp(-(((au - 1.45) / 0.35) ** 2)) * np.exp(-(((v - 0.2) / 0.4) ** 2))
        )
        lift = np.exp(-(((au - 1.35) / 0.5) ** 2)) * np.exp(-(((v + 0.45) / 0.35) ** 2))
        nose = np.exp(-((u / 0.7) ** 2)) * np.exp(-(((v + 0.5) / 0.22) ** 2))
        # Fullest beside the middle, so that pursed lips are round and not pointed.
        lips = (1 - within**2) * (1 + 2 * within**2) * self._lip_bump()
        jaw = self._jaw_weight(v[1] > 0)
        swing = jaw * np.clip(v, 0, 1)
        fold = np.exp(-(((v + 0.42) / 0.19) ** 2)) * np.exp(-((au / 1.2) ** 4))
        only_upper = np.stack([np.ones_like(u), np.zeros_like(u)])
        only_lower = 1 - only_upper
        profile = {name: opening for name, (opening, _) in self._profiles.items()}
        raised = (profile["raise"] / size)[None] * np.exp(-((v / 0.28) ** 2)) * only_upper
        # A round mouth is an arch: the upper lip goes up in the middle, both meet at the sides.
        sides = 1.3 * within**2 * (1 - within**4)
        arched = ((1 - within**2) ** 2 - sides) * only_upper + 0.5 * sides * only_lower
        arched = arched * np.exp(-((v / 0.3) ** 2))
        parted = (profile["part"] / size)[None] * np.exp(-((v / 0.3) ** 2))
        parted = parted * (only_upper * -UPPER_SHARE + only_lower * (1 - UPPER_SHARE))
        tucked = (profile["tuck"] / half)[None] * np.exp(-((v / 0.4) ** 2)) * only_lower
        dropped = (profile["drop"] / size)[None] * np.exp(-((v / 0.3) ** 2)) * only_lower
        inward = (1 - within**2) * np.exp(-(((v - 0.2) / 0.2) ** 2)) * only_lower
        inward = inward * smoothstep(0.0, 0.12, v)
        side = np.stack([-np.ones_like(u), np.ones_like(u)])
        roll = (1 - within**4) * np.exp(-((v / 0.22) ** 2)) * -side
        return {
            "jaw": _along(jaw, frame.vertical, self.drop)
            + _along(swing, frame.outward, -0.07 * size)
            + _along(cheek, frame.lateral, -0.035 * size)
            + _along(nose, frame.vertical, 0.015 * size),
            "narrow": _along(pull, frame.lateral, -half),
            "wide": _along(pull, frame.lateral, 0.17 * half)
            + _along(within**2 * near, frame.vertical, -0.035 * size)
            + _along(lift, frame.vertical, -0.05 * size)
            + _along(lips, frame.vertical, -0.012 * size),
            "plump": _along(lips, frame.vertical, 0.045 * size),
            "flatten": _along(self._bend() * near, frame.across, -frame.half_width),
            "round": _along(pull, frame.lateral, -0.32 * half)
            + _along(near * (1 - 0.6 * within), frame.outward, 0.11 * size)
            + _along(cheek, frame.lateral, -0.03 * size),
            "part": _along(parted, frame.vertical, size),
            "raise": _along(raised, frame.vertical, -size)
            + _along(fold, frame.vertical, -0.02 * size)
            + _along(nose, frame.vertical, -0.015 * size),
            "arch": _along(arched, frame.vertical, -0.07 * size),
            "roll": _along(roll, frame.vertical, 0.022 * size),
            "tuck": _along(tucked, frame.across, half)
            + _along(inward, frame.vertical, -0.035 * size),
            "drop": _along(dropped, frame.vertical, size),
        }

    def _closing_fields(self) -> list[FloatArray]:
        """Fields that take each opening back, first for the upper lip, then for the lower one."""
        fields = []
        for sheet, reach in ((0, 0.25), (1, 0.5)):
            fall = np.exp(-((self._v[sheet] / reach) ** 2))
            for name in OPENERS:
                opening, axis = self._profiles[name]
                field = np.zeros((2, *opening.shape, 2), np.float32)
                field[sheet] = (opening * fall)[..., None] * axis
                fields.append(field)
        return fields

    def _jaw_weight(self, under: npt.NDArray[np.bool_]) -> FloatArray:
        """(2, h, w) share of the jaw's way: 1 at chin and lower lip, 0 at nose and upper lip."""
        u, v = self._u, self._v
        au = np.abs(u)
        # A jaw that shuts a shout goes up far: over a short stretch the skin would fold.
        stretch = self._jaw_shuts * self.drop / self._frame.chin / _STEEPEST
        down = smoothstep(0.0, max(0.75, 1.5 * stretch), v[1])
        opening = self._profiles["jaw"][0] / np.float32(self.drop)
        corner = CORNER_SHARE * np.minimum(au, 1) ** 3
        rise = np.exp(-((np.minimum(v, 0) / max(0.25, 0.86 * CORNER_SHARE * stretch)) ** 2))
        upper = np.stack([corner * rise[0]] * 2)
        lower = np.stack([opening + corner + (1 - opening - corner) * down] * 2)
        sideways = np.exp(-((np.maximum(au - 1, 0) / 1.15) ** 2))
        both = CORNER_SHARE * rise[0] + (1 - CORNER_SHARE) * down * under
        # Cheeks give way over a longer stretch where the jaw closes a shout.
        wide = smoothstep(1.0, 1.4, au) * min(self._jaw_shuts, 1)
        reach = max(1.5, 1.5 * stretch)
        both = both + wide * (smoothstep(-0.35 * reach, 0.65 * reach, v[1]) - both)
        weight = np.where(au < 1, np.stack([upper[0], lower[1]]), both * sideways)
        return np.asarray(weight, np.float32)

    def _bend(self) -> FloatArray:
        """(h, w) how far the lip line lies below its average height there, half-widths."""
        frame = self._frame
        closed = frame.middle - 0.5 * self._own.jaw_gap * (1 - frame.xs**2)
        line = frame.curve(self._x, closed)
        level = np.float32(np.mean(closed))
        return np.asarray(np.clip(line - level, -0.25, 0.25), np.float32)

    def _lip_bump(self) -> FloatArray:
        """(2, h, w) outward push of the red of the lips: up on the upper one, down below."""
        frame, v = self._frame, self._v
        unit = frame.half_width / frame.chin
        bumps = []
        for sheet, thickness, sign in ((0, frame.lip_upper, -1.0), (1, frame.lip_lower, 1.0)):
            reach = thickness * unit
            far = np.abs(v[sheet])
            rise = smoothstep(0.0, reach, far)
            bumps.append(sign * rise * np.exp(-((np.maximum(far - reach, 0) / (1.3 * reach)) ** 2)))
        return np.stack(bumps).astype(np.float32)


def _along(weight: npt.NDArray[Any], axis: FloatArray, scale: float) -> FloatArray:
    """Return a field (..., 2) of ways along an axis."""
    return np.asarray(weight[..., None] * (axis * np.float32(scale)))
