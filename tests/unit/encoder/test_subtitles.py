import itertools

import av
import numpy as np
import pytest

from sadtalker_ext.encoder import subtitles
from sadtalker_ext.encoder.subtitles import can_write_subtitles, caption_track
from sadtalker_ext.encoder.video import VideoWriter
from sadtalker_ext.options import GenerateOptions
from sadtalker_ext.types import Word
from tests.support.espeak import speech_of

needs_tracks = pytest.mark.skipif(
    not can_write_subtitles(), reason="this PyAV cannot make the track; it is told, see below"
)

LINES = (
    Word(text="Hello there.", start=0.2, end=0.9),
    Word(text="Two lines:\nÜbung 😀 & <b>", start=1.0, end=1.8),
    Word(text="behind the end", start=2.5, end=3.0),
)


def write(path, captions, frames=50, **more):
    with VideoWriter(path, captions=captions, **more) as writer:
        for number in range(frames):
            writer.write(np.full((32, 32, 3), number % 200, np.uint8))


def read(path):
    """The track as players read it: start, end, text."""
    with av.open(str(path)) as container:
        (stream,) = container.streams.subtitles
        assert stream.codec_context.name == "mov_text"
        found = []
        for packet in container.demux(stream):
            data = bytes(packet)
            if len(data) > 2:
                start = float(packet.pts * packet.time_base)
                length = int.from_bytes(data[:2], "big")
                text = data[2 : 2 + length].decode()
                found.append((start, start + float(packet.duration * packet.time_base), text))
        return found


@needs_tracks
def test_captions_are_a_track_that_can_be_read_again(tmp_path):
    path = tmp_path / "x.mp4"
    write(path, LINES)
    assert read(path) == [
        (pytest.approx(one.start), pytest.approx(one.end), one.text) for one in LINES[:2]
    ]


@needs_tracks
def test_the_sound_and_the_frames_stay_as_they_are(tmp_path):
    sound = speech_of(np.sin(np.arange(44100 * 2) / 20).astype(np.float32) * 0.3, 44100)
    for name, captions in (("with", LINES), ("without", ())):
        write(tmp_path / f"{name}.mp4", captions, speech=sound)
    packets = []
    for name in ("with", "without"):
        with av.open(str(tmp_path / f"{name}.mp4")) as container:
            streams = [*container.streams.video, *container.streams.audio]
            packets.append(sorted((p.stream.type, p.pts or 0, bytes(p))
                                  for p in container.demux(streams)))  # fmt: skip
    assert packets[0] == packets[1]


@needs_tracks
def test_captions_lie_beside_their_frames_in_the_file(tmp_path):
    """A player that streams must not wait for captions at the end of the file."""
    path = tmp_path / "x.mp4"
    lines = [Word(text=f"line {n}", start=n, end=n + 0.9) for n in range(20)]
    write(path, tuple(lines), frames=500)
    with av.open(str(path)) as container:
        places = {"video": [], "subtitle": []}
        for packet in container.demux():
            if packet.size > 2 and packet.pos:
                at = float(packet.pts * packet.time_base)
                places[packet.stream.type].append((packet.pos, at))
    for place, at in places["subtitle"]:
        near = min(places["video"], key=lambda one: abs(one[0] - place))
        assert abs(near[1] - at) < 3
    assert all(a < b for a, b in itertools.pairwise(places["subtitle"]))


@pytest.mark.parametrize("suffix", [".webm", ".gif", ".zip"])
def test_other_formats_leave_captions_out(tmp_path, suffix):
    path = tmp_path / f"x{suffix}"
    write(path, LINES, frames=5)
    assert path.stat().st_size > 0


def spoken(words):
    import dataclasses

    sound = speech_of(np.zeros(16000, np.float32), 16000)
    return dataclasses.replace(sound, words=tuple(words))


def test_a_track_is_made_only_where_it_can_be(monkeypatch):
    said = spoken([Word(text="Hi.", start=0.1, end=0.5)])
    track = GenerateOptions(captions="track")
    assert caption_track(GenerateOptions(), said) == ((), ())
    monkeypatch.setattr(subtitles, "can_write_subtitles", lambda: True)
    assert caption_track(track, said)[0][0].text == "Hi."
    assert caption_track(GenerateOptions(captions="srt"), said) == ((), ())
    assert (
        "only in mp4" in caption_track(GenerateOptions(captions="track", format="gif"), said)[1][0]
    )
    assert "words and their times" in caption_track(track, spoken([]))[1][0]
    assert "words and their times" in caption_track(track, None)[1][0]
    assert caption_track(track, spoken([]), explained=True) == ((), ()), "told once"
    monkeypatch.setattr(subtitles, "can_write_subtitles", lambda: False)
    assert "PyAV 17" in caption_track(track, said)[1][0]
