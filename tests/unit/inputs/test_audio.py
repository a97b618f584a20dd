"""Sound files that cannot be used are refused in one sentence that says why."""

import wave

import av
import numpy as np
import pytest

from sadtalker_ext.errors import InvalidOption, SilentAudio, UnreadableAudio
from sadtalker_ext.inputs.audio import open_speech
from sadtalker_ext.inputs.container import open_sound
from sadtalker_ext.inputs.decode import cut, gather, resample
from sadtalker_ext.inputs.samples import KINDS, as_float, stored_samples
from tests.support import media


def refusal(path, error=UnreadableAudio, **part):
    with pytest.raises(error) as caught:
        open_speech(path, **part)
    message = caught.value.message
    assert path.name in message
    assert message.rstrip(".").count(". ") == 0, f"one sentence: {message}"
    return str(caught.value)


def test_missing_folder_and_empty(tmp_path):
    assert "no such file" in refusal(tmp_path / "none.wav")
    assert "is a folder" in refusal(tmp_path)
    empty = tmp_path / "empty.wav"
    empty.touch()
    assert "0 bytes" in refusal(empty)


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("page.mp3", b"<html><body>Not found</body></html>", "an HTML page"),
        ("text.wav", b"hello, this is a text", "a text file"),
        ("picture.wav", b"\x89PNG\r\n\x1a\n" + bytes(100), "a PNG picture"),
        ("noise.wav", bytes(range(1, 256)) * 20, "data of an unknown kind"),
    ],
)
def test_other_files_are_named_for_what_they_are(tmp_path, name, content, words):
    path = tmp_path / name
    path.write_bytes(content)
    assert words in refusal(path)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("list.m3u8", "#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXTINF:9,\n{other}\n#EXT-X-ENDLIST\n"),
        ("list.wav", "ffconcat version 1.0\nfile {other}\n"),
    ],
)
def test_playlists_are_refused_whatever_their_name(tmp_path, name, content):
    """They could name any file of the machine, or an address in the network."""
    other = media.write_sound(tmp_path / "other.wav", media.tone(1.0), 44100)
    path = tmp_path / name
    path.write_text(content.format(other=other))
    assert "a playlist" in refusal(path)


def test_names_are_never_taken_for_addresses(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    made = media.write_sound(tmp_path / "a.wav", media.tone(1.0), 44100)
    made.rename(tmp_path / "concat:a.wav")
    assert open_speech("concat:a.wav").seconds == 1.0


def test_a_video_without_sound(tmp_path):
    path = media.write_mute_video(tmp_path / "mute.mp4")
    assert "sound track" in refusal(path)


@pytest.mark.parametrize("level", [0.0, 0.0005])
def test_silence_is_refused_with_its_peak(tmp_path, level):
    sound = media.tone(1.0, level=level)
    path = media.write_sound(tmp_path / "quiet.wav", sound, 44100, "wav float")
    message = refusal(path, SilentAudio)
    assert ("-66 dBFS" if level else "minus infinity dBFS") in message


def test_a_constant_offset_is_silence(tmp_path):
    sound = np.full((44100, 1), 0.5, np.float32)
    assert "silence" in refusal(media.write_sound(tmp_path / "dc.wav", sound, 44100), SilentAudio)


def test_quiet_speech_is_speech(tmp_path):
    path = media.write_sound(tmp_path / "low.wav", 0.01 * media.speech_like(1.0), 44100)
    assert open_speech(path).seconds == 1.0


def test_a_silent_part_of_a_loud_file(tmp_path):
    sound = media.speech_like(2.0)
    sound[:44100] = 0
    path = media.write_sound(tmp_path / "half.wav", sound, 44100)
    refusal(path, SilentAudio, end=1.0)
    assert open_speech(path, start=1.0).seconds == 1.0


def test_the_shortest_speech(tmp_path):
    path = media.write_sound(tmp_path / "short.wav", media.tone(0.2), 44100)
    assert open_speech(path).seconds == 0.2
    path = media.write_sound(tmp_path / "click.wav", media.tone(0.19), 44100)
    assert "at least 0.2 seconds of sound, found 0.19" in refusal(path)
    path = media.write_sound(tmp_path / "long.wav", media.tone(2.0), 44100)
    assert "in the chosen part" in refusal(path, start=1.9)


def test_a_start_behind_the_end(tmp_path):
    path = media.write_sound(tmp_path / "one.wav", media.tone(1.0), 44100)
    message = refusal(path, InvalidOption, start=5.0)
    assert "audio_start should be less than 1.00 seconds" in message


@pytest.mark.parametrize("kind", ["wav", "flac", "mp3", "m4a", "mp4", "mov", "webm"])
def test_truncated_files_are_refused_and_say_what_is_left(tmp_path, kind):
    path = media.write_sound(tmp_path / f"cut.{kind}", media.speech_like(6.0), 44100)
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2])
    message = refusal(path)
    assert "truncated" in message
    if kind in ("wav", "flac", "mp3", "webm"):
        # asking for the part that is there works
        assert "set audio_end to" in message
        assert open_speech(path, end=2.0).seconds == pytest.approx(2.0, abs=0.001)


