"""A small face and the networks with keyed weights, for tests of the renderer."""

import numpy as np
import pytest

from sadtalker_ext.engines.sadtalker.render import Renderer
from tests.golden.networks import keyed_network
from tests.unit.engines.sadtalker.small_face import FRAMES, SIDE, coefficient_rows, ends


@pytest.fixture(scope="module")
def picture():
    y, x = np.mgrid[0:SIDE, 0:SIDE] / SIDE
    bands = [np.sin(9 * x + 4 * y), np.cos(7 * x * y), np.sin(12 * y)]
    return (127 + 120 * np.stack(bands, axis=-1)).astype(np.uint8)


@pytest.fixture(scope="module")
def networks():
    return {name: keyed_network(name) for name in ("generator", "kp_extractor", "mapping_00229")}


@pytest.fixture(scope="module")
def renderer(networks):
    return Renderer(*networks.values())


@pytest.fixture(scope="module")
def face(renderer, picture):
    return renderer.prepare(picture, coefficient_rows()[0])


@pytest.fixture(scope="module")
def points(renderer, face):
    """Key points of five frames: silence, three of the change, and speech."""
    every = renderer.key_points(face, coefficient_rows()[1])
    return every[[0, 27, 30, 33, FRAMES - 1]]


@pytest.fixture(scope="module")
def frames(renderer, face, points):
    return list(renderer.draw(face, points, 1))


@pytest.fixture(scope="module")
def exact(renderer, face, points):
    return ends(renderer, face, points)
