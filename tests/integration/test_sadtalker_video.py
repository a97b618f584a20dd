"""Whole videos by the sadtalker engine around stand-in networks: any sound, any picture.

Finding the face and the networks are replaced; reading, framing, motion, paste-back and encoding
are the product's own.
"""

import numpy as np
import pytest
from PIL import Image

from sadtalker_ext.encoder.video import frame_count
from sadtalker_ext.inputs.audio import open_speech
from sadtalker_ext.inputs.image import read_picture
from sadtalker_ext.types import Picture
from tests.support.media import portrait_like, read_frames, read_sound, speech_like, write_sound
from tests.support.sadtalker_video import engine_for, has_track, make

MODES = ("crop", "extcrop", "resize", "full", "extfull")


@pytest.fixture
def picture():
    return Picture(pixels=portrait_like(120, 96), name="someone.png")


@pytest.fixture
def speech(tmp_path):
    return open_speech(write_sound(tmp_path / "words.wav", speech_like(0.6), 44100))


@pytest.mark.parametrize("mode", MODES)
def test_every_mode_gives_a_whole_video(picture, speech, tmp_path, mode):
    video = make(picture, speech, tmp_path / "out.mp4", preprocess=mode)
    frames = read_frames(video.path)[0]
    assert (video.frames, len(frames), video.engine) == (15, 15, "sadtalker")
    wanted = (96, 120) if "full" in mode else (video.width, video.height)
    assert (frames[0].shape[1], frames[0].shape[0]) == wanted
    if "full" not in mode:
        assert video.width == 256


@pytest.mark.parametrize("blend", ["soft", "poisson"])
def test_the_picture_around_the_face_is_the_users(picture, speech, tmp_path, blend):
    video = make(picture, speech, tmp_path / "out.mp4", preprocess="full", blend=blend, quality=5)
    for frame in read_frames(video.path)[0]:
        difference = np.abs(frame.astype(int) - picture.pixels)
        assert difference[:10].mean() < 3
        assert difference[:, :6].mean() < 3


@pytest.mark.parametrize(("seconds", "frames"), [(0.2, 5), (0.84, 21), (3.0, 75), (60.0, 1500)])
def test_speech_of_any_length(picture, tmp_path, seconds, frames):
    path = write_sound(tmp_path / "words.wav", speech_like(seconds, 16000), 16000)
    video = make(picture, open_speech(path), tmp_path / "out.mp4", preprocess="crop", fps=25)
    assert video.frames == frames
    assert video.seconds == pytest.approx(seconds, abs=0.02)
    assert len(video.motion) == frames


@pytest.mark.parametrize(
    ("name", "rate", "channels"),
    [("a.mp3", 44100, 1), ("a.m4a", 44100, 2), ("a.ogg", 48000, 2), ("a.wav", 48000, 2),
     ("a.wav", 8000, 1), ("a.flac", 96000, 2), ("a.mp4", 48000, 2)],
)  # fmt: skip
def test_any_sound(picture, tmp_path, name, rate, channels):
    path = write_sound(tmp_path / name, speech_like(1.0, rate, channels), rate)
    video = make(picture, open_speech(path), tmp_path / "out.mp4", preprocess="crop")
    assert video.frames == pytest.approx(25, abs=2)
    assert 0.2 < video.motion.jaw.mean() < 1
    assert read_sound(video.path)


def test_the_same_sound_in_other_wrappings_moves_alike(picture, tmp_path):
    samples = speech_like(1.0, 48000, 2)
    tracks = []
    for name in ("a.wav", "a.flac", "a.ogg"):
        path = write_sound(tmp_path / name, samples, 48000)
        engine = engine_for(picture.size)
        make(picture, open_speech(path), tmp_path / f"{name}.mp4", engine, seed=4, blink="off")
        tracks.append(engine.networks.renderer.rows[:24])
    np.testing.assert_allclose(tracks[1], tracks[0], atol=2e-3)
    assert np.corrcoef(tracks[2][:, 0], tracks[0][:, 0])[0, 1] > 0.97


def upright(height=130, width=90):
    return Image.fromarray(portrait_like(height, width))


def saved(tmp_path, kind):
    """A picture file of some kind, and the size people see."""
    path = tmp_path / f"{kind}.png"
    if kind == "tall":
        upright(260, 100).save(path)
        return path, (100, 260)
    if kind == "wide":
        upright(100, 260).save(path)
        return path, (260, 100)
    if kind == "tiny":
        upright(72, 64).save(path)
        return path, (64, 72)
    if kind == "16-bit":
        grey = np.asarray(upright().convert("L")).astype(np.uint16) * 257
        Image.fromarray(grey).save(path)
        return path, (90, 130)
    if kind == "alpha":
        clear = upright().convert("RGBA")
        clear.putalpha(Image.new("L", clear.size, 128))
        clear.save(path)
        return path, (90, 130)
    path = tmp_path / "turned.jpg"
    exif = Image.Exif()
    exif[274] = 6
    upright(130, 90).rotate(90, expand=True).save(path, exif=exif, quality=95)
    return path, (90, 130)


@pytest.mark.parametrize("mode", ["crop", "extcrop", "full"])
@pytest.mark.parametrize("kind", ["tall", "wide", "tiny", "16-bit", "alpha", "turned"])
def test_any_picture(speech, tmp_path, kind, mode):
    path, size = saved(tmp_path, kind)
    picture = read_picture(path)
    assert picture.size == size
    video = make(picture, speech, tmp_path / "out.mp4", preprocess=mode)
    assert len(read_frames(video.path)[0]) == 15
    assert (video.width, video.height) == size if mode == "full" else video.width == 256


def test_idle_video(picture, tmp_path):
    video = make(picture, None, tmp_path / "out.mp4", preprocess="crop", idle_seconds=2.4)
    assert video.frames == 60
    assert video.motion.head.any()
    assert not video.motion.jaw.any()
    assert not has_track(video.path)


@pytest.mark.parametrize("fps", [10.0, 24.0, 30.0, 60.0])
def test_other_rates_show_the_motion_of_25(picture, speech, tmp_path, fps):
    """Key points are computed at 25 per second and read between: the faces are the same ones."""
    one, two = engine_for(picture.size), engine_for(picture.size)
    same = {"preprocess": "crop", "seed": 1, "blink": "off"}
    plain = make(picture, speech, tmp_path / "25.mp4", one, **same)
    other = make(picture, speech, tmp_path / "out.mp4", two, fps=fps, **same)
    assert other.frames == frame_count(0.6, fps)
    np.testing.assert_array_equal(two.networks.renderer.rows, one.networks.renderer.rows)
    greys = {int(frame[0, 0, 0]) for frame in read_frames(plain.path)[0]}
    for frame in read_frames(other.path)[0]:
        assert min(greys) - 2 <= frame[0, 0, 0] <= max(greys) + 2
