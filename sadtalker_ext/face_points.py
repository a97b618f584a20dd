"""The few points of a face that a person places where no face is found.

They are written as JSON, ``{"left_eye_outer": [0.31, 0.42], ...}``: shares of the picture's width
and height, so that they fit every size of the picture. Left is the left side of the picture.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import Final

from sadtalker_ext.errors import InvalidOption

NAMES: Final = (
    "left_eye_outer", "left_eye_top", "left_eye_inner", "left_eye_bottom",
    "right_eye_inner", "right_eye_top", "right_eye_outer", "right_eye_bottom",
    "left_brow", "right_brow", "nose_tip",
    "mouth_left", "upper_lip", "mouth_right", "lower_lip", "mouth_middle", "mouth_bottom",
    "left_cheek", "chin", "right_cheek", "forehead",
)  # fmt: skip
"""Corners and lids of the eyes, the highest points of the brows, the tip of the nose; corners of
the mouth, the outer edges of both lips in the middle, and where the lips meet; widest points of
the face, the lowest of the chin, and the hairline. Of an open mouth `mouth_middle` is the edge of
the upper lip and `mouth_bottom` that of the lower one; a closed mouth has no `mouth_bottom`."""
SIMPLEST: Final = ("left_eye_outer", "right_eye_outer", "mouth_left", "mouth_right")
"""Needed at least; the others follow from a mean face."""

Shares = Mapping[str, tuple[float, float]]
"""Points by name, as shares of the picture's width and height."""

_LIMIT: Final = 2.0
"""Points may lie outside the picture, where it cuts the face off, but not far."""
_LONGEST: Final = 5000
_HINT: Final = (
    'Give JSON such as {"left_eye_outer": [0.3, 0.4], ...} with shares of the picture\'s width and '
    "height; docs/face-points.md names the points."
)


def read_face_points(text: str) -> Shares:
    """Read points from JSON; empty text has none.

    Raises:
        InvalidOption: It is something else, names an unknown point, leaves out one of `SIMPLEST`,
            or the points cannot be those of a face that stands upright to 90 degrees.
    """
    if not text.strip():
        return {}
    if len(text) > _LONGEST:
        raise InvalidOption(f"Option face_points has more than {_LONGEST} characters.", hint=_HINT)
    try:
        value = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise InvalidOption(f"Option face_points should be JSON: {error}.", hint=_HINT) from None
    if not isinstance(value, dict):
        raise InvalidOption("Option face_points should be a JSON object.", hint=_HINT)
    for name in value:
        if name not in NAMES:
            raise InvalidOption(
                f"Option face_points has no point called {name!r}.",
                hint="Known: " + ", ".join(NAMES) + ".",
            )
    points = {name: _pair(name, value[name]) for name in NAMES if name in value}
    lacking = [name for name in SIMPLEST if name not in points]
    if lacking:
        raise InvalidOption(
            f"Option face_points should have {', '.join(SIMPLEST)}; {lacking[0]} is missing.",
            hint=_HINT,
        )
    _check_order(points)
    return points


def write_face_points(points: Shares) -> str:
    """Return points as the JSON that `read_face_points` reads."""
    return json.dumps({name: [round(x, 5), round(y, 5)] for name, (x, y) in points.items()})


def _pair(name: str, value: object) -> tuple[float, float]:
    if isinstance(value, list) and len(value) == 2:
        numbers = [one for one in value if isinstance(one, (int, float)) and one is not True]
        if len(numbers) == 2 and all(
            math.isfinite(one) and -_LIMIT <= one <= 1 + _LIMIT for one in numbers
        ):
            return float(numbers[0]), float(numbers[1])
    raise InvalidOption(
        f"The point {name} of option face_points should be two shares of the picture, found "
        f"{value!r}.",
        hint=_HINT,
    )


def _check_order(points: Shares) -> None:
    """Refuse a face whose sides are exchanged, or that has no size."""
    (ax, ay), (bx, by) = points["left_eye_outer"], points["right_eye_outer"]
    left, right = points["mouth_left"], points["mouth_right"]
    down = (left[0] + right[0] - ax - bx) / 2, (left[1] + right[1] - ay - by) / 2
    across = bx - ax, by - ay
    if across[0] * down[1] - across[1] * down[0] < 1e-6:
        raise InvalidOption(
            "The points of option face_points are not those of a face: the right eye should lie "
            "to the right of the left one, and the mouth below them.",
            hint="Left is the left side of the picture.",
        )
