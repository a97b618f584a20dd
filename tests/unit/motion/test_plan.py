"""Speech to motion, on synthetic speech whose phoneme times are exact."""

import dataclasses
import itertools
import math
import tracemalloc

import numpy as np
import pytest

from sadtalker_ext.errors import Cancelled
from sadtalker_ext.motion.controls import CONTROLS, as_mapping
from sadtalker_ext.motion.head_motion import LARGEST
from sadtalker_ext.motion.plan import Planner, build_motion
from sadtalker_ext.options import GenerateOptions
from sadtalker_ext.progress import Progress, Stage
from sadtalker_ext.speech.hearing import listen
from tests.support.espeak import say, speech_of

TEXT = (
    "Please bring my blue umbrella, Bob. The people in the village have been waiting for warm "
    "weather since February, and nobody believes that summer will ever come back."
)


def build(speech, seed=1, **options):
    return build_motion(speech, speech.seconds, GenerateOptions(**options), seed, Progress())


def test_jaw_follows_loudness_and_leads_it():
    spoken = say(TEXT)
    track = build(spoken.speech())
    hop = spoken.rate_hz // 25
    padded = np.zeros(len(track) * hop, dtype=np.float32)
    padded[: len(spoken.samples)] = spoken.samples[: len(padded)]
    loud = np.sqrt((padded.reshape(-1, hop) ** 2).mean(axis=1))
    jaw = track.control("jaw")
    by_lead = {
        lead: np.corrcoef(jaw[: len(jaw) - lead], loud[lead:])[0, 1]
        if lead >= 0
        else np.corrcoef(jaw[-lead:], loud[:lead])[0, 1]
        for lead in range(-3, 5)
    }
    best = max(by_lead, key=by_lead.get)
    assert 0 <= best <= 2
    assert by_lead[best] > 0.5


def test_recording_level_does_not_matter():
    spoken = say(TEXT)
    loud = build(speech_of(spoken.samples, spoken.rate_hz, phonemes=spoken.phonemes))
    quiet = build(speech_of(spoken.samples * 0.02, spoken.rate_hz, phonemes=spoken.phonemes))
    np.testing.assert_allclose(quiet.jaw, loud.jaw, atol=0.05)


@pytest.mark.parametrize("kind", ["silence", "hiss", "hum"])
def test_mouth_rests_without_speech(kind):
    time = np.arange(16000 * 6) / 16000
    sound = {
        "silence": np.zeros(len(time)),
        "hiss": np.random.default_rng(0).normal(0, 0.05, len(time)),
        "hum": 0.2 * np.sin(2 * np.pi * 100 * time) + 0.1 * np.sin(2 * np.pi * 200 * time),
    }[kind].astype(np.float32)
    track = build(speech_of(sound, 16000))
    assert track.jaw.max() < 0.05
    assert track.control("press").max() < 0.05


def test_mouth_closes_in_a_pause_over_background_hiss():
    spoken = say("Papa talks about the water.")
    pause = np.zeros(int(1.5 * spoken.rate_hz), dtype=np.float32)
    sound = np.concatenate([spoken.samples, pause, spoken.samples])
    sound = sound + np.random.default_rng(0).normal(0, 0.004, len(sound)).astype(np.float32)
    track = build(speech_of(sound, spoken.rate_hz))
    middle = int((len(spoken.samples) + len(pause) / 2) / spoken.rate_hz * 25)
    assert track.jaw[middle - 8 : middle + 9].max() < 0.06
    assert track.jaw[: middle - 25].max() > 0.3


def test_same_seed_same_motion_and_streams_are_independent():
    speech = say(TEXT).speech()
    first, second = build(speech, seed=5), build(speech, seed=5)
    for name in ("head", "lids", "gaze", "jaw", "controls"):
        np.testing.assert_array_equal(getattr(first, name), getattr(second, name))
    other = build(speech, seed=5, blink="off", gaze="fixed")
    np.testing.assert_array_equal(other.head, first.head)
    np.testing.assert_array_equal(other.controls, first.controls)
    assert not other.lids.any()
    assert not other.gaze.any()
    without_gaze = build(speech, seed=5, gaze="fixed")
    np.testing.assert_array_equal(without_gaze.lids, first.lids)
    assert not np.array_equal(build(speech, seed=6).head, first.head)


def test_options_scale_the_motion():
    speech = say(TEXT).speech()
    plain, still = build(speech), build(speech, still=True)
    assert not still.head.any()
    np.testing.assert_array_equal(still.jaw, plain.jaw)
    np.testing.assert_array_equal(still.lids, plain.lids)
    half = build(speech, mouth_scale=0.5)
    np.testing.assert_allclose(half.jaw, plain.jaw * 0.5, atol=1e-6)
    np.testing.assert_array_equal(half.control("press"), plain.control("press"))
    assert not build(speech, mouth_scale=0.0).controls[:, :7].any()
    lively = build(speech, expression_scale=2.0)
    assert np.abs(lively.control("brow")).max() > np.abs(plain.control("brow")).max()
    more, less = build(speech, head_motion=2.0), build(speech, head_motion=0.5)
    assert np.abs(more.head).max() > np.abs(plain.head).max() > np.abs(less.head).max()
    assert (np.abs(more.head).max(axis=0) <= LARGEST).all()


