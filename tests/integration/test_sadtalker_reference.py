"""The SadTalker engine moves as another video does."""

import dataclasses
from fractions import Fraction

import av
import numpy as np
import pytest

from sadtalker_ext.errors import InvalidOption, NoFaceFound
from sadtalker_ext.host.standalone import StandaloneHost
from sadtalker_ext.inputs.audio import open_speech
from sadtalker_ext.options import GenerateOptions
from sadtalker_ext.progress import Progress
from sadtalker_ext.request import driving_of
from sadtalker_ext.service import Request, Service
from sadtalker_ext.types import Picture
from tests.support.media import portrait_like, speech_like, write_sound
from tests.support.sadtalker_video import engine_for, has_track, make
from tests.support.specs import specs_with
from tests.unit.engines.sadtalker.person import mesh


@pytest.fixture
def picture():
    return Picture(pixels=portrait_like(120, 96), name="someone.png")


@pytest.fixture
def speech(tmp_path):
    return open_speech(write_sound(tmp_path / "words.wav", speech_like(0.6), 44100))


def write_reference(path, seconds=1.0, sound=True):
    """A video of a picture that brightens, with or without sound."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=25)
        stream.width, stream.height, stream.pix_fmt = 96, 120, "yuv420p"
        voice = container.add_stream("aac", rate=44100, layout="mono") if sound else None
        for number in range(round(25 * seconds)):
            pixels = np.full((120, 96, 3), 8 * number, np.uint8)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(pixels, format="rgb24")))
        container.mux(stream.encode())
        if voice is not None:
            samples = speech_like(seconds).T.astype(np.float32)
            for at in range(0, samples.shape[1], 1024):
                frame = av.AudioFrame.from_ndarray(
                    np.ascontiguousarray(samples[:, at : at + 1024]), "fltp", "mono"
                )
                frame.sample_rate, frame.pts = 44100, at
                frame.time_base = Fraction(1, 44100)
                container.mux(voice.encode(frame))
            container.mux(voice.encode())
    return path


def request_for(picture, output, speech=None, **options):
    video = options.pop("reference_video")
    return Request(
        picture=picture, speech=speech, output=output, options=GenerateOptions(**options),
        reference_video=video,
    )  # fmt: skip


def through_service(request, monkeypatch):
    """The video, and the rows that the networks drew."""
    engine = engine_for(request.picture.size)
    service = Service(StandaloneHost(), specs=specs_with(lambda: engine, lambda: True))
    monkeypatch.setattr(
        "sadtalker_ext.portrait.known.KnownFaces.face",
        lambda _, one, index: engine.find_face(one, index),
    )
    return service.generate(request, Progress()), engine.networks.renderer.rows


@pytest.mark.parametrize("use", ["pose", "blink", "pose+blink"])
def test_motion_is_borrowed_from_a_file(picture, tmp_path, monkeypatch, use):
    reference = write_reference(tmp_path / "moving.mp4")
    sound = write_sound(tmp_path / "words.wav", speech_like(0.6), 44100)
    common = {"engine": "sadtalker", "preprocess": "crop", "seed": 2, "blink": "off"}
    made = {}
    for name, video in (("plain", None), ("moved", reference)):
        request = request_for(
            picture, tmp_path / f"{name}.mp4", sound, reference_video=video, reference_use=use,
            **common,
        )  # fmt: skip
        _, made[name] = through_service(request, monkeypatch)
    change = made["moved"] - made["plain"]
    ramp = 8 * np.arange(15) / 255
    if "pose" in use:
        np.testing.assert_allclose(change[:, 65], ramp, atol=0.02)
    else:
        assert not change[:, 64:].any()
    assert (np.abs(change[:, 5] - change[0, 5] - ramp).max() < 0.02) == ("blink" in use)


@pytest.mark.parametrize("sound", [True, False])
def test_everything_is_borrowed_with_the_sound_or_without_any(
    picture, tmp_path, monkeypatch, sound
):
    reference = write_reference(tmp_path / "moving.mp4", sound=sound)
    request = request_for(
        picture, tmp_path / "out.mp4", engine="sadtalker", preprocess="crop",
        reference_video=reference, reference_use="all",
    )  # fmt: skip
    video, rows = through_service(request, monkeypatch)
    assert video.frames == pytest.approx(25, abs=1)
    assert has_track(video.path) == sound
    turned = rows[:, 65]
    np.testing.assert_allclose(turned[:24] - turned[0], 8 * np.arange(24) / 255, atol=0.02)


def test_a_part_of_everything_begins_and_ends_with_its_sound(tmp_path):
    reference = write_reference(tmp_path / "moving.mp4", seconds=1.2)
    options = GenerateOptions(reference_use="all", audio_start=0.4, audio_end=0.8)
    request = Request(
        picture=tmp_path, speech=None, output=tmp_path, options=options, reference_video=reference
    )
    speech = open_speech(reference, start=0.4, end=0.8)
    found = list(driving_of(request, speech).whole.read())
    assert len(found) == 10
    assert found[0][1].mean() == pytest.approx(80, abs=4)


@pytest.mark.parametrize(
    ("use", "reference", "pose", "blink"),
    [
        ("pose+blink", "moving.mp4", "moving.mp4", "blinking.mp4"),
        ("pose", "moving.mp4", "moving.mp4", "blinking.mp4"),
        ("pose+blink", None, None, "blinking.mp4"),
        ("all", None, None, "blinking.mp4"),
    ],
)
def test_a_video_for_the_blinks_always_lends_them(tmp_path, use, reference, pose, blink):
    for name in ("moving.mp4", "blinking.mp4"):
        write_reference(tmp_path / name, seconds=0.2)
    request = Request(
        picture=tmp_path, speech=None, output=tmp_path, options=GenerateOptions(reference_use=use),
        reference_video=reference and tmp_path / reference, blink_video=tmp_path / "blinking.mp4",
    )  # fmt: skip
    found = driving_of(request, None)
    names = [one and one.path.name for one in (found.head, found.lids, found.whole)]
    assert names == [pose, blink, None]


@pytest.mark.parametrize("use", ["all", "blink"])
def test_a_second_video_that_would_lend_nothing_is_refused(picture, tmp_path, use):
    reference = write_reference(tmp_path / "moving.mp4", seconds=0.2)
    request = request_for(
        picture, tmp_path / "out.mp4", None, reference_video=reference, engine="puppet",
        reference_use=use, idle_seconds=1.0,
    )  # fmt: skip
    request = dataclasses.replace(request, blink_video=reference)
    with pytest.raises(InvalidOption, match="video for the blinks"):
        Service(StandaloneHost()).generate(request, Progress())


@pytest.mark.parametrize(
    ("options", "speech", "words"),
    [
        ({"engine": "puppet", "reference_use": "all"}, True, "takes the sound"),
        ({"engine": "sadtalker", "reference_use": "all"}, True, "takes the sound"),
    ],
)
def test_contradictions_are_told_before_any_work(picture, tmp_path, options, speech, words):
    reference = write_reference(tmp_path / "moving.mp4")
    sound = write_sound(tmp_path / "words.wav", speech_like(0.6), 44100)
    request = request_for(
        picture, tmp_path / "out.mp4", sound, reference_video=reference, **options
    )
    with pytest.raises(InvalidOption, match=words):
        Service(StandaloneHost()).generate(request, Progress())


def test_warnings_reach_the_result(picture, speech, tmp_path):
    engine = engine_for(picture.size)
    points = mesh(left=20, top=30, size=40.0)
    engine.track_face = lambda frames: (
        None if number == 3 else points for number, _ in enumerate(frames)
    )
    request = Request(
        picture=picture, speech=None, output=tmp_path / "out.mp4", options=GenerateOptions(),
        reference_video=write_reference(tmp_path / "moving.mp4"),
    )  # fmt: skip
    driving = driving_of(request, speech)
    video = make(picture, speech, tmp_path / "out.mp4", engine, driving, preprocess="crop")
    assert video.warnings == (
        "1 of 15 frames of moving.mp4 show no face: the motion before them was held there.",
    )


def test_a_reference_without_a_face_leaves_no_file(picture, speech, tmp_path):
    engine = engine_for(picture.size)
    engine.track_face = lambda frames: (None for _ in frames)
    request = Request(
        picture=picture, speech=None, output=tmp_path / "out.mp4", options=GenerateOptions(),
        reference_video=write_reference(tmp_path / "moving.mp4"),
    )  # fmt: skip
    with pytest.raises(NoFaceFound, match=r"moving\.mp4"):
        driving = driving_of(request, speech)
        make(picture, speech, tmp_path / "out.mp4", engine, driving, preprocess="crop")
    assert not (tmp_path / "out.mp4").exists()
