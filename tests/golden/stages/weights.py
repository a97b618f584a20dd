"""The keyed test weights themselves."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from tests.golden.folder import GoldenFolder
from tests.golden.keyed_weights import keyed_tensor
from tests.golden.registry import EXACT, Stage, Tolerance, stages

SUM = Tolerance(absolute=1e-9, relative=1e-9)


@stages("weights_check", "weights_check.json")
def weights_check(folder: GoldenFolder) -> Iterator[Stage]:
    """First values and sums of sample tensors."""
    recorded = folder.json("weights_check.json")
    for key, entry in recorded["tensors"].items():
        tensor = keyed_tensor(key, tuple(entry["shape"]), recorded["seed"])
        flat = tensor.reshape(-1).astype(np.float64)
        first = np.array(entry["first"])
        yield Stage(f"{key} first", flat[: len(first)], first, EXACT)
        sums = [flat.sum(), np.abs(flat).sum()]
        yield Stage(f"{key} sums", sums, [entry["sum"], entry["abs_sum"]], SUM)
