"""Values that travel between the stages.

Glossary
    picture      what the user gave, (H, W, 3) uint8 RGB, never modified
    face         one detected face with its 478 mesh points
    shot         the frames to draw on, with their faces
    rig          one face of a shot, prepared by one engine
    patch        what a rig draws for one frame
    speech       a sound track that can be read in blocks at any rate
    motion       what the face does, frame by frame
    crop         the square part of the picture that a renderer sees
    coefficients numbers of the 3-D morphable face model (sadtalker engine)

Conventions
    Picture coordinates: x to the right, y down, in pixels, the centre of the top-left pixel is
    (0, 0). Boxes are (left, top, right, bottom) with right and bottom exclusive.
    Head angles are in degrees: positive yaw turns the head towards the right edge of the picture,
    positive pitch nods it down, positive roll tilts it clockwise as seen by the viewer.
    T is the number of video frames, N the number of audio samples.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt

from sadtalker_ext.blendshapes import BLENDSHAPES
from sadtalker_ext.spoken_words import Mark as Mark
from sadtalker_ext.spoken_words import Phoneme as Phoneme
from sadtalker_ext.spoken_words import Word as Word
from sadtalker_ext.video_file import VideoFile as VideoFile

ImageArray = npt.NDArray[np.uint8]
FloatArray = npt.NDArray[np.float32]
Box = tuple[int, int, int, int]

Enhancer = Callable[[ImageArray], ImageArray]
"""Restores faces: (N, 512, 512, 3) uint8 RGB in and out, aligned as FFHQ is. Raises OutOfMemory
when the device has no room for N faces."""
Upscaler = Callable[[ImageArray, float], ImageArray]
"""Enlarges a (H, W, 3) uint8 RGB picture about by a factor; the caller brings the result to the
exact size. Raises OutOfMemory."""
PointFinder = Callable[[ImageArray], FloatArray | None]
"""Follows one face: (478, 3) mesh points in each (H, W, 3) uint8 RGB frame in order, or None."""

MOTION_FPS = 25.0
"""Rate at which engines compute motion; other rates are resampled from it."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Picture:
    """A picture the user gave, upright and in plain RGB.

    Attributes:
        pixels: (H, W, 3) uint8 RGB; transparency already laid over white.
        name: File name (or another short name) for messages.
        parameters: Generation parameters found in the file ("infotext"), or empty.
        landmarks: (68, 2) float32 landmarks of the face in pixels, if the user gave them.
        alpha: (H, W) uint8, 0 where the file is transparent; None where it is nowhere.
        face_points: Points of the face that a person placed, as shares of the picture by the
            names of `face_points.NAMES`; empty where faces are looked for.
        notes: Sentences about what of the file is the picture.
    """

    pixels: ImageArray
    name: str
    parameters: str = ""
    landmarks: FloatArray | None = None
    alpha: ImageArray | None = None
    face_points: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    @property
    def size(self) -> tuple[int, int]:
        """Width and height in pixels."""
        height, width = self.pixels.shape[:2]
        return width, height


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Face:
    """One face of a picture.

    Attributes:
        points: (478, 3) float32 mesh points in picture pixels; z has the same scale, negative
            towards the camera. 468.. are the two irises (5 points each).
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
        words: Words with times, when known.
        marks: Directions that were written into the text.
        warnings: Sentences about what was said differently than asked.
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
    words: tuple[Word, ...] = ()
    marks: tuple[Mark, ...] = ()
    warnings: tuple[str, ...] = ()

    @property
    def total_seconds(self) -> float:
        """Length of the video this speech asks for."""
        return self.seconds + self.pad_seconds


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Motion:
    """What a face does, frame by frame, in words that every engine understands.

    Attributes:
        fps: Frames per second of these rows.
        head: (T, 3) float32 yaw, pitch, roll in degrees relative to the picture.
        lids: (T, 2) float32 closure of the lids, 0 as in the picture .. 1 closed; column 0 is the
            eye on the left side of the picture.
        gaze: (T, 2) float32 movement of the irises, degrees to the right and down.
        controls: (T, K) float32 mouth shapes and face controls; `names` names the K columns.
        view: (T, 3) float32 degrees that replace `head`, NaN where nothing was asked, or None.
        face: (T, 52) float32 weights of the `BLENDSHAPES`, on top of what the other fields do;
            None: nothing was directed.
        warnings: Sentences about anything that was done differently than asked.
    """

    fps: float
    head: FloatArray
    lids: FloatArray
    gaze: FloatArray
    controls: FloatArray
    names: tuple[str, ...]
    view: FloatArray | None = None
    face: FloatArray | None = None
    warnings: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Check that all tracks have the same length."""
        frames = len(self.controls)
        widths = {"head": 3, "lids": 2, "gaze": 2, "controls": len(self.names)}
        widths |= {} if self.view is None else {"view": 3}
        widths |= {} if self.face is None else {"face": len(BLENDSHAPES)}
        for name, width in widths.items():
            found, shape = getattr(self, name).shape, (frames, width)
            if found != shape:
                raise ValueError(f"Motion.{name} should have shape {shape}, found {found}")

    def __len__(self) -> int:
        return len(self.controls)

    def control(self, name: str) -> FloatArray:
        """Return one named control as (T,) float32."""
        column: FloatArray = self.controls[:, self.names.index(name)]
        return column

    @property
    def jaw(self) -> FloatArray:
        """Opening of the mouth, (T,) float32, 0 closed .. 1 wide open."""
        return self.control("jaw")

    @property
    def pose(self) -> FloatArray:
        """Where the head is turned in the end: `view` where it is given, else `head`, (T, 3)."""
        if self.view is None:
            return self.head
        pose: FloatArray = np.where(np.isnan(self.view), self.head, self.view)
        return pose

    def rows(self, first: int, end: int) -> Motion:
        """Return a block: the rows from `first` to before `end`."""
        part = slice(first, end)
        return replace(
            self,
            head=self.head[part],
            lids=self.lids[part],
            gaze=self.gaze[part],
            controls=self.controls[part],
            view=None if self.view is None else self.view[part],
            face=None if self.face is None else self.face[part],
        )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class FollowedFace:
    """One face of a shot, followed through time.

    Attributes:
        index: Position by size in the first frame; 0 is the largest.
        at: Gives the face in a frame by its number, or None where it is not seen.
    """

    index: int
    at: Callable[[int], Face | None]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Shot:
    """The frames to draw on, with their faces: a still picture is one frame, held.

    Attributes:
        picture: The first frame, with the name and what the file says about itself.
        frames: Yields every frame, (H, W, 3) uint8 RGB; the one of a held shot again and again.
        face: Follows the face of an index; raises NoFaceFound, NoSuchFace or FaceTooSmall.
        held: Whether all frames are the same.
    """

    picture: Picture
    frames: Callable[[], Iterator[ImageArray]]
    face: Callable[[int], FollowedFace]
    held: bool = True


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Patch:
    """What a rig draws for one frame.

    Attributes:
        pixels: (h, w, 3) uint8 RGB; belongs to whoever receives it.
        place: Where it belongs in the shot's frame, whatever its own size; None: it is the frame.
        matte: (h, w) float32, 1 where the patch covers the frame; None: the compositor decides.
        head: Yaw, pitch and roll of the head in degrees, where the transition follows it.
    """

    pixels: ImageArray
    place: Box | None = None
    matte: FloatArray | None = None
    head: tuple[float, float, float] = (0.0, 0.0, 0.0)
