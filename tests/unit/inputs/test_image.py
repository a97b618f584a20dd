"""Pictures of every kind come out as upright 8-bit RGB; bad ones are refused in one sentence."""

import struct
import time
import zlib

import numpy as np
import pytest
from PIL import Image, ImageCms, PngImagePlugin

from sadtalker_ext.errors import UnreadableImage
from sadtalker_ext.inputs.image import from_pil, picture_from_array, read_picture
from sadtalker_ext.inputs.infotext import find_parameters
from sadtalker_ext.inputs.pixels import to_bytes, turn_upright
from tests.support.media import portrait_like

PIXELS = portrait_like(96, 80)


def saved(tmp_path, name, image=None, **how):
    path = tmp_path / name
    (image or Image.fromarray(PIXELS)).save(path, **how)
    return path


@pytest.mark.parametrize("name", ["a.png", "a.bmp", "a.tiff", "a.webp"])
def test_lossless_formats_are_exact(tmp_path, name):
    how = {"lossless": True} if name.endswith("webp") else {}
    picture = read_picture(saved(tmp_path, name, **how))
    np.testing.assert_array_equal(picture.pixels, PIXELS)
    assert (picture.name, picture.size, picture.parameters) == (name, (80, 96), "")


@pytest.mark.parametrize("name", ["a.jpg", "a.avif", "a.gif"])
def test_lossy_formats_are_close(tmp_path, name):
    if name == "a.avif" and ".avif" not in Image.registered_extensions():
        pytest.skip("this Pillow cannot write AVIF")
    picture = read_picture(saved(tmp_path, name, **({} if name == "a.gif" else {"quality": 95})))
    error = np.abs(picture.pixels.astype(int) - PIXELS).mean()
    assert error < (8 if name == "a.gif" else 2)


def test_an_animation_gives_its_first_frame(tmp_path):
    frames = [Image.new("RGB", (64, 64), colour) for colour in ("red", "blue")]
    path = tmp_path / "two.gif"
    frames[0].save(path, save_all=True, append_images=frames[1:])
    assert read_picture(path).pixels[5, 5].tolist() == [255, 0, 0]


def test_the_content_decides_not_the_extension(tmp_path):
    path = saved(tmp_path, "real.png").rename(tmp_path / "wrong.jpg")
    np.testing.assert_array_equal(read_picture(path).pixels, PIXELS)


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("name", ["a.png", "a.tiff", "a.webp"])
def test_exif_orientation_is_undone(tmp_path, orientation, name):
    stored = {
        1: PIXELS,
        2: PIXELS[:, ::-1],
        3: PIXELS[::-1, ::-1],
        4: PIXELS[::-1],
        5: PIXELS.transpose(1, 0, 2),
        6: np.rot90(PIXELS, 1),  # shown after a quarter turn clockwise
        7: PIXELS[::-1, ::-1].transpose(1, 0, 2),
        8: np.rot90(PIXELS, -1),
    }[orientation]
    exif = Image.Exif()
    exif[0x0112] = orientation
    image = Image.fromarray(np.ascontiguousarray(stored))
    how = {"lossless": True} if name.endswith("webp") else {}
    picture = read_picture(saved(tmp_path, name, image, exif=exif, **how))
    np.testing.assert_array_equal(picture.pixels, PIXELS)


def test_unknown_orientations_change_nothing():
    np.testing.assert_array_equal(turn_upright(PIXELS, 0), PIXELS)
    np.testing.assert_array_equal(turn_upright(PIXELS, 99), PIXELS)


def test_transparency_lies_over_white(tmp_path):
    rgba = np.dstack([PIXELS, np.full((96, 80), 255, np.uint8)])
    rgba[:48, :, 3] = 0
    rgba[48:60, :, 3] = 128
    pixels = read_picture(saved(tmp_path, "a.png", Image.fromarray(rgba))).pixels
    assert (pixels[:48] == 255).all()
    half = (PIXELS[48:60] * 128.0 + 255 * 127) / 255
    assert np.abs(pixels[48:60] - half).max() <= 1
    np.testing.assert_array_equal(pixels[60:], PIXELS[60:])
    np.testing.assert_allclose(picture_from_array(rgba).pixels.astype(int), pixels, atol=1)


