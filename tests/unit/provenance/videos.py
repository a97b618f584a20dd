"""Short videos by the engine without models, through the real pipeline."""

from sadtalker_ext.inputs.audio import open_speech
from sadtalker_ext.options import GenerateOptions
from sadtalker_ext.performance import Performance
from sadtalker_ext.pipeline import generate
from sadtalker_ext.progress import Progress
from sadtalker_ext.shot.still import still_shot
from sadtalker_ext.types import Picture
from tests.support.fake_engine import FakeEngine
from tests.support.media import speech_like, write_sound
from tests.unit.provenance.pictures import textured


def picture(parameters=""):
    return Picture(pixels=textured(256, 256), name="portrait.png", parameters=parameters)


def speech(folder):
    return open_speech(write_sound(folder / "speech.wav", speech_like(0.2), 16000))


def make(output, *, source=None, sound=None, own=None, overwrite=False, **options):
    """A video of five frames; idle where there is no sound."""
    chosen = GenerateOptions(idle_seconds=0.0 if sound else 0.2, seed=1, **options)
    return generate(
        still_shot(source or picture(), None),
        Performance(speech=sound, idle_seconds=chosen.idle_seconds),
        output,
        chosen,
        engine=FakeEngine(),
        progress=Progress(),
        own=own,
        overwrite=overwrite,
    )