def test_what_is_left_is_offered_only_where_it_is_enough(tmp_path):
    path = media.write_sound(tmp_path / "cut.wav", media.speech_like(2.0), 44100)
    path.write_bytes(path.read_bytes()[: round(0.155 * 44100) * 2 + 44])
    message = refusal(path)
    assert "truncated" in message
    assert "audio_end" not in message


def test_a_sound_without_samples_is_called_empty(tmp_path):
    path = tmp_path / "none.wav"
    with wave.open(str(path), "wb") as file:
        file.setparams((1, 2, 44100, 0, "NONE", ""))
    message = refusal(path)
    assert "it is empty" in message
    assert "encrypted" not in message


def test_a_header_alone_is_truncated(tmp_path):
    path = media.write_sound(tmp_path / "cut.wav", media.speech_like(1.0), 44100)
    path.write_bytes(path.read_bytes()[:60])
    refusal(path)


def test_a_streamed_wav_needs_no_length(tmp_path):
    """Programs that write to a pipe leave the largest number as length."""
    path = tmp_path / "streamed.wav"
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(16000)
        file.writeframes((media.tone(1.0, 16000) * 32767).astype("<i2").tobytes())
    content = bytearray(path.read_bytes())
    content[4:8] = content[40:44] = b"\xff\xff\xff\xff"
    path.write_bytes(content)
    assert open_speech(path).seconds == 1.0


def test_odd_tags_do_no_harm(tmp_path):
    """A title in Latin-1 is no valid UTF-8; players show it anyway."""
    path = media.write_sound(tmp_path / "tagged.mp3", media.tone(1.0), 44100)
    text = b"\x00Sch\xf6n"
    frame = b"TIT2" + len(text).to_bytes(4, "big") + b"\0\0" + text
    path.write_bytes(b"ID3\x03\0\0" + bytes([0, 0, 0, len(frame)]) + frame + path.read_bytes())
    assert open_speech(path).seconds == pytest.approx(1.0, abs=0.06)


def blocks(*sizes):
    position = 0
    for size in sizes:
        yield np.arange(position, position + size, dtype=np.float32)[:, None]
        position += size


@pytest.mark.parametrize("broken", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("planar", [False, True])
def test_samples_that_are_no_numbers_are_mended(broken, planar):
    values = np.full((2, 8) if planar else (1, 16), 0.5, np.float32)
    values[0, 3] = broken
    frame = av.AudioFrame.from_ndarray(values, "fltp" if planar else "flt", "stereo")
    samples = as_float(frame)
    assert samples.shape == (8, 2)
    assert np.isfinite(samples).all()
    assert (samples == 0.5).sum() == 15


@pytest.mark.parametrize("layout", ["mono", "stereo", "5.1"])
@pytest.mark.parametrize("kind", ["u8", "s16", "s32", "flt", "dbl"])
@pytest.mark.parametrize("planar", ["", "p"])
def test_stored_samples_are_those_of_the_media_library(layout, kind, planar):
    count = av.AudioLayout(layout).nb_channels
    raw = np.random.default_rng(0).integers(0, 99, (5, count)).astype(KINDS[kind])
    frame = av.AudioFrame.from_ndarray(
        np.ascontiguousarray(raw.T if planar else raw.reshape(1, -1)), kind + planar, layout
    )
    np.testing.assert_array_equal(stored_samples(frame), raw)


def test_a_coded_sound_among_the_samples_of_a_wave_is_seen(tmp_path):
    """Recorders of films store AC-3 so; played as samples it is noise."""
    coded = tmp_path / "coded.ac3"
    with av.open(str(coded), "w") as container:
        stream = container.add_stream("ac3", rate=48000, layout="stereo")
        sound = np.tile(media.tone(2.0, 48000), (2, 1)).astype(np.float32).reshape(2, -1)
        frame = av.AudioFrame.from_ndarray(sound, "fltp", "stereo")
        frame.sample_rate = 48000
        container.mux([*stream.encode(frame), *stream.encode(None)])
    path = tmp_path / "film.wav"
    with wave.open(str(path), "wb") as target:
        target.setparams((2, 2, 48000, 0, "NONE", ""))
        target.writeframes(coded.read_bytes())
    with open_sound(path) as (_, stream):
        assert stream.codec_context.name == "ac3"


def test_cutting_blocks():
    def taken(begin, end):
        return [int(x) for block in cut(blocks(3, 4, 1), begin, end) for x in block[:, 0]]

    assert taken(0, None) == list(range(8))
    assert taken(2, 5) == [2, 3, 4]
    assert taken(3, 7) == [3, 4, 5, 6]
    assert taken(7, 99) == [7]
    assert taken(8, None) == []


def test_gathering_blocks():
    assert [len(block) for block in gather(blocks(3, 4, 1, 1), 5)] == [7, 2]
    assert list(gather(iter(()))) == []


@pytest.mark.parametrize("channels", [1, 2, 3, 4, 5, 6])
def test_resampling_keeps_channels_apart(channels):
    sound = np.zeros((4800, channels), np.float32)
    sound[:, channels - 1] = media.tone(0.1, 48000)[:, 0]
    changed = np.concatenate(list(resample(iter([sound[:999], sound[999:]]), 48000, 16000)))
    assert changed.shape == (1600, channels)
    assert np.abs(changed[:, : channels - 1]).max(initial=0) < 1e-6
    assert np.abs(changed[:, -1]).max() > 0.45
