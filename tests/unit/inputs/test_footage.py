"""A video to draw on: its own time stamps, depth and turn."""

from fractions import Fraction

import numpy as np
import pytest

from sadtalker_ext.errors import UnreadableVideo
from sadtalker_ext.inputs.footage import Footage
from tests.support.footage import turn_clockwise, write_footage
from tests.support.media import tone, write_sound


def pictures(count, height=48, width=64):
    for number in range(count):
        frame = np.full((height, width, 3), 60 + 6 * number, np.uint8)
        frame[:16, :16] = (200, 40, 40)  # the top left corner
        yield frame


def test_uneven_time_stamps_are_kept(tmp_path):
    stamps = [0, 40, 73, 140, 141, 300]
    path = write_footage(tmp_path / "vfr.mp4", pictures(6), stamps=stamps)
    footage = Footage(path)
    frames = list(footage.frames())
    assert [frame.pts * footage.facts.time_base for frame in frames] == [
        Fraction(one, 1000) for one in stamps
    ]
    assert [frame.number for frame in frames] == list(range(6))
    assert frames[-1].seconds == pytest.approx(0.3)


@pytest.mark.parametrize("name", ["a.mkv", "a.mp4", "a.ts"])  # the last has no index
def test_reading_begins_anywhere(tmp_path, name):
    footage = Footage(write_footage(tmp_path / name, pictures(20), gop=4))
    whole = list(footage.frames())
    stamps = [frame.pts for frame in whole]
    for first in (0, 5, 11, 18):
        part = next(footage.frames(first, pts=stamps[first], origin=stamps[0]))
        assert (part.number, part.pts) == (first, stamps[first])
        assert part.seconds == pytest.approx(whole[first].seconds)
        np.testing.assert_array_equal(part.planes.y, whole[first].planes.y)
    assert next(footage.frames(7)).pts == stamps[7]


def test_a_turned_video_is_upright(tmp_path):
    path = turn_clockwise(write_footage(tmp_path / "phone.mp4", pictures(2)))
    footage = Footage(path)
    assert footage.facts.size == (48, 64)
    assert footage.facts.turned
    picture = next(footage.frames()).planes.picture()
    assert picture.shape == (64, 48, 3)
    # turned clockwise, the top left corner is at the top right
    assert picture[5, 40, 0] > 150
    assert picture[5, 5, 0] < 110


def test_rotated_and_smaller_when_asked(tmp_path):
    path = write_footage(tmp_path / "a.mp4", pictures(2))
    assert Footage(path, turn=1).facts.size == (48, 64)
    small = Footage(path, shrink=2)
    assert small.facts.size == (32, 24)
    assert next(small.frames()).planes.size == (32, 24)


def test_ten_bits_stay_ten(tmp_path):
    footage = Footage(write_footage(tmp_path / "hdr.mp4", pictures(2), pix_fmt="yuv420p10le"))
    planes = next(footage.frames()).planes
    assert footage.facts.bits == 10
    assert planes.y.dtype == np.uint16
    assert abs(int(planes.picture()[40, 40].mean()) - 60) <= 2


def test_no_video_is_refused(tmp_path):
    path = tmp_path / "text.mp4"
    path.write_text("this is no video")
    with pytest.raises(UnreadableVideo):
        Footage(path)


def test_a_sound_in_the_place_of_the_video_has_a_next_step(tmp_path):
    path = write_sound(tmp_path / "a.wav", tone(0.3), 44100)
    with pytest.raises(UnreadableVideo, match="a sound is given behind it"):
        Footage(path)


def test_an_empty_name_is_not_called_a_folder():
    with pytest.raises(UnreadableVideo, match="is empty") as caught:
        Footage("")
    assert "variable" in caught.value.hint
