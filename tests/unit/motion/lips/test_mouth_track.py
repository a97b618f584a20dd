import numpy as np
import pytest

from sadtalker_ext.motion.controls import MOUTH
from sadtalker_ext.motion.lips.contacts import contacts
from sadtalker_ext.motion.lips.mouth_track import MouthTrack
from sadtalker_ext.speech.hearing import Hearing
from sadtalker_ext.speech.loudness import FRAME_HZ, Loudness
from sadtalker_ext.types import Phoneme

FPS = 25.0


def row(*sounds):
    found, at = [], 0.0
    for symbol, length in sounds:
        found.append(Phoneme(symbol=symbol, start=at, end=at + length))
        at += length
    return tuple(found)


def rows(sounds, voice):
    """Mouth shapes of sounds, of which only those in `voice` (seconds) are loud."""
    seconds = sounds[-1].end
    times = (np.arange(round(seconds * FRAME_HZ)) + 0.5) / FRAME_HZ
    present = np.any([(times > a) & (times < b) for a, b in voice], axis=0).astype(np.float32)
    hearing = Hearing(
        seconds=seconds,
        loudness=Loudness(value=present, present=present),
        semitones=np.zeros_like(present),
        phonemes=sounds,
    )
    frames = round(seconds * FPS)
    return MouthTrack(hearing, frames, FPS).rows(0, frames)


@pytest.mark.parametrize(
    ("before", "lead"),
    [
        ([("a", 0.15)], 1),
        ([("s", 0.08)], 1),
        ([("SIL", 0.3)], 1),
        ([("m", 0.08), ("a", 0.08)], 0),
        ([("t", 0.08), ("a", 0.05)], 0),
    ],
    ids=["vowel", "consonant", "pause", "between closures", "short vowel"],
)
def test_lips_shut_a_frame_before_the_sound_where_there_is_time(before, lead):
    leads = []
    for start in np.arange(0.3, 0.38, 0.002):
        sounds = row(("ə", start), *before, ("m", 0.09), ("a", 0.3))
        press, _ = contacts(sounds, 30, FPS)
        shut = np.flatnonzero(press > 0.9)
        first = shut[np.flatnonzero(np.diff(shut, prepend=-9) > 1)[-1]]
        leads.append(int(sounds[-2].start * FPS) - int(first))
    assert min(leads) >= 0
    assert max(leads) <= 2
    assert np.median(leads) == lead


@pytest.mark.parametrize("gap", [0.2, 0.3])
def test_a_weak_consonant_between_vowels_does_not_shut_the_mouth(gap):
    """Seen as one frame at rest in the middle of a song: everything was gone, and came back."""
    sounds = row(("SIL", 0.3), ("a", 0.3), ("s", gap), ("ɔ", 0.3), ("SIL", 0.3))
    shapes = rows(sounds, [(0.3, 0.6), (0.6 + gap, 0.9 + gap)])
    inside = shapes[int(0.35 * FPS) : int((0.85 + gap) * FPS), :4].max(axis=1)
    assert inside.min() > 0.15


def test_noise_moves_no_mouth_before_and_after_the_voice():
    sounds = row(("a", 1.0), ("a", 0.5), ("a", 1.0))
    shapes = rows(sounds, [(1.0, 1.5)])
    assert shapes[: int(0.8 * FPS)].max() == 0
    assert shapes[int(1.75 * FPS) :].max() == 0
    assert shapes[int(1.25 * FPS), MOUTH.index("jaw")] > 0.5


def test_lips_round_softly_before_the_first_sound():
    """Rounding begins before the voice is heard; it must not jump when the voice allows it."""
    sounds = row(("SIL", 1.0), ("u", 0.4), ("SIL", 0.6))
    round_ = rows(sounds, [(1.0, 1.4)])[:, MOUTH.index("round")]
    assert round_.max() > 0.8
    assert round_[int(0.98 * FPS)] > 0.5
    assert np.abs(np.diff(round_)).max() < 0.35
