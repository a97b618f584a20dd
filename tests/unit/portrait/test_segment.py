"""The person mask."""

import cv2
import numpy as np

from sadtalker_ext.portrait import topology
from sadtalker_ext.portrait.find import find_face


def test_the_person_is_separated_from_the_background(models, portrait):
    face = find_face(portrait, models)
    mask = models.segmenter(portrait.pixels, face.box)
    assert mask.shape == portrait.pixels.shape[:2]
    assert mask.dtype == np.float32
    assert 0 <= mask.min() <= mask.max() <= 1
    surface = np.zeros(mask.shape, np.uint8)
    cv2.fillPoly(surface, [np.round(face.points[list(topology.OVAL), :2]).astype(np.int32)], 1)
    assert mask[surface > 0].mean() > 0.98
    left, _, right, _ = face.box
    chest = mask[-20:, (left + right) // 2 - 10 : (left + right) // 2 + 10]
    assert chest.mean() > 0.9
    corners = np.concatenate([mask[:60, :60].ravel(), mask[:60, -60:].ravel()])
    assert corners.mean() < 0.02


def test_a_small_person_is_sharper_with_the_nearby_view(models, portrait):
    face = find_face(portrait, models)
    side, scale = 1200, 0.5
    small = cv2.resize(portrait.pixels, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    top, left = 500, 420
    scene = np.repeat(np.linspace(90, 150, side, dtype=np.uint8)[:, None], side, axis=1)
    scene = np.repeat(scene[..., None], 3, axis=2).copy()
    scene[top : top + small.shape[0], left : left + small.shape[1]] = small
    box = tuple(
        round(value * scale) + offset
        for value, offset in zip(face.box, (left, top, left, top), strict=True)
    )
    coarse = models.segmenter(scene)
    near = models.segmenter(scene, box)
    inside = (slice(box[1], box[3]), slice(box[0], box[2]))
    assert near[inside].mean() > 0.9
    assert near[inside].mean() >= coarse[inside].mean()
    np.testing.assert_array_equal(near[:100], coarse[:100])  # far away nothing changes


def test_a_person_in_a_wide_picture_is_cut_out_as_well_as_alone(models, portrait):
    face = find_face(portrait, models)
    alone = models.segmenter(portrait.pixels, face.box)
    three = np.hstack([portrait.pixels, portrait.pixels[:, ::-1], portrait.pixels])
    squeezed = models.segmenter(three)[:, : alone.shape[1]]
    mask = models.segmenter(three, face.box)[:, : alone.shape[1]]
    assert np.abs(mask - alone).mean() < min(0.02, 0.3 * np.abs(squeezed - alone).mean())
