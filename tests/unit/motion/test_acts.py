"""One plan per phrase: postures, looks and brows belong together and are as large as people's."""

import itertools

import numpy as np
import pytest

from sadtalker_ext.motion.acts import Phrase, phrases_of, plan_acts
from sadtalker_ext.motion.brow_motion import brow_track
from sadtalker_ext.motion.gaze import gaze_track
from sadtalker_ext.motion.head_motion import head_track, limited
from sadtalker_ext.speech.accents import Accent, Pause

PAUSES = [Pause(0.0, 0.3), Pause(2.4, 2.9), Pause(5.0, 5.4)]
SECONDS = 7.0


def accents(seed):
    rng = np.random.default_rng(seed)
    times = np.cumsum(rng.uniform(0.35, 0.9, 12))
    return [Accent(float(t), float(rng.uniform(0.2, 1)), float(rng.uniform(0, 1))) for t in times]


def acted(seed):
    """Head, gaze and brows of seven seconds of speech."""
    stresses = accents(seed)
    phrases = phrases_of(PAUSES, SECONDS, spoken=True)
    acts = plan_acts(phrases, stresses, np.random.default_rng([seed, 1]))
    frames = round(SECONDS * 25)
    head = limited(
        head_track(
            frames, 25.0, postures=acts.postures, accents=stresses,
            semitones=np.zeros(frames, np.float32), breath=np.zeros(frames, np.float32),
            rng=np.random.default_rng([seed, 2]),
        )
    )  # fmt: skip
    brow = brow_track(frames, 25.0, acts.lifts, np.random.default_rng([seed, 3]))
    return head, gaze_track(acts.looks, head, 25.0), brow


@pytest.fixture(scope="module")
def people():
    return [acted(seed) for seed in range(40)]


def centre(curve):
    """Spectral centre in Hz."""
    curve = curve - curve.mean()
    power = np.abs(np.fft.rfft(curve * np.hanning(len(curve)))) ** 2
    rates = np.fft.rfftfreq(len(curve), 1 / 25)
    used = (rates > 0.05) & (rates < 6)
    return (power[used] * rates[used]).sum() / power[used].sum()


def test_heads_move_as_much_and_as_fast_as_peoples(people):
    """Medians of eleven talking clips: 4.5, 2.9, 2.8 degrees; 13.5 degrees a second; 0.56 Hz."""
    spread = np.median([head.std(axis=0) for head, _, _ in people], axis=0)
    assert (spread > [2.9, 1.7, 1.5]).all()
    assert (spread < [6.0, 4.0, 4.0]).all()
    speed = np.median([np.abs(np.diff(head[:, 0])).mean() * 25 for head, _, _ in people])
    assert 6 < speed < 20
    assert 0.3 < np.median([centre(head[:, 0]) for head, _, _ in people]) < 0.9
    assert np.median([centre(head[:, 1]) for head, _, _ in people]) < 1.0


def test_eyes_and_brows_move_as_much_as_peoples(people):
    """One degree of gaze is 0.0067 eye widths; a tracker sees a whole lift of the brows as 0.026
    face heights and a whole frown as 0.012 (medians of 22 portraits)."""
    assert np.median([gaze[:, 0].std() for _, gaze, _ in people]) * 0.0067 > 0.014
    ways = [np.where(brow > 0, 0.026, 0.012) * brow for _, _, brow in people]
    assert 0.008 < np.median([way.std() for way in ways]) < 0.015


def test_phrases_and_silences_leave_no_gap():
    found = phrases_of(PAUSES, SECONDS, spoken=True)
    assert [one.spoken for one in found] == [False, True, False, True, False, True]
    assert found[0].start == 0
    assert found[-1].end == SECONDS
    assert all(a.end == b.start for a, b in itertools.pairwise(found))
    assert phrases_of([], 3.0, spoken=False) == [Phrase(0.0, 3.0, spoken=False)]


def test_a_phrase_ends_nearer_to_the_viewer_than_it_was():
    away, ended = [], []
    for seed in range(60):
        acts = plan_acts(
            [Phrase(0.0, 6.0, spoken=True)], accents(seed), np.random.default_rng(seed)
        )
        *before, last = acts.postures
        away.append(abs(before[-1].pose[0]))
        ended.append(abs(last.pose[0]))
        assert acts.looks[-1].right == acts.looks[-1].down == 0
    assert np.mean(ended) < 0.6 * np.mean(away)


def test_everything_comes_in_the_order_of_time():
    acts = plan_acts(phrases_of(PAUSES, 60.0, spoken=True), accents(0), np.random.default_rng(0))
    for kind in (acts.postures, acts.looks, acts.lifts):
        times = [one.time for one in kind]
        assert times == sorted(times)


def test_who_says_nothing_moves_less_often():
    def count(spoken):
        phrase = Phrase(0.0, 60.0, spoken=spoken)
        return len(plan_acts([phrase], [], np.random.default_rng(0)).postures)

    assert count(spoken=False) < 0.7 * count(spoken=True)