def test_transparent_palette_and_grey(tmp_path):
    palette = Image.fromarray(PIXELS).quantize(16)
    path = saved(tmp_path, "p.png", palette, transparency=palette.getpixel((0, 0)))
    assert read_picture(path).pixels[0, 0].tolist() == [255, 255, 255]
    grey = Image.fromarray(np.dstack([PIXELS[..., 0], np.zeros((96, 80), np.uint8)]), "LA")
    assert (read_picture(saved(tmp_path, "la.png", grey)).pixels == 255).all()


@pytest.mark.parametrize("mode", ["L", "1", "P", "CMYK"])
def test_other_modes(tmp_path, mode):
    image = Image.fromarray(PIXELS).convert(mode)
    name = "a.jpg" if mode == "CMYK" else "a.png"
    expected = np.asarray(image.convert("RGB")).astype(int)
    pixels = read_picture(saved(tmp_path, name, image)).pixels
    assert pixels.shape == (96, 80, 3)
    assert np.abs(pixels - expected).mean() < 3


def png_16_bit(values):
    """A PNG file of 16-bit grey (H, W) or RGB (H, W, 3), written by hand."""
    height, width = values.shape[:2]
    colour = 2 if values.ndim == 3 else 0
    rows = values.astype(">u2").reshape(height, -1)
    raw = b"".join(b"\0" + row.tobytes() for row in rows)

    def chunk(kind, body):
        return (
            struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
        )

    header = struct.pack(">IIBBBBB", width, height, 16, colour, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(raw))
        + chunk(b"IEND", b"")
    )


@pytest.mark.parametrize("channels", [1, 3])
def test_sixteen_bits_are_scaled(tmp_path, channels):
    values = np.linspace(0, 65535, 64 * 64).astype(np.uint16).reshape(64, 64)
    exact = values / 257.0
    path = tmp_path / "deep.png"
    path.write_bytes(png_16_bit(values if channels == 1 else np.dstack([values] * 3)))
    pixels = read_picture(path).pixels
    for index in range(3):
        # Pillow keeps the high byte of 16-bit RGB, which is less than one level off
        assert np.abs(pixels[..., index] - exact).max() <= (0.5 if channels == 1 else 1.0)


def test_sixteen_bit_and_float_tiff(tmp_path):
    values = np.linspace(0, 65535, 64 * 64).astype(np.uint16).reshape(64, 64)
    pixels = read_picture(saved(tmp_path, "deep.tiff", Image.fromarray(values))).pixels
    assert np.abs(pixels[..., 0] - values / 257.0).max() <= 0.5
    floats = Image.fromarray((values / 65535.0).astype(np.float32))
    pixels = read_picture(saved(tmp_path, "float.tiff", floats)).pixels
    assert np.abs(pixels[..., 0] - values / 257.0).max() <= 0.51


def profile_with_red_and_blue_exchanged():
    """An RGB profile made from Pillow's own by exchanging two entries of its tag table."""
    profile = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    profile = profile.replace("sRGB".encode("utf-16-be"), "test".encode("utf-16-be"))
    for entry in range(132, 132 + 12 * struct.unpack(">I", profile[128:132])[0], 12):
        name = bytes(profile[entry : entry + 4])
        profile[entry : entry + 4] = {b"rXYZ": b"bXYZ", b"bXYZ": b"rXYZ"}.get(name, name)
    return bytes(profile)


def test_a_colour_profile_is_converted_to_srgb(tmp_path):
    red = Image.new("RGBA", (64, 64), (250, 20, 20, 255))
    profile = profile_with_red_and_blue_exchanged()
    for image in (red.convert("RGB"), red):
        pixels = read_picture(saved(tmp_path, "exchanged.png", image, icc_profile=profile)).pixels
        assert np.abs(pixels[5, 5].astype(int) - (20, 20, 250)).max() <= 3, pixels[5, 5]


def test_srgb_and_broken_profiles_change_nothing(tmp_path):
    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    for profile in (srgb, b"no profile at all"):
        path = saved(tmp_path, "a.png", icc_profile=profile)
        np.testing.assert_array_equal(read_picture(path).pixels, PIXELS)


PARAMETERS = "a woman, портрет\nNegative prompt: x\nSteps: 20, Sampler: Euler, Seed: 1"


def test_png_parameters_are_carried(tmp_path):
    text = PngImagePlugin.PngInfo()
    text.add_itxt("parameters", PARAMETERS)
    assert read_picture(saved(tmp_path, "a.png", pnginfo=text)).parameters == PARAMETERS


