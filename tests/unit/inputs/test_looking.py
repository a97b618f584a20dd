"""What is measured of a video before its motion is borrowed."""

import numpy as np
import pytest

from sadtalker_ext.errors import InputTooLarge, InvalidOption, SilentAudio, UnreadableVideo
from sadtalker_ext.inputs import looking
from sadtalker_ext.inputs.looking import Bounds, Part, look_at_driving
from sadtalker_ext.inputs.video import video_extent
from tests.support.api import png
from tests.support.media import speech_like, write_mute_video, write_sound


@pytest.fixture
def video(tmp_path):
    return write_mute_video(tmp_path / "r.mp4", 2.0)


def whole(**rest):
    return Part(whole=True, **rest)


def test_the_extent_of_a_part(video, tmp_path):
    seconds, frames, size = video_extent(video)
    assert seconds == pytest.approx(2.0, abs=0.05)
    assert frames == pytest.approx(2.0 * frames / seconds)
    assert min(size) > 0
    part, fewer, _ = video_extent(video, start=0.5, end=1.0)
    assert part == pytest.approx(0.5, abs=0.1)
    assert fewer == pytest.approx(frames / 4, abs=2)
    assert video_extent(video, most_frames=3)[1] == 4
    still = tmp_path / "p.png"
    still.write_bytes(png(48, 36))
    assert video_extent(still) == (0.0, 1, (48, 36))


@pytest.mark.parametrize(
    ("bounds", "more"),
    [
        (Bounds(seconds=1.5), {}),
        (Bounds(pixels=100), {}),
        (Bounds(position=10.0), {"start": 11.0}),
        (Bounds(position=10.0), {"start": 1.0, "end": 11.0}),
    ],
)
def test_too_much_is_refused(video, bounds, more):
    with pytest.raises(InputTooLarge):
        look_at_driving(video, whole(**more), bounds)


def test_more_frames_than_anybody_films_are_refused(video, monkeypatch):
    monkeypatch.setattr(looking, "MOST_FRAMES_PER_SECOND", 10.0)
    with pytest.raises(InputTooLarge, match="10 frames"):
        look_at_driving(video, whole(), Bounds(seconds=2.0))


def test_what_fits_passes(video):
    look_at_driving(video, whole(), Bounds(seconds=2.0))
    look_at_driving(video, whole(start=1.0), Bounds(seconds=1.0))
    # only as much as the speech needs is read
    look_at_driving(video, Part(), Bounds(seconds=0.5))


def test_sound_that_goes_on_behind_the_pictures_counts(tmp_path):
    """The video to be made lasts as long as the borrowed sound."""
    path = write_sound(tmp_path / "r.mkv", speech_like(3.0, 48000), 48000, picture_seconds=0.2)
    assert video_extent(path)[0] < 0.5
    with pytest.raises(InputTooLarge, match=r"r\.mkv is longer"):
        look_at_driving(path, whole(), Bounds(seconds=2.0))
    look_at_driving(path, whole(end=1.5), Bounds(seconds=2.0))
    look_at_driving(path, Part(), Bounds(seconds=2.0))
    silent = write_sound(tmp_path / "s.mkv", np.zeros((48000, 1), np.float32), 48000)
    with pytest.raises(SilentAudio):
        look_at_driving(silent, whole(), Bounds(seconds=2.0))


def test_what_is_none_is_refused(video, tmp_path):
    with pytest.raises(InvalidOption):
        look_at_driving(video, whole(start=5.0), Bounds())
    broken = tmp_path / "b.mp4"
    broken.write_bytes(b"no")
    with pytest.raises(UnreadableVideo):
        look_at_driving(broken, whole(), Bounds())
