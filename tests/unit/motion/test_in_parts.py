"""A long speech is planned in parts, and nothing is seen of that."""

import dataclasses
import itertools

import numpy as np
import pytest

from sadtalker_ext.motion import in_parts
from sadtalker_ext.motion.controls import CONTROLS, PRESS
from sadtalker_ext.motion.plan import Planner
from sadtalker_ext.options import GenerateOptions
from sadtalker_ext.performance import Performance
from sadtalker_ext.progress import Progress, Stage
from sadtalker_ext.speech.hearing import Hearing
from sadtalker_ext.speech.ipa import SILENCE
from sadtalker_ext.speech.loudness import FRAME_HZ, measure
from sadtalker_ext.types import Motion, Phoneme
from tests.support.espeak import speech_of

SECONDS = 60.0
OPTIONS = GenerateOptions()
WORD = ("p", "aː", "m", "iː", "b", "ɛ", "f", "ɔ", "s")


def spoken():
    """Phrases of two to four seconds with pauses between, in exact sounds."""
    rng, at, found = np.random.default_rng(4), 0.0, []
    while at < SECONDS:
        for _ in range(int(rng.integers(2, 5))):
            for symbol in WORD:
                end = at + float(rng.uniform(0.06, 0.13))
                found.append(Phoneme(symbol=symbol, start=at, end=end))
                at = end
        end = at + float(rng.uniform(0.3, 0.8))
        found.append(Phoneme(symbol=SILENCE, start=at, end=end))
        at = end
    return [one for one in found if one.end <= SECONDS]


SOUNDS = spoken()


def heard(seconds):
    """What is heard in the first seconds; the speaker gets louder by 12 dB on the way."""
    count = round(seconds * FRAME_HZ)
    levels = np.full(count, -70.0, np.float32)
    for one in SOUNDS:
        if one.symbol != SILENCE and one.start < seconds:
            loud = -24.0 if one.symbol in "aːiːɛɔ" else -40.0
            levels[round(one.start * FRAME_HZ) : round(one.end * FRAME_HZ)] = loud
    levels += (np.arange(count) / (SECONDS * FRAME_HZ) * 12).astype(np.float32)
    tones = 3 * np.sin(np.arange(count) / 90)
    sounds = [one for one in SOUNDS if one.end <= seconds]
    if sounds and sounds[-1].end < seconds:
        sounds.append(Phoneme(symbol=SILENCE, start=sounds[-1].end, end=seconds))
    return Hearing(
        seconds=seconds,
        loudness=measure(levels),
        semitones=tones.astype(np.float32),
        phonemes=tuple(sounds),
    )


@pytest.fixture(scope="module")
def performance():
    return Performance(speech=speech_of(np.ones(round(SECONDS * 100), np.float32), 100))


@pytest.fixture
def listening(monkeypatch):
    """How long what is listened to lasts, and whose progress counts it."""
    asked = []

    def listen(speech, progress, require=None):
        progress.enter(Stage.LISTENING, round(speech.seconds))
        asked.append(speech.seconds)
        return heard(speech.seconds)

    monkeypatch.setattr(in_parts, "listen", listen)
    monkeypatch.setattr(in_parts, "listen_aside", listen)
    return asked


@pytest.fixture
def parts(performance, listening):
    return list(in_parts.motion_parts(performance, OPTIONS, 5, Progress()))


@pytest.fixture(scope="module")
def whole():
    planner = Planner(heard(SECONDS), SECONDS, OPTIONS, 5)
    return planner.rows(0, planner.frames)


def test_parts_follow_each_other_without_gaps(parts, listening, whole):
    assert listening == [8.0, SECONDS]
    assert len(parts) == 2
    assert 3 * 25 <= len(parts[0]) <= 6 * 25
    assert len(in_parts.joined(parts)) == len(whole)
    assert in_parts.beginnings(600) == [8.0, 32.0, 128.0]


def test_lips_do_what_they_do_in_one_plan(parts, whole):
    motion = in_parts.joined(parts)
    seam = len(parts[0])
    around = slice(seam - 75, seam + 75)
    for part in (slice(None), around):
        assert np.corrcoef(motion.jaw[part], whole.jaw[part])[0, 1] > 0.97
        shut, wanted = motion.controls[part, PRESS] > 0.9, whole.controls[part, PRESS] > 0.9
        assert wanted.any()
        assert np.array_equal(shut, wanted)


def test_nothing_jumps_where_a_plan_goes_on(parts, whole):
    motion, seam = in_parts.joined(parts), len(parts[0])
    step, usual = (np.abs(np.diff(one.head, axis=0)).max() for one in (motion, whole))
    assert step < 1.5 * usual
    later = slice(seam + 26, None)
    assert np.allclose(motion.head[later], whole.head[later])
    assert np.allclose(motion.controls[later], whole.controls[later])


