from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from sadtalker_ext import planning
from sadtalker_ext.compositor.finish import FinishTools
from sadtalker_ext.encoder.metadata import read_metadata
from sadtalker_ext.errors import Cancelled, OutputExists, OutputUnwritable
from sadtalker_ext.inputs.audio import open_speech
from sadtalker_ext.options import GenerateOptions
from sadtalker_ext.performance import Performance
from sadtalker_ext.pipeline import generate, whole_frames
from sadtalker_ext.planes import CodedFrame
from sadtalker_ext.portrait.topology import triangles
from sadtalker_ext.progress import Progress, Stage
from sadtalker_ext.provenance.marking import Marking
from sadtalker_ext.shot.still import still_shot
from sadtalker_ext.types import Picture
from tests.support.face_points import placed_mesh
from tests.support.fake_engine import FakeEngine, FakeRig
from tests.support.media import portrait_like, read_frames, speech_like, write_sound


@pytest.fixture
def picture():
    return Picture(pixels=portrait_like(96, 80), name="portrait.png")


@pytest.fixture
def speech(tmp_path):
    return open_speech(write_sound(tmp_path / "speech.wav", speech_like(0.8), 44100))


def make(picture, speech, output, progress=None, engine=None, tools=None, **options):
    chosen = GenerateOptions(**options)
    return generate(
        still_shot(picture, None),
        Performance(speech=speech, idle_seconds=chosen.idle_seconds),
        output,
        chosen,
        engine=engine or FakeEngine(),
        progress=progress or Progress(),
        tools=tools,
    )


def test_a_video_is_made_and_describes_itself(picture, speech, tmp_path):
    video = make(picture, speech, tmp_path / "out.mp4", seed=5)
    assert (video.width, video.height, video.frames, video.seed) == (80, 96, 20, 5)
    assert len(read_frames(video.path)[0]) == 20
    described = read_metadata(video.path)
    assert described.data["seed"] == 5
    assert described.data["engine"] == "fake"
    assert set(video.timings) == {"analyse", "move", "render"}


def test_same_seed_same_frames_other_seed_other_frames(picture, speech, tmp_path):
    one = read_frames(make(picture, speech, tmp_path / "1.mp4", seed=5).path)[0]
    two = read_frames(make(picture, speech, tmp_path / "2.mp4", seed=5).path)[0]
    other = read_frames(make(picture, speech, tmp_path / "3.mp4", seed=6).path)[0]
    assert np.array_equal(one, two)
    assert not np.array_equal(one, other)


def test_a_drawn_seed_repeats_the_video(picture, speech, tmp_path):
    drawn = make(picture, speech, tmp_path / "1.mp4")
    again = make(picture, speech, tmp_path / "2.mp4", seed=drawn.seed)
    assert np.array_equal(read_frames(drawn.path)[0], read_frames(again.path)[0])


@pytest.mark.parametrize(("fps", "frames"), [(10, 8), (25, 20), (60, 48)])
def test_other_frame_rates_keep_the_duration(picture, speech, tmp_path, fps, frames):
    video = make(picture, speech, tmp_path / "out.mp4", fps=fps)
    assert video.frames == frames
    assert video.seconds == pytest.approx(0.8)


class PartRig(FakeRig):
    """Gives its plan in parts of seven rows; the video has 20 of its 21."""

    def plan_parts(self, performance, options, progress, seed, later=None):
        whole = self.plan(replace(performance, idle_seconds=0.84, speech=None), options, None, seed)
        for first in range(0, 21, 7):
            (progress if not first else later).check()
            yield whole.rows(first, first + 7)


@pytest.fixture
def in_parts(monkeypatch):
    monkeypatch.setattr(planning, "is_long", lambda performance, options: True)
    engine = FakeEngine()
    engine.rig = PartRig
    return engine


