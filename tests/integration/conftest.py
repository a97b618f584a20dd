import pytest

from sadtalker_ext.inputs.audio import open_speech
from tests.support import media


@pytest.fixture
def speech(tmp_path):
    """Two seconds in stereo."""
    samples = media.speech_like(2.0, 44100, 2)
    return open_speech(media.write_sound(tmp_path / "speech.wav", samples, 44100))
