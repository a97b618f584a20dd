"""From a sound file to the windows the audio networks read."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import soundfile

from sadtalker_ext.engines.sadtalker import mel
from sadtalker_ext.engines.sadtalker.windows import speech_windows, window_starts
from sadtalker_ext.inputs.audio import open_speech
from tests.golden.folder import GoldenFolder
from tests.golden.registry import EXACT, Stage, Tolerance, compare, stages

LOSSLESS = (".wav", ".flac", ".aiff")
MEL = Tolerance(absolute=1e-5)
DECODED = Tolerance(absolute=1e-6)
TINY = Tolerance(absolute=1e-9)


def sound_of(folder: GoldenFolder, file: str) -> str:
    """The sound file that `audio_<name>.npz` was recorded from."""
    return folder.files(f"inputs/{Path(file).stem}.*")[0]


def samples_of(folder: GoldenFolder, file: str) -> np.ndarray:
    """Mono samples at 16 kHz of a recorded speech."""
    samples, rate = soundfile.read(
        folder.root / sound_of(folder, file), dtype="float32", always_2d=True
    )
    return np.concatenate(list(mel.resample_16k([mel.mono(samples)], rate)))


@stages("audio", "audio_*.npz", "inputs/audio_*")
def audio(folder: GoldenFolder) -> Iterator[Stage]:
    for file in folder.files("audio_*.npz"):
        arrays = folder.arrays(file)
        samples = samples_of(folder, file)
        frames = mel.frame_count(len(samples))
        emphasised = mel.pre_emphasis(samples[: 640 * frames])
        spectrogram = mel.mel_spectrogram(samples)
        results = (
            ("wav16k", samples, EXACT),
            ("preemphasis", emphasised, TINY),
            ("mel_basis", mel.mel_basis(), EXACT),
            ("mel", spectrogram, MEL),
            ("indiv_mels", speech_windows(spectrogram, frames), MEL),
        )
        for key, got, tolerance in results:
            if key in arrays:
                yield compare(folder, file, key, got, tolerance)
        if "mel" in arrays and "indiv_mels" in arrays:
            cut = compare(folder, file, "indiv_mels", speech_windows(arrays["mel"], frames), EXACT)
            yield Stage(f"{file}:windows of the recorded mel", cut.got, cut.wanted, EXACT)


@stages("audio_product", "audio_*.npz", "inputs/audio_*")
def product_path(folder: GoldenFolder) -> Iterator[Stage]:
    """The same through the decoder that users' files go through."""
    for file in folder.files("audio_*.npz"):
        path = folder.root / sound_of(folder, file)
        if path.suffix not in LOSSLESS:
            continue  # decoders of lossy sound differ in their last bits and in the delay
        speech = open_speech(path)
        yield compare(
            folder, file, "wav16k", np.concatenate(list(mel.samples_16k(speech))), DECODED
        )


@stages("mel_window_start", "mel_window_start.json")
def starts(folder: GoldenFolder) -> Iterator[Stage]:
    recorded = folder.json("mel_window_start.json")["start"]
    yield Stage("start", window_starts(len(recorded)), recorded, EXACT)
