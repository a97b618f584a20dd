"""A sound made of formulas, whose answer by the recogniser's own library is recorded."""

import numpy as np

HZ = 16000
FORMANTS = {
    "a": (750, 1250, 2500),
    "i": (290, 2250, 3000),
    "u": (320, 850, 2300),
    "m": (250, 1000, 2200),
    "": (500, 1500, 2500),
}
PIECES = (("", 0.1), ("m", 0.12), ("a", 0.2), ("m", 0.1), ("i", 0.22), ("", 0.08), ("u", 0.3))

RECORDED = 17919
"""Samples that the answer is recorded for; Python 3.12 adds the pieces' lengths up to one more."""


def babble(seed=0):
    """(N,) float32 at 16 kHz: a buzz through moving resonances, with a little hiss."""
    chance = np.random.default_rng(seed)
    count = RECORDED
    times = np.arange(count) / HZ
    edges = np.cumsum([0.0, *(seconds for _, seconds in PIECES)])
    middles = (edges[:-1] + edges[1:]) / 2
    pitch = 120 + 20 * np.sin(2 * np.pi * 1.5 * times)
    phase = 2 * np.pi * np.cumsum(pitch) / HZ
    voiced = np.interp(times, middles, [0.0 if not name else 1.0 for name, _ in PIECES])
    sound = np.zeros(count)
    for over in range(1, 40):
        strength = np.zeros(count)
        for number, width in enumerate((90.0, 120.0, 180.0)):
            centre = np.interp(times, middles, [FORMANTS[name][number] for name, _ in PIECES])
            strength += 1 / (1 + np.square((over * pitch - centre) / width))
        sound += strength * np.sin(over * phase) / over**0.5
    sound = 0.1 * sound * voiced + 0.002 * chance.normal(0, 1, count)
    return sound.astype(np.float32)
