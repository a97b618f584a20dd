"""Files whose tags are no valid UTF-8 are read all the same, whatever PyAV does with them."""

import json

import av
import numpy as np
import pytest

from sadtalker_ext.encoder.metadata import read_metadata
from sadtalker_ext.inputs.audio import open_speech
from sadtalker_ext.inputs.video import open_driving
from sadtalker_ext.local_media import open_local, readable_tags

MARK = "Schoene Gruesse"
BROKEN = b"Sch\xf6ne Gr\xfc\xdfe \xe9\xff"


@pytest.fixture(params=["a.mp4", "a.mkv"])
def tagged(request, tmp_path):
    """A video with sound whose title and comment hold Latin-1 letters."""
    path = tmp_path / request.param
    with av.open(str(path), "w") as container:
        container.metadata.update({"title": MARK, "comment": MARK})
        pictures = container.add_stream("libx264", rate=25)
        pictures.width = pictures.height = 64
        pictures.pix_fmt = "yuv420p"
        sound = container.add_stream("aac", rate=16000, layout="mono")
        for number in range(10):
            shade = np.full((64, 64, 3), 20 * number, np.uint8)
            container.mux(pictures.encode(av.VideoFrame.from_ndarray(shade, format="rgb24")))
        tone = np.sin(np.arange(6400) / 5)[None].astype(np.float32)
        frame = av.AudioFrame.from_ndarray(tone, format="fltp", layout="mono")
        frame.sample_rate = 16000
        container.mux(sound.encode(frame))
        container.mux(sound.encode(None))
        container.mux(pictures.encode(None))
    assert len(BROKEN) == len(MARK)
    data = path.read_bytes()
    assert data.count(MARK.encode()) == 2
    path.write_bytes(data.replace(MARK.encode(), BROKEN))
    return path


def test_sound_and_pictures_are_read(tagged):
    assert open_speech(tagged).seconds == pytest.approx(0.4, abs=0.12)
    assert len(list(open_driving(tagged).read())) == 10


def test_the_tags_can_be_shown(tagged):
    line = read_metadata(tagged).line
    assert line == BROKEN.decode("utf-8", "replace")
    json.dumps(line, ensure_ascii=False).encode("utf-8")


def test_names_of_tags_are_small_letters(tagged):
    with open_local(tagged, "mov,mp4,matroska,webm") as container:
        tags = readable_tags(container.metadata)
    assert tags["title"] == tags["comment"] == BROKEN.decode("utf-8", "replace")


def test_demuxers_that_were_not_named_stay_shut(tagged):
    with pytest.raises((av.error.FFmpegError, OSError, ValueError)):
        open_local(tagged, "wav")
