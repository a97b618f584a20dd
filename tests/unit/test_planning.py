"""Later parts of a motion are planned while earlier ones are drawn."""

import threading

import numpy as np
import pytest

from sadtalker_ext import planning
from sadtalker_ext.errors import Cancelled
from sadtalker_ext.motion.controls import CONTROLS, rest
from sadtalker_ext.options import GenerateOptions
from sadtalker_ext.performance import Performance
from sadtalker_ext.progress import Progress
from sadtalker_ext.types import Motion, Patch
from tests.support.espeak import speech_of

SECONDS = 41.0
FRAMES = round(SECONDS * 25)
LATER = "later"


def rows(count, value, warnings=()):
    return Motion(
        fps=25.0,
        head=np.full((count, 3), value, np.float32),
        lids=np.zeros((count, 2), np.float32),
        gaze=np.zeros((count, 2), np.float32),
        controls=rest(count),
        names=CONTROLS,
        warnings=warnings,
    )


class PartRig:
    """Plans in two parts; the second one waits until somebody lets it be planned."""

    def __init__(self, problem=None):
        self.problem = problem
        self.go, self.begun = threading.Event(), threading.Event()

    def plan(self, performance, options, progress, seed):
        return rows(FRAMES, 1.0)

    def plan_parts(self, performance, options, progress, seed, later=None):
        yield rows(100, 1.0)
        self.begun.set()
        while not self.go.wait(0.002):
            later.check()
        if self.problem is not None:
            raise self.problem
        # a row more than the video has
        yield rows(FRAMES - 99, 2.0, (LATER,))

    def draw(self, motion, first=0):
        for number in range(len(motion)):
            yield Patch(pixels=np.array([[[first + number]]]))

    def unable(self, motion):
        return (f"unable in {len(motion)}",)


@pytest.fixture(scope="module")
def performance():
    return Performance(speech=speech_of(np.ones(round(SECONDS * 50), np.float32), 50))


def plan(rig, performance, progress=None, **how):
    options = GenerateOptions(**how)
    progress = progress or Progress()
    return planning.plan_video(rig, performance, options, progress, 1, mirrored=False)


def test_frames_are_drawn_before_the_rest_is_planned(performance):
    rig = PartRig()
    with plan(rig, performance) as growing:
        assert growing.frames == FRAMES
        patches = growing.patches()
        first = [next(patches) for _ in range(100)]
        assert rig.begun.wait(5)
        assert len(growing.so_far) == 100
        rig.go.set()
        every = [*first, *patches]
        assert [int(one.pixels[0, 0, 0]) for one in every] == list(range(FRAMES))
        assert growing.motion.head[:, 0].tolist() == [1.0] * 100 + [2.0] * (FRAMES - 100)
    assert growing.warnings == (LATER, f"unable in {FRAMES}")


def test_leaving_early_ends_the_planning(performance):
    rig, progress = PartRig(), Progress()
    with plan(rig, performance, progress) as growing:
        assert rig.begun.wait(5)
    assert len(growing.so_far) == 100
    assert growing._next.done()
    progress.check()  # the job itself was not stopped


def test_a_stop_reaches_the_planning_and_whoever_waits_for_it(performance):
    rig, progress = PartRig(), Progress()
    with pytest.raises(Cancelled), plan(rig, performance, progress) as growing:
        for number, _ in enumerate(growing.patches()):
            if number == 50:
                progress.stop()


def test_what_goes_wrong_in_a_later_part_is_raised_where_it_is_needed(performance):
    rig = PartRig(ValueError("no such thing"))
    rig.go.set()
    with pytest.raises(ValueError, match="no such thing"), plan(rig, performance) as growing:
        list(growing.patches())


@pytest.mark.parametrize("how", [{"fps": 30.0}, {"yaw": "0,10"}, {"emotion": "happy"}])
def test_what_needs_all_rows_is_planned_at_once(performance, how):
    made = plan(PartRig(), performance, **how)
    assert isinstance(made, planning.WholePlan)
    assert made.motion.head[0, 0] == 1.0
    assert made.frames == len(made.motion)
