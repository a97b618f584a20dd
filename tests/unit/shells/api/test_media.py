"""What is measured of a video before its motion is borrowed."""

import numpy as np
import pytest

from sadtalker_ext.errors import InputTooLarge, InvalidOption, SilentAudio, UnreadableVideo
from sadtalker_ext.inputs.video import video_extent
from sadtalker_ext.options import GenerateOptions
from sadtalker_ext.shells.api import media
from sadtalker_ext.shells.api.settings import Limits
from tests.support.api import png
from tests.support.media import speech_like, write_mute_video, write_sound


@pytest.fixture
def video(tmp_path):
    return write_mute_video(tmp_path / "r.mp4", 2.0)


def options(**rest):
    return GenerateOptions(reference_use="all", **rest)


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
    ("limits", "more"),
    [
        (Limits(seconds=1.5), {}),
        (Limits(pixels=100), {}),
        (Limits(audio_position=10.0), {"audio_start": 11.0}),
        (Limits(audio_position=10.0), {"audio_start": 1.0, "audio_end": 11.0}),
    ],
)
def test_too_much_is_refused(video, limits, more):
    with pytest.raises(InputTooLarge):
        media.check_reference(video, options(**more), limits)


def test_more_frames_than_anybody_films_are_refused(video, monkeypatch):
    monkeypatch.setattr(media, "MOST_FRAMES_PER_SECOND", 10.0)
    with pytest.raises(InputTooLarge, match="10 frames"):
        media.check_reference(video, options(), Limits(seconds=2.0))


def test_what_fits_passes(video):
    media.check_reference(video, options(), Limits(seconds=2.0))
    media.check_reference(video, options(audio_start=1.0), Limits(seconds=1.0))
    # only as much as the speech needs is read
    media.check_reference(video, GenerateOptions(reference_use="pose"), Limits(seconds=0.5))


def test_sound_that_goes_on_behind_the_pictures_counts(tmp_path):
    """The video to be made lasts as long as the borrowed sound."""
    path = write_sound(tmp_path / "r.mkv", speech_like(3.0, 48000), 48000, picture_seconds=0.2)
    assert video_extent(path)[0] < 0.5
    with pytest.raises(InputTooLarge, match=r"r\.mkv is longer"):
        media.check_reference(path, options(), Limits(seconds=2.0))
    media.check_reference(path, options(audio_end=1.5), Limits(seconds=2.0))
    media.check_reference(path, GenerateOptions(reference_use="pose"), Limits(seconds=2.0))
    silent = write_sound(tmp_path / "s.mkv", np.zeros((48000, 1), np.float32), 48000)
    with pytest.raises(SilentAudio):
        media.check_reference(silent, options(), Limits(seconds=2.0))


def test_what_is_none_is_refused(video, tmp_path):
    with pytest.raises(InvalidOption):
        media.check_reference(video, options(audio_start=5.0), Limits())
    broken = tmp_path / "b.mp4"
    broken.write_bytes(b"no")
    with pytest.raises(UnreadableVideo):
        media.check_reference(broken, options(), Limits())
