from pathlib import Path

import numpy as np
import pytest

from sadtalker_ext.motion import plot
from sadtalker_ext.types import Motion, Speech


def track(frames, **curves):
    still = {
        "head": np.zeros((frames, 3)),
        "lids": np.zeros((frames, 2)),
        "gaze": np.zeros((frames, 2)),
        "jaw": np.zeros(frames),
    }
    arrays = {name: np.asarray(one, np.float32) for name, one in (still | curves).items()}
    return Motion(fps=25.0, controls=arrays.pop("jaw")[:, None], names=("jaw",), **arrays)


def drawn(picture, colour, tolerance):
    """Rows and columns (from the left end of the lanes) where a colour was drawn."""
    lanes = np.asarray(picture, int)[:, plot._LEFT : plot.SIZE[0] - plot._RIGHT]
    return np.nonzero(np.abs(lanes - np.array(colour)).max(axis=2) < tolerance)


def test_a_blink_is_drawn_when_it_happens():
    blink = np.zeros((100, 2))
    blink[70:76] = 1
    rows, columns = drawn(plot.plot_motion(track(100, lids=blink)), plot.LIDS, 60)
    top = columns[rows < rows.min() + 3]
    share = top.mean() / (plot.SIZE[0] - plot._LEFT - plot._RIGHT)
    assert share == pytest.approx(0.73, abs=0.01)


def test_a_turn_to_the_right_goes_up_in_its_own_colour():
    yaw = np.zeros((50, 3))
    yaw[:, 0] = np.linspace(0, 20, 50)
    rows, columns = drawn(plot.plot_motion(track(50, head=yaw)), plot.YAW, 40)
    curve = columns > 200
    assert np.corrcoef(rows[curve], columns[curve])[0, 1] < -0.95


@pytest.mark.parametrize("frames", [1, 2, 3, 10_000])
def test_any_length_can_be_drawn(frames):
    picture = plot.plot_motion(track(frames), np.zeros(0, np.float32))
    assert picture.size == plot.SIZE


def test_the_sound_fills_its_lane():
    loud = np.ones(40, np.float32)
    for envelope, fills in ((loud, True), (None, False)):
        rows, columns = drawn(plot.plot_motion(track(10), envelope), plot.SOUND, 30)
        in_lane = columns[(rows > 410) & (rows < 488)]
        assert (len(set(in_lane)) > 800) is fills


def test_the_envelope_is_the_loudest_of_each_part():
    blocks = [np.array([0, -0.5, 0.1, 0.2], np.float32), np.array([0.9, 0, 0, -1], np.float32)]
    assert plot.sound_envelope(blocks, 4).tolist() == pytest.approx([0.5, 0.2, 0.9, 1.0])
    assert plot.sound_envelope([], 3).tolist() == [0, 0, 0]
    assert len(plot.sound_envelope(blocks, 100)) == 100


@pytest.mark.parametrize("seconds", [0.4, 2.0, 60.0])
def test_the_sound_stands_over_the_time_in_which_it_is_heard(seconds, monkeypatch):
    """Silence that is added after the speech is silent in the plot, too."""
    blocks = [np.ones(int(8000 * seconds), np.float32)]
    speech = Speech(
        path=Path("a.wav"), start=0.0, seconds=seconds, pad_seconds=seconds, rate_hz=8000,
        channels=1, read=lambda rate: iter(blocks),
    )  # fmt: skip
    monkeypatch.setattr(plot, "plot_motion", lambda motion, envelope: envelope)
    envelope = plot.plot_with_sound(track(50), speech)
    assert len(envelope) == min(900, round(80 * seconds))
    half = len(envelope) // 2
    assert (envelope[:half] == 1).all()
    assert (envelope[half:] == 0).all()
    assert plot.plot_with_sound(track(50), None) is None
