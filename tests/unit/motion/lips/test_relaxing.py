"""When the smile of the picture is let go."""

from __future__ import annotations

import numpy as np
import pytest

from sadtalker_ext.motion.controls import JAW, MOUTH, PRESS, rest
from sadtalker_ext.motion.lips.relaxing import relax_rows, speaks


def relaxed(controls, fps=25.0):
    return relax_rows(speaks(controls[:, : len(MOUTH)]), 0, len(controls), fps)


def speaking(frames, *spans, column=JAW, fps=25.0):
    controls = rest(frames)
    for first, last in spans:
        controls[first:last, column] = 0.5
    return relaxed(controls, fps)


def test_a_silent_face_keeps_its_smile():
    assert not relaxed(rest(50)).any()


@pytest.mark.parametrize("column", [JAW, PRESS])
def test_a_smile_is_gone_while_the_mouth_speaks(column):
    relax = speaking(200, (50, 120), column=column)
    assert np.all(relax[50:120] == 1)
    assert np.all(relax[:40] == 0)
    assert np.all(relax[170:] == 0)


def test_lips_rest_before_the_smile_comes_back():
    """A mouth that opens right after the last word seems to say one more."""
    relax = speaking(200, (50, 120))
    assert np.all(relax[120:132] == 1)


@pytest.mark.parametrize("fps", [25.0, 60.0])
def test_it_goes_and_comes_back_gradually(fps):
    second = round(fps)
    relax = speaking(9 * second, (2 * second, 5 * second), fps=fps)
    going, coming = np.flatnonzero(np.diff(relax) > 0), np.flatnonzero(np.diff(relax) < 0)
    assert 0.3 - 1 / fps <= len(going) / fps <= 0.6
    assert 0.8 <= len(coming) / fps <= 1.4
    assert going[-1] < 2 * second
    assert np.abs(np.diff(relax)).max() < 1.6 / (0.3 * fps)


@pytest.mark.parametrize("first", [0, 3])
def test_speech_from_the_start_finds_the_smile_let_go(first):
    relax = speaking(100, (first, 60))
    assert np.all(relax[first:60] == 1)
    assert np.abs(np.diff(relax)).max() < 0.25


def test_short_pauses_keep_the_mouth_relaxed_and_long_ones_bring_the_smile_back():
    short = speaking(300, (30, 60), (150, 200))
    assert np.all(short[30:200] == 1)
    long = speaking(400, (30, 60), (260, 300))
    assert long[160] == 0


def test_breath_and_brows_are_no_speech():
    controls = rest(40)
    controls[:, 7:] = 1
    assert not relaxed(controls).any()
