"""The SadTalker engine: the published networks behind the interface of all engines."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from sadtalker_ext.engines.sadtalker.directed import ModelExpressions
from sadtalker_ext.engines.sadtalker.driving import FaceTracker
from sadtalker_ext.engines.sadtalker.eyes_over import EyesOver
from sadtalker_ext.engines.sadtalker.framing import Framing, choose_mode, frame_face
from sadtalker_ext.engines.sadtalker.landmark_sources import LandmarkSource
from sadtalker_ext.engines.sadtalker.memory import give_back, told_when_out_of_memory
from sadtalker_ext.engines.sadtalker.networks import Networks
from sadtalker_ext.engines.sadtalker.rig import SadTalkerRig
from sadtalker_ext.engines.sadtalker.semantics import source_row
from sadtalker_ext.engines.sadtalker.spec import SPEC
from sadtalker_ext.kept import Kept, content_key
from sadtalker_ext.options import GenerateOptions
from sadtalker_ext.progress import Progress, Stage
from sadtalker_ext.shot.faces import first_face
from sadtalker_ext.types import Face, FloatArray, Picture, Shot

if TYPE_CHECKING:
    from sadtalker_ext.engines.base import EyePainter
    from sadtalker_ext.engines.sadtalker.render import PreparedFace

NetworkLoader = Callable[[int, str], Networks]
"""Gives the networks for a face resolution (256 or 512) and a precision."""


class SadTalkerEngine:
    """Moves a face with the published SadTalker networks.

    By default four things differ from the original, and an option undoes each: blinks come like a
    person's (`blink`: original), the face goes back by a soft mask (`blend`: poisson), no chin is
    cut and no wide crop is stretched (`original_crop`), and small faces keep the whole picture
    (`preprocess`: crop). Where the original fails there is nothing to be equal to.

    Args:
        load: Where networks come from; asked once per resolution and precision.
        track_face: Who follows the face of a reference video.
        find_landmarks: Who finds the 68 landmarks that place the crop.
        weights_folder: Where the weights lie; what is measured of the model is kept there.
        paint_eyes: Paints gaze and lids that the networks have no numbers for.
    """

    spec = SPEC

    def __init__(
        self,
        load: NetworkLoader,
        track_face: FaceTracker | None = None,
        find_landmarks: LandmarkSource | None = None,
        weights_folder: Callable[[], Path | None] = lambda: None,
        paint_eyes: EyePainter | None = None,
    ) -> None:
        self._load = load
        self.track_face = track_face
        self._find_landmarks = find_landmarks or LandmarkSource()
        self._weights_folder = weights_folder
        self._paint_eyes = paint_eyes
        self._expressions: dict[int, ModelExpressions] = {}
        self._loaded: dict[tuple[int, str], Networks] = {}
        # Of one picture only: what is prepared lies on the device.
        self._prepared: Kept[tuple[Framing, PreparedFace]] = Kept(1)
        self._landmarks: Kept[FloatArray] = Kept(16)

    def prepare(self, shot: Shot, options: GenerateOptions, progress: Progress) -> SadTalkerRig:
        """Take a face and compute whatever depends only on the picture; see `Engine`.

        Raises:
            OutOfMemory: The device has no room for the networks and one picture.
        """
        progress.enter(Stage.FACE)
        picture = shot.picture
        face = first_face(shot, options.face_index)
        looked_for = picture.landmarks is None and not picture.face_points
        if options.landmarks != "mesh" and looked_for:
            landmarks = self._landmarks.of(
                content_key(
                    picture.pixels, face.points, options.landmarks, str(bool(picture.face_points))
                ),
                lambda: self._find_landmarks(picture, face, options),
            )
        else:
            landmarks = self._find_landmarks(picture, face, options)
        progress.enter(Stage.LOADING)
        with told_when_out_of_memory("the networks"):
            networks = self.networks_for(options)
        progress.enter(Stage.PREPARING)
        key = content_key(
            picture.pixels,
            face.points,
            landmarks,
            options.preprocess,
            str((options.size, options.precision, options.original_crop)),
        )
        with told_when_out_of_memory("preparing the portrait"):
            framing, prepared = self._prepared.of(
                key, lambda: _prepared(picture, face, landmarks, networks, options)
            )
        return SadTalkerRig(
            face=face,
            framing=framing,
            prepared=prepared,
            networks=networks,
            track_face=self.track_face,
            batch_size=options.batch_size,
            expressions=self.expressions_of(networks),
            eyes=self._eyes_over(),
        )

    def _eyes_over(self) -> EyesOver | None:
        """Return what paints the eyes of one rig; None where nothing follows or paints faces."""
        if self.track_face is None or self._paint_eyes is None:
            return None
        return EyesOver(self.track_face, self._paint_eyes)

    def expressions_of(self, networks: Networks) -> ModelExpressions:
        """Return the blendshapes of the loaded model."""
        if id(networks) not in self._expressions:
            self._expressions = {id(networks): ModelExpressions(networks, self._weights_folder())}
        return self._expressions[id(networks)]

    def close(self) -> None:
        """Release memory; safe to call twice."""
        self._find_landmarks.close()
        self._expressions.clear()
        self._prepared.clear()
        if not self._loaded:
            return
        devices = {networks.device for networks in self._loaded.values()}
        self._loaded.clear()
        for device in devices:
            give_back(device)

    def networks_for(self, options: GenerateOptions) -> Networks:
        """Return the networks of a face resolution and precision, loaded when first asked for.

        Raises:
            WeightsMissing: Names the files that would complete the set.
        """
        wanted = (options.size, options.precision)
        if wanted not in self._loaded:
            # one set at a time: two resolutions together rarely fit beside the host's model
            self.close()
            self._loaded[wanted] = self._load(*wanted)
        return self._loaded[wanted]


def _prepared(
    picture: Picture,
    face: Face,
    landmarks: FloatArray,
    networks: Networks,
    options: GenerateOptions,
) -> tuple[Framing, PreparedFace]:
    """Cut out what is animated, and compute what the renderer needs of it."""
    mode = choose_mode(options.preprocess, picture, face)
    framing = frame_face(
        picture, landmarks, mode, options.size, networks, original_crop=options.original_crop
    )
    row = source_row(framing.row, full=mode.goes_back)
    return framing, networks.renderer.prepare(framing.frame, row)
