"""Frames and speech to one video file, streamed: memory does not grow with the length."""

from __future__ import annotations

import logging
import math
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from types import TracebackType
from typing import cast

import numpy as np

from sadtalker_ext.encoder.formats import format_of
from sadtalker_ext.encoder.label import Label
from sadtalker_ext.encoder.leftovers import clear_now_and_then
from sadtalker_ext.encoder.metadata import VideoMetadata
from sadtalker_ext.encoder.muxer import EncoderThread, FrameWorker
from sadtalker_ext.encoder.output_file import (
    check_output,
    discard,
    explain,
    hidden_name,
    move_into_place,
    partial_name,
)
from sadtalker_ext.errors import EncodingError, SadTalkerError
from sadtalker_ext.types import ImageArray, Speech, Word

_log = logging.getLogger(__name__)

_QUEUE_BYTES = 64 << 20
_QUEUE_FRAMES = 8


def frame_rate(fps: float) -> Fraction:
    """Return a rate as an exact fraction: 29.97 is 30000/1001, 25.0 is 25.

    Broadcast rates are multiples of 1000/1001 and are written rounded to two or three digits.
    """
    if fps <= 0 or not math.isfinite(fps):
        raise EncodingError(f"The frame rate should be positive, found {fps}.")
    broadcast = Fraction(math.ceil(fps) * 1000, 1001)
    if fps != math.ceil(fps) and abs(float(broadcast) - fps) < 0.005:
        return broadcast
    return Fraction(fps).limit_denominator(1001)


def frame_count(seconds: float, fps: float) -> int:
    """Return how many frames cover this time; at least one."""
    return max(1, math.ceil(Fraction(seconds) * frame_rate(fps) - Fraction(1, 1000)))


