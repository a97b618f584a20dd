"""Media made in code: sounds, pictures and files in every container the product reads."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import av
import numpy as np

from sadtalker_ext.encoder.video import VideoWriter

LAYOUTS = {1: "mono", 2: "stereo", 6: "5.1"}

# extension (and a word after it where one container holds several codecs): codec, sample format
CODECS = {
    "wav": ("pcm_s16le", "s16"),
    "wav u8": ("pcm_u8", "u8"),
    "wav 24 bit": ("pcm_s24le", "s32"),
    "wav float": ("pcm_f32le", "flt"),
    "aiff": ("pcm_s16be", "s16"),
    "mp3": ("libmp3lame", "fltp"),
    "m4a": ("aac", "fltp"),
    "m4a alac": ("alac", "s16p"),
    "ogg": ("libopus", "flt"),
    "ogg flac": ("flac", "s16"),
    "opus": ("libopus", "flt"),
    "flac": ("flac", "s16"),
    "webm": ("libopus", "flt"),
    "mka": ("aac", "fltp"),
    "mp4": ("aac", "fltp"),
    "mov": ("pcm_s16le", "s16"),
    "mkv": ("libopus", "flt"),
}
WITH_PICTURES = ("mp4", "mov", "mkv")


def speech_like(seconds: float, rate: int = 44100, channels: int = 1, seed: int = 0):
    """(N, C) float32: noise through a voice-like filter, in syllables of about 4 per second."""
    rng = np.random.default_rng(seed)
    count = round(seconds * rate)
    spectrum = np.fft.rfft(rng.standard_normal(count + 1024))
    hertz = np.fft.rfftfreq(count + 1024, 1 / rate)
    spectrum *= hertz / (hertz + 100) / (1 + (hertz / 1500) ** 2)
    spectrum[hertz > 0.4 * rate] = 0  # room for the slopes of resampling filters
    noise = np.fft.irfft(spectrum, count + 1024)[:count]
    times = np.arange(count) / rate
    syllables = 0.15 + 0.85 * np.sin(np.pi * 4 * times) ** 2
    sound = noise / np.abs(noise).max() * 0.7 * syllables
    gains = np.linspace(1.0, 0.5, channels)
    return (sound[:, None] * gains).astype(np.float32)


def tone(seconds: float, rate: int = 44100, hertz: float = 220.0, level: float = 0.5):
    """(N, 1) float32 sine."""
    times = np.arange(round(seconds * rate)) / rate
    return (level * np.sin(2 * np.pi * hertz * times)).astype(np.float32)[:, None]


def write_sound(
    path: Path, samples, rate: int, kind: str = "", picture_seconds: float | None = None
) -> Path:
    """Write (N, C) float32 samples; `kind` is a key of CODECS, by default the extension.

    Where the container holds pictures, too, they last as long as the sound unless told otherwise.
    """
    kind = kind or path.suffix[1:]
    codec, sample_format = CODECS[kind]
    layout = LAYOUTS[samples.shape[1]]
    coded_rate = 48000 if codec == "libopus" else rate
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=coded_rate, layout=layout)
        stream.codec_context.format = sample_format
        if codec in ("aac", "libmp3lame", "libopus"):
            stream.codec_context.bit_rate = 96_000 * samples.shape[1]
        video = _add_pictures(container) if kind.split()[0] in WITH_PICTURES else None
        if video is not None:
            seconds = len(samples) / rate if picture_seconds is None else picture_seconds
            _encode_pictures(container, video, seconds)
        size = stream.codec_context.frame_size or 1024
        convert = av.AudioResampler(sample_format, layout, coded_rate, frame_size=size)
        for begin in range(0, len(samples), 4096):
            planes = np.ascontiguousarray(samples[begin : begin + 4096].T)
            frame = av.AudioFrame.from_ndarray(planes, format="fltp", layout=layout)
            frame.sample_rate, frame.pts, frame.time_base = rate, begin, Fraction(1, rate)
            for ready in convert.resample(frame):
                container.mux(stream.encode(ready))
        for ready in convert.resample(None):
            container.mux(stream.encode(ready))
        container.mux(stream.encode(None))
    return path


def write_eight_channels(path: Path, samples, rate: int, kind: str) -> Path:
    """Write (N, 8) samples by way of interleaved frames: planar ones of 8 channels crash PyAV."""
    codec, sample_format = CODECS[kind]
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=rate, layout="7.1")
        stream.codec_context.format = sample_format
        stream.codec_context.bit_rate = 768_000
        size = stream.codec_context.frame_size or 1024
        convert = av.AudioResampler(sample_format, "7.1", rate, frame_size=size)
        packed = np.ascontiguousarray(samples.reshape(1, -1))
        frame = av.AudioFrame.from_ndarray(packed, format="flt", layout="7.1")
        frame.sample_rate, frame.pts, frame.time_base = rate, 0, Fraction(1, rate)
        for ready in [*convert.resample(frame), *convert.resample(None)]:
            container.mux(stream.encode(ready))
        container.mux(stream.encode(None))
    return path


def write_tracks(path: Path, tracks, rate: int) -> Path:
    """Write several (N, C) float32 sounds as tracks of one FLAC-coded Matroska file."""
    with av.open(str(path), "w") as container:
        streams = [
            container.add_stream("flac", rate=rate, layout=LAYOUTS[one.shape[1]]) for one in tracks
        ]
        for stream in streams:  # all before the first sound, which opens them
            stream.codec_context.format = "s16"
        for stream, samples in zip(streams, tracks, strict=True):
            packed = np.ascontiguousarray((samples * 32767).astype(np.int16).reshape(1, -1))
            layout = LAYOUTS[samples.shape[1]]
            frame = av.AudioFrame.from_ndarray(packed, format="s16", layout=layout)
            frame.sample_rate, frame.pts, frame.time_base = rate, 0, Fraction(1, rate)
            convert = av.AudioResampler("s16", layout, rate, frame_size=4608)
            for ready in [*convert.resample(frame), *convert.resample(None)]:
                container.mux(stream.encode(ready))
            container.mux(stream.encode(None))
    return path


def write_mute_video(path: Path, seconds: float = 1.0) -> Path:
    """A video without a sound track."""
    with av.open(str(path), "w") as container:
        _encode_pictures(container, _add_pictures(container), seconds)
    return path


def add_same_stream(container, stream):
    """A stream for packets that are copied; PyAV 13 has another name for it than 14."""
    if hasattr(container, "add_stream_from_template"):
        return container.add_stream_from_template(stream)
    return container.add_stream(template=stream)


def _add_pictures(container):
    video = container.add_stream("libx264", rate=25, options={"preset": "ultrafast"})
    video.width = video.height = 32
    video.pix_fmt = "yuv420p"
    return video


def _encode_pictures(container, video, seconds):
    for index in range(max(round(seconds * 25), 1)):
        picture = np.full((32, 32, 3), index % 250, np.uint8)
        frame = av.VideoFrame.from_ndarray(picture, format="rgb24")
        container.mux(video.encode(frame))
    container.mux(video.encode(None))


def lag(heard, original) -> int:
    """Samples by which `heard` comes later than `original`, from their cross-correlation."""
    size = 2 * max(len(heard), len(original))
    product = np.fft.rfft(heard, size) * np.conj(np.fft.rfft(original, size))
    best = int(np.argmax(np.fft.irfft(product, size)))
    return best - size if best > size // 2 else best


def likeness(heard, original) -> float:
    """Correlation of two sounds over their common length."""
    count = min(len(heard), len(original))
    return float(np.corrcoef(heard[:count], original[:count])[0, 1])


def portrait_like(height: int = 96, width: int = 80):
    """(H, W, 3) uint8: a smooth picture with a different colour in every corner."""
    rows = np.linspace(0, 1, height)[:, None]
    columns = np.linspace(0, 1, width)[None, :]
    red = 230 * rows + 0 * columns
    green = 230 * columns + 0 * rows
    blue = 230 * (1 - rows) * (1 - columns)
    return np.stack([red, green, blue], axis=2).astype(np.uint8)


def moving_frames(count: int, height: int = 64, width: int = 64):
    """Yield frames whose brightness step tells their number: grey 40 + 8 * (index % 20)."""
    for index in range(count):
        yield np.full((height, width, 3), 40 + 8 * (index % 20), np.uint8)


def read_frames(path: Path):
    """Decode a video: (T, H, W, 3) uint8 RGB by the formula of BT.709, and (T,) seconds.

    The conversion is written out (ITU-R BT.709, limited range) so that it is independent of the
    library that made the file. Colours are repeated over 2 x 2 pixels.
    """
    frames, times = [], []
    with av.open(str(path)) as container:
        for frame in container.decode(video=0):
            luma, blue, red = (_plane(plane) for plane in frame.planes)
            luma = (luma - 16) / 219
            blue, red = ((_doubled(part, luma.shape) - 128) / 224 for part in (blue, red))
            r, b = luma + 1.5748 * red, luma + 1.8556 * blue
            g = (luma - 0.2126 * r - 0.0722 * b) / 0.7152
            rgb = np.stack([r, g, b], axis=2)
            frames.append(np.clip(np.rint(rgb * 255), 0, 255).astype(np.uint8))
            times.append(float(frame.pts * frame.time_base))
    return np.stack(frames), np.array(times)


def _plane(plane):
    rows = np.frombuffer(plane, np.uint8).reshape(-1, plane.line_size)
    return rows[: plane.height, : plane.width].astype(float)


def _doubled(part, shape):
    return part.repeat(2, axis=0).repeat(2, axis=1)[: shape[0], : shape[1]]


def read_sound(path: Path):
    """Decode a sound track the plain way: (N, C) float32 from time 0, the rate, first time."""
    blocks, begin, rate = [], None, 0
    with av.open(str(path)) as container:
        for frame in container.decode(audio=0):
            if begin is None:
                begin, rate = float(frame.pts * frame.time_base), frame.sample_rate
            blocks.append(frame.to_ndarray().T)
    return np.concatenate(blocks), rate, begin


def write_video(path, count, *, height=64, width=64, **how):
    """Write moving frames with the writer under test; returns it."""
    with VideoWriter(path, **how) as writer:
        for frame in moving_frames(count, height, width):
            writer.write(frame)
    return writer


def durations(path):
    """Seconds of the container and of each stream, read before closing."""
    with av.open(str(path)) as container:
        streams = {s.type: float(s.duration * s.time_base) for s in container.streams}
        return container.duration / 1e6, streams
