"""Speech with exact times for measuring how well it is heard: languages, voices, halves.

Thresholds and networks are tuned on the half "tuning" (and on other speech) alone. Turkish and
Polish are in no training and no tuning at all; neither are the voice variants named here.
"""

from __future__ import annotations

import json
import wave
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from training.ear.rooms import at_rate
from training.ear.spoken import speak

HZ = 16000
KEPT_OUT = ("tr", "pl")

TEXTS = {
    ("en-us", "+f3"): (
        "My mother bought a big brown boat, but the pump broke before we left the bay.",
        "Five very friendly waiters brought us warm food from the open window.",
    ),
    ("en-us", "+m3"): (
        "Please move both of your lips whenever you would like to speak about the weather.",
        "You never know who may come through the door when the music begins to play.",
    ),
    ("en", ""): (
        "Perhaps the old man in the blue boat saw our ship before anybody else did.",
        "Why would a fox give half of its supper to a whole family of mice?",
    ),
    ("en-gb-x-rp", "+Alicia"): (
        "The happy baby jumped up and bumped its head on the bamboo table.",
        "Few people ever found out how the thief got over the tall wall.",
    ),
    ("en-gb-scotland", "+klatt3"): (
        "Remember to stop by the market and pick up some apples, plums and pepper.",
        "It was raining when she drove slowly over the bridge towards home.",
    ),
    ("de", "+f3"): (
        "Meine Mutter hat gestern einen großen Apfelbaum im Garten hinter dem Haus gepflanzt.",
        "Früher fuhren wir jeden Sommer mit fünf Freunden über die Berge.",
    ),
    ("de", "+Marco"): (
        "Bitte gib mir ein bisschen Papier, bevor du den Koffer packst.",
        "Die schöne Müllerin möchte heute Abend zwölf neue Bücher vorlesen.",
    ),
    ("fr", "+m3"): (
        "Ma petite soeur a peur de la pluie, mais elle aime beaucoup le printemps.",
        "Un jeune homme heureux boit du bon vin blanc avec sa femme.",
    ),
    ("fr", "+edward"): (
        "Pourquoi as-tu mis ton chapeau bleu sur la table de la chambre ?",
        "Je voudrais deux feuilles neuves et un peu de beurre pour tout le monde.",
    ),
    ("es", "+Denis"): (
        "Mi abuela prepara siempre una sopa muy buena para toda la familia.",
        "El viejo barco volvió al puerto bajo una lluvia fuerte.",
    ),
    ("es-419", "+f3"): (
        "Cuando vuelvas de tu viaje, podemos comprar pan y un poco de vino.",
        "Los jóvenes buscaban un lugar tranquilo para tocar música.",
    ),
    ("it", "+norbert"): (
        "Il bambino voleva comprare una bambola per la sua amica più piccola.",
        "Domani pomeriggio andremo tutti quanti al mare con la nuova barca.",
    ),
    ("cmn", "+f3"): (
        "我的爸爸明天要买一本新书。",
        "冬天外面下雪，我们喜欢在家喝热茶。",
    ),
    ("cmn", "+victor"): (
        "请你把苹果放在白色的盘子上面。",
        "老师告诉我们，五月份学校不放假。",
    ),
    ("hi", "+m3"): (
        "मेरा छोटा भाई आज बाज़ार से मीठे आम लाया है।",
        "वह पुरानी किताब अपने मित्र को वापस देना भूल गई।",
    ),
    ("hi", "+klatt3"): (
        "बच्चे पानी में नाव बनाकर बहुत प्रसन्न हुए।",
        "हमें सुबह पाँच बजे पहाड़ की ओर चलना पड़ेगा।",
    ),
    ("tr", "+f3"): (
        "Babam bugün bahçede büyük bir ağaç gördü, çok mutlu oldu.",
        "Küçük köpek ve yavru kedi birlikte oynuyor.",
    ),
    ("tr", "+Marco"): (
        "Bu pembe elbiseyi bana annem yüz elli liraya almıştı.",
        "Üç gün önce köyde yağmur yağıyordu, hava soğuktu.",
    ),
    ("pl", "+m3"): (
        "Moja babcia piecze pyszne bułki z makiem i podaje je na śniadanie.",
        "W lesie biegał wesoły lis, a potem zapadła ciemna noc.",
    ),
    ("pl", "+edward"): (
        "Proszę pana, czy mogę wypożyczyć tę białą książkę o ptakach?",
        "Brat kupił mamie bukiet fioletowych kwiatów na imieniny.",
    ),
}
"""By voice and variant: a text for the tuning half, and one for the other half."""

RATES = (150, 175, 200)
PITCHES = (35, 60, 80)


@dataclass(frozen=True)
class Clip:
    """A clip with its truth.

    Attributes:
        name: Language, variant and half.
        language: Language code without region.
        group: "tuning", "held_out", "kept_out_language" or "other_synthesiser".
        samples: (N,) float32 at 16 kHz.
        sounds: Plain sound ("" unknown), start, end in seconds.
        bursts: For each sound when a plosive opens.
        text: What is said.
    """

    name: str
    language: str
    group: str
    samples: np.ndarray
    sounds: tuple[tuple[str, float, float], ...]
    bursts: tuple[float, ...]
    text: str


def espeak_clips() -> Iterator[Clip]:
    """Yield the clips of `TEXTS`."""
    for number, ((voice, variant), texts) in enumerate(TEXTS.items()):
        language = "zh" if voice == "cmn" else voice[:2]
        for half, text in enumerate(texts):
            said = speak(
                text, voice + variant, rate=RATES[number % 3], pitch=PITCHES[(number + half) % 3]
            )
            group = "held_out" if (half + number) % 2 else "tuning"
            yield Clip(
                name=f"{voice}{variant}-{half}",
                language=language,
                group="kept_out_language" if language in KEPT_OUT else group,
                samples=0.5 * at_rate(said.samples, said.rate_hz, 1.0),
                sounds=said.sounds,
                bursts=said.bursts,
                text=text,
            )


def other_clips(folder: Path) -> Iterator[Clip]:
    """Yield clips of another synthesiser: ``NAME.wav`` and ``NAME.json`` (see `ear_hibari`)."""
    for path in sorted(folder.glob("*.json")):
        told = json.loads(path.read_text(encoding="utf-8"))
        with wave.open(str(path.with_suffix(".wav"))) as sound:
            rate_hz = sound.getframerate()
            data = np.frombuffer(sound.readframes(sound.getnframes()), np.int16)
        sounds = tuple((one, float(start), float(end)) for one, start, end in told["sounds"])
        yield Clip(
            name=path.stem,
            language=told["language"],
            group="other_synthesiser",
            samples=at_rate(data.astype(np.float32) / 32768, rate_hz, 1.0),
            sounds=sounds,
            bursts=tuple(start for _, start, _ in sounds),
            text=told["text"],
        )
