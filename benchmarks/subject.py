"""The portrait, the voice and the jobs that the benchmarks share."""

from __future__ import annotations

import dataclasses
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from sadtalker_ext.engines.puppet.engine import PuppetEngine
from sadtalker_ext.inputs.audio import open_speech
from sadtalker_ext.inputs.image import read_picture
from sadtalker_ext.options import GenerateOptions
from sadtalker_ext.pipeline import generate
from sadtalker_ext.portrait.models import FaceModels
from sadtalker_ext.progress import Progress
from sadtalker_ext.types import ImageArray, MotionTrack, Picture, Speech, VideoFile
from sadtalker_ext.weights.store import WeightStore

EXAMPLES = Path(__file__).resolve().parents[1] / "examples"
PORTRAIT = EXAMPLES / "portrait.png"
SPEECH = EXAMPLES / "speech.flac"


class ObservedEngine(PuppetEngine):
    """The puppet engine, remembering the motion it was asked to render.

    Attributes:
        intended: That motion.
        look: Called with every rendered frame, before it is encoded.
    """

    intended: MotionTrack
    look: Callable[[ImageArray], None] | None = None

    def render(self, portrait, motion, options):
        self.intended = motion
        for frame in super().render(portrait, motion, options):
            if self.look is not None:
                self.look(frame)
            yield frame


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
) -> Iterator[tuple[VideoFile, MotionTrack]]:
    """Make a video of the example in a temporary folder; yield it and the intended motion."""
    engine = ObservedEngine(models or face_models())
    engine.look = look
    with tempfile.TemporaryDirectory() as folder:
        video = generate(
            picture or read_picture(PORTRAIT),
            speech or open_speech(SPEECH),
            Path(folder) / "video.mp4",
            options,
            engine=engine,
            progress=Progress(),
        )
        yield video, engine.intended
    engine.close()


def with_exact_phonemes(speech: Speech, exact: Speech) -> Speech:
    """Give a speech file the sounds that its synthesis reported."""
    return dataclasses.replace(speech, phonemes=exact.phonemes)
