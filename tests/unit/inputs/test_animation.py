"""Animations that begin with nothing, and pictures of telephones."""

import importlib.util
import sys
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image

from sadtalker_ext.errors import InputTooLarge, UnreadableImage
from sadtalker_ext.inputs.animation import show_portrait
from sadtalker_ext.inputs.image import picture_extent, read_picture
from tests.support.media import portrait_like

PORTRAIT = portrait_like(48, 48)


def animation(path, shares):
    """Frames that show this much of the portrait."""
    frames = [Image.fromarray((PORTRAIT * share).astype(np.uint8)) for share in shares]
    frames[0].save(path, save_all=True, append_images=frames[1:], duration=40, lossless=True)
    return path


@pytest.mark.parametrize("suffix", ["gif", "webp", "png"])
def test_an_animation_that_fades_in_is_not_black(tmp_path, suffix):
    path = animation(tmp_path / f"a.{suffix}", (0.0, 0.1, 0.5, 0.9, 1.0, 0.2))
    wanted = PORTRAIT * 0.9
    picture = read_picture(path)
    assert np.abs(picture.pixels - wanted).mean() < 6
    assert "frame 4 (the first that is not plain) is the portrait" in picture.notes[0]


@pytest.mark.parametrize("suffix", ["gif", "webp", "png"])
def test_any_other_animation_begins_with_its_first_frame(tmp_path, suffix):
    path = animation(tmp_path / f"a.{suffix}", (0.6, 1.0, 0.1))
    picture = read_picture(path)
    assert np.abs(picture.pixels - PORTRAIT * 0.6).mean() < 6
    assert "first frame is the portrait" in picture.notes[0]


@pytest.mark.parametrize("suffix", ["gif", "webp", "png", "tiff"])
def test_pictures_that_do_not_move_have_no_note(tmp_path, suffix):
    path = tmp_path / f"a.{suffix}"
    one = Image.fromarray(PORTRAIT)
    pages = {"save_all": True, "append_images": [one, one]} if suffix == "tiff" else {}
    one.save(path, **pages)
    assert read_picture(path).notes == ()


@pytest.mark.parametrize(("format_", "moves"), [("HEIF", False), ("MPO", False), ("WEBP", True)])
def test_several_stills_of_a_telephone_are_no_animation(format_, moves):
    image = Image.fromarray(PORTRAIT)
    image.format, image.is_animated, image.n_frames = format_, True, 3
    assert bool(show_portrait(image)) == moves


def test_an_animation_of_nothing_stays_nothing(tmp_path):
    path = animation(tmp_path / "a.gif", (0.0, 0.01, 0.0))
    assert read_picture(path).pixels.max() < 8


HEIC = b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + b"\0" * 64


@pytest.fixture
def telephone(tmp_path):
    path = tmp_path / "p.heic"
    path.write_bytes(HEIC)
    return path


def test_heic_without_its_reader_says_how_to_get_it(telephone, monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda _name: None)
    with pytest.raises(UnreadableImage, match="is a HEIC picture") as caught:
        read_picture(telephone)
    assert "pillow-heif" in caught.value.hint or "heic" in caught.value.hint


def test_heic_with_its_reader(telephone, monkeypatch):
    """A stand-in for the reader: it gives what Pillow's other readers give."""
    real = importlib.util.find_spec
    monkeypatch.setattr(
        "importlib.util.find_spec", lambda name: name == "pillow_heif" or real(name)
    )
    size = [48, 48]

    def opened(path):
        assert path == str(telephone)
        return Image.fromarray(PORTRAIT).resize(size)

    monkeypatch.setitem(sys.modules, "pillow_heif", SimpleNamespace())
    reader = SimpleNamespace(HeifImageFile=opened)
    monkeypatch.setitem(sys.modules, "pillow_heif.as_plugin", reader)
    np.testing.assert_array_equal(read_picture(telephone).pixels, PORTRAIT)
    assert picture_extent(telephone) == (48, 48)
    size[:] = 9000, 9000
    with pytest.raises(InputTooLarge):
        read_picture(telephone)

    def damaged(_path):
        raise RuntimeError("No image.")

    reader.HeifImageFile = damaged
    with pytest.raises(UnreadableImage, match=r"damaged or truncated: No image\."):
        read_picture(telephone)


@pytest.mark.skipif(not importlib.util.find_spec("pillow_heif"), reason="needs pillow-heif")
def test_a_real_heic_picture(tmp_path):
    import pillow_heif

    path = tmp_path / "p.heic"
    pillow_heif.from_pillow(Image.fromarray(portrait_like(64, 96))).save(path, quality=90)
    assert read_picture(path).size == (96, 64)
