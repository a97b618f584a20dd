"""Videos as written, decoded again: pictures, colours, sound, times, and what stays on failure."""

from fractions import Fraction

import av
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sadtalker_ext.encoder.video import VideoWriter, frame_count, frame_rate
from sadtalker_ext.inputs.audio import open_speech
from tests.support import media


def test_a_video_has_its_frames_in_order(tmp_path):
    writer = media.write_video(tmp_path / "a.mp4", 40)
    frames, times = media.read_frames(tmp_path / "a.mp4")
    assert frames.shape == (40, 64, 64, 3)
    np.testing.assert_allclose(times, np.arange(40) / 25, atol=1e-6)
    levels = frames.mean(axis=(1, 2, 3))
    np.testing.assert_allclose(levels, [40 + 8 * (i % 20) for i in range(40)], atol=1.5)
    assert (writer.frames, writer.size, writer.seconds) == (40, (64, 64), 1.6)


def test_the_stream_is_what_players_want(tmp_path, speech):
    path = tmp_path / "a.mp4"
    media.write_video(path, 50, speech=speech)
    with av.open(str(path)) as container:
        video, sound = container.streams.video[0], container.streams.audio[0]
        context = video.codec_context
        assert (context.name, context.profile, context.pix_fmt) == ("h264", "High", "yuv420p")
        tags = (context.colorspace, context.color_primaries, context.color_trc, context.color_range)
        assert [int(tag) for tag in tags] == [1, 1, 1, 1]  # BT.709, limited range
        assert sound.codec_context.name == "aac"
        assert (sound.rate, sound.codec_context.channels) == (44100, 2)
        assert sound.codec_context.bit_rate > 190_000
    content = path.read_bytes()
    assert content.index(b"moov") < content.index(b"mdat"), "faststart"


@pytest.mark.parametrize("quality", [0, 51])
def test_the_ends_of_the_quality_range_play_everywhere(tmp_path, quality):
    media.write_video(tmp_path / "a.mp4", 5, quality=quality)
    with av.open(str(tmp_path / "a.mp4")) as container:
        assert container.streams.video[0].codec_context.profile == "High"


COLOURS = [
    (255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 255), (0, 0, 0), (255, 255, 0),
    (224, 172, 105), (141, 85, 36), (255, 219, 172), (64, 96, 160), (128, 128, 128),
]  # fmt: skip


def test_flat_colours_come_back(tmp_path):
    path = tmp_path / "a.mp4"
    with VideoWriter(path) as writer:
        for colour in COLOURS:
            writer.write(np.full((64, 64, 3), colour, np.uint8))
    frames, _ = media.read_frames(path)
    for frame, colour in zip(frames, COLOURS, strict=True):
        error = np.abs(frame.mean(axis=(0, 1)) - colour)
        assert error.max() < 2, (colour, frame.mean(axis=(0, 1)))


def test_a_picture_keeps_its_detail(tmp_path):
    frame = media.portrait_like(256, 192)
    with VideoWriter(tmp_path / "a.mp4") as writer:
        for _ in range(10):
            writer.write(frame)
    frames, _ = media.read_frames(tmp_path / "a.mp4")
    error = frames[-1].astype(float) - frame
    assert 10 * np.log10(255**2 / np.mean(error**2)) > 38


@pytest.mark.parametrize(("height", "width"), [(63, 65), (64, 33), (31, 64), (16, 16), (480, 854)])
def test_odd_sides_grow_by_their_last_row_and_column(tmp_path, height, width):
    # grey, because the coarser colour of 4:2:0 is another matter
    frame = np.repeat(media.portrait_like(height, width)[:, :, 1:2], 3, axis=2)
    with VideoWriter(tmp_path / "a.mp4", quality=1) as writer:
        for _ in range(3):
            writer.write(frame)
    frames, _ = media.read_frames(tmp_path / "a.mp4")
    tall, wide = height + height % 2, width + width % 2
    assert frames.shape[1:3] == (tall, wide)
    assert writer.size == (wide, tall)
    grown = np.pad(frame, ((0, height % 2), (0, width % 2), (0, 0)), mode="edge")
    assert np.abs(frames[-1].astype(int) - grown).mean() < 3


@pytest.mark.parametrize("kind", ["wav", "mp3", "m4a", "opus", "flac", "webm", "mp4", "mov"])
@pytest.mark.parametrize(("rate", "channels"), [(44100, 2), (16000, 1)])
def test_the_speech_starts_with_the_picture(tmp_path, kind, rate, channels):
    """Both begin at 0, and the sound is the original's to the sample."""
    original = media.speech_like(2.0, rate, channels)
    source = media.write_sound(tmp_path / f"speech.{kind}", original, rate)
    path = tmp_path / "out.mp4"
    media.write_video(path, 50, speech=open_speech(source))
    _, times = media.read_frames(path)
    sound, _, begin = media.read_sound(path)
    assert times[0] == 0
    assert begin == 0
    heard = np.concatenate(list(open_speech(path).read(rate)))
    assert abs(media.lag(heard, original.mean(axis=1))) / rate <= 0.001
    assert media.likeness(heard, original.mean(axis=1)) > 0.97
    assert sound.shape[1] == channels
    whole, streams = media.durations(path)
    assert streams["video"] == pytest.approx(2.0, abs=1e-3)
    assert streams["audio"] == pytest.approx(2.0, abs=1e-3)
    assert whole == pytest.approx(2.0, abs=1e-3)


