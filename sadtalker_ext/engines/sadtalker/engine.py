"""The SadTalker engine: the published networks behind the interface of all engines."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from sadtalker_ext.engines.sadtalker.batch import choose_batch
from sadtalker_ext.engines.sadtalker.blink import no_blinks
from sadtalker_ext.engines.sadtalker.borrowing import FaceTracker, Lent, borrow
from sadtalker_ext.engines.sadtalker.frames import to_aspect
from sadtalker_ext.engines.sadtalker.framing import Framing, choose_mode, frame_face
from sadtalker_ext.engines.sadtalker.landmark_sources import LandmarkSource
from sadtalker_ext.engines.sadtalker.memory import OFFER_CPU, give_back, told_when_out_of_memory
from sadtalker_ext.engines.sadtalker.networks import Networks
from sadtalker_ext.engines.sadtalker.reference import held_to
from sadtalker_ext.engines.sadtalker.semantics import REACH, driving_rows, source_row
from sadtalker_ext.engines.sadtalker.speaking import (
    blink_ratio,
    motion_track,
    speaking_rows,
    windows_of,
    with_head_amounts,
    with_paths,
)
from sadtalker_ext.engines.sadtalker.spec import SPEC
from sadtalker_ext.engines.sadtalker.windows import SpeechWindows
from sadtalker_ext.errors import OutOfMemory
from sadtalker_ext.motion.resampling import places
from sadtalker_ext.motion.view import view_paths
from sadtalker_ext.options import GenerateOptions
from sadtalker_ext.progress import Progress, Stage
from sadtalker_ext.types import (
    MOTION_FPS,
    Borrowed,
    Face,
    ImageArray,
    MotionTrack,
    Picture,
    Portrait,
    Speech,
)

if TYPE_CHECKING:
    from torch import Tensor

    from sadtalker_ext.engines.sadtalker.render import PreparedFace

log = logging.getLogger(__name__)

NetworkLoader = Callable[[int, str], Networks]
"""Gives the networks for a face resolution (256 or 512) and a precision."""
_BLOCK = 256
"""Frames whose key points are computed at once, so that memory does not grow with the speech."""

FaceFinder = Callable[[Picture, int], Face]
"""Gives one face of a picture by its index; raises NoFaceFound, NoSuchFace or FaceTooSmall."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Prepared:
    """What this engine keeps in a portrait."""

    networks: Networks
    framing: Framing
    face: PreparedFace


class SadTalkerEngine:
    """Moves a face with the published SadTalker networks.

    By default four things differ from the original, and an option undoes each: blinks come like a
    person's (`blink`: original), the face goes back by a soft mask (`blend`: poisson), no chin is
    cut and no wide crop is stretched (`original_crop`), and small faces keep the whole picture
    (`preprocess`: crop). Where the original fails there is nothing to be equal to.

    Args:
        load: Where networks come from; asked once per resolution and precision.
        find_face: Who finds the face.
        track_face: Who follows the face of a reference video.
        find_landmarks: Who finds the 68 landmarks that place the crop.
    """

    spec = SPEC

    def __init__(
        self,
        load: NetworkLoader,
        find_face: FaceFinder,
        track_face: FaceTracker | None = None,
        find_landmarks: LandmarkSource | None = None,
    ) -> None:
        self._load = load
        self._find_face = find_face
        self._track_face = track_face
        self._find_landmarks = find_landmarks or LandmarkSource()
        self._loaded: dict[tuple[int, str], Networks] = {}

    def analyse(self, picture: Picture, options: GenerateOptions, progress: Progress) -> Portrait:
        """Find the face and compute whatever depends only on the picture; see `Engine`.

        Raises:
            OutOfMemory: The device has no room for the networks and one picture.
        """
        progress.enter(Stage.FACE)
        face = self._find_face(picture, options.face_index)
        landmarks = self._find_landmarks(picture, face, options)
        progress.enter(Stage.LOADING)
        with told_when_out_of_memory("the networks"):
            networks = self._networks(options)
        progress.enter(Stage.PREPARING)
        mode = choose_mode(options.preprocess, picture, face)
        with told_when_out_of_memory("preparing the portrait"):
            framing = frame_face(
                picture,
                landmarks,
                mode,
                options.size,
                networks,
                original_crop=options.original_crop,
            )
            row = source_row(framing.row, full=mode.goes_back)
            prepared = Prepared(
                networks=networks,
                framing=framing,
                face=networks.renderer.prepare(framing.frame, row),
            )
        return Portrait(
            picture=picture,
            face=face,
            frame_size=framing.size,
            paste_box=framing.paste_box,
            prepared=prepared,
        )

    def move(
        self,
        portrait: Portrait,
        speech: Speech | None,
        options: GenerateOptions,
        progress: Progress,
        seed: int,
        borrowed: Borrowed | None = None,
    ) -> MotionTrack:
        """Compute the motion at 25 frames per second; see `Engine`.

        Raises:
            UnreadableAudio: There is less sound than one video frame lasts.
            NoFaceFound: A reference video shows no face.
            OutOfMemory: The device has no room for the speech networks.
        """
        progress.enter(Stage.LISTENING)
        prepared = _prepared(portrait)
        source, networks = prepared.framing.row, prepared.networks
        mute = speech is None and borrowed is not None and borrowed.whole is not None
        windows = windows_of(speech, options)
        progress.check()
        with told_when_out_of_memory("the speech"):
            lent = self._lent(borrowed, prepared, progress, None if mute else len(windows))
            if lent.whole is not None:
                if mute:
                    windows = SpeechWindows(None, len(lent.whole))
                ratio = no_blinks(len(windows))
                rows = with_head_amounts(held_to(lent.whole, len(windows)), source, options)
            else:
                ratio = blink_ratio(len(windows), options, seed, borrowed=lent.blink is not None)
                rows = speaking_rows(networks, source, windows, ratio, lent, options, seed)
        track = motion_track(
            rows, source, windows, ratio, still=options.still, warnings=lent.warnings
        )
        return with_paths(track, options)

    def render(
        self, portrait: Portrait, motion: MotionTrack, options: GenerateOptions
    ) -> Iterator[ImageArray]:
        """Yield one frame per motion row; see `Engine`.

        Raises:
            OutOfMemory: The device has no room for a single frame.
        """
        prepared = _prepared(portrait)
        renderer = prepared.networks.renderer
        batch = choose_batch(options.batch_size, renderer.device, len(prepared.framing.frame))
        try:
            for frame in _frames(prepared, _key_points(prepared, motion, options), batch):
                yield to_aspect(frame, portrait.frame_size)
        finally:
            give_back(renderer.device)

    def close(self) -> None:
        """Release memory; safe to call twice."""
        self._find_landmarks.close()
        if not self._loaded:
            return
        devices = {networks.device for networks in self._loaded.values()}
        self._loaded.clear()
        for device in devices:
            give_back(device)

    def _lent(
        self, borrowed: Borrowed | None, prepared: Prepared, progress: Progress, frames: int | None
    ) -> Lent:
        if borrowed is None:
            return Lent()
        if self._track_face is None:
            raise TypeError("The engine was made without a way to follow faces in videos.")
        return borrow(
            borrowed,
            prepared.networks,
            self._track_face,
            prepared.framing.mode,
            progress,
            frames=frames,
        )

    def _networks(self, options: GenerateOptions) -> Networks:
        wanted = (options.size, options.precision)
        if wanted not in self._loaded:
            # one set at a time: two resolutions together rarely fit beside the host's model
            self.close()
            self._loaded[wanted] = self._load(*wanted)
        return self._loaded[wanted]


