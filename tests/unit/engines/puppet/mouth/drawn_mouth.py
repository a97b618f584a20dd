"""A drawn face with a mouth, and the mesh points that belong to it."""

from __future__ import annotations

import cv2
import numpy as np

from sadtalker_ext.portrait import topology

SKIN = np.array([200, 155, 130], dtype=np.float32)
UPPER_LIP = (190, 40, 60)
LOWER_LIP = (225, 110, 225)
TEETH = (235, 232, 220)
CHIN_MARK = (30, 120, 60)


def mouth_points(face: float = 200, *, gap: float = 0.0, smile: float = 0.0, roll_deg: float = 0.0):
    """Place (478, 3) points of a frontal face, in a square picture of twice the face's width.

    Args:
        face: Width of the face in pixels.
        gap: Opening of the lips, share of the mouth width.
        smile: How far the corners lie above the middle, share of the mouth width.
        roll_deg: Tilt of the head.
    """
    points = np.zeros((478, 3), np.float32)
    angle = np.linspace(0, 2 * np.pi, len(topology.OVAL), endpoint=False)
    points[list(topology.OVAL), 0] = np.sin(angle) * face / 2
    points[list(topology.OVAL), 1] = -np.cos(angle) * face * 0.65
    points[[33, 263], :2] = [[-0.3 * face, -0.15 * face], [0.3 * face, -0.15 * face]]
    for number, (x, y) in {
        50: (-0.3, 0.15),
        280: (0.3, 0.15),
        205: (-0.25, 0.2),
        425: (0.25, 0.2),
        101: (-0.2, 0.1),
        330: (0.2, 0.1),
    }.items():
        points[number, :2] = x * face, y * face
    width = 0.36 * face
    along = np.linspace(-0.5, 0.5, 11)
    arch = 1 - (2 * along) ** 2
    line = 0.27 * face + smile * width * (arch - 1)
    inner = 0.94 * along * width
    for chain, x, y in (
        (topology.LIPS_INNER_UPPER, inner, line - 0.5 * gap * width * arch),
        (topology.LIPS_INNER_LOWER, inner, line + 0.5 * gap * width * arch),
        (topology.LIPS_OUTER_UPPER, along * width, line - (0.5 * gap + 0.13) * width * arch),
        (topology.LIPS_OUTER_LOWER, along * width, line + (0.5 * gap + 0.18) * width * arch),
    ):
        points[list(chain), 0] = x
        points[list(chain), 1] = y
    # A shallow bowl: the middle of the face is nearest to the viewer (negative z).
    reach = (points[:, 0] / (0.5 * face)) ** 2 + (points[:, 1] / (0.65 * face)) ** 2
    points[:, 2] = -0.35 * face * np.sqrt(np.clip(1 - reach, 0, 1))
    turn = np.deg2rad(roll_deg)
    matrix = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    points[:, :2] = points[:, :2] @ matrix.T + face
    return points


def draw_mouth(points, *, seed: int = 5):
    """Draw skin, lips of two colours, teeth where the lips are apart, and a mark on the chin."""
    side = round(float(points[topology.CHEEK_LEFT, 0] + points[topology.CHEEK_RIGHT, 0]))
    noise = np.random.default_rng(seed).normal(0, 1.5, (side, side, 1))
    image = np.clip(SKIN + noise, 0, 255).astype(np.uint8)
    upper, lower = list(topology.LIPS_INNER_UPPER), list(topology.LIPS_INNER_LOWER)
    _fill(image, points, [*topology.LIPS_OUTER_UPPER, *upper[::-1]], UPPER_LIP)
    _fill(image, points, [*topology.LIPS_OUTER_LOWER, *lower[::-1]], LOWER_LIP)
    middle = points[[topology.LIP_MIDDLE_UPPER, topology.LIP_MIDDLE_LOWER], :2]
    if np.linalg.norm(middle[1] - middle[0]) > 0:
        _fill(image, points, [*upper, *lower[-2:0:-1]], TEETH)
    else:
        seam = [np.rint(points[upper, :2] * 16).astype(np.int32)]
        cv2.polylines(image, seam, False, (70, 25, 30), 1, cv2.LINE_AA, 4)
    chin = 0.75 * points[topology.CHIN, :2] + 0.25 * points[17, :2]
    cv2.circle(image, tuple(int(v) for v in np.rint(chin)), max(2, side // 80), CHIN_MARK, -1)
    return image


def like(image, colour, tolerance=40):
    """(H, W) bool: pixels of about this colour."""
    return np.abs(image.astype(int) - colour).max(-1) < tolerance


def opening(image, points):
    """Pixels between the two lips, measured down the face through the middle of the mouth."""
    down = points[topology.CHIN, :2] - points[topology.FOREHEAD, :2]
    down = down / np.linalg.norm(down)
    middle = points[[topology.LIP_MIDDLE_UPPER, topology.LIP_MIDDLE_LOWER], :2].mean(0)
    reach = np.linalg.norm(points[topology.CHIN, :2] - middle)
    steps = np.arange(-0.5 * reach, 1.2 * reach, 0.25)
    where = (middle + steps[:, None] * down).astype(np.float32)
    line = cv2.remap(image, where[None, :, 0], where[None, :, 1], cv2.INTER_LINEAR)[0]
    upper = np.flatnonzero(like(line, UPPER_LIP, 50))
    lower = np.flatnonzero(like(line, LOWER_LIP, 50))
    return max(0.0, 0.25 * float(lower.min() - upper.max()))


def lips_extent(image):
    """Width and height in pixels of everything that has a lip's colour."""
    rows, columns = np.nonzero(like(image, UPPER_LIP) | like(image, LOWER_LIP))
    return int(np.ptp(columns)) + 1, int(np.ptp(rows)) + 1


def _fill(image, points, outline, colour):
    polygon = np.rint(points[outline, :2] * 16).astype(np.int32)
    cv2.fillPoly(image, [polygon], colour, cv2.LINE_AA, 4)


def seen_as_closed(points, face, gap):
    """The same face in a mesh that takes the teeth between its lips for a part of the upper lip."""
    seen = mouth_points(face, gap=0.02)
    for chain in (topology.LIPS_INNER_UPPER, topology.LIPS_INNER_LOWER):
        seen[list(chain[1:-1]), 1] += (gap / 2 - 0.01) * 0.36 * face
    return seen
