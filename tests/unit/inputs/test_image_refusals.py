"""Pictures that cannot be used are refused in one sentence, and nothing else ever happens."""

import io
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from sadtalker_ext.errors import InputTooLarge, UnreadableImage
from sadtalker_ext.inputs import content as contents
from sadtalker_ext.inputs import image as subject
from sadtalker_ext.inputs.image import read_picture
from sadtalker_ext.shells.api.errors import as_body
from tests.unit.inputs.test_image import PIXELS, png_16_bit, saved


def test_too_many_pixels_are_refused_by_the_header(tmp_path):
    """A bomb: the header promises 2.5 gigapixels, nothing is decoded, no warning is raised."""
    before = Image.MAX_IMAGE_PIXELS
    content = bytearray(png_16_bit(np.zeros((64, 64), np.uint16)))
    content[16:24] = struct.pack(">II", 50000, 50000)
    content[29:33] = struct.pack(">I", zlib.crc32(bytes(content[12:29])))
    path = tmp_path / "bomb.png"
    path.write_bytes(content)
    with pytest.raises(InputTooLarge, match=r"bomb.png .* 64 megapixels.* 50000 x 50000"):
        read_picture(path)
    assert before == Image.MAX_IMAGE_PIXELS


def test_the_limit_itself_is_allowed(tmp_path, monkeypatch):
    monkeypatch.setattr(subject, "MAX_PIXELS", 96 * 80)
    read_picture(saved(tmp_path, "a.png"))
    monkeypatch.setattr(subject, "MAX_PIXELS", 96 * 80 - 1)
    with pytest.raises(InputTooLarge):
        read_picture(tmp_path / "a.png")


def test_tiny_pictures_are_refused(tmp_path):
    with pytest.raises(UnreadableImage, match=r"one.png .* 32 x 32 pixels, found 1 x 1"):
        read_picture(saved(tmp_path, "one.png", Image.new("RGB", (1, 1))))


def refusal(path):
    with pytest.raises(UnreadableImage) as caught:
        read_picture(path)
    message = caught.value.message
    assert message.startswith(path.name), message
    assert message.count(". ") == 0, f"one sentence: {message}"
    return message


def test_missing_folder_and_empty(tmp_path):
    assert "no such file" in refusal(tmp_path / "none.png")
    assert "no folder" in refusal(tmp_path / "nowhere" / "none.png")
    folder = tmp_path / "folder.png"
    folder.mkdir()
    assert "is a folder" in refusal(folder)
    empty = tmp_path / "empty.png"
    empty.touch()
    assert "0 bytes" in refusal(empty)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"<!DOCTYPE html><html>404</html>", "an HTML page"),
        (b"<svg xmlns='x'></svg>", "an SVG drawing"),
        (b"\0\0\0\x18ftypisom" + bytes(40), "an MP4 file"),
        (b"\0\0\0\x18ftypheic" + bytes(40), "a HEIC picture"),
        (b"RIFF\x24\0\0\0WAVEfmt ", "a WAV sound file"),
        (b"%PDF-1.7", "a PDF document"),
        (b"version https://git-lfs.github.com/spec/v1\n", "a Git LFS pointer"),
        (b"hello there", "a text file"),
        (bytes(1000), "a file of zeros"),
    ],
)
def test_other_files_are_named_for_what_they_are(tmp_path, content, words):
    path = tmp_path / "portrait.png"
    path.write_bytes(content)
    assert words in refusal(path)


MP4, MATROSKA = b"\0\0\0\x18ftypisom" + bytes(40), b"\x1aE\xdf\xa3" + bytes(40)
OGG = b"OggS" + bytes(40)
HTML = b"<!DOCTYPE html><html>404</html>"


@pytest.mark.parametrize(
    ("name", "content", "next_step"),
    [
        ("source_image", MP4, "dub"),  # REST keeps no extensions
        ("source_image", MATROSKA, "dub"),
        ("source_image", b"\0\0\0\x14ftypqt  " + bytes(40), "dub"),
        ("source_image", b"RIFF\x24\0\0\0AVI ", "dub"),
        ("source_image", OGG, "speech"),
        ("source_image", b"RIFF\x24\0\0\0WAVEfmt ", "speech"),
        ("source_image", b"\0\0\0\x18ftypM4A " + bytes(40), "speech"),
        ("a.m4a", MP4, "speech"),
        ("a.WEBA", MATROSKA, "speech"),
        ("a.ogv", OGG, "dub"),
        ("a.mp4", HTML, "save"),
        ("a.mp4", b"version https://git-lfs.github.com/spec/v1\n", "save"),
        ("a.webm", bytes(1000), "save"),
        ("a.mp3", b"hello there", "save"),
        ("source_image", b"\0\0\0\x18ftypcrx " + bytes(40), "save"),
    ],
)
def test_films_and_sounds_have_a_next_step_by_what_they_hold(tmp_path, name, content, next_step):
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(UnreadableImage) as caught:
        read_picture(path)
    hint = as_body(caught.value)["hint"]
    assert (
        hint
        == {
            "dub": "To give the people of a video other words, dub it (`dub` beside `driver_url`).",
            "speech": "A sound is what the picture says: give it as the speech, beside a picture.",
            "save": "Save the portrait as PNG or JPEG and try again.",
        }[next_step]
    )


def test_every_sound_and_video_that_is_recognised_has_its_kind():
    words = {words for *_, words in contents._SIGNATURES} | {*contents._ISO_BRANDS.values()}
    for one in words:
        kind = "film" if one.endswith("video") else "sound" if "sound" in one else None
        if kind:
            assert contents.media_kind(Path("a"), one) == kind
    assert {*contents._FILMS, *contents._SOUNDS} <= {*words, "an MP3 or AAC sound file"}


@pytest.mark.parametrize("name", ["a.png", "a.jpg", "a.webp", "a.bmp", "a.tiff", "a.gif"])
@pytest.mark.parametrize("share", [0.01, 0.5, 0.9])
def test_truncated_pictures_are_refused(tmp_path, name, share):
    noise = np.random.default_rng(0).integers(0, 256, (96, 80, 3), np.uint8)
    path = saved(tmp_path, name, Image.fromarray(noise))
    content = path.read_bytes()
    path.write_bytes(content[: max(int(len(content) * share), 20)])
    message = refusal(path)
    assert "damaged or truncated" in message, message


@settings(max_examples=60, deadline=None)
@given(position=st.integers(0, 2000), value=st.integers(0, 255), length=st.integers(1, 40))
def test_damaged_files_never_raise_anything_else(tmp_path_factory, position, value, length):
    buffer = io.BytesIO()
    Image.fromarray(PIXELS).save(buffer, "PNG")
    content = bytearray(buffer.getvalue())
    position %= len(content)
    content[position : position + length] = bytes([value]) * length
    path = tmp_path_factory.mktemp("damaged") / "a.png"
    path.write_bytes(content)
    try:
        assert read_picture(path).pixels.dtype == np.uint8
    except (UnreadableImage, InputTooLarge) as refused:
        assert refused.message.startswith("a.png")


@pytest.mark.parametrize("content", [b"n", b"no", b"BM", b"GIF", b"\xff\xd8", b"RIFF"])
def test_a_few_bytes_are_no_picture(tmp_path, content):
    path = tmp_path / "p"
    path.write_bytes(content)
    with pytest.raises(UnreadableImage):
        read_picture(path)
