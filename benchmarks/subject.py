"""The portrait, the voice and the jobs that the benchmarks share."""

from __future__ import annotations

import dataclasses
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from sadtalker_ext.engines.puppet.engine import PuppetEngine
from sadtalker_ext.engines.puppet.rig import PuppetRig
from sadtalker_ext.inputs.audio import open_speech
from sadtalker_ext.inputs.image import read_picture
from sadtalker_ext.options import GenerateOptions
from sadtalker_ext.performance import Performance
from sadtalker_ext.pipeline import generate
from sadtalker_ext.portrait.find import find_face
from sadtalker_ext.portrait.models import FaceModels
from sadtalker_ext.progress import Progress
from sadtalker_ext.shot.still import still_shot
from sadtalker_ext.types import ImageArray, Motion, Picture, Speech, VideoFile
from sadtalker_ext.weights.store import WeightStore

EXAMPLES = Path(__file__).resolve().parents[1] / "examples"
PORTRAIT = EXAMPLES / "portrait.png"
SPEECH = EXAMPLES / "speech.flac"


class ObservedRig:
    """A rig that remembers the motion it was asked to draw, and shows every frame to `look`."""

    draw_planes = None
    """Frames are looked at, so they are drawn as such."""

    def __init__(self, rig: PuppetRig, look: Callable[[ImageArray], None] | None) -> None:
        self.rig = rig
        self.look = look
        self.intended: Motion | None = None

    def __getattr__(self, name):
        return getattr(self.rig, name)

    def draw(self, motion, first=0):
        self.intended = motion
        for patch in self.rig.draw(motion, first):
            if self.look is not None:
                self.look(patch.pixels)
            yield patch


class ObservedEngine(PuppetEngine):
    """The puppet engine with an observed rig.

    Attributes:
        rig: The last one.
        look: Called with every rendered frame, before it is encoded.
    """

    rig: ObservedRig
    look: Callable[[ImageArray], None] | None = None

    def prepare(self, shot, options, progress):
        self.rig = ObservedRig(super().prepare(shot, options, progress), self.look)
        return self.rig


def face_models() -> FaceModels:
    """The small face models, from the usual places."""
    return FaceModels(WeightStore.standard())


@contextmanager
def puppet_video(
    options: GenerateOptions,
    *,
    picture: Picture | None = None,
    speech: Speech | None = None,
    models: FaceModels | None = None,
    look: Callable[[ImageArray], None] | None = None,
    silent: bool = False,
) -> Iterator[tuple[VideoFile, Motion]]:
    """Make a video of the example in a temporary folder; yield it and the intended motion.

    It carries no marks: what is measured is the picture, and not the faint pattern over it. With
    `silent` nobody speaks in it, and it lasts `idle_seconds`.
    """
    models = models or face_models()
    engine = ObservedEngine(models)
    engine.look = look
    shot = still_shot(
        picture or read_picture(PORTRAIT), lambda one, index: find_face(one, models, index)
    )
    with tempfile.TemporaryDirectory() as folder:
        video = generate(
            shot,
            Performance(
                speech=None if silent else speech or open_speech(SPEECH),
                idle_seconds=options.idle_seconds,
            ),
            Path(folder) / "video.mp4",
            dataclasses.replace(options, mark="none"),
            engine=engine,
            progress=Progress(),
        )
        yield video, engine.rig.intended
    engine.close()


def with_exact_phonemes(speech: Speech, exact: Speech) -> Speech:
    """Give a speech file the sounds that its synthesis reported."""
    return dataclasses.replace(speech, phonemes=exact.phonemes)
