"""A talking head as a video, made once for all tests of dubbing."""

import cv2
import numpy as np
import pytest

from benchmarks.subject import PORTRAIT, SPEECH, puppet_video
from sadtalker_ext.dubbing.make import DubTools
from sadtalker_ext.engines.puppet.dub.dubber import PuppetDubber
from sadtalker_ext.engines.puppet.spec import SPEC
from sadtalker_ext.inputs.audio import open_speech
from sadtalker_ext.inputs.image import read_picture
from sadtalker_ext.options import GenerateOptions
from sadtalker_ext.portrait.find import find_face
from sadtalker_ext.portrait.models import FaceModels
from sadtalker_ext.types import Picture
from sadtalker_ext.weights.store import WeightStore
from tests.support.dubbing import WIDTH, frames_of
from tests.support.footage import write_footage


@pytest.fixture(scope="session")
def models():
    return FaceModels(WeightStore.standard())


@pytest.fixture(scope="session")
def tools(models):
    store = WeightStore.standard()
    return DubTools(spec=SPEC, dubber=PuppetDubber(store.require), models=models, store=store)


@pytest.fixture(scope="session")
def filmed(models):
    """Frames of a talking head whose head moves."""
    picture = read_picture(PORTRAIT).pixels
    face = find_face(Picture(pixels=picture, name="p"), models).box
    middle, side = (face[0] + face[2]) // 2, round(1.1 * (face[3] - face[1]))
    top = max(face[1] - side // 2, 0)
    cut = picture[top : top + 2 * side, middle - side : middle + side]
    small = Picture(pixels=cv2.resize(cut, (WIDTH, WIDTH), None, 0, 0, cv2.INTER_CUBIC), name="p")
    speech = open_speech(SPEECH, end=2.0)
    options = GenerateOptions(seed=1, preprocess="full", quality=8, provenance="metadata")
    with puppet_video(options, picture=small, speech=speech, models=models) as made:
        return frames_of(made[0].path)


@pytest.fixture(scope="session")
def video(filmed, tmp_path_factory):
    """The same as an uneven video: every frame is shown at its own time."""
    rng = np.random.default_rng(0)
    stamps = np.cumsum(rng.integers(34, 47, len(filmed))) - 34
    folder = tmp_path_factory.mktemp("video")
    return write_footage(folder / "head.mp4", filmed, stamps=[0, *stamps[1:]])
