"""What a dubbing keeps so that it can go on: plans of mouths, and texts that were spoken."""

import dataclasses
import os
import wave

import numpy as np
import pytest

from sadtalker_ext.dubbing.planned import kept_plan, plan_key
from sadtalker_ext.dubbing.spoken import kept_speech
from sadtalker_ext.inputs.audio import open_speech
from sadtalker_ext.options import GenerateOptions
from sadtalker_ext.performance import Said
from sadtalker_ext.spoken_words import Mark, Phoneme, Word

TIMES = np.arange(3) / 25


class Counted:
    """Makes something, and counts how often."""

    def __init__(self, make):
        self.make, self.times = make, 0

    def __call__(self):
        self.times += 1
        return self.make()


def write_sound(path, level=0.3):
    samples = (level * 32767 * np.sin(np.arange(4800) / 5)).astype("<i2")
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(16000)
        file.writeframes(samples.tobytes())
    return path


@pytest.fixture
def said(tmp_path):
    return Said(at=1.0, speech=open_speech(write_sound(tmp_path / "a.wav")))


def test_a_plan_is_made_once(tmp_path):
    rows = np.arange(30, dtype=np.float32).reshape(3, 10)
    plan = Counted(lambda: (rows, ("Told.",)))
    for _ in range(2):
        found, told = kept_plan(tmp_path / "plan.npz", "key", plan)
        np.testing.assert_array_equal(found, rows)
        assert (found.dtype, told) == (rows.dtype, ("Told.",))
    assert plan.times == 1
    kept_plan(tmp_path / "plan.npz", "another key", plan)
    assert plan.times == 2
    assert [one.name for one in tmp_path.iterdir()] == ["plan.npz"]


@pytest.mark.parametrize("damage", ["cut", "changed"])
def test_a_damaged_plan_is_made_again(tmp_path, damage):
    path = tmp_path / "plan.npz"
    plan = Counted(lambda: (np.zeros((3, 10), np.float32), ()))
    kept_plan(path, "key", plan)
    data = bytearray(path.read_bytes())
    if damage == "cut":
        path.write_bytes(data[: len(data) // 2])
    else:
        with np.load(path) as file:
            values = dict(file)
        np.savez(path, **values | {"rows": values["rows"] + 1})
    found, _ = kept_plan(path, "key", plan)
    assert plan.times == 2
    assert not found.any()


def test_rows_that_are_no_array_are_not_kept(tmp_path):
    rows = [np.zeros(3)]
    plan = Counted(lambda: (rows, ()))
    assert kept_plan(tmp_path / "plan.npz", "key", plan)[0] is rows
    assert not any(tmp_path.iterdir())


def test_a_plan_depends_on_what_is_said_and_how(said):
    options = GenerateOptions(seed=1)
    key = plan_key([said], TIMES, options, 1)
    assert key == plan_key([dataclasses.replace(said)], TIMES.copy(), options, 1)
    speech = said.speech
    others = [
        plan_key([dataclasses.replace(said, at=1.1)], TIMES, options, 1),
        plan_key([said], TIMES + 0.01, options, 1),
        plan_key([said], TIMES, dataclasses.replace(options, mouth_scale=0.5), 1),
        plan_key([said], TIMES, options, 2),
        plan_key(
            [Said(at=1.0, speech=dataclasses.replace(speech, text="Hello"))], TIMES, options, 1
        ),
    ]
    os.utime(speech.path, ns=(1, 1))
    others.append(plan_key([said], TIMES, options, 1))
    assert len({key, *others}) == 7


def test_a_text_is_spoken_once(tmp_path):
    def spoken():
        return dataclasses.replace(
            open_speech(write_sound(tmp_path / "speech.wav")),
            text="Ah",
            phonemes=(Phoneme(symbol="ɑ", start=0.0, end=0.1, confidence=0.5),),
            words=(Word(text="Ah", start=0.0, end=0.1),),
            marks=(Mark(word=0, kind="stress"),),
            warnings=("Told.",),
        )

    speak = Counted(spoken)
    first, again = (kept_speech(tmp_path, "key", speak) for _ in range(2))
    assert speak.times == 1
    for name in ("path", "text", "phonemes", "words", "marks", "warnings", "seconds"):
        assert getattr(first, name) == getattr(again, name)
    kept_speech(tmp_path, "another key", speak)
    assert speak.times == 2
    write_sound(tmp_path / "speech.wav", level=0.1)
    kept_speech(tmp_path, "another key", speak)
    assert speak.times == 3
    (tmp_path / "spoken.json").write_text("[]")
    kept_speech(tmp_path, "another key", speak)
    assert speak.times == 4
