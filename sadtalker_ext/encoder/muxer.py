"""The open container with its streams, and the thread that feeds it."""

from __future__ import annotations

import contextlib
import math
import queue
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, cast

from sadtalker_ext.encoder.output_file import explain
from sadtalker_ext.encoder.sound import SoundTrack
from sadtalker_ext.encoder.subtitles import SubtitleTrack
from sadtalker_ext.types import ImageArray, Speech, Word

if TYPE_CHECKING:
    from av.container import OutputContainer
    from av.video.stream import VideoStream

PRESET, LARGE_PRESET = "veryfast", "superfast"
"""Speeds of x264, chosen by measurement. The second one is for frames of `LARGE` pixels and more,
from about 450 x 450 on: 0.5 to 0.8 of the processor time and the same PSNR at the same CRF, for
files a tenth to a fifth larger."""
LARGE = 200_000

_KEYFRAME_SECONDS = 5


class FrameEncoder(Protocol):
    """An open output that takes frame after frame; used by one thread at a time."""

    def encode(self, frame: ImageArray) -> None:
        """Add one frame, (H, W, 3) uint8 RGB or (H, W, 4) RGBA; it is not changed any more."""

    def finish(self) -> None:
        """Complete the file."""

    def close(self) -> None:
        """Close the file, complete or not; safe to call twice."""


class FrameWorker(Protocol):
    """Who writes the file while frames are made; see `EncoderThread`."""

    @property
    def failed(self) -> bool:
        """Whether encoding has failed."""

    def put(self, frame: ImageArray) -> None:
        """Take a frame."""

    def finish(self) -> None:
        """Complete the file."""

    def abandon(self) -> None:
        """Close the file without completing it."""


def h264_options(quality: int, pixels: int, *, one_shot: bool = True) -> dict[str, str]:
    """Return x264's settings for a CRF and frames of so many pixels.

    CRF 0 would be lossless, which only the High 4:4:4 profile has and browsers do not play; from 1
    on x264 takes the High profile by itself. With macroblock-tree rate control x264's lookahead
    races with its frame threads: about one file in thirty differed; without it the same frames
    always give the same file. What it would have done for a still background, a finer first frame
    for the others to copy, the ratio of key frames' quantisers does: 2.6 instead of 1.4 brings the
    background of the example within 0.94 instead of 1.14 grey levels, for a file 7 % larger.

    Args:
        quality: The CRF.
        pixels: Of a frame.
        one_shot: Whether there are no cuts or fades, which nothing then looks for: 10 to 15 % less
            time, and files 5 % smaller.
    """
    params = "mbtree=0:ipratio=2.6"
    if one_shot:
        params += ":scenecut=0:b-adapt=0:weightp=0"
    preset = LARGE_PRESET if pixels >= LARGE else PRESET
    return {"preset": preset, "crf": str(max(quality, 1)), "x264-params": params}


def vp9_options(quality: int, _: int = 0) -> dict[str, str]:
    """Return libvpx's settings for a CRF on x264's scale; its own goes to 63.

    At 18 the picture of a talking head is 0.6 dB below mp4's in a larger file. The "good" deadline
    makes files a fifth smaller and takes ten times as long.
    """
    return {
        "crf": str(max(round(quality * 63 / 51) - 5, 0)),
        "b": "0",
        "deadline": "realtime",
        "cpu-used": "6",
        "row-mt": "1",
    }