@pytest.mark.parametrize("order", ["utf-16-be", "utf-16-le", "ascii", "plain"])
def test_user_comments_are_carried(tmp_path, order):
    words = PARAMETERS if order.startswith("utf") else "Steps: 20, Seed: 1"
    code = {"ascii": b"ASCII\0\0\0", "plain": b""}.get(order, b"UNICODE\0")
    exif = Image.Exif()
    text = words.encode(order if code[:1] == b"U" else "ascii")
    exif[0x8769] = {0x9286: code + text}
    assert read_picture(saved(tmp_path, "a.jpg", exif=exif.tobytes())).parameters == words


def test_a_comment_of_empty_lines_is_read_at_once():
    """65,536 of them took some eight seconds."""
    began = time.process_time()
    assert find_parameters({"comment": "\n" * 60_000 + "Steps: 20, Seed: 1"})
    assert time.process_time() - began < 1


def test_gif_comments_count_only_as_parameters(tmp_path):
    made = saved(tmp_path, "a.gif", comment=b"Made with a drawing program")
    assert read_picture(made).parameters == ""
    generated = saved(tmp_path, "b.gif", comment=b"a cat\nSteps: 20, Seed: 1")
    assert read_picture(generated).parameters == "a cat\nSteps: 20, Seed: 1"


@pytest.mark.parametrize(
    "values",
    [
        PIXELS,
        PIXELS[..., 0],
        PIXELS[..., :1],
        PIXELS / np.float32(255),
        PIXELS.astype(np.uint16) * 257,
    ],
    ids=["rgb", "grey", "one channel", "float", "16 bit"],
)
def test_arrays(values):
    picture = picture_from_array(values, "from the tab", parameters="Steps: 1")
    expected = PIXELS if picture.pixels.ndim == 3 and values.shape[-1] == 3 else PIXELS[..., :1]
    np.testing.assert_array_equal(picture.pixels, np.broadcast_to(expected, PIXELS.shape))
    assert not np.shares_memory(picture.pixels, values)
    assert picture.parameters == "Steps: 1"


def test_arrays_of_other_shapes_are_refused():
    for shape in [(64,), (64, 64, 2), (2, 64, 64, 3)]:
        with pytest.raises(UnreadableImage, match="shape"):
            picture_from_array(np.zeros(shape, np.uint8))


def test_number_scaling():
    assert to_bytes(np.array([0, 128, 257, 65535], np.uint16)).tolist() == [0, 0, 1, 255]
    assert to_bytes(np.array([-5, 3, 255], np.int32)).tolist() == [0, 3, 255]
    assert to_bytes(np.array([0, 65535], np.int32)).tolist() == [0, 255]
    assert to_bytes(np.array([0.0, 0.5, 1.0, np.nan])).tolist() == [0, 128, 255, 0]
    assert to_bytes(np.array([0.0, 200.0])).tolist() == [0, 200]
    assert to_bytes(np.array([True, False])).tolist() == [255, 0]


def test_a_pillow_picture_of_the_tab():
    image = Image.fromarray(PIXELS)
    image.info["parameters"] = PARAMETERS
    picture = from_pil(image, "txt2img")
    np.testing.assert_array_equal(picture.pixels, PIXELS)
    assert (picture.name, picture.parameters) == ("txt2img", PARAMETERS)


@pytest.mark.parametrize(
    "words", ["Holiday 2024", "Steps: many", "My Steps: 3 to success", "parameters", "Steps:20"]
)
def test_what_cameras_and_people_write_is_no_parameters(tmp_path, words):
    """They would go into the video, and pass for a picture that shows nobody."""
    exif = Image.Exif()
    exif[0x8769] = {0x9286: b"ASCII\0\0\0" + words.encode()}
    assert read_picture(saved(tmp_path, "a.jpg", exif=exif.tobytes())).parameters == ""


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "LA", "P"])
def test_large_pictures_are_converted_in_strips(tmp_path, mode, monkeypatch):
    """Strip by strip or at once, the same pixels."""
    image = Image.fromarray(np.random.default_rng(0).integers(0, 255, (70, 50, 4), np.uint8))
    image = image.convert("RGB").convert(mode) if mode == "P" else image.convert(mode)
    path = saved(tmp_path, "a.png", image)
    whole = read_picture(path).pixels
    monkeypatch.setattr("sadtalker_ext.inputs.pixels._STRIP_PIXELS", 50 * 16)
    np.testing.assert_array_equal(read_picture(path).pixels, whole)
