"""What is measured of every face while a video is looked at."""

import cv2
import numpy as np

from sadtalker_ext.dubbing.analysis import skin_of
from sadtalker_ext.planes import Colours, Planes


def test_the_colour_of_skin_is_that_of_cheeks_and_chin():
    """Eight points on skin of one colour, two of them under something blue."""
    picture = np.zeros((120, 160, 3), np.uint8)
    picture[:, :] = (182, 120, 96)
    picture[90:] = (20, 40, 200)
    packed = cv2.cvtColor(picture, cv2.COLOR_RGB2YUV_I420).ravel()
    luma, u, v = np.split(packed, [120 * 160, 120 * 160 * 5 // 4])
    half = (60, 80)
    planes = Planes(luma.reshape(120, 160), u.reshape(half), v.reshape(half), Colours(matrix="601"))
    points = np.full((478, 3), 40.0, np.float32)
    points[[199, 200], 1] = 110
    points[50, :2] = (-9, 500)  # beyond the frame its border counts
    np.testing.assert_allclose(skin_of(planes, points), (182, 120, 96), atol=3)
