"""Parts with their own time stamps, joined with the sound."""

import dataclasses
from fractions import Fraction

import av
import numpy as np
import pytest

from sadtalker_ext.encoder.muxer import h264_options
from sadtalker_ext.encoder.reel import ReelLook, ReelPart, join_reel
from sadtalker_ext.inputs.audio import open_speech
from sadtalker_ext.planes import Colours, Planes
from tests.support.footage import times_of
from tests.support.media import speech_like, write_sound

LOOK = ReelLook(
    size=(64, 48),
    time_base=Fraction(1, 30000),
    rate=Fraction(30000, 1001),
    bits=8,
    tags=(9, 16, 9, 1),
    aspect=Fraction(4, 3),
    quality=12,
)


def frame(level, bits=8, size=(64, 48)):
    kind, scale = (np.uint16, 4) if bits == 10 else (np.uint8, 1)
    width, height = size
    half = ((height + 1) // 2, (width + 1) // 2)
    grey = np.full(half, 128 * scale, kind)
    y = np.full((height, width), level * scale, kind)
    return Planes(y, grey, grey.copy(), Colours(bits=bits))


def written(folder, look, stamps, per_part):
    parts = []
    for begin in range(0, len(stamps), per_part):
        path = folder / f"part-{begin:03}.mp4"
        with ReelPart(path, look, stamps[begin]) as part:
            for number, pts in enumerate(stamps[begin : begin + per_part], begin):
                part.write(frame(40 + 4 * number, look.bits, look.size), pts)
        parts.append(path)
    return parts, {"begins": stamps[::per_part]}


def test_joined_parts_keep_every_stamp(tmp_path):
    stamps = [0, 1001, 2002, 3500, 4004, 5005, 6006, 9009, 10010, 11011, 12012]
    parts, begins = written(tmp_path, LOOK, stamps, 4)
    output = tmp_path / "whole.mp4"
    join_reel(parts, output, LOOK, **begins, seconds=Fraction(13013, 30000))
    assert times_of(output) == [Fraction(one, 30000) for one in stamps]
    with av.open(str(output)) as container:
        levels = [f.to_ndarray(format="gray").mean() for f in container.decode(video=0)]
    assert np.all(np.diff(levels) > 3)


def test_colours_and_shape_are_told(tmp_path):
    parts, begins = written(tmp_path, LOOK, [0, 1001], 2)
    output = tmp_path / "whole.mp4"
    join_reel(parts, output, LOOK, **begins, seconds=Fraction(2002, 30000))
    with av.open(str(output)) as container:
        stream = container.streams.video[0]
        context = stream.codec_context
        tags = (context.color_primaries, context.color_trc, context.colorspace)
        assert tuple(map(int, tags)) == (9, 16, 9)
        assert stream.sample_aspect_ratio == Fraction(4, 3)


def test_odd_sides_and_ten_bits(tmp_path):
    look = dataclasses.replace(LOOK, size=(63, 47), bits=10)
    output = tmp_path / "whole.mp4"
    parts, begins = written(tmp_path, look, [0, 1001, 2002], 2)
    join_reel(parts, output, look, **begins, seconds=Fraction(1, 10))
    with av.open(str(output)) as container:
        first = next(container.decode(video=0))
        assert (first.width, first.height) == (64, 48)
        assert first.format.name == "yuv420p10le"


def test_the_sound_is_as_long_as_asked(tmp_path):
    sound = write_sound(tmp_path / "a.wav", speech_like(0.6, 16000), 16000)
    parts, begins = written(tmp_path, LOOK, list(range(0, 30030, 1001)), 20)
    output = tmp_path / "whole.mp4"
    speech = open_speech(sound)
    join_reel(parts, output, LOOK, **begins, seconds=Fraction(1001, 1000), sound=speech)
    with av.open(str(output)) as container:
        heard = sum(f.samples for f in container.decode(audio=0)) / 16000
    assert heard == pytest.approx(1.001, abs=0.07)


def test_an_unfinished_part_has_no_name(tmp_path):
    path = tmp_path / "part.mp4"
    with pytest.raises(RuntimeError), ReelPart(path, LOOK) as part:
        part.write(frame(50), 0)
        raise RuntimeError
    assert list(tmp_path.iterdir()) == []


def test_only_videos_of_one_picture_are_not_looked_through_for_cuts():
    one, other = h264_options(18, 512 * 512), h264_options(18, 512 * 512, one_shot=False)
    assert "scenecut=0" in one["x264-params"] and "scenecut" not in other["x264-params"]
    assert one["preset"] == other["preset"] == "superfast"
    assert h264_options(18, 256 * 256)["preset"] == "veryfast"


@pytest.mark.parametrize(("size", "effort"), [((640, 320), b"subme=1 "), ((620, 320), b"subme=2 ")])
def test_large_frames_are_coded_quickly_and_none_in_slices(tmp_path, size, effort):
    """Slices of one frame would let `write` wait for all of them."""
    path = tmp_path / "part.mp4"
    with ReelPart(path, dataclasses.replace(LOOK, size=size)) as part:
        part.write(frame(60, size=size), 0)
    settings = path.read_bytes()
    assert effort in settings
    assert b"sliced_threads=0 " in settings
