"""Transparency of the picture is kept where it is asked for and the format can."""

import io
import zipfile

import av
import numpy as np
import pytest
from PIL import Image

from sadtalker_ext.compositor.transparency import with_alpha
from sadtalker_ext.inputs.image import from_pil, picture_from_array, read_picture
from sadtalker_ext.shot.upright import _turned
from tests.support.media import portrait_like, speech_like, write_sound
from tests.unit.test_pipeline import make


@pytest.fixture
def cutout():
    """A portrait whose left half is transparent, with a soft edge."""
    alpha = np.full((96, 80), 255, np.uint8)
    alpha[:, :40], alpha[:, 40] = 0, 128
    return Image.fromarray(np.dstack([portrait_like(96, 80), alpha])), alpha


def test_pictures_bring_their_transparency(tmp_path, cutout):
    image, alpha = cutout
    image.save(tmp_path / "a.png")
    for picture in (
        read_picture(tmp_path / "a.png"),
        from_pil(image),
        picture_from_array(np.asarray(image)),
    ):
        np.testing.assert_array_equal(picture.alpha, alpha)
        assert (picture.pixels[:, :40] == 255).all()
    np.testing.assert_array_equal(_turned(picture, 1).alpha, np.rot90(alpha))
    exif = Image.Exif()
    exif[0x0112] = 6
    image.save(tmp_path / "turned.png", exif=exif.tobytes())
    np.testing.assert_array_equal(read_picture(tmp_path / "turned.png").alpha, np.rot90(alpha, -1))
    image.convert("RGB").save(tmp_path / "opaque.png")
    assert read_picture(tmp_path / "opaque.png").alpha is None
    image.putalpha(255)
    assert from_pil(image).alpha is None


def test_the_white_behind_is_taken_away():
    colours = np.array([[[200, 40, 0], [10, 10, 10], [99, 5, 5]]], np.uint8)
    alpha = np.array([[255, 128, 0]], np.uint8)
    share = alpha[:, :, None] / 255.0
    over_white = np.rint(colours * share + 255 * (1 - share)).astype(np.uint8)
    (frame,) = with_alpha(iter([over_white]), iter([alpha]))
    assert np.abs(frame[0, :2, :3].astype(int) - colours[0, :2]).max() <= 2
    np.testing.assert_array_equal(frame[:, :, 3], alpha)
    (large,) = with_alpha(iter([np.zeros((4, 6, 3), np.uint8)]), iter([alpha]))
    assert large.shape == (4, 6, 4)


def frames_of(path):
    with zipfile.ZipFile(path) as opened:
        names = [name for name in opened.namelist() if name.endswith(".png")]
        return [np.asarray(Image.open(io.BytesIO(opened.read(name)))) for name in names]


def alphas_of(path):
    """FFmpeg's own decoder of VP9 leaves alpha out; libvpx's reads it."""
    with av.open(str(path)) as container:
        decoder = av.CodecContext.create("libvpx-vp9", "r")
        for packet in container.demux(container.streams.video[0]):
            for frame in decoder.decode(packet if packet.size else None):
                yield frame.to_ndarray(format="rgba")[:, :, 3]


def test_png_webm_and_mov_keep_it(tmp_path, cutout):
    image, alpha = cutout
    sound = write_sound(tmp_path / "s.wav", speech_like(0.3), 44100)
    from sadtalker_ext.inputs.audio import open_speech

    speech, picture = open_speech(sound), from_pil(image)
    video = make(picture, speech, tmp_path / "a.zip", format="png", alpha=True)
    assert video.warnings == ()
    for frame in frames_of(video.path):
        assert frame.shape == (96, 80, 4)
        np.testing.assert_array_equal(frame[:, :, 3], alpha)
    video = make(picture, speech, tmp_path / "a.webm", format="webm", alpha=True)
    found = list(alphas_of(video.path))
    assert len(found) == video.frames
    assert all(np.abs(one.astype(int) - alpha).mean() < 4 for one in found)
    video = make(picture, speech, tmp_path / "a.mov", format="mov", alpha=True)
    with av.open(str(video.path)) as container:
        frames = [one.to_ndarray(format="rgba") for one in container.decode(video=0)]
    assert len(frames) == video.frames
    assert all(np.abs(one[:, :, 3].astype(int) - alpha).max() <= 2 for one in frames)
    # only on request
    plain = make(picture, speech, tmp_path / "b.zip", format="png")
    assert frames_of(plain.path)[0].shape == (96, 80, 3)


@pytest.mark.parametrize(
    ("image", "format", "words"),
    [("cutout", "mp4", "mp4 keeps no transparency"), ("opaque", "png", "has no transparency")],
)
def test_what_cannot_be_kept_is_said(tmp_path, cutout, image, format, words):
    picture = from_pil(cutout[0] if image == "cutout" else cutout[0].convert("RGB"))
    suffix = {"mp4": "mp4", "png": "zip"}[format]
    video = make(
        picture, None, tmp_path / f"a.{suffix}", format=format, alpha=True, idle_seconds=0.2
    )
    assert any(words in one for one in video.warnings)
