"""Reference videos from files."""

import av
import numpy as np
import pytest
from PIL import Image

from sadtalker_ext.errors import InputTooLarge, InvalidOption, UnreadableVideo
from sadtalker_ext.inputs import video
from sadtalker_ext.inputs.video import has_sound, open_driving
from tests.support.media import speech_like, write_mute_video, write_sound


def write_video(path, count=20, fps=25, size=(64, 48), codec="libx264"):
    """Grey frames, each brighter than the one before; the left third is black."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=fps)
        stream.width, stream.height = size
        stream.pix_fmt = "rgb8" if codec == "gif" else "yuv420p"
        for number in range(count):
            pixels = np.full((size[1], size[0], 3), min(10 * number + 20, 255), np.uint8)
            pixels[:, : size[0] // 3] = 0
            container.mux(stream.encode(av.VideoFrame.from_ndarray(pixels, format="rgb24")))
        container.mux(stream.encode())
    return path


def brightness(frame):
    return float(frame[:, -8:].mean())


@pytest.mark.parametrize(
    ("name", "codec"), [("a.mp4", "libx264"), ("a.mkv", "libx264"), ("a.webm", "libvpx"),
                        ("a.mov", "libx264"), ("a.avi", "mpeg4")]
)  # fmt: skip
def test_frames_come_in_order_with_their_times(tmp_path, name, codec):
    found = list(open_driving(write_video(tmp_path / name, codec=codec)).read())
    assert len(found) == 20
    np.testing.assert_allclose([at for at, _ in found], np.arange(20) / 25, atol=0.0011)
    assert found[0][1].shape == (48, 64, 3)
    assert found[0][1].dtype == np.uint8
    np.testing.assert_allclose(
        [brightness(one) for _, one in found], 10 * np.arange(20) + 20, atol=8
    )


def test_a_video_can_be_read_again(tmp_path):
    reference = open_driving(write_video(tmp_path / "a.mp4"))
    assert len(list(reference.read())) == len(list(reference.read())) == 20


def test_a_part_of_a_video(tmp_path):
    path = write_video(tmp_path / "a.mp4")
    reference = open_driving(path, start=0.2, end=0.6)
    found = list(reference.read())
    assert [round(25 * at) for at, _ in found] == list(range(10))
    assert brightness(found[0][1]) == pytest.approx(70, abs=6)
    with pytest.raises(InvalidOption, match="behind the end"):
        open_driving(path, start=5.0)


def test_too_many_pixels_are_refused_before_any_is_decoded(tmp_path, monkeypatch):
    path = write_video(tmp_path / "a.mp4")
    monkeypatch.setattr(video, "MAX_PIXELS", 64 * 48 - 1)
    monkeypatch.setattr(video, "_upright", lambda *_: pytest.fail("decoded"))
    with pytest.raises(InputTooLarge, match="megapixels"):
        open_driving(path)


def test_a_picture_is_a_video_of_one_frame(tmp_path):
    path = tmp_path / "still.png"
    Image.new("RGB", (96, 80), (90, 91, 92)).save(path)
    ((at, frame),) = open_driving(path).read()
    assert at == 0
    assert frame.shape == (80, 96, 3)
    assert not has_sound(path)


@pytest.mark.parametrize(
    ("cosine", "sine", "turns"), [(0, 1, -1), (0, -1, 1), (-1, 0, 2), (1, 0, 0)]
)
def test_a_phones_video_is_turned_upright(tmp_path, cosine, sine, turns):
    path = write_video(tmp_path / "a.mp4")
    _, before = next(iter(open_driving(path).read()))
    data = path.read_bytes()
    # the display matrix of the track: quarter turns, as phones write them
    matrix = data.rindex(b"tkhd") + 4 + 40
    values = [cosine * 65536, sine * 65536, 0, -sine * 65536, cosine * 65536, 0, 0, 0, 1 << 30]
    turned = b"".join(value.to_bytes(4, "big", signed=True) for value in values)
    path.write_bytes(data[:matrix] + turned + data[matrix + 36 :])
    _, frame = next(iter(open_driving(path).read()))
    np.testing.assert_array_equal(frame, np.rot90(before, turns))
    assert before[:, :20].mean() < 10  # the left is darker, so that turns can be told apart
    assert before[:, -20:].mean() > 15


def test_a_truncated_video_gives_what_is_there(tmp_path):
    path = write_video(tmp_path / "a.mkv", count=60, size=(320, 240))
    data = path.read_bytes()
    path.write_bytes(data[: len(data) * 2 // 3])
    count = len(list(open_driving(path).read()))
    assert 0 < count < 60


@pytest.mark.parametrize(
    "content", [b"", b"no video at all", b"#EXTM3U\n#EXTINF:1,\n/etc/hostname\n"]
)
def test_other_files_are_refused(tmp_path, content):
    path = tmp_path / "a.mp4"
    path.write_bytes(content)
    with pytest.raises(UnreadableVideo, match=r"a\.mp4"):
        open_driving(path)


def test_missing_files_and_sound_alone_are_refused(tmp_path):
    with pytest.raises(UnreadableVideo):
        open_driving(tmp_path / "nowhere.mp4")
    sound = write_sound(tmp_path / "a.m4a", speech_like(0.5), 44100)
    with pytest.raises(UnreadableVideo, match=r"without pictures"):
        open_driving(sound)


def test_sound_is_noticed(tmp_path):
    assert not has_sound(write_mute_video(tmp_path / "mute.mp4"))
    assert has_sound(write_sound(tmp_path / "talk.mp4", speech_like(0.5), 44100))
