"""From a sound file to the windows the audio networks read."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import soundfile

from sadtalker_ext.engines.sadtalker import mel
from sadtalker_ext.engines.sadtalker.windows import speech_windows, window_starts
from tests.golden.folder import GoldenFolder
from tests.golden.registry import EXACT, Stage, Tolerance, compare, stages

MEL = Tolerance(absolute=1e-5)
TINY = Tolerance(absolute=1e-9)


def sound_of(folder: GoldenFolder, file: str) -> str:
    """The sound file that `audio_<name>.npz` was recorded from."""
    return folder.files(f"inputs/{Path(file).stem}.*")[0]


def samples_of(folder: GoldenFolder, file: str) -> np.ndarray:
    """Mono samples at 16 kHz of a recorded speech."""
    samples, rate = soundfile.read(
        folder.root / sound_of(folder, file), dtype="float32", always_2d=True
    )
    return mel.resample_16k(mel.mono(samples), rate)


@stages("audio", "audio_*.npz", "inputs/audio_*")
def audio(folder: GoldenFolder) -> Iterator[Stage]:
    for file in folder.files("audio_*.npz"):
        samples = samples_of(folder, file)
        frames = mel.frame_count(len(samples))
        used = samples[: 640 * frames]
        yield compare(folder, file, "wav16k", samples, EXACT)
        yield compare(folder, file, "preemphasis", mel.pre_emphasis(used), TINY)
        yield compare(folder, file, "mel_basis", mel.mel_basis(), EXACT)
        spectrogram = mel.mel_spectrogram(samples)
        yield compare(folder, file, "mel", spectrogram, MEL)
        recorded = folder.arrays(file)["mel"]
        yield compare(folder, file, "indiv_mels", speech_windows(recorded, frames), EXACT)
        windows = speech_windows(spectrogram, frames)
        whole = compare(folder, file, "indiv_mels", windows, MEL)
        yield Stage(f"{file}:indiv_mels from the file", whole.got, whole.wanted, MEL)


@stages("mel_window_start", "mel_window_start.json")
def starts(folder: GoldenFolder) -> Iterator[Stage]:
    recorded = folder.json("mel_window_start.json")["start"]
    yield Stage("start", window_starts(len(recorded)), recorded, EXACT)