def prores_options(_: int, __: int = 0) -> dict[str, str]:
    """Return the settings of ProRes 4444: its size follows the profile, not a CRF.

    Alpha keeps 16 bits, which costs little where it is plain.
    """
    return {"profile": "4444", "vendor": "apl0", "alpha_bits": "16"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Codecs:
    """What a container holds, by the media library's names.

    Attributes:
        container: The format.
        video: Video codec.
        audio: Audio codec.
        video_options: Settings of the video codec for a quality and a number of pixels.
        options: Settings of the container.
        pixels: Pixel format of the video.
        alpha_pixels: The same where frames have an alpha channel.
    """

    container: str
    video: str
    audio: str
    video_options: Callable[[int, int], dict[str, str]]
    options: dict[str, str] = field(default_factory=dict)
    pixels: str = "yuv420p"
    alpha_pixels: str = "yuva420p"


MP4_CODECS = Codecs(
    container="mp4",
    video="libx264",
    audio="aac",
    video_options=h264_options,
    options={"movflags": "+faststart"},
)
WEBM_CODECS = Codecs(
    container="webm", video="libvpx-vp9", audio="libopus", video_options=vp9_options
)
"""VP9 keeps transparency as a second picture beside each frame."""
MOV_CODECS = Codecs(
    container="mov",
    video="prores_ks",
    audio="pcm_s16le",
    video_options=prores_options,
    # QuickTime's own places for text have none for JSON
    options={"movflags": "use_metadata_tags"},
    pixels="yuv444p10le",
    alpha_pixels="yuva444p10le",
)
"""For editing programs: every frame stands alone, and the sound is not compressed."""


class Encoder:
    """The open container with its streams; see `FrameEncoder`."""

    def __init__(
        self,
        path: Path,
        *,
        size: tuple[int, int],
        rate: Fraction,
        quality: int,
        speech: Speech | None,
        tags: dict[str, str],
        codecs: Codecs = MP4_CODECS,
        captions: tuple[Word, ...] = (),
        alpha: bool = False,
    ) -> None:
        import av

        from sadtalker_ext.encoder.yuv import converter_to

        self._rate = rate
        self._codecs = codecs
        self._frames = 0
        self._pixels = codecs.alpha_pixels if alpha else codecs.pixels
        self._converter = converter_to(self._pixels)
        self._container: OutputContainer = av.open(
            str(path), "w", format=codecs.container, options=codecs.options
        )
        self._sound: SoundTrack | None = None
        self._subtitles: SubtitleTrack | None = None
        try:
            self._container.metadata.update(tags)
            self._video = self._add_video(size, quality)
            if speech is not None:
                self._sound = SoundTrack(self._container, speech, codecs.audio)
            if captions:
                self._subtitles = SubtitleTrack(self._container, captions)
            self._container.start_encoding()
        except BaseException:
            self.close()
            raise

    def encode(self, frame: ImageArray) -> None:
        """Encode one frame, then the sound up to its end."""
        from av.video.reformatter import ColorRange, Colorspace

        yuv = self._converter.convert(frame)
        # ProRes takes what it says about colour from its frames, and PyAV 13 leaves that open
        yuv.colorspace, yuv.color_range = Colorspace.ITU709, ColorRange.MPEG
        yuv.pts = self._frames
        yuv.time_base = 1 / self._rate
        self._frames += 1
        self._container.mux(self._video.encode(yuv))
        if self._sound is not None:
            self._sound.write_until(self._frames / self._rate)
        if self._subtitles is not None:
            self._subtitles.write_until(self._frames / self._rate)

    def finish(self) -> None:
        """Flush all streams and complete the file."""
        self._container.mux(self._video.encode(None))
        if self._subtitles is not None:
            self._subtitles.write_until(self._frames / self._rate)
        if self._sound is not None:
            self._sound.finish(self._frames / self._rate)
            self._sound.close()
        self._container.close()

    def close(self) -> None:
        """Close the file, complete or not."""
        if self._sound is not None:
            self._sound.close()
        with contextlib.suppress(Exception):  # the file is about to be removed
            self._container.close()

    def _add_video(self, size: tuple[int, int], quality: int) -> VideoStream:
        options = self._codecs.video_options(quality, size[0] * size[1])
        added = self._container.add_stream(self._codecs.video, rate=self._rate, options=options)
        stream = cast("VideoStream", added)
        context = stream.codec_context
        context.width, context.height = size
        context.pix_fmt = self._pixels
        context.time_base = 1 / self._rate
        context.gop_size = math.ceil(_KEYFRAME_SECONDS * self._rate)
        # 1 is BT.709 in each of these tables, and "limited" in the range's (ITU-T H.273)
        context.colorspace = context.color_primaries = context.color_trc = 1
        context.color_range = 1
        return stream


class EncoderThread:
    """Runs an encoder in a thread of its own, behind a bounded queue."""

    def __init__(self, encoder: FrameEncoder, *, room: int, path: Path) -> None:
        self._encoder = encoder
        self._path = path
        self._queue: queue.Queue[ImageArray | None] = queue.Queue(maxsize=room)
        self._problem: Exception | None = None
        self._abandoned = False
        self._thread = threading.Thread(target=self._run, name="sadtalker-encoder", daemon=True)
        self._thread.start()

    @property
    def failed(self) -> bool:
        """Whether encoding has failed."""
        return self._problem is not None

    def put(self, frame: ImageArray) -> None:
        """Queue a frame, waiting for room; raises what went wrong with an earlier one."""
        self._raise_problem()
        self._queue.put(frame)

    def finish(self) -> None:
        """Encode what is queued and complete the file."""
        self._queue.put(None)
        self._thread.join()
        self._raise_problem()

    def abandon(self) -> None:
        """Drop what is queued and close the file."""
        self._abandoned = True
        self._queue.put(None)
        self._thread.join()

    def _raise_problem(self) -> None:
        if self._problem is not None:
            raise explain(self._problem, self._path) from self._problem

    def _run(self) -> None:
        while (frame := self._queue.get()) is not None:
            # after a failure the queue is still emptied, so that `put` never waits for ever
            if self._problem is None and not self._abandoned:
                try:
                    self._encoder.encode(frame)
                except Exception as problem:  # noqa: BLE001 - raised again by put or finish
                    self._problem = problem
        if self._problem is None and not self._abandoned:
            try:
                self._encoder.finish()
            except Exception as problem:  # noqa: BLE001 - raised again by finish
                self._problem = problem
        self._encoder.close()
