"""WebM, ProRes, GIF and PNG frames, decoded again."""

import io
import zipfile

import av
import cv2
import numpy as np
import pytest
from PIL import Image

from sadtalker_ext.encoder.metadata import describe_video, read_metadata
from sadtalker_ext.encoder.video import VideoWriter
from sadtalker_ext.encoder.xmp import boxes
from sadtalker_ext.engines.registry import engine_specs
from sadtalker_ext.errors import Cancelled, OutputUnwritable
from sadtalker_ext.inputs.audio import open_speech
from sadtalker_ext.options import GenerateOptions
from sadtalker_ext.types import Picture
from tests.support import media


def write(path, frames, **how):
    with VideoWriter(path, **how) as writer:
        for frame in frames:
            writer.write(frame)
    return writer


def described():
    picture = Picture(pixels=media.portrait_like(), name="me, and you.png")
    return describe_video(GenerateOptions(), engine=engine_specs()[-1], seed=7, picture=picture)


def gif_frames(path):
    """Frames as a browser shows them, (T, H, W, 3), and their durations in ms."""
    found, lengths = [], []
    with Image.open(path) as film:
        for number in range(film.n_frames):
            film.seek(number)
            found.append(np.asarray(film.convert("RGB")))
            lengths.append(film.info["duration"])
    return np.stack(found), lengths


def test_webm_is_vp9_and_opus_in_step(tmp_path, speech):
    path = tmp_path / "a.webm"
    writer = write(path, media.moving_frames(45), speech=speech)
    with av.open(str(path)) as container:
        assert container.format.name == "matroska,webm"
        assert container.streams.video[0].codec_context.name == "vp9"
        assert container.streams.audio[0].codec_context.name in ("opus", "libopus")
        assert container.duration / 1e6 == pytest.approx(1.8, abs=0.03)
    frames, times = media.read_frames(path)
    assert len(frames) == writer.frames == 45
    np.testing.assert_allclose(times, np.arange(45) / 25, atol=1e-3)
    for index in range(45):
        assert np.abs(frames[index].mean() - (40 + 8 * (index % 20))) < 3
    heard = np.concatenate(list(open_speech(path).read(48000)))
    said = np.concatenate(list(speech.read(48000)))
    assert abs(media.lag(heard, said)) <= 2
    assert media.likeness(heard, said) > 0.95


@pytest.mark.parametrize(("rate", "channels"), [(16000, 1), (22050, 2), (48000, 6)])
def test_webm_takes_any_sound(tmp_path, rate, channels):
    samples = media.speech_like(0.7, rate, channels)
    sound = open_speech(media.write_sound(tmp_path / "s.wav", samples, rate))
    write(tmp_path / "a.webm", media.moving_frames(18), speech=sound)
    heard, found_rate, _ = media.read_sound(tmp_path / "a.webm")
    assert (heard.shape[1], found_rate) == (channels, 48000)
    assert len(heard) / found_rate == pytest.approx(0.72, abs=0.03)


def test_webm_quality_changes_the_size(tmp_path):
    noise = np.random.default_rng(0).integers(0, 255, (10, 96, 96, 3)).astype(np.uint8)
    sizes = []
    for quality in (0, 18, 51):
        path = tmp_path / f"{quality}.webm"
        write(path, noise, quality=quality)
        sizes.append(path.stat().st_size)
    assert sizes[0] > 1.3 * sizes[1] > 2 * sizes[2]


def test_webm_says_what_it_is(tmp_path):
    metadata = described()
    write(tmp_path / "a.webm", media.moving_frames(3), metadata=metadata)
    found = read_metadata(tmp_path / "a.webm")
    assert found.line == metadata.line
    assert found.data == metadata.data
    assert found.disclosure == metadata.disclosure
    assert found.source_type == metadata.source_type != ""


def rgba_of(frame):
    """Colours and alpha of a frame of deep yuva444p, by BT.709 in limited range; float64.

    FFmpeg's own conversion takes BT.601 in some versions.
    """
    bits = int(frame.format.name.removeprefix("yuva444p").removesuffix("le"))
    planes = [
        np.frombuffer(plane, "<u2").reshape(frame.height, -1)[:, : frame.width].astype(float)
        for plane in frame.planes
    ]
    unit = 1 << (bits - 8)
    luma, blue, red = (
        (plane / unit - low) / span
        for plane, low, span in zip(planes, (16, 128, 128), (219, 224, 224), strict=False)
    )
    red, blue = luma + 1.5748 * red, luma + 1.8556 * blue
    green = (luma - 0.2126 * red - 0.0722 * blue) / 0.7152
    alpha = planes[3] / ((1 << bits) - 1)
    return 255 * np.dstack([red, green, blue, alpha])


