"""The open mp4 container with its streams, and the thread that feeds it."""

from __future__ import annotations

import contextlib
import math
import queue
import threading
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

from sadtalker_ext.encoder.place import explain
from sadtalker_ext.encoder.sound import SoundTrack
from sadtalker_ext.types import Speech

if TYPE_CHECKING:
    from av.container import OutputContainer
    from av.video.frame import VideoFrame
    from av.video.stream import VideoStream

PRESET = "veryfast"
"""Speed of x264, chosen by measurement: see `benchmarks`."""

_KEYFRAME_SECONDS = 5


class Encoder:
    """The open container with its streams; used by one thread at a time."""

    def __init__(
        self,
        path: Path,
        *,
        size: tuple[int, int],
        rate: Fraction,
        quality: int,
        speech: Speech | None,
        tags: dict[str, str],
    ) -> None:
        import av
        from av.video.reformatter import VideoReformatter

        self._rate = rate
        self._frames = 0
        self._reformatter = VideoReformatter()
        self._container: OutputContainer = av.open(
            str(path), "w", format="mp4", options={"movflags": "+faststart"}
        )
        self._sound: SoundTrack | None = None
        try:
            self._container.metadata.update(tags)
            self._video = self._add_video(size, quality)
            self._sound = SoundTrack(self._container, speech) if speech is not None else None
            self._container.start_encoding()
        except BaseException:
            self.close()
            raise

    def encode(self, frame: VideoFrame) -> None:
        """Encode one RGB frame, then the sound up to its end."""
        from av.video.reformatter import ColorRange, Colorspace

        yuv = self._reformatter.reformat(
            frame,
            format="yuv420p",
            dst_colorspace=Colorspace.ITU709,
            dst_color_range=ColorRange.MPEG,
        )
        yuv.pts = self._frames
        yuv.time_base = 1 / self._rate
        self._frames += 1
        self._container.mux(self._video.encode(yuv))
        if self._sound is not None:
            self._sound.write_until(self._frames / self._rate)

    def finish(self) -> None:
        """Flush both streams and complete the file."""
        self._container.mux(self._video.encode(None))
        if self._sound is not None:
            self._sound.finish(self._frames / self._rate)
            self._sound.close()
        self._container.close()

    def close(self) -> None:
        """Let go of the file, whole or not."""
        if self._sound is not None:
            self._sound.close()
        with contextlib.suppress(Exception):  # the file is about to be removed
            self._container.close()

    def _add_video(self, size: tuple[int, int], quality: int) -> VideoStream:
        # CRF 0 would be lossless, which only the High 4:4:4 profile has and browsers do not play;
        # from 1 on x264 takes the High profile by itself
        # with macroblock-tree rate control x264's lookahead races with its frame threads: about one
        # file in thirty differed; without it the same frames always give the same file
        options = {"preset": PRESET, "crf": str(max(quality, 1)), "x264-params": "mbtree=0"}
        stream = self._container.add_stream("libx264", rate=self._rate, options=options)
        context = stream.codec_context
        context.width, context.height = size
        context.pix_fmt = "yuv420p"
        context.time_base = 1 / self._rate
        context.gop_size = math.ceil(_KEYFRAME_SECONDS * self._rate)
        # 1 is BT.709 in each of these tables, and "limited" in the range's (ITU-T H.273)
        context.colorspace = context.color_primaries = context.color_trc = 1
        context.color_range = 1
        return stream


class EncoderThread:
    """Runs an encoder in a thread of its own, behind a bounded queue."""

    def __init__(self, encoder: Encoder, *, room: int, path: Path) -> None:
        self._encoder = encoder
        self._path = path
        self._queue: queue.Queue[VideoFrame | None] = queue.Queue(maxsize=room)
        self._problem: Exception | None = None
        self._abandoned = False
        self._thread = threading.Thread(target=self._run, name="sadtalker-encoder", daemon=True)
        self._thread.start()

    @property
    def failed(self) -> bool:
        """Whether encoding has failed."""
        return self._problem is not None

    def put(self, frame: VideoFrame) -> None:
        """Queue a frame, waiting for room; raises what went wrong with an earlier one."""
        self._raise_problem()
        self._queue.put(frame)

    def finish(self) -> None:
        """Encode what is queued and complete the file."""
        self._queue.put(None)
        self._thread.join()
        self._raise_problem()

    def abandon(self) -> None:
        """Drop what is queued and let go of the file."""
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
