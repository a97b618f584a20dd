"""What a mouth does in a video, and what of an emotion it takes."""

from types import SimpleNamespace

import numpy as np
import pytest

from sadtalker_ext.blendshapes import BLENDSHAPES, COLUMN
from sadtalker_ext.engines.puppet.dub import line
from sadtalker_ext.motion.controls import PRESS, WIDE, rest
from sadtalker_ext.options import GenerateOptions
from sadtalker_ext.performance import Said
from sadtalker_ext.progress import Progress
from sadtalker_ext.types import MOTION_FPS, Motion


def motion_of(controls, face=None):
    frames = len(controls)
    return Motion(
        fps=MOTION_FPS,
        head=np.zeros((frames, 3), np.float32),
        lids=np.zeros((frames, 2), np.float32),
        gaze=np.zeros((frames, 2), np.float32),
        controls=controls,
        names=line.CONTROLS,
        face=face,
    )


def test_a_smile_widens_the_mouth_but_opens_no_closure():
    face = np.zeros((2, len(BLENDSHAPES)), np.float32)
    face[:, [COLUMN["mouthSmileLeft"], COLUMN["mouthSmileRight"]]] = 0.5
    controls = rest(2)
    controls[1, PRESS] = 1
    found = line.directed_mouth(motion_of(controls, face)).controls
    assert found[:, WIDE].tolist() == pytest.approx([0.3, 0.0])
    assert not controls[:, WIDE].any()


@pytest.fixture
def planned(monkeypatch):
    asked = []

    def plan(performance, options, *rest_of_it):
        asked.append(options)
        return motion_of(rest(25))

    monkeypatch.setattr(line, "plan_motion", plan)
    return asked


def said():
    speech = SimpleNamespace(total_seconds=1.0)
    return Said(at=0.0, speech=speech)


def test_a_timeline_has_no_effect_and_that_is_said(planned):
    options = GenerateOptions(timeline='[{"at": 0, "emotion": "happy"}]')
    _, told = line.Lines(None).plan([said()], np.arange(5) / 25, options, 1, Progress())
    assert told == (line.TIMED,)
    assert planned[0].timeline == ""


def test_what_all_say_together_is_listened_to_once_for_each_way_to_act(planned):
    lines, one = line.Lines(None), said()
    for emotion in ("neutral", "neutral", "happy"):
        options = GenerateOptions(emotion=emotion)
        lines.plan([one], np.arange(5) / 25, options, 1, Progress())
    assert [options.emotion for options in planned] == ["neutral", "happy"]
