import numpy as np

from sadtalker_ext.engines.sadtalker.frames import frame_size, to_aspect, to_uint8


def test_halves_are_rounded_to_even():
    values = np.array([0, 0.5, 1.5, 2.5, 254.5, 255], np.float32) / np.float32(255)
    assert to_uint8(values).tolist() == [0, 0, 2, 2, 254, 255]


def test_height_is_truncated_and_never_nothing():
    assert frame_size(256, (300, 200)) == (256, 170)
    assert frame_size(512, (409, 409)) == (512, 512)
    assert frame_size(256, (1000, 1)) == (256, 1)


def test_frames_are_resized_to_their_aspect():
    frame = np.zeros((256, 256, 3), np.uint8)
    assert to_aspect(frame, (256, 229)).shape == (229, 256, 3)
