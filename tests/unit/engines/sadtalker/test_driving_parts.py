"""What of a driving video the sadtalker engine cannot take."""

import math
from pathlib import Path

import pytest

pytest.importorskip("torch")

from sadtalker_ext.engines.sadtalker.crop import CropMode
from sadtalker_ext.engines.sadtalker.driving import read_driving
from sadtalker_ext.performance import Driving, DrivingVideo
from sadtalker_ext.progress import Progress


def test_brows_gaze_and_mouth_alone_are_left_and_named():
    def read():
        raise AssertionError("a video of which nothing can be taken is not read")

    video = DrivingVideo(path=Path("me.mp4"), seconds=math.inf, read=read)
    driving = Driving(brows=video, gaze=video, mouth=video)
    mode = next(iter(CropMode))
    rows = read_driving(driving, None, lambda frames: iter(()), mode, Progress(), frames=10)
    assert (rows.head, rows.lids, rows.whole) == (None, None, None)
    assert "brows, gaze and mouth" in rows.warnings[0]
    nothing = read_driving(Driving(), None, lambda frames: iter(()), mode, Progress(), frames=1)
    assert nothing.warnings == ()
