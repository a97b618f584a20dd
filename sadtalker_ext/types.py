"""Values that travel between the stages.

Glossary
    picture      what the user gave, (H, W, 3) uint8 RGB, never modified
    face         one detected face with its 478 mesh points
    portrait     a picture with a chosen face, prepared by an engine
    speech       a sound track that can be read in blocks at any rate
    motion track what the face does, frame by frame
    crop         the square part of the picture that a renderer sees
    coefficients numbers of the 3-D morphable face model (sadtalker engine)

Conventions
    Picture coordinates: x to the right, y down, in pixels, the centre of the top-left pixel is
    (0, 0). Boxes are (left, top, right, bottom) with right and bottom exclusive.
    Head angles are in degrees: yaw positive = the head turns towards the right edge of the
    picture, pitch positive = the head nods down, roll positive = the head tilts clockwise as seen
    by the viewer.
    T is the number of video frames, N the number of audio samples.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import numpy.typing as npt

ImageArray = npt.NDArray[np.uint8]
FloatArray = npt.NDArray[np.float32]
Box = tuple[int, int, int, int]

Enhancer = Callable[[ImageArray], ImageArray]
"""Restores faces: (N, 512, 512, 3) uint8 RGB in and out, aligned as FFHQ is (eyes, nose and mouth
corners at fixed places). Raises OutOfMemory when the device has no room for N faces."""
Upscaler = Callable[[ImageArray, float], ImageArray]
"""Enlarges a (H, W, 3) uint8 RGB picture about by a factor; the caller brings the result to the
exact size. Raises OutOfMemory."""
PointFinder = Callable[[ImageArray], FloatArray | None]
"""Follows one face: the (478, 3) mesh points in a (H, W, 3) uint8 RGB frame, or None without a
face. Called frame by frame in order."""

MOTION_FPS = 25.0
"""Rate at which engines compute motion; other rates are resampled from it."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Picture:
    """A picture the user gave, upright and in plain RGB.

    Attributes:
        pixels: (H, W, 3) uint8 RGB; transparency already laid over white.
        name: File name (or another short name) for messages.
        parameters: Generation parameters found in the file ("infotext"), or empty.
        landmarks: (68, 2) float32 landmarks of the face to animate, in pixels, if the user gave
            them; see `engines.sadtalker.landmark_sources`.
    """

    pixels: ImageArray
    name: str
    parameters: str = ""
    landmarks: FloatArray | None = None

    @property
    def size(self) -> tuple[int, int]:
        """Width and height in pixels."""
        height, width = self.pixels.shape[:2]
        return width, height


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Face:
    """One face of a picture.

    Attributes:
        points: (478, 3) float32 mesh points in picture pixels; z has the scale of x and y and is
            negative towards the camera. 468.. are the two irises (5 points each).
        box: Tight box around the points.
        score: Confidence of the detector, 0 to 1.
        index: Position by size among all faces found; 0 is the largest.
        count: How many faces were found.
    """

    points: FloatArray
    box: Box
    score: float
    index: int = 0
    count: int = 1


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Portrait:
    """A picture prepared by one engine.

    Attributes:
        picture: The user's picture.
        face: The face to animate.
        frame_size: Width and height of the frames the engine renders.
        paste_box: Where rendered frames go back into the picture; None when they are complete.
        prepared: The engine's own data; opaque to everyone else.
    """

    picture: Picture
    face: Face
    frame_size: tuple[int, int]
    paste_box: Box | None = None
    prepared: object = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Phoneme:
    """One speech sound.

    Attributes:
        symbol: ARPABET without stress ("AA", "B", ...), or "SIL" for a pause.
        start: Seconds from the beginning of the speech.
        end: Seconds, exclusive.
    """

    symbol: str
    start: float
    end: float


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Speech:
    """A sound track, read in blocks so that hours of it need no memory.

    Attributes:
        path: The original file; its sound goes into the video at full quality.
        start: Where the used part begins in the file, in seconds.
        seconds: Length of the used part (without padding).
        pad_seconds: Silence to add at the end.
        rate_hz: Sampling rate of the file.
        channels: Number of channels of the file.
        read: `read(rate_hz)` yields mono float32 blocks in [-1, 1] of the used part, resampled to
            that rate (None: the file's own rate). It can be called any number of times.
        read_channels: `read_channels(rate_hz)` yields (N, C) float32 blocks of the same part with
            the file's own channels, for the sound of the video; None: only `read` exists.
        text: The words spoken, when known.
        phonemes: Exact sounds, when the speech was synthesised with them.
    """

    path: Path
    start: float
    seconds: float
    rate_hz: int
    channels: int
    read: Callable[[int | None], Iterator[FloatArray]]
    pad_seconds: float = 0.0
    read_channels: Callable[[int | None], Iterator[FloatArray]] | None = None
    text: str = ""
    phonemes: tuple[Phoneme, ...] | None = None

    @property
    def total_seconds(self) -> float:
        """Length of the video this speech asks for."""
        return self.seconds + self.pad_seconds


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ReferenceVideo:
    """A video whose motion is borrowed, read frame by frame.

    Attributes:
        path: The file.
        seconds: Where the used part ends at most, from its beginning.
        read: `read()` yields (seconds, frame): when each frame is shown, counted from the first
            one used, and (H, W, 3) uint8 RGB, upright. It can be called any number of times.
    """

    path: Path
    seconds: float
    read: Callable[[], Iterator[tuple[float, ImageArray]]]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Borrowed:
    """Whose motion is borrowed; one video may serve for several things.

    Attributes:
        pose: Lends its head movement.
        blink: Lends its blinks.
        whole: Lends everything; the others are None then.
    """

    pose: ReferenceVideo | None = None
    blink: ReferenceVideo | None = None
    whole: ReferenceVideo | None = None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class MotionTrack:
    """What the face does, frame by frame.

    Attributes:
        fps: Frames per second of this track.
        head: (T, 3) float32 yaw, pitch, roll in degrees relative to the picture.
        blink: (T, 2) float32 closure of the lids, 0 as in the picture .. 1 closed; column 0 is the
            eye on the left side of the picture.
        gaze: (T, 2) float32 movement of the irises, degrees to the right and down.
        jaw: (T,) float32 intended mouth opening, 0 closed .. 1 wide open; for plots and checks.
        controls: (T, K) float32 the engine's own numbers.
        names: K names of the controls.
        unsampled: (B, K) float32 controls at `MOTION_FPS`, when the track was made for another
            rate: engines that learned motion at that rate read these.
        warnings: Sentences about anything that was done differently than asked.
    """

    fps: float
    head: FloatArray
    blink: FloatArray
    gaze: FloatArray
    jaw: FloatArray
    controls: FloatArray
    names: tuple[str, ...]
    unsampled: FloatArray | None = None
    warnings: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Check that all tracks have the same length."""
        frames = len(self.controls)
        expected = {
            "head": (frames, 3),
            "blink": (frames, 2),
            "gaze": (frames, 2),
            "jaw": (frames,),
            "controls": (frames, len(self.names)),
        }
        for name, shape in expected.items():
            found = getattr(self, name).shape
            if found != shape:
                raise ValueError(f"MotionTrack.{name} should have shape {shape}, found {found}")

    def __len__(self) -> int:
        return len(self.controls)

    def control(self, name: str) -> FloatArray:
        """Return one named control as (T,) float32."""
        column: FloatArray = self.controls[:, self.names.index(name)]
        return column


@dataclass(frozen=True, slots=True, kw_only=True)
class VideoFile:
    """A finished video.

    Attributes:
        path: Where it is.
        width: Pixels.
        height: Pixels.
        fps: Frames per second.
        frames: Number of frames.
        seconds: Duration.
        engine: Which engine made it.
        seed: The seed that repeats it.
        partial: True when the job was cancelled and only the beginning was kept.
        timings: Seconds spent per stage.
        warnings: Sentences about anything that was done differently than asked.
        motion: What the face does, at the video's frame rate; for plots.
    """

    path: Path
    width: int
    height: int
    fps: float
    frames: int
    seconds: float
    engine: str
    seed: int
    partial: bool = False
    timings: dict[str, float] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()
    motion: MotionTrack | None = field(default=None, repr=False, compare=False)