def test_idle_motion_breathes_blinks_and_looks():
    track = build_motion(None, 20.0, GenerateOptions(), 3, Progress())
    assert len(track) == 500
    assert not track.controls[:, :7].any()
    assert np.ptp(track.control("breath")) > 1
    assert np.ptp(track.head[:, 0]) > 1
    assert track.lids.max() == 1
    assert np.abs(track.gaze).max() > 0.5


@pytest.mark.parametrize("seconds", [0.02, 0.2, 0.5])
def test_shortest_speech(seconds):
    spoken = say("Ah")
    sound = spoken.samples[: int(seconds * spoken.rate_hz)]
    track = build(speech_of(sound, spoken.rate_hz))
    assert len(track) == max(1, int(np.ceil(round(len(sound) / spoken.rate_hz * 25, 6))))
    assert np.isfinite(track.controls).all()


def test_padding_is_quiet():
    speech = say("Mama.").speech()
    track = build_motion(speech, speech.seconds + 2, GenerateOptions(), 1, Progress())
    assert len(track) == int(np.ceil((speech.seconds + 2) * 25 - 1e-6))
    assert track.jaw[-40:].max() < 0.02


def test_memory_does_not_grow_with_the_sound():
    spoken = say(TEXT)

    def peak(repeats):
        speech = speech_of(
            spoken.samples, spoken.rate_hz, phonemes=spoken.phonemes, repeats=repeats
        )
        tracemalloc.start()
        build(speech)
        size = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return size

    peak(1)
    # 9 minutes of 16 kHz float samples would be 35 MB
    assert peak(60) - peak(4) < 20e6


def test_progress_counts_and_stops():
    events = []
    spoken = say(TEXT)
    speech = speech_of(spoken.samples, spoken.rate_hz, phonemes=spoken.phonemes, repeats=8)
    build_motion(speech, speech.seconds, GenerateOptions(), 1, Progress(events.append))
    heard = [one.done for one in events if one.stage is Stage.LISTENING]
    assert heard == sorted(heard)
    assert heard[-1] >= 2
    with pytest.raises(Cancelled):
        build_motion(
            speech, speech.seconds, GenerateOptions(), 1, Progress(should_stop=lambda: True)
        )


def test_nothing_is_printed(capfd):
    spoken = say("Hello there, Bob.")
    build(spoken.speech(exact=False))
    build(speech_of(spoken.samples, spoken.rate_hz, text="Zxqv brrgl completely wrong words here"))
    assert capfd.readouterr() == ("", "")


def test_controls_come_as_a_mapping():
    track = build(say("Mama.").speech())
    row = as_mapping(track.controls[0])
    assert tuple(row) == CONTROLS
    assert all(isinstance(value, float) for value in row.values())


@pytest.fixture(scope="module")
def speech():
    return say(TEXT, "en-us").speech()


@pytest.mark.parametrize("lengths", [[1], [7, 40, 3], [25], [500]])
@pytest.mark.parametrize("options", [{}, {"mouth_scale": 0.5, "expression_scale": 2.0}])
def test_blocks_of_any_length_are_the_rows_of_one_long_block(speech, lengths, options):
    """Also with long pauses in the speech, where the smile comes back and goes again."""
    hearing = listen(speech, Progress())
    seconds = speech.seconds + 9
    chosen = GenerateOptions(**options)
    whole = Planner(hearing, seconds, chosen, 4).rows(0, math.ceil(seconds * 25))
    planner, first = Planner(hearing, seconds, chosen, 4), 0
    for length in itertools.cycle(lengths):
        end = min(first + length, planner.frames)
        block = planner.rows(first, end)
        for name in ("head", "lids", "gaze", "controls"):
            np.testing.assert_array_equal(getattr(block, name), getattr(whole, name)[first:end])
        first = end
        if first == planner.frames:
            break
    assert whole.control("relax").max() == 1
    assert whole.control("relax")[-1] == 0


def test_what_is_said_beyond_the_look_ahead_changes_no_row(speech):
    """A live planner may give a row when it has heard that much more."""
    hearing = listen(speech, Progress())
    cut = hearing.phonemes[len(hearing.phonemes) * 4 // 5].start
    other = dataclasses.replace(
        hearing,
        phonemes=tuple(
            one if one.end <= cut else dataclasses.replace(one, symbol="AA")
            for one in hearing.phonemes
        ),
    )
    chosen = GenerateOptions()
    rows = max(int((cut - Planner.look_ahead) * 25), 0)
    one, two = (Planner(each, speech.seconds, chosen, 4).rows(0, rows) for each in (hearing, other))
    assert rows > 0
    np.testing.assert_array_equal(one.controls, two.controls)
