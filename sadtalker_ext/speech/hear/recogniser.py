"""The phone recogniser: found among the weights, loaded once, listening piece by piece."""

from __future__ import annotations

import functools
import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from sadtalker_ext.errors import SadTalkerError
from sadtalker_ext.speech.hear.conformer import HOP, Conformer
from sadtalker_ext.speech.hear.decode import sureness
from sadtalker_ext.speech.hear.peaks import confirmed, plain_members
from sadtalker_ext.speech.hear.timing import (
    TimingNet,
    TimingNets,
    loudest,
    noisy_net,
    timing_nets,
)
from sadtalker_ext.types import FloatArray
from sadtalker_ext.weights.manifest import RECOGNISER, VOCABULARY
from sadtalker_ext.weights.store import WeightStore

logger = logging.getLogger(__name__)

Require = Callable[[str], Path]
"""Returns the path of a verified weight file; raises `SetupError`s."""

CONTEXT = 16000
"""Samples before and after a piece that the network hears with it: one second."""
_ROW = 2 * HOP
CLEAR = 0.7
"""Mean probability of the likeliest look from which on words are clear. Eleven recordings of people
at 0.74 to 0.85, two with a loud background at 0.53 and 0.61. Under jazz as loud as the voice, where
the lips followed it at r 0.33 to 0.73, the first fell to 0.45 to 0.64. Below it the network that
learned from noise is asked."""


@dataclass(frozen=True, slots=True, eq=False)
class Heard:
    """What the networks make of a piece of sound.

    Attributes:
        sounds: (M, 35) float32 logarithms of the probability of each of `ipa.PLAIN`, 100 a second.
        symbols: (T, V) float32 logarithms of the probability of each symbol, 50 a second; the
            recogniser's own peaks.
        loud: Level of the loud parts, a logarithm of power.
        sure: (R,) float32 how sure the networks that know clear speech are, wherever they hear
            something; see `CLEAR`.
    """

    sounds: FloatArray
    symbols: FloatArray
    loud: float = 0.0
    sure: FloatArray = field(default_factory=lambda: np.zeros(0, np.float32))


class Recogniser:
    """The recogniser with the networks that tell when.

    Args:
        conformer: The recogniser.
    """

    def __init__(self, conformer: Conformer) -> None:
        self._conformer = conformer
        self.symbols = conformer.symbols
        self._members = plain_members(conformer.symbols)

    def __call__(
        self,
        samples: FloatArray,
        before: int = 0,
        after: int = 0,
        *,
        loud: float = -np.inf,
        step: Callable[[float], None] | None = None,
    ) -> Heard:
        """Listen to (N,) samples at 16 kHz, of which some are only context.

        Args:
            samples: At most about 30 seconds.
            before: Samples at the beginning that were heard already; whole rows of 20 ms.
            after: Samples at the end that will be heard again.
            loud: Level of the loud parts that were heard earlier, see `Heard.loud`.
            step: Told now and then how much of the work is done, 0..1.
        """
        heard = self._conformer(samples, step)
        loud = max(loud, loudest(heard.mels))
        first = before // HOP
        count = -(-(len(samples) - before - after) // HOP)

        def sounds_by(nets: TimingNets | TimingNet) -> FloatArray:
            found = confirmed(nets(heard, loud), heard.log_probs, self._members)
            return _rows(found, first, count)

        sounds = sounds_by(timing_nets())
        sure = sureness(sounds)
        if len(sure) and float(sure.mean()) < CLEAR:
            sounds = sounds_by(noisy_net())
        symbols = _rows(heard.log_probs, before // _ROW, -(-count // 2))
        return Heard(sounds, symbols, loud, sure)


def in_context(pieces: Iterator[FloatArray]) -> Iterator[tuple[FloatArray, int, int]]:
    """Yield each piece between the sound before and after it, and the lengths of these.

    The lengths are whole rows of 20 ms.
    """
    before = np.zeros(0, np.float32)
    current = next(pieces, None)
    while current is not None:
        following = next(pieces, None)
        after = np.zeros(0, np.float32) if following is None else following[:CONTEXT]
        yield np.concatenate([before, current, after]), len(before), len(after)
        before = current[-CONTEXT:]
        before = before[len(before) % _ROW :]
        current = following


@functools.lru_cache(maxsize=1)
def _loaded(weights: Path, vocabulary: Path) -> Recogniser:
    return Recogniser(Conformer(weights.read_bytes(), vocabulary.read_bytes()))


def recogniser_of(require: Require | None = None) -> Recogniser | None:
    """Return the recogniser, or None where its weights are not there or cannot be used.

    Args:
        require: Gives a verified weight file; by default one of the usual folders.
    """
    require = require or WeightStore.standard().require
    try:
        return _loaded(require(RECOGNISER), require(VOCABULARY))
    except (SadTalkerError, OSError) as error:
        logger.warning("Listening without the phone recogniser: %s", error)
        return None


def _rows(values: FloatArray, first: int, count: int) -> FloatArray:
    """Return `count` rows from `first` on; the last one is repeated where there are too few."""
    part = values[first : first + count]
    if len(part) < count:
        part = np.pad(part, ((0, count - len(part)), (0, 0)), mode="edge")
    return part
