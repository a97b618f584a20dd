"""A network read from an ONNX file, run in numpy: 33 kinds of operations, no package needed."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from sadtalker_ext.errors import WeightsCorrupt
from sadtalker_ext.speech.voices.onnx.operators import OPERATORS
from sadtalker_ext.speech.voices.onnx.wire import Array, Model, Node, read_model


class Graph:
    """A network, ready to run. Safe to call from several threads.

    Weights of 8 bits are turned into float32 once, and what does not depend on the inputs is
    computed once.

    Args:
        path: The .onnx file.
        outputs: Names of more values to return: outputs of any operation.

    Raises:
        WeightsCorrupt: The file cannot be read as a network of known operations.
    """

    def __init__(self, path: Path, outputs: Sequence[str] = ()) -> None:
        try:
            model = read_model(path.read_bytes())
            unknown = {node.kind for node in model.nodes} - set(OPERATORS)
            if unknown:
                raise ValueError(f"it has unknown operations: {', '.join(sorted(unknown))}")
            self.outputs = (*model.outputs, *outputs)
            self._steps = _fold(model)
        except (OSError, ValueError, KeyError, IndexError, TypeError) as error:
            raise WeightsCorrupt(f"{path} is not a readable ONNX file: {error}.") from error
        self.inputs = tuple(model.inputs)
        self._constants = _used(model.constants, self._steps, self.outputs)
        self._last_use = _last_uses(self._steps, self.outputs)

    def __call__(self, **inputs: Array) -> dict[str, Array]:
        """Run the network.

        Args:
            **inputs: Every input by its name.

        Returns:
            Every output by its name.
        """
        if set(inputs) != set(self.inputs):
            raise ValueError(f"Expected the inputs {self.inputs}, found {tuple(inputs)}.")
        values: dict[str, Any] = dict(inputs)
        constants = self._constants
        for place, node in enumerate(self._steps):
            arguments = [
                constants[name] if name in constants else values[name] if name else None
                for name in node.inputs
            ]
            _keep(values, node, OPERATORS[node.kind](node.settings, *arguments))
            for name in self._last_use.get(place, ()):
                values.pop(name, None)
        return {
            name: constants[name] if name in constants else values[name] for name in self.outputs
        }


def _keep(values: dict[str, Any], node: Node, result: Any) -> None:
    results = result if isinstance(result, tuple) else (result,)
    values |= zip(node.outputs, results, strict=False)


def _fold(model: Model) -> list[Node]:
    """Return the nodes that depend on the inputs; compute the others into the constants."""
    constants: dict[str, Any] = model.constants
    steps = []
    for node in model.nodes:
        if node.kind == "MatMulInteger":
            _prepare_weights(constants, node)
        if any(name and name not in constants for name in node.inputs):
            steps.append(node)
            continue
        arguments = [constants[name] if name else None for name in node.inputs]
        _keep(constants, node, OPERATORS[node.kind](node.settings, *arguments))
    return steps


def _prepare_weights(constants: dict[str, Any], node: Node) -> None:
    """Take the zero of 8-bit weights off, once and as float32."""
    weights = node.inputs[1]
    zero = node.inputs[3] if len(node.inputs) > 3 else ""
    if weights not in constants or (zero and zero not in constants):
        return
    shift = constants[zero].astype(np.float32) if zero else np.float32(0)
    constants[f"{weights} as float"] = constants[weights].astype(np.float32) - shift
    node.inputs = [node.inputs[0], f"{weights} as float", *node.inputs[2:3]]


def _used(
    constants: Mapping[str, Any], steps: Sequence[Node], outputs: Sequence[str]
) -> dict[str, Any]:
    wanted = {name for node in steps for name in node.inputs} | set(outputs)
    return {name: value for name, value in constants.items() if name in wanted}


def _last_uses(steps: Sequence[Node], outputs: Sequence[str]) -> dict[int, list[str]]:
    """Return which values nobody needs after each step."""
    last: dict[str, int] = {}
    for place, node in enumerate(steps):
        last |= dict.fromkeys((*node.inputs, *node.outputs), place)
    freed: dict[int, list[str]] = {}
    for name, place in last.items():
        if name and name not in outputs:
            freed.setdefault(place, []).append(name)
    return freed


Runner = Callable[..., dict[str, Array]]
"""Runs a network: inputs and outputs by name."""
