"""A drawn cat talks: its face is not found, and its points are given."""

import json

import av
import numpy as np
import pytest
from PIL import Image

from sadtalker_ext.host.standalone import StandaloneHost
from sadtalker_ext.options import GenerateOptions
from sadtalker_ext.progress import Progress
from sadtalker_ext.service import Request, Service
from sadtalker_ext.weights.store import WeightStore
from tests.support.media import speech_like, write_sound
from tests.support.odd_faces import odd_faces


@pytest.fixture(scope="module")
def request_of(tmp_path_factory):
    if WeightStore.standard().missing(["face", "phones"]):
        pytest.skip("needs the face models: run `sadtalker weights fetch puppet`")
    folder, cat = tmp_path_factory.mktemp("cat"), odd_faces()[0]
    Image.fromarray(cat.pixels).save(folder / "cat.png")
    write_sound(folder / "speech.wav", speech_like(0.5, 16000), 16000)
    (folder / "points.json").write_text(json.dumps(cat.points))

    def make(name, *, points=None, **more):
        options = GenerateOptions.from_mapping({
            "engine": "puppet", "fps": 10.0, "seed": 1, "still": True, "blink": "off",
            "provenance": "none", "preprocess": "full", "face_points": points or "",
        })  # fmt: skip
        return Request(
            picture=folder / "cat.png", speech=folder / "speech.wav", output=folder / name,
            options=options, **more,
        )  # fmt: skip

    make.folder, make.cat = folder, cat
    return make


@pytest.fixture(scope="module")
def service(tmp_path_factory):
    found = Service(StandaloneHost(output_dir=tmp_path_factory.mktemp("out")))
    yield found
    found.close()


def test_no_detector_finds_it(service, request_of):
    assert service.faces(request_of.cat.picture) == []


def test_by_option_and_by_file_the_same_video_is_made(service, request_of):
    one = service.generate(request_of("a.mp4", points=request_of.cat.points), Progress())
    by_file = request_of("b.mp4", landmarks_file=request_of.folder / "points.json")
    two = service.generate(by_file, Progress())
    frames = []
    for video in (one, two):
        with av.open(str(video.path)) as container:
            frames.append([f.to_ndarray(format="rgb24") for f in container.decode(video=0)])
    # the sound is a tone that swells like speech
    assert [words for words in one.warnings if "hard to make out" not in words] == []
    np.testing.assert_array_equal(frames[0], frames[1])
    moved = np.abs(frames[0][0].astype(int) - np.array(frames[0])).max(axis=(0, 3))
    mouth = moved[300:380, 200:320]
    assert (mouth > 40).mean() > 0.02, "the mouth moves"
    assert (moved[:60] > 40).mean() < 0.001, "the wall does not"
