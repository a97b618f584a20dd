"""Work on a dubbing: it goes on where it stopped, touches nothing of others, and knows engines."""

import dataclasses

import numpy as np
import pytest

from benchmarks.subject import SPEECH
from sadtalker_ext.dubbing import render
from sadtalker_ext.dubbing.make import DubTools
from sadtalker_ext.dubbing.request import DubRole
from sadtalker_ext.errors import Cancelled, OutputExists
from sadtalker_ext.progress import Progress, Stage
from sadtalker_ext.weights.store import WeightStore
from tests.support.dubbing import changes, dub, frames_of
from tests.support.footage import write_footage


class _StopsAt(Progress):
    """Stops the work at a rendered frame."""

    def __init__(self, frame):
        super().__init__()
        self._frame, self._at, self._now = frame, 0, None

    def enter(self, stage, total=None):
        self._now = stage
        super().enter(stage, total)

    def advance(self, units=1):
        if self._now is Stage.RENDERING:
            self._at += units
            if self._at > self._frame:
                raise Cancelled("Stopped.")
        super().advance(units)


def test_work_goes_on_where_it_stopped(filmed, tools, tmp_path, monkeypatch):
    monkeypatch.setattr(render, "PART_SECONDS", 0.2)
    (tmp_path / "in").mkdir()
    video = write_footage(tmp_path / "in" / "a.mp4", filmed[:18])
    seen, planned = [], []

    class Watching:
        def learn(self, *asked):
            dubbing = tools.dubber.learn(*asked)

            class Watched:
                batch = dubbing.batch

                def plan(self, *asked):
                    planned.append(1)
                    return dubbing.plan(*asked)

                def draw(self, frames):
                    seen.extend(one.number for one in frames)
                    return dubbing.draw(frames)

            return Watched()

    spied = dataclasses.replace(tools, dubber=Watching())
    with pytest.raises(Cancelled):
        dub(
            spied,
            video,
            tmp_path / "a.mp4",
            DubRole(speech=SPEECH),
            resume=True,
            progress=_StopsAt(12),
            length="cut",
        )
    assert not (tmp_path / "a.mp4").exists()
    seen.clear()
    dub(spied, video, tmp_path / "a.mp4", DubRole(speech=SPEECH), resume=True, length="cut")
    assert min(seen) == 10  # two parts of 5 frames were there
    assert len(planned) == 1  # and nothing was listened to again
    dub(tools, video, tmp_path / "b.mp4", DubRole(speech=SPEECH), length="cut")
    for one, other in zip(
        frames_of(tmp_path / "a.mp4"), frames_of(tmp_path / "b.mp4"), strict=True
    ):
        np.testing.assert_array_equal(one, other)
    assert {path.name for path in tmp_path.iterdir()} == {"a.mp4", "b.mp4", "in"}


def test_a_folder_that_is_not_ours_is_left_alone(video, tools, tmp_path):
    other = tmp_path / ".out.dub"
    other.mkdir()
    (other / "notes.txt").write_text("mine")
    with pytest.raises(OutputExists, match="somebody else's"):
        dub(tools, video, tmp_path / "out.mp4", DubRole(speech=SPEECH), resume=True)
    assert (other / "notes.txt").read_text() == "mine"


@pytest.fixture
def networks():
    """Stand-ins for the networks, and what dubs with them."""
    pytest.importorskip("torch")
    from sadtalker_ext.engines.sadtalker.dub.dubber import SadTalkerDubber
    from sadtalker_ext.engines.sadtalker.spec import SPEC as SADTALKER
    from tests.support.fake_networks import fake_networks
    from tests.unit.engines.sadtalker.person import make_engine

    made = fake_networks()
    engine = make_engine(made)
    return made, lambda models: DubTools(
        spec=SADTALKER,
        dubber=SadTalkerDubber(lambda: engine),
        models=models,
        store=WeightStore.standard(),
    )


def test_the_networks_dub_with_every_frame_as_its_own_source(filmed, models, networks, tmp_path):
    """Stand-in networks darken the face; the rest of the frames, and faceless ones, stay."""
    wall = np.full_like(filmed[0], 90)
    video = write_footage(tmp_path / "v.mp4", [*filmed[:5], *[wall] * 5, *filmed[10:14]])
    tools = networks[1](models)
    made = dub(tools, video, tmp_path / "out.mp4", DubRole(speech=SPEECH), length="cut")
    assert (made.frames, made.engine) == (14, "sadtalker")
    assert any("5 of 14 frames do not show the face" in one for one in made.warnings)
    assert len(networks[0].renderer.redrawn) == 9
    before, after = frames_of(video), frames_of(tmp_path / "out.mp4")
    for number, (one, other) in enumerate(zip(before, after, strict=True)):
        moved = changes(one, other)
        assert moved[:60].max() < 16  # hair and sky: what coding alone does
        if 5 <= number < 10:
            assert moved.max() < 16


def test_what_lies_before_the_mouth_stays_though_networks_draw_it(
    filmed, models, networks, tmp_path, monkeypatch
):
    """Networks that draw a face without a mouth; a bar goes through the picture before it."""
    plain = lambda pictures, rows, windows: np.full_like(pictures, 128)  # noqa: E731
    monkeypatch.setattr(networks[0].renderer, "redraw", plain)
    frames = [frame.copy() for frame in filmed[:20]]
    for number in range(12, 17):
        frames[number][:, 115 + 2 * (number - 14) : 141 + 2 * (number - 14)] = (20, 60, 130)
    video = write_footage(tmp_path / "bar.mp4", frames)
    dub(networks[1](models), video, tmp_path / "out.mp4", DubRole(speech=SPEECH), length="cut")
    before, after = frames_of(video), frames_of(tmp_path / "out.mp4")
    moved = [changes(*two) for two in zip(before, after, strict=True)]
    for number in range(12, 17):
        middle = 128 + 2 * (number - 14)
        assert moved[number][:, middle - 8 : middle + 8].max() < 16
    assert np.median([one.max() for one in moved[:12]]) > 30