def test_a_head_elsewhere_in_the_next_plan_is_gone_to_slowly(performance, listening, monkeypatch):
    class OtherWhole(Planner):
        def __init__(self, hearing, seconds, options, seed, **more):
            super().__init__(hearing, seconds, options, seed + (seconds == SECONDS), **more)

    monkeypatch.setattr(in_parts, "Planner", OtherWhole)
    first, second = in_parts.motion_parts(performance, OPTIONS, 5, Progress())
    alone = Planner(heard(SECONDS), SECONDS, OPTIONS, 6).rows(len(first), len(first) + 30).head
    assert np.abs(alone[0] - first.head[-1]).max() > 3
    assert np.abs(second.head[0] - first.head[-1]).max() < 1
    assert np.allclose(second.head[26:30], alone[26:])


def test_a_plan_goes_on_in_a_pause(performance, listening):
    hearing = heard(32.0)
    row = in_parts.quiet_row(hearing, 32.0)
    assert 20 * 25 < row < 26 * 25
    assert hearing.loudness.value[row * 4 - 8 : row * 4 + 8].max() == 0


def test_the_whole_is_counted_unless_it_comes_later(performance, listening):
    events, others = [], []
    list(in_parts.motion_parts(performance, OPTIONS, 5, Progress(events.append)))
    assert [one.total for one in events] == [60]
    events.clear()
    first, later = Progress(events.append), Progress(others.append)
    list(in_parts.motion_parts(performance, OPTIONS, 5, first, later=later))
    assert [one.total for one in events] == [8]
    assert [one.total for one in others] == [60]


def test_a_beginning_without_a_clear_voice_is_not_followed(performance, monkeypatch):
    """Heard alone, a breath is taken for words; the next beginning knows better."""
    asked = []

    def listen(speech, progress, require=None):
        asked.append(speech.seconds)
        hearing = heard(speech.seconds)
        return dataclasses.replace(hearing, warnings=("Noise.",)) if len(asked) == 1 else hearing

    monkeypatch.setattr(in_parts, "listen", listen)
    monkeypatch.setattr(in_parts, "listen_aside", listen)
    monkeypatch.setattr(in_parts, "beginnings", lambda seconds: [8.0, 30.0])
    parts = list(in_parts.motion_parts(performance, OPTIONS, 5, Progress()))
    assert asked == [8.0, 30.0, SECONDS]
    assert [len(part) > 20 * 25 for part in parts] == [True, True]
    assert sum(map(len, parts)) == SECONDS * 25


def rows(value, count=30, lids=0.0):
    return Motion(
        fps=25.0,
        head=np.full((count, 3), value, np.float32),
        lids=np.broadcast_to(np.asarray(lids, np.float32), (count, 2)).copy(),
        gaze=np.full((count, 2), value, np.float32),
        controls=np.full((count, len(CONTROLS)), value, np.float32),
        names=CONTROLS,
    )


def test_one_plan_fades_into_the_next():
    mixed = in_parts.faded(rows(1.0, 25), rows(0.0))
    assert mixed.head[0, 0] > 0.95
    assert mixed.head[12, 0] == pytest.approx(0.5, abs=0.1)
    assert not mixed.head[24:].any()
    assert (np.diff(mixed.head[:, 0]) <= 0).all()
    assert not mixed.gaze[5:].any()
    assert not mixed.controls[5:, PRESS].any()
    assert mixed.controls[5, CONTROLS.index("brow")] > 0.5


def test_a_blink_is_not_cut():
    blink = np.zeros((30, 1))
    blink[:6, 0] = [0.5, 1, 1, 0.7, 0.3, 0]
    other = np.zeros((30, 1))
    other[3:8, 0] = [0.5, 1, 1, 0.7, 0.3]
    mixed = in_parts.faded(rows(0.0, 25, blink[:25]), rows(0.0, 30, other))
    assert np.array_equal(mixed.lids[:8, 0], blink[:8, 0].astype(np.float32))
    assert not mixed.lids[8:].any()


@pytest.mark.parametrize("rate", [100, None, 50])
def test_a_beginning_is_read_no_further(rate):
    speech = speech_of(np.linspace(-1, 1, 6000, dtype=np.float32), 100)
    part = in_parts.beginning(dataclasses.replace(speech, pad_seconds=2.0), 7.7)
    assert part.total_seconds == 7.7
    samples = np.concatenate(list(part.read(rate)))
    whole = np.concatenate(list(speech.read(rate)))
    assert np.array_equal(samples, whole[: len(samples)])
    assert len(samples) == round(7.7 * (rate or 100))


def test_only_plain_long_speech_is_planned_in_parts(performance):
    speech = performance.speech
    assert in_parts.is_long(performance, OPTIONS)
    for changed in (
        {"speech": None},
        {"speech": dataclasses.replace(speech, seconds=39.0)},
        {"speech": dataclasses.replace(speech, text="Good morning.")},
        {"speech": dataclasses.replace(speech, phonemes=())},
        {"hearing": heard(8.0)},
    ):
        assert not in_parts.is_long(dataclasses.replace(performance, **changed), OPTIONS)
    assert not in_parts.is_long(performance, GenerateOptions(emotion="happy"))


def test_parts_are_the_same_whenever_they_are_asked_for(performance, listening, parts):
    again = in_parts.motion_parts(performance, OPTIONS, 5, Progress())
    for one, other in itertools.zip_longest(parts, again):
        assert np.array_equal(one.head, other.head)
        assert np.array_equal(one.controls, other.controls)
