"""The puppet engine: moves a picture of a face with a mesh, without a neural renderer."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager
from functools import partial

from sadtalker_ext.engines.puppet.building import build_rig
from sadtalker_ext.engines.puppet.bystanders import bystanders, own_part
from sadtalker_ext.engines.puppet.head.placed_matte import placed_matte
from sadtalker_ext.engines.puppet.processes.crew import process_count
from sadtalker_ext.engines.puppet.processes.orders import scene
from sadtalker_ext.engines.puppet.processes.spare import spare_processes, tell_spares
from sadtalker_ext.engines.puppet.rig import PuppetRig
from sadtalker_ext.engines.puppet.spec import SPEC
from sadtalker_ext.engines.puppet.stage import StageView, longest_side, view_stage
from sadtalker_ext.kept import Kept, content_key
from sadtalker_ext.options import GenerateOptions
from sadtalker_ext.portrait.find import track_points
from sadtalker_ext.portrait.models import FaceModels
from sadtalker_ext.progress import Progress, Stage
from sadtalker_ext.shot.faces import first_face
from sadtalker_ext.types import Face, Picture, Shot

_KEPT_PX = 2_000_000
"""Pixels of the pictures whose rigs are kept for the next job on them: up to about 150 MB."""


class PuppetEngine:
    """The built-in engine: needs three small face models and no graphics card.

    Rigs of the last pictures are kept: another job on the same one begins at once.

    Args:
        models: The face models.
    """

    spec = SPEC

    def __init__(self, models: FaceModels) -> None:
        self._models = models
        self._rigs: Kept[PuppetRig] = Kept(_KEPT_PX)

    def get_ready(self, seconds: float | None) -> AbstractContextManager[None]:
        """Let the processes that will draw a video load what they need, while a face is looked for.

        Only in an engine that has done nothing yet: later ones know most of what they need, and the
        first frame would wait for the processes.

        Args:
            seconds: Length of the video; None where nobody knows.

        Returns:
            A context manager that ends those that nobody needed.
        """
        return spare_processes(0 if len(self._rigs) else process_count(seconds, 0))

    def prepare(self, shot: Shot, options: GenerateOptions, progress: Progress) -> PuppetRig:
        """Take a face, cut out what the video shows and prepare its layers; see `Engine`.

        Raises:
            NoFaceFound: There is no face.
            FaceTooSmall: The face has too few pixels.
            NoSuchFace: `options.face_index` is higher than the number of faces.
            WeightsMissing: The face models were not fetched yet.
        """
        progress.enter(Stage.FACE)
        face = first_face(shot, options.face_index)
        progress.enter(Stage.PREPARING)
        picture, preprocess = shot.picture, options.preprocess
        longest, placed = longest_side(options), str(bool(picture.face_points))

        def view() -> StageView:
            return view_stage(picture.pixels, face, preprocess, longest)

        kept = self._rigs.of(
            content_key(picture.pixels, face.points, preprocess, str(longest), placed),
            lambda: self._rig(picture, face, bystanders(shot, face), view(), preprocess, progress),
            weight=picture.pixels.shape[0] * picture.pixels.shape[1],
        )
        return kept.anew()

    def _rig(
        self,
        picture: Picture,
        face: Face,
        others: Sequence[Face],
        view: StageView,
        preprocess: str,
        progress: Progress,
    ) -> PuppetRig:
        mask = self._models.segmenter(view.pixels, view.face)
        if picture.face_points:
            mask = placed_matte(view.pixels, view.points, mask)
        # whoever stands beside is a person, too, but not this one
        mask = own_part(mask, view, face, others)
        progress.check()
        # they prepare theirs at the same time
        tell_spares(scene(view, mask), view.size, process_count(None, mask.size))
        return build_rig(
            view,
            mask,
            face,
            track=partial(track_points, models=self._models),
            require=self._models.require,
            preprocess=preprocess,
        )

    def close(self) -> None:
        """Release memory; safe to call twice."""
        self._rigs.clear()
