"""The blur of a picture's sharpest edges is found as by sorting all of its slopes."""

import cv2
import numpy as np
import pytest

from sadtalker_ext.engines.puppet.mouth.picture_style import edge_blur

SIDE = 88


def sorted_all(grey, inside):
    """The same measure, by the percentile of all slopes inside."""
    first, second = (
        np.hypot(cv2.Sobel(one, cv2.CV_32F, 1, 0), cv2.Sobel(one, cv2.CV_32F, 0, 1))
        for one in (grey, cv2.GaussianBlur(grey, (0, 0), 1.5))
    )
    usable = inside & (first > 1)
    strong = usable & (first >= np.percentile(first[usable], 97))
    ratio = np.median(first[strong] / second[strong])
    return np.clip(np.sqrt(max(1.5**2 / max(ratio**2 - 1, 0.05) - 0.5, 0.1)), 0.4, 4.0)


@pytest.fixture(scope="module")
def noise():
    rng = np.random.default_rng(1)
    return cv2.GaussianBlur(rng.uniform(0, 255, (SIDE, SIDE)).astype(np.float32), (0, 0), 1.2)


@pytest.fixture(scope="module")
def pictures(noise):
    """Noise, stripes whose edges lie in every eleventh column alone, and a single edge."""
    stripes = np.repeat(np.arange(SIDE // 11) % 2, 11) * np.linspace(100, 150, SIDE)[:, None]
    edge = np.zeros((SIDE, SIDE), np.float32)
    edge[:, SIDE // 2 :] = 100
    return {
        "noise": noise,
        "stripes": stripes.astype(np.float32) + 0.1 * noise,
        "edge": cv2.GaussianBlur(edge, (0, 0), 2.0),
    }


@pytest.mark.parametrize("name", ["noise", "stripes", "edge"])
@pytest.mark.parametrize("part", [False, True], ids=["whole", "part"])
def test_sharp_edges_are_those_of_all_slopes(pictures, name, part):
    grey, inside = pictures[name], np.ones((SIDE, SIDE), bool)
    inside[:, :30] = not part
    found = edge_blur(grey, inside if part else None)
    assert found == pytest.approx(sorted_all(grey, inside), rel=1e-3)


def test_a_plain_picture_has_no_edges():
    assert edge_blur(np.full((20, 20), 90, np.float32)) == 1.0
