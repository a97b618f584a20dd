"""Pictures and videos that are damaged or unusual: a sentence or a right reading, no traceback."""

import io
import struct

import cv2
import numpy as np
import pytest
from PIL import Image

from sadtalker_ext.errors import InputTooLarge, UnreadableImage, UnreadableVideo
from sadtalker_ext.inputs.image import read_picture
from sadtalker_ext.inputs.video import has_sound, open_driving, video_extent
from tests.support.media import portrait_like, write_mute_video
from tests.unit.inputs.test_image import profile_with_red_and_blue_exchanged


def test_a_gif_frame_that_is_far_larger_than_its_canvas(tmp_path):
    made = io.BytesIO()
    Image.fromarray(portrait_like(64, 80)).quantize(32).save(made, "GIF")
    data = made.getvalue()
    frame = b"," + struct.pack("<4H", 0, 0, 80, 64)
    assert data.count(frame) == 1
    path = tmp_path / "large.gif"
    path.write_bytes(data.replace(frame, b"," + struct.pack("<4H", 0, 0, 60000, 60000)))
    with pytest.raises(InputTooLarge, match="64 megapixels"):
        read_picture(path)


@pytest.mark.skipif(
    ".avif" not in Image.registered_extensions(), reason="this Pillow reads no AVIF"
)
def test_a_damaged_avif(tmp_path):
    made = io.BytesIO()
    Image.fromarray(portrait_like(64, 80)).save(made, "AVIF")
    data = bytearray(made.getvalue())
    begin = data.index(b"mdat") + 4
    data[begin:] = b"\xff" * (len(data) - begin)
    path = tmp_path / "damaged.avif"
    path.write_bytes(data)
    with pytest.raises(UnreadableImage, match="damaged"):
        read_picture(path)


def test_a_tiff_of_floating_point_colours_is_called_what_it_is(tmp_path):
    path = tmp_path / "floats.tif"
    assert cv2.imwrite(str(path), (portrait_like(64, 80) / 255).astype(np.float32))
    with pytest.raises(UnreadableImage, match="floating-point colours") as caught:
        read_picture(path)
    assert "8 or 16 bits" in caught.value.hint


def test_a_damaged_tiff_is_still_called_damaged(tmp_path):
    path = tmp_path / "damaged.tif"
    path.write_bytes(b"II*\0" + b"\xff" * 100)
    with pytest.raises(UnreadableImage, match="damaged"):
        read_picture(path)


def test_a_palette_is_read_through_its_colour_profile(tmp_path):
    """The profile of another space moves the same bytes to other colours, palette or not."""
    picture = Image.fromarray(portrait_like(64, 80)).quantize(32)
    profile = profile_with_red_and_blue_exchanged()
    picture.save(tmp_path / "palette.png", icc_profile=profile)
    picture.convert("RGB").save(tmp_path / "plain.png", icc_profile=profile)
    picture.save(tmp_path / "bare.png")
    palette, plain, bare = (
        read_picture(tmp_path / f"{name}.png").pixels for name in ("palette", "plain", "bare")
    )
    np.testing.assert_array_equal(palette, plain)
    assert np.abs(plain.astype(int) - bare).max() > 20, "the profile has to change something"


@pytest.fixture
def video(tmp_path):
    return write_mute_video(tmp_path / "video.mp4", 0.4)


def test_a_video_of_an_unknown_kind(video):
    video.write_bytes(video.read_bytes().replace(b"avc1", b"zzz1"))
    with pytest.raises(UnreadableVideo, match="unknown kind"):
        open_driving(video)
    assert has_sound(video) is False


def test_a_video_whose_packets_cannot_be_read_to_the_end(video, monkeypatch):
    import av

    from sadtalker_ext.inputs import video as reading

    class Broken:
        """Stands for a container whose last packets ask for more memory than there is."""

        def __init__(self, real):
            self._real, self.streams = real, real.streams

        def demux(self, stream):
            packets = self._real.demux(stream)
            yield next(packets)
            raise av.error.MemoryError(12, "Cannot allocate memory")

        def __enter__(self):
            return self

        def __exit__(self, *rest):
            self._real.close()

    real = reading.open_local
    monkeypatch.setattr(reading, "open_local", lambda *rest: Broken(real(*rest)))
    seconds, frames, size = video_extent(video)
    assert (frames, size) == (1, (32, 32))
    assert seconds == pytest.approx(0.04)