@pytest.mark.parametrize(("width", "height"), [(64, 48), (61, 47)])
def test_mov_is_prores_4444_that_keeps_transparency(tmp_path, speech, width, height):
    frames = np.zeros((9, height, width, 4), np.uint8)
    frames[..., 0] = np.linspace(20, 230, width)
    frames[..., 1] = np.arange(9)[:, None, None] * 25
    frames[..., 2] = 90
    frames[..., 3] = np.linspace(0, 255, height)[:, None]
    write(tmp_path / "a.mov", frames, speech=speech)
    with av.open(str(tmp_path / "a.mov")) as container:
        film, sound = container.streams.video[0], container.streams.audio[0]
        assert (film.codec_context.name, film.codec_context.profile) == ("prores", "4444")
        assert film.codec_context.pix_fmt.startswith("yuva444p")
        assert (sound.codec_context.name, sound.rate) == ("pcm_s16le", speech.rate_hz)
        decoded = list(container.decode(video=0))
    assert {int(one.colorspace) for one in decoded} == {1}, "BT.709 (ITU-T H.273)"
    shown = np.stack([rgba_of(one) for one in decoded])
    assert shown.shape == frames.shape
    assert np.abs(shown[..., 3] - frames[..., 3]).max() <= 2
    seen = frames[..., 3] > 0
    assert np.abs(shown[..., :3] - frames[..., :3])[seen].max() <= 4
    heard = np.concatenate(list(open_speech(tmp_path / "a.mov").read_channels(None)))
    said = np.concatenate(list(speech.read_channels(None)))[: len(heard)]
    assert len(heard) / speech.rate_hz == pytest.approx(9 / 25, abs=1e-3)
    assert np.abs(heard - said).max() < 1e-4


def test_mov_without_transparency_has_no_alpha(tmp_path):
    write(tmp_path / "a.mov", media.moving_frames(3))
    with av.open(str(tmp_path / "a.mov")) as container:
        assert container.streams.video[0].codec_context.pix_fmt.startswith("yuv444p")


def test_mov_says_what_it_is(tmp_path):
    metadata = described()
    write(tmp_path / "a.mov", media.moving_frames(3), metadata=metadata)
    assert read_metadata(tmp_path / "a.mov") == metadata
    assert len(media.read_frames(tmp_path / "a.mov")[0]) == 3
    with (tmp_path / "a.mov").open("rb") as file:
        (movie,) = [place for kind, *place in boxes(file) if kind == b"moov"]
        (user,) = [place for kind, *place in boxes(file, *movie) if kind == b"udta"]
        assert b"XMP_" in {kind for kind, *_ in boxes(file, *user)}


def photo_like(count, height=90, width=121):
    """Smooth colours with a square that moves."""
    still = media.portrait_like(height, width)
    for index in range(count):
        frame = still.copy()
        frame[20:40, 3 * index : 3 * index + 20] = (200, 40, 60)
        yield frame


def test_gif_shows_every_frame_at_its_time_and_size(tmp_path):
    writer = write(tmp_path / "a.gif", photo_like(12))
    assert writer.size == (121, 90)
    shown, lengths = gif_frames(tmp_path / "a.gif")
    assert shown.shape == (12, 90, 121, 3)
    assert lengths == [40] * 12
    for frame, wanted in zip(shown, photo_like(12), strict=True):
        smooth = [cv2.GaussianBlur(one.astype(np.float32), (0, 0), 3) for one in (frame, wanted)]
        assert np.abs(smooth[0] - smooth[1]).mean() < 4


def test_a_still_part_of_a_gif_does_not_flicker(tmp_path):
    write(tmp_path / "a.gif", photo_like(12))
    shown, _ = gif_frames(tmp_path / "a.gif")
    assert np.ptp(shown[:, 45:].astype(int), axis=0).max() == 0


def test_a_gif_longer_than_its_palette_sample_stays_in_order(tmp_path):
    write(tmp_path / "a.gif", media.moving_frames(60))
    shown, _ = gif_frames(tmp_path / "a.gif")
    greys = shown.mean(axis=(1, 2, 3))
    wanted = np.array([frame.mean() for frame in media.moving_frames(60)])
    assert np.abs(greys - wanted).max() < 6