def test_a_video_planned_in_parts_is_the_one_planned_at_once(picture, speech, tmp_path, in_parts):
    video = make(picture, speech, tmp_path / "parts.mp4", engine=in_parts, seed=5)
    whole = PartRig(in_parts, picture).plan(Performance(idle_seconds=0.8), None, None, 5)
    assert np.array_equal(video.motion.jaw, whole.jaw)
    assert video.frames == len(video.motion) == 20
    frames = read_frames(video.path)[0]
    shown = [int((frame[:, 40].mean(axis=1) < 60).sum()) for frame in frames]
    assert np.corrcoef(shown, video.motion.jaw)[0, 1] > 0.9


def test_a_part_of_a_video_planned_in_parts_has_the_motion_so_far(
    picture, speech, tmp_path, in_parts
):
    progress = Progress(lambda event: event.done == 3 and progress.stop())
    path = tmp_path / "out.mp4"
    video = make(picture, speech, path, progress, in_parts, keep_partial=True, seed=5)
    assert video.partial
    assert 0 < video.frames < 20
    assert len(video.motion) in (7, 14, 20)


class PlaneRig(FakeRig):
    """Gives the same frames as planes, too, and says so."""

    def draw_planes(self, motion, first=0):
        self.engine.planes = True
        for patch in self.draw(motion, first):
            height, width = patch.pixels.shape[:2]
            coded = CodedFrame(height, width)
            coded.convert(patch.pixels, slice(0, height), slice(0, width))
            yield coded.values


@pytest.mark.parametrize(
    ("options", "planes"),
    [
        ({"mark": "none"}, True),
        ({"mark": "none", "format": "webm"}, True),
        ({"mark": "none", "format": "mov"}, False),
        ({"mark": "none", "output_side": 64}, False),
        ({"mark": "label"}, False),
        ({}, True),
    ],
)
def test_planes_go_to_the_encoder_where_frames_pass_as_they_are(picture, tmp_path, options, planes):
    made = []
    for rig in (FakeRig, PlaneRig):
        engine = FakeEngine()
        engine.rig, engine.planes = rig, False
        path = tmp_path / f"{rig.__name__}.{options.get('format', 'mp4')}"
        shown = []
        progress = Progress(preview=lambda frame, shown=shown: shown.append(frame))
        make(picture, None, path, progress, engine, seed=5, idle_seconds=0.2, **options)
        assert engine.planes == (planes and rig is PlaneRig)
        assert shown[0].shape[2] == 3
        made.append(read_frames(path)[0].astype(int))
    # the mark is drawn into planes or RGB, the same but for rounding
    assert np.abs(made[0] - made[1]).mean() < (1 if engine.planes and not options else 1e-9)


def test_idle_video_without_speech(picture, tmp_path):
    video = make(picture, None, tmp_path / "out.mp4", idle_seconds=0.4)
    assert video.frames == 10


@pytest.mark.parametrize(("kind", "suffix"), [("webm", ".webm"), ("gif", ".gif"), ("png", ".zip")])
def test_other_formats(picture, speech, tmp_path, kind, suffix):
    video = make(picture, speech, tmp_path / f"out{suffix}", format=kind)
    assert video.path.name == f"out{suffix}"
    assert video.path.stat().st_size > 1000
    assert video.frames == 20


def test_an_extension_of_another_format_is_refused(picture, speech, tmp_path):
    with pytest.raises(OutputUnwritable, match=r"\.webm"):
        make(picture, speech, tmp_path / "out.mp4", format="webm")


