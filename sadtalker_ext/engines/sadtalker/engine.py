"""The SadTalker engine: the published networks behind the interface of all engines."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sadtalker_ext.engines.sadtalker.batch import choose_batch
from sadtalker_ext.engines.sadtalker.frames import to_aspect
from sadtalker_ext.engines.sadtalker.framing import Framing, choose_mode, frame_face
from sadtalker_ext.engines.sadtalker.networks import Networks
from sadtalker_ext.engines.sadtalker.semantics import driving_rows, source_row
from sadtalker_ext.engines.sadtalker.speaking import (
    blink_ratio,
    motion_track,
    scaled,
    speaking_rows,
    windows_of,
)
from sadtalker_ext.errors import OutOfMemory
from sadtalker_ext.options import GenerateOptions
from sadtalker_ext.progress import Progress, Stage
from sadtalker_ext.types import Face, ImageArray, MotionTrack, Picture, Portrait, Speech

if TYPE_CHECKING:
    from torch import Tensor

    from sadtalker_ext.engines.sadtalker.render import PreparedFace

log = logging.getLogger(__name__)

NetworkLoader = Callable[[int, str], Networks]
"""Gives the networks for a face resolution (256 or 512) and a precision."""
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

    Args:
        load: Where networks come from; asked once per resolution and precision.
        find_face: Who finds the face.
        cure_height_limit: The original cuts the chin of tall pictures (see `plan_crop`); false
            keeps its results.
    """

    name = "sadtalker"

    def __init__(
        self, load: NetworkLoader, find_face: FaceFinder, *, cure_height_limit: bool = False
    ) -> None:
        self._load = load
        self._find_face = find_face
        self._cure_height_limit = cure_height_limit
        self._loaded: dict[tuple[int, str], Networks] = {}

    def analyse(self, picture: Picture, options: GenerateOptions, progress: Progress) -> Portrait:
        """Find the face and compute whatever depends only on the picture; see `Engine`."""
        progress.enter(Stage.FACE)
        face = self._find_face(picture, options.face_index)
        progress.enter(Stage.LOADING)
        networks = self._networks(options)
        progress.enter(Stage.PREPARING)
        mode = choose_mode(options.preprocess, picture, face)
        framing = frame_face(
            picture,
            face,
            mode,
            options.size,
            networks,
            cure_height_limit=self._cure_height_limit,
        )
        row = source_row(framing.row, full=mode.goes_back)
        return Portrait(
            picture=picture,
            face=face,
            frame_size=framing.size,
            paste_box=framing.paste_box,
            prepared=Prepared(
                networks=networks,
                framing=framing,
                face=networks.renderer.prepare(framing.frame, row),
            ),
        )

    def move(
        self,
        portrait: Portrait,
        speech: Speech | None,
        options: GenerateOptions,
        progress: Progress,
        seed: int,
    ) -> MotionTrack:
        """Compute the motion at 25 frames per second; see `Engine`.

        Raises:
            UnreadableAudio: There is less sound than one video frame lasts.
        """
        progress.enter(Stage.LISTENING)
        prepared = _prepared(portrait)
        source = prepared.framing.row
        windows = windows_of(speech, options)
        ratio = blink_ratio(len(windows), options, seed)
        progress.check()
        rows = speaking_rows(
            prepared.networks, source, windows, ratio, style=options.pose_style, seed=seed
        )
        rows = scaled(rows, source, mouth=options.mouth_scale, head=options.head_motion)
        return motion_track(rows, source, windows, ratio, still=options.still)

    def render(
        self, portrait: Portrait, motion: MotionTrack, options: GenerateOptions
    ) -> Iterator[ImageArray]:
        """Yield one frame per motion row; see `Engine`.

        Raises:
            OutOfMemory: The device has no room for a single frame.
        """
        prepared = _prepared(portrait)
        renderer = prepared.networks.renderer
        rows = driving_rows(
            motion.controls,
            prepared.framing.row,
            full=prepared.framing.mode.goes_back,
            still=options.still,
            expression_scale=options.expression_scale,
        )
        points = renderer.key_points(prepared.face, rows)
        batch = choose_batch(options.batch_size, renderer.device, len(prepared.framing.frame))
        for frame in _frames(prepared, points, batch):
            yield to_aspect(frame, portrait.frame_size)

    def close(self) -> None:
        """Release memory; safe to call twice."""
        if not self._loaded:
            return
        devices = {networks.device.type for networks in self._loaded.values()}
        self._loaded.clear()
        if "cuda" in devices:
            import torch

            torch.cuda.empty_cache()

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


def _frames(prepared: Prepared, points: Tensor, batch: int) -> Iterator[ImageArray]:
    """Render all key points; halve the batch for what is left when memory runs out."""
    done = 0
    while done < len(points):
        try:
            for frame in prepared.networks.renderer.draw(prepared.face, points[done:], batch):
                done += 1
                yield frame
        except OutOfMemory as error:  # noqa: PERF203 - the rest is tried again, in smaller batches
            if batch == 1:
                error.hint = f"{error.hint} Smaller batches were tried, down to one frame.".strip()
                raise
            batch //= 2
            log.warning("out of memory after %d frames, going on with batches of %d", done, batch)