def _prepared(portrait: Portrait) -> Prepared:
    if not isinstance(portrait.prepared, Prepared):
        raise TypeError("The portrait should come from the sadtalker engine's own analyse.")
    return portrait.prepared


def _key_points(
    prepared: Prepared, motion: MotionTrack, options: GenerateOptions
) -> Iterator[Tensor]:
    """Yield the key points of all frames, some frames at a time.

    The networks learned 25 frames per second, so key points are computed at that rate and read
    between its frames for others.
    """
    known = motion.controls if motion.unsampled is None else motion.unsampled
    rows = driving_rows(
        known,
        prepared.framing.row,
        full=prepared.framing.mode.goes_back,
        still=options.still,
        expression_scale=options.expression_scale,
    )
    camera = view_paths(options, len(rows))
    at = np.arange(len(rows), dtype=np.float64)
    if motion.unsampled is not None:
        at = np.clip(places(len(motion), motion.fps, MOTION_FPS), 0, len(rows) - 1)
    renderer = prepared.networks.renderer
    for start in range(0, len(at), _BLOCK):
        part = at[start : start + _BLOCK]
        first, end = int(part[0]), min(int(part[-1]) + 2, len(rows))
        # the mapping network looks to both sides; beyond the clip's ends it sees the end's row
        low, high = max(first - REACH, 0), min(end + REACH, len(rows))
        with told_when_out_of_memory("the key points"):
            points = renderer.key_points(
                prepared.face,
                rows[low:high],
                {axis: path[low:high].astype(np.float32) for axis, path in camera.items()},
            )
        yield _between(points, part - low)


def _between(points: Tensor, at: npt.NDArray[np.float64]) -> Tensor:
    """Return points (n, ...) read at fractional places."""
    import torch

    low = np.floor(at).astype(np.int64)
    high = np.minimum(low + 1, len(points) - 1)
    share = torch.from_numpy((at - low).astype(np.float32)).to(points.device)
    share = share.reshape(-1, *[1] * (points.ndim - 1))
    return points[torch.from_numpy(low)] * (1 - share) + points[torch.from_numpy(high)] * share


def _frames(prepared: Prepared, blocks: Iterator[Tensor], batch: int) -> Iterator[ImageArray]:
    """Render all key points; halve the batch for what is left when memory runs out."""
    renderer = prepared.networks.renderer
    for points in blocks:
        done = 0
        while done < len(points):
            try:
                for frame in renderer.draw(prepared.face, points[done:], batch):
                    done += 1
                    yield frame
            except OutOfMemory as error:
                if batch == 1:
                    error.hint += " Smaller batches were tried, down to one frame."
                    if renderer.device.type != "cpu":
                        error.hint += f" {OFFER_CPU}"
                    raise
                batch //= 2
                log.warning("out of memory, going on with batches of %d", batch)
            if done < len(points):
                give_back(renderer.device)