def test_frames_are_finished_on_their_way(picture, speech, tmp_path):
    """Size, restored face and a count of what was left out, all in the result."""
    bands = np.arange(512)[None, :, None, None] // 32 % 2
    found = iter([None, None] + [placed_mesh(scale=0.3, at=(80, 90))] * 18)
    tools = FinishTools(
        follow=lambda start: lambda frame: next(found),
        triangles=triangles(),
        enhancer=lambda squares: np.where(bands, 255, 0).astype(np.uint8) + 0 * squares,
    )
    options = {"enhancer": "gfpgan", "enhancer_strength": 1.0, "output_side": 192, "seed": 5}
    video = make(picture, speech, tmp_path / "new.mp4", tools=tools, **options)
    plain = make(picture, speech, tmp_path / "old.mp4", output_side=192, seed=5)
    assert (video.width, video.height) == (160, 192)
    assert "2 frames" in video.warnings[0]
    new, old = (read_frames(one.path)[0].astype(int) for one in (video, plain))
    change = np.abs(new - old).mean(axis=(1, 2, 3))
    assert change[:2].max() < 1
    assert change[2:].min() > 2


def test_an_existing_output_is_refused_before_any_work(picture, speech, tmp_path):
    output = tmp_path / "out.mp4"
    output.write_bytes(b"precious")
    events = []
    with pytest.raises(OutputExists):
        make(picture, speech, output, Progress(events.append))
    assert output.read_bytes() == b"precious"
    assert events == []


def test_a_stop_leaves_nothing(picture, speech, tmp_path):
    progress = Progress(lambda event: event.done == 7 and progress.stop())
    with pytest.raises(Cancelled):
        make(picture, speech, tmp_path / "out.mp4", progress)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["speech.wav"]


def test_a_stop_keeps_the_beginning_when_asked(picture, speech, tmp_path):
    progress = Progress(lambda event: event.done == 7 and progress.stop())
    video = make(picture, speech, tmp_path / "out.mp4", progress, keep_partial=True)
    assert video.partial
    assert video.path.name == "out.partial.mp4"
    assert len(read_frames(video.path)[0]) == video.frames > 0
    assert not (tmp_path / "out.mp4").exists()


def test_a_failing_engine_leaves_nothing(picture, speech, tmp_path):
    engine = FakeEngine(fail_at=5, error=RuntimeError("broken"))
    with pytest.raises(RuntimeError, match="broken"):
        make(picture, speech, tmp_path / "out.mp4", engine=engine)
    assert not list(tmp_path.glob("*.mp4"))


def test_progress_reaches_the_end_and_shows_frames(picture, speech, tmp_path):
    events, shown = [], []
    make(picture, speech, tmp_path / "out.mp4", Progress(events.append, preview=shown.append))
    rendering = [event for event in events if event.stage is Stage.RENDERING]
    assert rendering[-1].done == rendering[-1].total == 20
    assert shown[0].shape == (96, 80, 3)


@pytest.mark.parametrize(
    ("size", "place", "whole"),
    [((80, 96), None, True), ((256, 256), (10, 10, 90, 90), True), ((256, 256), None, False)],
    ids=["whole picture", "pasted back", "crop"],
)
def test_where_the_face_is_in_the_frames_is_known_where_they_show_the_picture(
    picture, size, place, whole
):
    rig = SimpleNamespace(size=size, place=place)
    assert whole_frames(rig, still_shot(picture, None)) is whole


def test_an_option_the_engine_does_not_honour_is_told_only_when_it_was_asked_for(
    picture, speech, tmp_path
):
    assert make(picture, speech, tmp_path / "1.mp4").warnings == ()
    video = make(picture, speech, tmp_path / "2.mp4", gaze="fixed", size=512, seed=1)
    assert video.warnings == (
        "Option size has no effect in the fake engine.",
        "Option gaze has no effect in the fake engine.",
    )


def test_the_label_is_in_the_language_of_a_transcript(picture, speech, tmp_path, monkeypatch):
    labels = []

    class Noted(Marking):
        def __init__(self, *args, **keywords):
            super().__init__(*args, **keywords)
            labels.append(self.label)

    monkeypatch.setattr("sadtalker_ext.pipeline.Marking", Noted)
    german = replace(speech, text="Das ist nicht von mir und auch nicht von dir.")
    for said in (german, speech):
        make(picture, said, tmp_path / f"{len(labels)}.mp4", mark="label")
    assert labels == ["KI-generiert", "AI-generated"]
