"""Driving videos whose sound and pictures do not begin together."""

from fractions import Fraction

import av
import numpy as np
import pytest

from sadtalker_ext.inputs.audio import open_speech
from sadtalker_ext.inputs.image import picture_from_array
from sadtalker_ext.inputs.video import picture_start
from sadtalker_ext.options import GenerateOptions
from sadtalker_ext.request import Request, open_request
from tests.support import media


@pytest.mark.parametrize("late", [1.2, -0.4], ids=["later", "earlier"])
def test_a_sound_that_begins_later_than_the_pictures_keeps_its_place(tmp_path, late):
    """A recorder whose microphone starts late: lips and sound of a whole driving video."""
    rate, seconds = 16000, 1.5
    path = tmp_path / "late.mkv"
    sound = media.tone(0.9, rate)
    with av.open(str(path), "w") as target:
        pictures = target.add_stream("mpeg4", rate=25)
        pictures.width = pictures.height = 64
        track = target.add_stream("flac", rate=rate, layout="mono")
        track.codec_context.format = "s16"
        for number in range(round(seconds * 25)):
            frame = av.VideoFrame.from_ndarray(np.zeros((64, 64, 3), np.uint8), format="rgb24")
            frame.pts, frame.time_base = number + 25, Fraction(1, 25)
            target.mux(pictures.encode(frame))
        whole = av.AudioFrame.from_ndarray(
            (sound.reshape(1, -1) * 32767).astype(np.int16), format="s16", layout="mono"
        )
        whole.sample_rate, whole.pts, whole.time_base = rate, 0, Fraction(1, rate)
        for frame in av.AudioResampler("s16", "mono", rate, frame_size=4608).resample(whole):
            frame.pts += round((1.0 + late) * rate)
            target.mux(track.encode(frame))
        target.mux(pictures.encode(None))
        target.mux(track.encode(None))
    begins = picture_start(path)
    heard = np.concatenate(list(open_speech(path, begins=begins).read(None)))
    alone = np.concatenate(list(open_speech(path).read(None)))
    assert len(heard) - len(alone) == pytest.approx(late * rate, abs=0.03 * rate)
    if late > 0:
        assert np.abs(heard[: round(0.95 * late * rate)]).max() == 0
        np.testing.assert_array_equal(heard[-len(alone) :], alone)
    picture = picture_from_array(media.portrait_like(64, 64))
    request = Request(
        picture=picture, speech=None, output=tmp_path / "o.mp4", reference_video=path,
        options=GenerateOptions(reference_use="all"),
    )  # fmt: skip
    _, performance = open_request(request, tmp_path)
    assert performance.speech.seconds == pytest.approx(len(heard) / rate, abs=1e-3)
