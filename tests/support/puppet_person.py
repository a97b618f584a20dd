"""A drawn person with a mesh, for tests of the puppet engine: no models, no files."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from sadtalker_ext.engines.puppet.head.turn import HeadTurn
from sadtalker_ext.portrait.topology import OVAL
from sadtalker_ext.types import FloatArray, ImageArray

NOSE_MARK = (20, 200, 40)
TOP_MARK = (30, 60, 230)


@dataclass(frozen=True, kw_only=True, eq=False)
class Person:
    """A picture with everything known about it.

    Attributes:
        picture: (360, 320, 3) uint8.
        points: (478, 3) a half ellipsoid with the numbering of the oval, forehead and chin.
        mask: (360, 320) the person.
        head: where the head is.
        far: background at least 60 pixels from the head.
        torso: well inside the chest.
        plain: the background's colour.
        marks: colours of a dot on the nose and one at the top of the head.
    """

    picture: ImageArray
    points: FloatArray
    mask: FloatArray
    head: npt.NDArray[np.bool_]
    far: npt.NDArray[np.bool_]
    torso: npt.NDArray[np.bool_]
    plain: tuple[int, int, int]
    marks: tuple[tuple[int, int, int], tuple[int, int, int]]


def make_person() -> Person:
    """Draw an egg-shaped head on a neck and a chest before a plain, grainy wall."""
    height, width, plain = 360, 320, (120, 140, 150)
    grain = np.random.default_rng(3).normal(0, 2, (height, width, 1))
    picture = np.clip(np.array(plain) + grain, 0, 255).astype(np.uint8)
    mask = np.zeros((height, width), np.uint8)
    head = mask.copy()
    cv2.ellipse(head, (160, 125), (62, 85), 0, 0, 360, 1, -1)
    torso = mask.copy()
    cv2.ellipse(torso, (160, 390), (140, 110), 0, 0, 360, 1, -1)
    neck = mask.copy()
    cv2.rectangle(neck, (130, 180), (190, 300), 1, -1)
    picture[neck > 0] = (180, 140, 120)
    picture[torso > 0] = (60, 60, 120)
    picture[head > 0] = (90, 60, 40)
    cv2.ellipse(picture, (160, 145), (50, 62), 0, 0, 360, (200, 160, 140), -1)
    cv2.circle(picture, (160, 150), 6, NOSE_MARK, -1)
    cv2.circle(picture, (160, 60), 6, TOP_MARK, -1)
    mask = head | neck | torso
    soft = cv2.GaussianBlur(mask.astype(np.float32), (0, 0), 1.5)
    near = cv2.dilate(head | neck, np.ones((121, 121), np.uint8)) > 0
    chest = cv2.erode(torso, np.ones((21, 21), np.uint8)) > 0
    chest[:300] = False
    return Person(
        picture=picture,
        points=half_ellipsoid((160, 145), 50, 62),
        mask=soft,
        head=head > 0,
        far=~near & (cv2.dilate(torso, np.ones((15, 15), np.uint8)) == 0),
        torso=chest,
        plain=plain,
        marks=(NOSE_MARK, TOP_MARK),
    )


def half_ellipsoid(centre: tuple[float, float], a: float, b: float) -> FloatArray:
    """Place 478 mesh points on a half ellipsoid: the oval at its rim, the others inside."""
    points = np.zeros((478, 3), np.float32)
    rest = [index for index in range(478) if index not in OVAL]
    turn = np.linspace(0, 2 * np.pi, len(OVAL), endpoint=False)
    points[list(OVAL), :2] = np.stack([np.sin(turn), -np.cos(turn)], 1)
    golden = np.pi * (3 - np.sqrt(5))
    order = np.arange(len(rest))
    radius = 0.95 * np.sqrt((order + 0.5) / len(rest))
    points[rest, 0] = radius * np.cos(order * golden)
    points[rest, 1] = radius * np.sin(order * golden)
    bulge = np.sqrt(np.clip(1 - (points[:, :2] ** 2).sum(1), 0, 1))
    points[:, 2] = (0.4 - bulge) * 1.4 * a
    points[:, 0] = centre[0] + a * points[:, 0]
    points[:, 1] = centre[1] + b * points[:, 1]
    return points


def places_of(turn: HeadTurn, *pose: Any) -> FloatArray:
    """Where every pixel of a head's box comes from, (h, w, 2); arguments of `HeadField.sources`."""
    field = turn.field
    rows, columns = field.shape
    places = field.places(field.sources(*pose), (slice(0, rows), slice(0, columns)))
    return np.dstack(places)
