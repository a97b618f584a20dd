"""Files of many channels and of several sound tracks."""

import numpy as np
import pytest
from PIL import Image

from sadtalker_ext.errors import InvalidOption, SilentAudio
from sadtalker_ext.inputs.audio import open_speech
from sadtalker_ext.inputs.looking import Bounds, Part, look_at_sound
from sadtalker_ext.options import GenerateOptions
from sadtalker_ext.request import Request, open_request
from tests.support import media

RATE = 48000


def heard(speech):
    return np.concatenate(list(speech.read(None)))


def in_channel(number, count, level=0.5):
    """A voice in one channel, and the voice alone."""
    voice = media.speech_like(1.0, RATE)[:, 0] * level
    samples = np.zeros((len(voice), count), np.float32)
    samples[:, number] = voice
    return samples, voice


def test_a_voice_in_the_centre_of_seven_one_is_as_loud_as_it_was(tmp_path):
    samples, voice = in_channel(2, 8)
    path = media.write_eight_channels(tmp_path / "eight.flac", samples, RATE, "flac")
    speech = open_speech(path)
    np.testing.assert_allclose(heard(speech), voice, atol=1e-3)
    both = np.concatenate(list(speech.read_channels(None)))
    np.testing.assert_allclose(both, np.stack([voice, voice], axis=1) * 0.7071, atol=1e-3)


def test_a_voice_in_the_centre_of_five_one_is_heard_as_loud_as_it_was(tmp_path):
    samples, voice = in_channel(2, 6)
    speech = open_speech(media.write_sound(tmp_path / "six.flac", samples, RATE))
    np.testing.assert_allclose(heard(speech), voice, atol=1e-3)


def test_a_loud_mix_does_not_clip(tmp_path):
    samples = np.repeat(media.tone(0.5, RATE, level=0.99), 8, axis=1)
    speech = open_speech(media.write_eight_channels(tmp_path / "eight.flac", samples, RATE, "flac"))
    assert 0.98 < np.abs(heard(speech)).max() <= 1.0
    both = np.concatenate(list(speech.read_channels(None)))
    assert 0.5 < np.abs(both).max() <= 1.0
    assert media.likeness(both[:, 0], samples[:, 0]) > 0.9999


def test_a_voice_in_the_low_channel_alone_is_still_heard(tmp_path):
    samples, voice = in_channel(3, 6)
    speech = open_speech(media.write_sound(tmp_path / "six.flac", samples, RATE))
    np.testing.assert_allclose(heard(speech), voice, atol=1e-3)


@pytest.fixture
def tracks(tmp_path):
    """A file whose first sound track is silent, and the other two."""
    first = media.speech_like(1.0, RATE, seed=1)
    second = media.speech_like(1.0, RATE, seed=2)
    silent = np.zeros_like(first)
    path = media.write_tracks(tmp_path / "tracks.mkv", [silent, first, second], RATE)
    return path, first[:, 0], second[:, 0]


def test_the_first_track_that_is_not_silent_is_taken(tracks):
    path, first, _ = tracks
    speech = open_speech(path)
    assert media.likeness(heard(speech), first) > 0.999
    kept = np.concatenate(list(speech.read_channels(None)))
    assert media.likeness(kept[:, 0], first) > 0.999


def test_another_track_can_be_chosen(tracks):
    path, _, second = tracks
    speech = open_speech(path, track=3, start=0.25)
    assert media.likeness(heard(speech), second[RATE // 4 :]) > 0.999


def test_a_chosen_track_that_is_silent_or_missing_is_said(tracks):
    path, *_ = tracks
    with pytest.raises(SilentAudio):
        open_speech(path, track=1)
    with pytest.raises(InvalidOption, match="at most 3, the number of sound tracks"):
        open_speech(path, track=4)


def test_tracks_that_are_all_silent_are_refused(tmp_path):
    silent = np.zeros((RATE, 1), np.float32)
    path = media.write_tracks(tmp_path / "silent.mkv", [silent, silent], RATE)
    with pytest.raises(SilentAudio):
        open_speech(path)


def test_the_option_reaches_the_video_and_the_check_of_an_upload(tracks, tmp_path):
    path, _, second = tracks
    Image.fromarray(media.portrait_like()).save(tmp_path / "face.png")

    def asked(track):
        return Request(
            picture=tmp_path / "face.png",
            speech=path,
            output=tmp_path / "out.mp4",
            options=GenerateOptions(audio_track=track),
        )

    _, performance = open_request(asked(3), tmp_path)
    assert media.likeness(heard(performance.speech), second) > 0.999
    look_at_sound(path, Part(track=3), Bounds())
    with pytest.raises(SilentAudio):
        open_request(asked(1), tmp_path)
    with pytest.raises(SilentAudio):
        look_at_sound(path, Part(track=1), Bounds())