class VideoWriter:
    """Writes one video file; use it as a context manager.

    Leaving the block normally completes the file and gives it its name. Leaving it by an
    exception removes everything, or keeps the beginning if `keep_partial` is set. Encoding runs in
    a thread of its own behind a short queue; what goes wrong there is raised by the next `write`
    or on leaving.

    The sound is as long as the frames: the speech is followed by silence or cut off, so a partial
    video ends in step too.

    Args:
        path: Where the video goes; the extension chooses the format (see `formats`).
        fps: Frames per second, any positive rate.
        speech: Its original sound goes into the video at full quality; None makes a silent video
            without a sound track. GIF has no sound.
        quality: CRF on the scale of H.264, 0 to 51; lower is better and larger; 0 is taken as 1.
        overwrite: Whether an existing file may be replaced.
        beside: Whether a similar name will do where this one is taken; `path` tells it at the end.
        keep_partial: Whether a cancelled video is kept, as ``NAME.partial.mp4``.
        metadata: What the file says about itself.
        label: Words of the visible label on every frame; empty for none.
        captions: Captions in order, for a subtitle track in an mp4.
        stamp: Gets every frame last of all, and returns the one to encode: RGB for RGB, planes for
            planes, which it may change in place.
        seal: Gets the complete file before it has its name, and a free name beside it.

    Attributes:
        path: The final name.
        frames: Frames written so far.
        partial_path: Where a partial video was kept, else None.
        size: Width and height of the video once the first frame is written; even numbers where
            the format needs that.

    Raises:
        OutputUnwritable: No format has the path's extension.
    """

    def __init__(
        self,
        path: Path | str,
        *,
        fps: float = 25.0,
        speech: Speech | None = None,
        quality: int = 18,
        overwrite: bool = False,
        beside: bool = False,
        keep_partial: bool = False,
        metadata: VideoMetadata | None = None,
        label: str = "",
        captions: tuple[Word, ...] = (),
        stamp: Callable[[ImageArray], ImageArray] | None = None,
        seal: Callable[[Path, Path], None] | None = None,
    ) -> None:
        self.path = Path(path).absolute()
        self._format = format_of(self.path)
        self.frames = 0
        self.partial_path: Path | None = None
        self.size = (0, 0)
        self._rate = frame_rate(fps)
        self._speech = speech
        self._quality = quality
        self._overwrite = overwrite
        self._beside = beside
        self._keep_partial = keep_partial
        self._metadata = metadata
        self._label = Label(label) if label else None
        self._captions = captions
        self._stamp = stamp
        self._seal = seal
        self._part = hidden_name(self.path)
        self._shape: tuple[int, ...] = ()
        self._worker: FrameWorker | None = None

    @property
    def seconds(self) -> float:
        """Length of the video so far."""
        return float(self.frames / self._rate)

    def __enter__(self) -> VideoWriter:
        """Check the place, and clear away what killed processes of ours left there.

        Raises:
            OutputExists: The file exists and `overwrite` is false.
            OutputUnwritable: It cannot be written there.
            DiskFull: There is no space.
        """
        free = self._overwrite or self._beside
        check_output(self.path, overwrite=free, suffix=self._format.suffix)
        clear_now_and_then(self.path.parent)
        return self

    def write(self, frame: ImageArray) -> None:
        """Add one frame, (H, W, 3) uint8 RGB, or (H, W, 4) where the format keeps alpha.

        Odd sides grow by one repeated row or column, where the format needs even ones. The frame is
        copied: the caller may reuse the array. See `takes_planes` for a third kind of frame.

        Raises:
            EncodingError: The shape differs from the first frame's, or the encoder failed.
            DiskFull: The disk ran full.
        """
        if self._worker is None:
            self._start(frame)
        worker = cast("FrameWorker", self._worker)
        if frame.shape != self._shape or frame.dtype != np.uint8:
            raise EncodingError(
                f"Every frame should be {self._shape} uint8 like the first, "
                f"found {frame.shape} {frame.dtype}."
            )
        worker.put(self._finished(frame))
        self.frames += 1

    @property
    def takes_planes(self) -> bool:
        """Whether frames may also be planes of a frame with even sides (`planes.CodedFrame`).

        They belong to the writer then.
        """
        return self._format.planar and self._label is None

    def _finished(self, frame: ImageArray) -> ImageArray:
        """Return a frame with its marks, as the encoder takes it."""
        if frame.ndim == 2:
            return frame if self._stamp is None else self._stamp(frame)
        if self._label is not None:
            frame = _labelled(self._label, frame)
        if self._stamp is not None:
            frame = _stamped(self._stamp, frame)
        if self._label is None and self._stamp is None:
            frame = frame.copy()
        return _even(frame) if self._format.even_sides else frame

    def __exit__(
        self,
        kind: type[BaseException] | None,
        problem: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Complete the file, or remove it."""
        if problem is None:
            self.path = self._complete(self.path)
            return
        keep = self._keep_partial and self._worker is not None and not self._worker.failed
        if keep and self.frames:
            partial = partial_name(self.path, overwrite=self._overwrite)
            try:
                self._complete(partial)
                self.partial_path = partial
            except SadTalkerError as second:
                _log.warning("The partial video could not be kept: %s", second)
        else:
            self._abandon()

    def _start(self, frame: ImageArray) -> None:
        channels = (3, 4) if self._format.transparent else (3,)
        even = frame.ndim == 2 and frame.shape[0] % 3 == frame.shape[1] % 2 == 0
        planar = even and self.takes_planes
        known = planar or (frame.ndim == 3 and frame.shape[2] in channels)
        if not known or frame.dtype != np.uint8:
            raise EncodingError(
                "A frame should be (height, width, 3) uint8 RGB, "
                f"found {frame.shape} {frame.dtype}."
            )
        self._shape = frame.shape
        height, width = frame.shape[:2]
        if planar:
            height = height * 2 // 3
        grows = self._format.even_sides
        self.size = (width + width % 2 * grows, height + height % 2 * grows)
        room = _QUEUE_BYTES // max(frame.nbytes, 1)
        try:
            encoder = self._format.open(
                self._part,
                size=self.size,
                rate=self._rate,
                quality=self._quality,
                speech=self._speech,
                metadata=self._metadata,
                captions=self._captions,
                alpha=not planar and frame.shape[2] == 4,
            )
        except Exception as second:
            discard(self._part)
            raise explain(second, self.path) from second
        self._worker = EncoderThread(encoder, room=min(max(room, 1), _QUEUE_FRAMES), path=self.path)

    def _complete(self, path: Path) -> Path:
        if self._worker is None:
            raise EncodingError(f"The video {path.name} should have frames, found none.")
        try:
            self._worker.finish()
            self._format.complete(self._part, self._metadata)
            self._have_sealed()
            return move_into_place(self._part, path, overwrite=self._overwrite, beside=self._beside)
        except OSError as second:
            raise explain(second, path) from second
        finally:
            discard(self._part)

    def _have_sealed(self) -> None:
        if self._seal is None:
            return
        spare = hidden_name(self.path)
        try:
            self._seal(self._part, spare)
        finally:
            discard(spare)

    def _abandon(self) -> None:
        if self._worker is not None:
            self._worker.abandon()
        discard(self._part)


def _labelled(label: Label, frame: ImageArray) -> ImageArray:
    """Draw the label; over transparency it is opaque."""
    if frame.shape[2] == 3:
        return label.draw(frame)
    plain = np.ascontiguousarray(frame[:, :, :3])
    drawn = label.draw(plain)
    alpha = np.where((drawn != plain).any(axis=2), np.uint8(255), frame[:, :, 3])
    return np.dstack([drawn, alpha])


def _stamped(stamp: Callable[[ImageArray], ImageArray], frame: ImageArray) -> ImageArray:
    """Stamp the colours; transparency stays."""
    if frame.shape[2] == 3:
        return stamp(frame)
    return np.dstack([stamp(np.ascontiguousarray(frame[:, :, :3])), frame[:, :, 3]])


def _even(frame: ImageArray) -> ImageArray:
    """Repeat the last column and row where a side is odd: 4:2:0 colour needs even sides."""
    height, width = frame.shape[:2]
    if height % 2 or width % 2:
        return np.pad(frame, ((0, height % 2), (0, width % 2), (0, 0)), mode="edge")
    return frame