@pytest.mark.parametrize("rate", [8000, 11025, 22050, 24000, 48000, 96000, 37800])
def test_every_rate_is_kept_or_raised_to_the_next(tmp_path, rate):
    samples = media.speech_like(1.0, rate)
    speech = open_speech(media.write_sound(tmp_path / "speech.wav", samples, rate))
    media.write_video(tmp_path / "a.mp4", 25, speech=speech)
    sound, coded_rate, _ = media.read_sound(tmp_path / "a.mp4")
    expected = {96000: 48000, 37800: 44100}.get(rate, rate)
    assert coded_rate == expected
    reference = np.concatenate(list(speech.read(coded_rate)))
    assert media.lag(sound[: len(reference), 0], reference) == 0


def test_six_channels_stay_six(tmp_path):
    samples = media.speech_like(1.0, 48000, 6)
    speech = open_speech(media.write_sound(tmp_path / "six.flac", samples, 48000))
    media.write_video(tmp_path / "a.mp4", 25, speech=speech)
    sound, _, _ = media.read_sound(tmp_path / "a.mp4")
    assert sound.shape[1] == 6


def test_trim_and_padding_reach_the_file(tmp_path):
    samples = media.speech_like(3.0, 44100, 2)
    source = media.write_sound(tmp_path / "speech.flac", samples, 44100)
    speech = open_speech(source, start=0.7, end=1.9, pad=0.5)
    count = frame_count(speech.total_seconds, 25)
    assert count == 43  # 1.7 seconds
    media.write_video(tmp_path / "a.mp4", count, speech=speech)
    heard = np.concatenate(list(open_speech(tmp_path / "a.mp4").read_channels(None)))
    part = samples[round(0.7 * 44100) : round(1.9 * 44100)]
    assert media.lag(heard[:, 0], part[:, 0]) == 0
    assert media.likeness(heard[:, 0], part[:, 0]) > 0.98
    assert np.abs(heard[len(part) + 2048 :]).max() < 1e-3
    assert len(heard) == round(count / 25 * 44100)


@pytest.mark.parametrize(
    ("fps", "exact"),
    [(25, 25), (10, 10), (60, 60), (12.5, Fraction(25, 2)), (29.97, Fraction(30000, 1001)),
     (23.976, Fraction(24000, 1001)), (59.94, Fraction(60000, 1001)), (29.5, Fraction(59, 2))],
)  # fmt: skip
def test_frame_rates_are_exact(tmp_path, fps, exact):
    assert frame_rate(fps) == exact
    media.write_video(tmp_path / "a.mp4", 30, fps=fps)
    _, times = media.read_frames(tmp_path / "a.mp4")
    np.testing.assert_allclose(times, np.arange(30) / float(exact), atol=2e-4)
    with av.open(str(tmp_path / "a.mp4")) as container:
        assert container.streams.video[0].average_rate == exact


def test_frame_counts():
    assert frame_count(2.0, 25) == 50
    assert frame_count(2.001, 25) == 51
    assert frame_count(2.00001, 25) == 50  # rounding of times makes no frame of its own
    assert frame_count(0.0, 25) == 1
    assert frame_count(1001.0, 29.97) == 30000


@settings(max_examples=12, deadline=None)
@given(
    height=st.integers(16, 90),
    width=st.integers(16, 90),
    fps=st.sampled_from([10.0, 23.976, 25.0, 30.0, 60.0]),
    seconds=st.floats(0.2, 1.5),
    rate=st.sampled_from([8000, 22050, 48000]),
)
def test_sizes_rates_and_lengths_agree(tmp_path_factory, height, width, fps, seconds, rate):
    folder = tmp_path_factory.mktemp("any")
    samples = media.speech_like(seconds + 0.01, rate)
    speech = open_speech(media.write_sound(folder / "s.wav", samples, rate))
    count = frame_count(speech.total_seconds, fps)
    writer = media.write_video(
        folder / "a.mp4", count, height=height, width=width, fps=fps, speech=speech
    )
    whole, streams = media.durations(folder / "a.mp4")
    frames, _ = media.read_frames(folder / "a.mp4")
    assert len(frames) == count
    assert 0 <= writer.seconds - speech.total_seconds < 1 / fps + 1e-3
    assert abs(streams["video"] - streams["audio"]) < 1 / fps
    assert abs(whole - writer.seconds) < 1 / fps
