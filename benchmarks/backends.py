"""The decoder, three quarters of a frame's arithmetic, by other ways to run it on a processor.

    python -m benchmarks.backends [torch bfloat16 compiled openvino]

One thread, keyed weights, in turns; what is not installed is left out. Processor time per frame of
256 pixels, and the largest difference of the picture from float32, in grey levels.
"""

from __future__ import annotations

import importlib.util
import json
import statistics
import sys
import time
from collections.abc import Callable
from typing import Any

import numpy as np

ROUNDS = 5
INPUT = (1, 256, 64, 64)
WAYS = ("torch", "plain", "bfloat16", "compiled", "openvino")


def decoder(*, folded: bool) -> Any:
    """Return the decoder with keyed weights, as the engine uses it or as its checkpoint has it."""
    import torch

    from sadtalker_ext.engines.sadtalker.nets.layers import fold
    from sadtalker_ext.engines.sadtalker.nets.spade import SpadeDecoder
    from tests.golden.keyed_weights import component

    tensors = component("generator")
    network = SpadeDecoder()
    network.load_state_dict(
        {
            key.removeprefix("decoder."): torch.from_numpy(value)
            for key, value in tensors.items()
            if key.startswith("decoder.")
        }
    )
    network.eval().requires_grad_(requires_grad=False)
    if folded:
        fold(network)
        to_last(network)
        network.use_tiles()
    return network


def to_last(network: Any) -> None:
    """Lay weights out as the engine does on a processor."""
    from sadtalker_ext.engines.sadtalker.nets.layers import to_channels_last

    to_channels_last(network)


def ways(names: tuple[str, ...]) -> dict[str, Callable[[np.ndarray], np.ndarray]]:
    """Return what can be tried here: functions from a map to a picture."""
    import torch

    found: dict[str, Callable[[np.ndarray], np.ndarray]] = {}

    def by(network: Any, kind: torch.dtype = torch.float32) -> Callable[[np.ndarray], np.ndarray]:
        def draw(seg: np.ndarray) -> np.ndarray:
            with torch.inference_mode():
                maps = torch.from_numpy(seg).to(kind, memory_format=torch.channels_last)
                return np.asarray(network(maps).float().numpy())

        return draw

    if "torch" in names:
        found["torch"] = by(decoder(folded=True))
    if "plain" in names:
        found["plain"] = by(decoder(folded=False))
    if "bfloat16" in names:
        narrow = decoder(folded=False).to(torch.bfloat16)
        found["bfloat16"] = by(narrow, torch.bfloat16)
    if "compiled" in names:
        found["compiled"] = by(torch.compile(decoder(folded=True), dynamic=False))
    if "openvino" in names and importlib.util.find_spec("openvino"):
        found["openvino"] = by_openvino()
    return found


def by_openvino() -> Callable[[np.ndarray], np.ndarray]:
    """Return OpenVINO's way, float32, one thread; it folds and chooses algorithms itself."""
    import openvino
    import torch

    example = torch.zeros(INPUT)
    hypot = torch.hypot
    # OpenVINO's reader of PyTorch does not know hypot
    torch.hypot = lambda a, b: torch.sqrt(a * a + b * b)
    try:
        # constants are cached by the first pass: a second trace, to check, would differ
        traced = torch.jit.trace(decoder(folded=False), example, check_trace=False)
    finally:
        torch.hypot = hypot
    model = openvino.convert_model(traced, example_input=example)
    settings = {"INFERENCE_PRECISION_HINT": "f32", "INFERENCE_NUM_THREADS": 1}
    compiled = openvino.Core().compile_model(model, "CPU", settings)

    def draw(seg: np.ndarray) -> np.ndarray:
        return np.asarray(next(iter(compiled(seg).values())))

    return draw


def run(names: tuple[str, ...] = WAYS) -> dict[str, Any]:
    """Measure in turns."""
    import torch

    torch.set_num_threads(1)
    seg = np.random.default_rng(1).normal(0, 1, INPUT).astype(np.float32)
    found = ways(names)
    times: dict[str, list[float]] = {name: [] for name in found}
    pictures: dict[str, np.ndarray] = {}
    for name, draw in found.items():
        began = time.perf_counter()
        pictures[name] = draw(seg)
        print(f"{name}: first {time.perf_counter() - began:.1f} s", file=sys.stderr, flush=True)
    for _ in range(ROUNDS):
        for name, draw in found.items():
            before = time.process_time()
            draw(seg)
            times[name].append(time.process_time() - before)
    reference = pictures[next(iter(found))]
    return {
        name: {
            "processor_seconds": round(statistics.median(values), 3),
            "smallest": round(min(values), 3),
            "times_faster_ratio": round(
                statistics.median(
                    ours / other
                    for ours, other in zip(times[next(iter(found))], values, strict=True)
                ),
                3,
            ),
            "largest_difference": round(255 * float(np.abs(pictures[name] - reference).max()), 3),
        }
        for name, values in times.items()
    }


if __name__ == "__main__":
    print(json.dumps(run(tuple(sys.argv[1:]) or WAYS), indent=2))
