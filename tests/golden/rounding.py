"""How far two float32 evaluations may be from the float64 truth, and from nothing else.

A fixed tolerance is met by one machine's order of additions and missed by another's. Here the
tolerance of a stage is derived. Three evaluations of the same stage are at hand: the float64 truth
(`tests.golden.float64`), the original's recorded float32 values, and our float32 values on this
processor. Both float32 evaluations are the truth plus rounding, and rounding of the same networks
on the same inputs is of like size whatever the order of additions. So, by the root of the mean
square and by the largest single value:

* ours is at most `RMS` or `LARGEST` times as far from the truth as the recorded original is;
* the recorded original is at most as many times as far from the truth as ours is. The truth comes
  from our networks too, so a mistake in them moves it away from the recording, and this condition
  sees it: the mistake moves the truth and ours alike, so that ours stays as near as rounding is.

Where the index says how far the original was from its own float64 evaluation, on average, the
recorded values are that far from our float64 values too, within `NOISE`: two independent
float64 evaluations meet. The copied renderer measures 0.16 (heat, nearly all zero) to 1.23.

The multiples are twice the widest spread over 37 stages of three networks, measured on one Xeon
with torch 2.13 whose instructions were limited to SSE4.1, AVX2 and AVX-512, with one and two
threads. The root mean square was 0.41 to 3.2 times the recorded original's distance, the largest
value 0.33 to 5.9 times. Both ends are sums of tens of thousands of products, the mask and the
occlusion: how many of them are added before the next partial sum begins makes that difference.
Layers with shorter sums stay within 0.6 to 2.5.

No distance counts as smaller than the rounding of the values themselves to float32: half a unit
in the last place of the root mean square, a unit of the largest value.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

RMS = 6.0
LARGEST = 12.0
NOISE = 1.5
UNIT = float(np.finfo(np.float32).eps)


@dataclass(frozen=True, kw_only=True)
class Rounding:
    """Distances of ours and of the recording from the truth: root mean square and largest."""

    ours_rms: float
    recorded_rms: float
    ours_largest: float
    recorded_largest: float
    passed: bool

    @property
    def ratios(self) -> tuple[float, float]:
        """Return ours over recorded: root mean square, largest."""
        return self.ours_rms / self.recorded_rms, self.ours_largest / self.recorded_largest


def _distance(values: np.ndarray, truth: np.ndarray) -> tuple[float, float]:
    difference = np.abs(values.astype(np.float64) - truth)
    rms = max(_rms(difference), UNIT / 2 * _rms(truth))
    return rms, max(float(difference.max()), UNIT * float(np.abs(truth).max()))


def _rms(values: np.ndarray) -> float:
    return float(np.sqrt(np.mean(values**2)))


def rounding_of(
    ours: np.ndarray, recorded: np.ndarray, truth: np.ndarray, noise: float | None = None
) -> Rounding:
    """Judge our values and the recorded ones by their distance from the truth.

    Args:
        ours, recorded: Float32 values.
        truth: Float64 values.
        noise: The original's own mean distance from its float64 evaluation, if known.
    """
    truth = np.asarray(truth)
    ours_rms, ours_largest = _distance(ours, truth)
    recorded_rms, recorded_largest = _distance(recorded, truth)
    alike = max(ours_rms, recorded_rms) <= RMS * min(ours_rms, recorded_rms) and max(
        ours_largest, recorded_largest
    ) <= LARGEST * min(ours_largest, recorded_largest)
    mean = float(np.abs(recorded.astype(np.float64) - truth).mean())
    floor = UNIT / 2 * float(np.abs(truth).mean())
    known = noise is None or mean <= NOISE * max(noise, floor)
    return Rounding(
        ours_rms=ours_rms,
        recorded_rms=recorded_rms,
        ours_largest=ours_largest,
        recorded_largest=recorded_largest,
        passed=bool(np.isfinite(ours).all()) and alike and known,
    )
