"""`from sadtalker_ext import animate`: two lines make a video."""

import subprocess
import sys
import typing

import numpy as np
import pytest
from PIL import Image

import sadtalker_ext
from sadtalker_ext import animate, load
from sadtalker_ext.errors import InvalidOption, OutputExists, UnreadableImage
from sadtalker_ext.option_values import OptionValues
from sadtalker_ext.options import option_specs
from sadtalker_ext.progress import Progress, Stage
from tests.support.fake_engine import FakeEngine
from tests.support.media import portrait_like, read_frames, speech_like, write_sound
from tests.support.option_values import FILE, source
from tests.support.specs import register


@pytest.fixture
def built(monkeypatch):
    """The engines that were built."""
    found = []

    def make():
        found.append(FakeEngine())
        return found[-1]

    register(monkeypatch, make)
    return found


@pytest.fixture
def inputs(tmp_path):
    picture = tmp_path / "ada.png"
    Image.fromarray(portrait_like(96, 80)).save(picture)
    return picture, write_sound(tmp_path / "speech.wav", speech_like(0.4, 16000), 16000)


def test_a_picture_and_a_sound_become_a_video(built, inputs, tmp_path):
    video = animate(*inputs, tmp_path / "out.mp4", engine="puppet", seed=3, fps=10)
    assert (video.path, video.seed, video.frames) == (tmp_path / "out.mp4", 3, 4)
    assert len(read_frames(video.path)[0]) == 4
    assert built[0].closed == 1


@pytest.mark.parametrize("kind", ["file name", "array", "image"])
def test_a_picture_may_come_in_any_form(built, inputs, tmp_path, kind):
    pixels = portrait_like(96, 80)
    forms = {"file name": str(inputs[0]), "array": pixels, "image": Image.fromarray(pixels)}
    options = {"engine": "puppet", "idle_seconds": 0.2}
    video = animate(forms[kind], output=str(tmp_path / "out.mp4"), **options)
    assert (video.width, video.height) == (80, 96)


def test_without_an_output_it_is_named_after_the_picture(built, inputs, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    video = animate(*inputs, engine="puppet", format="webm")
    assert video.path == tmp_path / "ada_talking.webm"
    with pytest.raises(OutputExists):
        animate(*inputs, engine="puppet", format="webm")


def test_engines_are_kept_between_the_videos_of_an_animator(built, inputs, tmp_path):
    with load() as animator:
        for number in range(3):
            animator.animate(*inputs, tmp_path / f"{number}.mp4", engine="puppet")
    assert [engine.closed for engine in built] == [1]
    animator.close()


def test_progress_is_told_and_can_stop_the_work(built, inputs, tmp_path):
    seen = []
    animate(*inputs, tmp_path / "1.mp4", engine="puppet", progress=seen.append)
    assert seen[-1].stage is Stage.WRITING
    progress = Progress()
    progress.stop()
    with pytest.raises(sadtalker_ext.errors.Cancelled):
        animate(*inputs, tmp_path / "2.mp4", engine="puppet", progress=progress)


def test_bad_arguments_get_a_sentence(built, inputs, tmp_path):
    with pytest.raises(InvalidOption) as caught:
        animate(*inputs, tmp_path / "out.mp4", head_moton=1)
    assert caught.value.hint == "Did you mean head_motion?"
    with pytest.raises(InvalidOption, match="text is spoken in place of a sound"):
        animate(*inputs, tmp_path / "out.mp4", text="Hello")
    with pytest.raises(UnreadableImage, match="uint8 RGB, found"):
        animate(np.zeros((4, 4)), output=tmp_path / "out.mp4")


def test_every_option_is_a_typed_keyword():
    wanted = {spec.name: spec.kind for spec in option_specs()}
    assert typing.get_type_hints(OptionValues) == wanted
    assert FILE.read_text(encoding="utf-8") == source()


def test_importing_the_package_imports_nothing_else():
    """A WebUI's start and installer import it."""
    code = (
        "import sys, sadtalker_ext; sadtalker_ext.__version__; dir(sadtalker_ext)\n"
        "print([name for name in sys.modules if name.startswith('sadtalker_ext.')\n"
        "       or name in ('numpy', 'cv2', 'av', 'torch')])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_the_first_frame_waits_for_no_other_jobs_modules():
    """What only some jobs need is imported by them."""
    code = (
        "import sys, sadtalker_ext.front_door, sadtalker_ext.pipeline, sadtalker_ext.planning\n"
        "import sadtalker_ext.engines.puppet.engine\n"
        "print(*sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = set(done.stdout.split())
    assert {"torch", "scipy", "tflite", "flatbuffers"} & loaded == set()
    others = {
        "engines.puppet.skin.layer",
        "motion_files",
        "portrait.hands",
        "provenance.consent",
        "speech.voices.espeak",
        "weights.wheel",
    }
    assert {name for name in others if f"sadtalker_ext.{name}" in loaded} == set()


def test_every_public_name_is_there():
    assert set(sadtalker_ext.__all__) <= set(dir(sadtalker_ext))
    for name in sadtalker_ext.__all__:
        assert getattr(sadtalker_ext, name) is not None
    with pytest.raises(AttributeError, match="nothing"):
        sadtalker_ext.nothing  # noqa: B018 - the look-up is the test
