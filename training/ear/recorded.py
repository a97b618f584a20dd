"""Speech put together from recordings of people, with exact times: flite and festival.

Both come with Debian (packages flite, festival, festvox-*); training goes on without those that
are not installed. Their voices sound like people where espeak-ng's sound like none.
"""

from __future__ import annotations

import random
import shutil
import subprocess
import tempfile
import wave
from pathlib import Path

import numpy as np

from sadtalker_ext.speech.ipa import SILENCE, VOWELS, parts_of
from training.ear.spoken import Spoken
from training.ear.words import any_text

FLITE = ("slt", "awb")
"""Kept out of training: rms. The times of kal are not exact."""
FESTIVAL = {
    "ked_diphone": "en",
    "cmu_us_slt_arctic_hts": "en",
    "lp_diphone": "it",
    "suo_fi_lj_diphone": "fi",
    "czech_ph": "cs",
    "czech_dita": "cs",
}
"""Voice, and language of its texts. Kept out of training: pc_diphone and hy_fi_mv_diphone."""

KEPT_OUT = {"flite:rms": "en", "festival:pc_diphone": "it", "festival:hy_fi_mv_diphone": "fi"}

CODES = {"cs": "iso-8859-2"}
FIRST_PART = 0.6

_ENGLISH = {"pau": SILENCE, "ax": "ə", "axr": "ɜ", "el": "l", "em": "m", "en": "n", "h#": SILENCE}
_OTHERS = {
    "#": SILENCE, "pau": SILENCE, "E": "ɛ", "O": "ɔ", "tS": "ʃ", "dZ": "ʃ", "S": "ʃ", "Z": "ʃ",
    "ts": "s", "dz": "s", "J": "n", "L": "l", "ng": "ŋ", "nf": "v", "N": "ŋ", "ae": "æ",
    "oe": "ø", "n~": "n", "c": "s", "c~": "ʃ", "s~": "ʃ", "z~": "ʃ", "r~": "r", "d~": "t",
    "t~": "t", "ch": "k", "x": "k", "h": "h", "j": "j", "y": "y", "au": "aʊ", "ou": "oʊ",
    "eu": "eʊ", "ax": "ə", "g": "k", "q": "h",
}  # fmt: skip


def voices() -> list[str]:
    """Return the voices that can be used here."""
    found = [f"flite:{one}" for one in FLITE] if shutil.which("flite") else []
    if shutil.which("festival"):
        found += [f"festival:{one}" for one in FESTIVAL if _is_installed(one)]
    return found


def say(voice: str, texts: list[str]) -> list[Spoken]:
    """Speak texts in one voice; those that fail are left out."""
    kind, name = voice.split(":")
    with tempfile.TemporaryDirectory() as folder:
        speak = _by_flite if kind == "flite" else _by_festival
        return speak(name, texts, Path(folder))


def _language(voice: str) -> str:
    return KEPT_OUT.get(voice) or FESTIVAL.get(voice.split(":")[1], "en")


def texts_for(voice: str, count: int, chance: random.Random) -> list[str]:
    """Return texts in the language of a voice."""
    language = _language(voice)
    return [any_text(language, chance) for _ in range(count)]


def _is_installed(name: str) -> bool:
    return any(Path("/usr/share/festival/voices").glob(f"*/{name}"))


def _by_flite(name: str, texts: list[str], folder: Path) -> list[Spoken]:
    found = []
    for text in texts:
        done = subprocess.run(
            ["flite", "-voice", name, "-t", text, "-psdur", "-o", str(folder / "said.wav")],
            capture_output=True,
            text=True,
            check=False,
        )
        pairs = [one.rsplit(":", 1) for one in done.stdout.split()]
        timed = [(symbol, float(end)) for symbol, end in pairs]
        if timed:
            found.append(_spoken(folder / "said.wav", timed, english=True))
    return found


def _by_festival(name: str, texts: list[str], folder: Path) -> list[Spoken]:
    language = _language(f"festival:{name}")
    lines = [f"(voice_{name})"]
    for number, text in enumerate(texts):
        lines.append(
            f"(begin (set! u (utt.synth (eval (list 'Utterance 'Text \"{text}\")))) "
            f'(utt.save.wave u "{folder}/{number}.wav" \'riff) '
            f'(utt.save.segs u "{folder}/{number}.lab"))'
        )
    script = folder / "said.scm"
    code = CODES.get(language, "iso-8859-1")
    script.write_bytes("\n".join(lines).encode(code, "ignore"))
    subprocess.run(["festival", "-b", str(script)], capture_output=True, check=False)
    found = []
    for path in sorted(folder.glob("*.lab")):
        rows = [line.split() for line in path.read_text(encoding="latin-1").splitlines()]
        timed = [(row[2], float(row[0])) for row in rows if len(row) == 3]
        if timed and path.with_suffix(".wav").exists():
            found.append(_spoken(path.with_suffix(".wav"), timed, english=language == "en"))
    return found


def _spoken(path: Path, timed: list[tuple[str, float]], *, english: bool) -> Spoken:
    """Return what was said, from symbols and their ends."""
    with wave.open(str(path)) as sound:
        rate_hz = sound.getframerate()
        data = np.frombuffer(sound.readframes(sound.getnframes()), np.int16)
    samples = data.astype(np.float32) / 32768
    stretch = len(samples) / rate_hz / timed[-1][1]
    sounds: list[tuple[str, float, float]] = []
    start = 0.0
    for symbol, end in ((one, moment * stretch) for one, moment in timed):
        parts = _parts(symbol, english=english)
        middle = start + FIRST_PART * (end - start) if len(parts) == 2 else end
        sounds.append((parts[0], start, middle))
        sounds += [(part, middle, end) for part in parts[1:2]]
        start = end
    return Spoken(samples, rate_hz, tuple(sounds), tuple(one[1] for one in sounds), ())


def _parts(symbol: str, *, english: bool) -> tuple[str, ...]:
    """Return plain sounds, or "" for an unknown symbol."""
    if english:
        return parts_of(_ENGLISH.get(symbol, symbol.upper()))
    bare = symbol.rstrip("0123456789:'")
    parts = parts_of(_OTHERS.get(bare, bare if bare.islower() else ""))
    if parts == (SILENCE,) and _OTHERS.get(bare) != SILENCE:
        return ("",)
    return parts if len(parts) == 1 or set(parts) <= VOWELS else ("",)
