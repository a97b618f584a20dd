"""The mean face that a person's points are fitted to; writes `portrait/mean_face.npz` anew.

It is the mean of what the mesh network sees in the two drawn people of the page's examples and in
their mirror images, with the lips closed.

    python -m tests.support.face_template
"""

from pathlib import Path

import numpy as np
from scipy.optimize import linear_sum_assignment

from sadtalker_ext.inputs.image import read_picture
from sadtalker_ext.portrait import topology
from sadtalker_ext.portrait.find import find_faces
from sadtalker_ext.portrait.mean_face import FILE
from sadtalker_ext.portrait.models import FaceModels

ROOT = Path(__file__).resolve().parents[2]
DRAWN = ("drawn-man", "drawn-woman")
MIRROR = np.array([-1.0, 1.0, 1.0])


def main():
    models, folder = FaceModels(), ROOT / "sadtalker_ext/shells/ui/examples"
    faces = [find_faces(read_picture(folder / f"{one}.jpg"), models)[0].points for one in DRAWN]
    upright = [standing(face.astype(np.float64)) for face in faces]
    mean = np.mean(upright, axis=0)
    partner = partners(mean)
    mean = (mean + mean[partner] * MIRROR) / 2
    closed(mean)
    np.savez_compressed(FILE, points=mean.astype(np.float32))
    print(f"{FILE}: {FILE.stat().st_size} bytes")


def standing(points):
    """The face upright, its eyes 1 apart and the middle between them at 0."""
    left, right = (
        points[list(topology.ring(*lids)), :2].mean(0)
        for lids in (
            (topology.EYE_LEFT_UPPER, topology.EYE_LEFT_LOWER),
            (topology.EYE_RIGHT_UPPER, topology.EYE_RIGHT_LOWER),
        )
    )
    across = right - left
    size = np.hypot(*across)
    cosine, sine = across / size
    moved = points.copy()
    moved[:, :2] = (points[:, :2] - (left + right) / 2) @ np.array(
        [[cosine, -sine], [sine, cosine]]
    )
    return moved / size


def partners(points):
    """For each point the one on the other side: the pairing with the shortest ways in all."""
    away = np.linalg.norm(points[:, None] - (points * MIRROR)[None], axis=-1)
    # ways there and back are the same, so that the best pairing is one of pairs
    _, order = linear_sum_assignment((away + away.T) ** 2)
    for one in np.flatnonzero(order[order] != np.arange(len(order))):
        print("no clear partner:", one, order[one])
    assert (order[order] == np.arange(len(order))).all()
    return order


def closed(points):
    """Let the lips touch along the line between them."""
    for upper, lower in ((topology.LIPS_INNER_UPPER, topology.LIPS_INNER_LOWER),):
        both = (points[list(upper)] + points[list(lower)]) / 2
        points[list(upper)] = points[list(lower)] = both


if __name__ == "__main__":
    main()