@pytest.mark.parametrize(("fps", "frames"), [(60, 61), (30, 31), (12.5, 13)])
def test_gif_keeps_the_duration_and_never_goes_below_two_ticks(tmp_path, fps, frames):
    write(tmp_path / "a.gif", media.moving_frames(frames), fps=fps)
    _, lengths = gif_frames(tmp_path / "a.gif")
    assert min(lengths) >= 20
    assert sum(lengths) == pytest.approx(1000 * frames / fps, abs=21)


def test_gif_says_what_it_is_and_still_opens(tmp_path):
    metadata = described()
    write(tmp_path / "a.gif", photo_like(4), metadata=metadata)
    with Image.open(tmp_path / "a.gif") as film:
        assert film.n_frames == 4
        film.seek(3)
        film.load()
        assert film.info["loop"] == 0
    found = read_metadata(tmp_path / "a.gif")
    assert metadata.line in found.line
    data = (tmp_path / "a.gif").read_bytes()
    assert data.endswith(b";")
    assert metadata.xmp.encode() in data
    with av.open(str(tmp_path / "a.gif")) as container:
        assert len(list(container.decode(video=0))) == 4


def test_png_frames_are_exact_and_bring_their_sound(tmp_path, speech):
    metadata = described()
    path = tmp_path / "a.zip"
    frames = list(photo_like(30))
    writer = write(path, frames, speech=speech, metadata=metadata)
    assert writer.size == (121, 90)
    with zipfile.ZipFile(path) as archive:
        assert archive.testzip() is None
        names = archive.namelist()
        assert names == [*(f"frame_{n:06}.png" for n in range(1, 31)), "speech.wav"]
        for name, frame in zip(names, frames, strict=False):
            with Image.open(io.BytesIO(archive.read(name))) as picture:
                picture.load()
                np.testing.assert_array_equal(np.asarray(picture), frame)
                assert picture.info["Comment"] == metadata.line
                assert picture.info["XML:com.adobe.xmp"] == metadata.xmp
        (tmp_path / "out.wav").write_bytes(archive.read("speech.wav"))
    heard = open_speech(tmp_path / "out.wav")
    assert heard.seconds == pytest.approx(1.2, abs=1e-4)
    assert (heard.rate_hz, heard.channels) == (44100, 2)
    samples = np.concatenate(list(heard.read_channels(None)))
    said = np.concatenate(list(speech.read_channels(None)))[: len(samples)]
    assert np.abs(samples - said).max() < 1e-4


def test_sound_shorter_than_the_frames_is_followed_by_silence(tmp_path):
    sound = open_speech(
        media.write_sound(tmp_path / "s.wav", media.tone(0.2, 16000), 16000), pad=0.6
    )
    write(tmp_path / "a.zip", media.moving_frames(20), speech=sound)
    with zipfile.ZipFile(tmp_path / "a.zip") as archive:
        (tmp_path / "out.wav").write_bytes(archive.read("speech.wav"))
    samples = np.concatenate(list(open_speech(tmp_path / "out.wav").read(None)))
    assert len(samples) == 12800
    assert np.abs(samples[:3000]).max() > 0.4
    assert np.abs(samples[3300:]).max() < 1e-3


@pytest.mark.parametrize("suffix", [".webm", ".mov", ".gif", ".zip"])
def test_a_stop_leaves_nothing_or_a_playable_part(tmp_path, suffix, speech):
    for keep in (False, True):
        path = tmp_path / f"a{suffix}"
        with (
            pytest.raises(Cancelled),
            VideoWriter(path, speech=speech, keep_partial=keep) as writer,
        ):
            for frame in media.moving_frames(20):
                writer.write(frame)
            raise Cancelled("Stopped.")
        kept = [one.name for one in tmp_path.iterdir() if one.name != "speech.wav"]
        assert kept == ([f"a.partial{suffix}"] if keep else [])
    if suffix == ".zip":
        with zipfile.ZipFile(writer.partial_path) as archive:
            assert len(archive.namelist()) == 21
    else:
        with av.open(str(writer.partial_path)) as container:
            assert len(list(container.decode(video=0))) == 20


@pytest.mark.parametrize("name", ["a.avi", "a", "a.mp4.bak"])
def test_other_extensions_are_refused(name, tmp_path):
    with pytest.raises(OutputUnwritable):
        VideoWriter(tmp_path / name)


@pytest.mark.parametrize("suffix", [".webm", ".mov", ".gif", ".zip"])
def test_memory_does_not_grow_with_the_length(tmp_path, suffix):
    import tracemalloc

    peaks = []
    for count in (100, 500):
        tracemalloc.start()
        write(tmp_path / f"{count}{suffix}", media.moving_frames(count, 32, 32))
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < peaks[0] + 700_000, peaks
