"""Read a TensorFlow-Lite file and run it.

OpenCV reads the other models, but not the attention mesh, three of whose operations are custom, nor
(4.8) the joints of a hand. They have only 16 kinds of operations, so they are run here: in numpy,
or, but for the odd operations, by parts that OpenCV can read.
"""

from __future__ import annotations

import contextlib
import struct
import threading
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Final

from sadtalker_ext.errors import WeightsCorrupt
from sadtalker_ext.portrait import attention_ops, ops, plain_ops
from sadtalker_ext.portrait.ops import Kernel, Operation
from sadtalker_ext.portrait.subgraphs import (
    Node,
    Subgraph,
    by_opencv,
    can_calculate,
    subgraphs_of,
)
from sadtalker_ext.portrait.tflite_file import ModelFile
from sadtalker_ext.types import FloatArray

BUILDERS: Final[Mapping[str, Callable[[Operation], Kernel]]] = MappingProxyType(
    {
        "CONV_2D": ops.convolution,
        "DEPTHWISE_CONV_2D": ops.depthwise_convolution,
        "MAX_POOL_2D": ops.max_pool,
        "PRELU": ops.prelu,
        "ADD": plain_ops.add,
        "MUL": plain_ops.multiply,
        "MEAN": plain_ops.mean,
        "FULLY_CONNECTED": plain_ops.fully_connected,
        "LOGISTIC": plain_ops.logistic,
        "PAD": plain_ops.pad,
        "RESHAPE": plain_ops.reshape,
        "STRIDED_SLICE": plain_ops.strided_slice,
        "Landmarks2TransformMatrix": attention_ops.landmarks_to_transform,
        "TransformLandmarks": attention_ops.transform_landmarks,
        "TransformTensorBilinear": attention_ops.transform_tensor,
    }
)

_MOST_SETS: Final = 2
"""Threads that run a network at once; each needs buffers of its own, about 20 MB."""


class Graph:
    """A network read from a .tflite file, ready to run. Safe to call from several threads.

    Args:
        path: The file.
        often: Let OpenCV calculate what it can. To find out takes a tenth of a second, so it is for
            networks that run many times.

    Raises:
        WeightsCorrupt: The file cannot be read as a network of known operations.
    """

    def __init__(self, path: Path, *, often: bool = False) -> None:
        try:
            self._plan = _Plan(path.read_bytes(), often=often)
            steps = self._plan.steps()
        except WeightsCorrupt as error:
            raise WeightsCorrupt(f"{path}: {error.message}", hint=error.hint) from error
        except (OSError, ValueError, KeyError, IndexError, struct.error) as error:
            raise WeightsCorrupt(
                f"{path} is not a readable TensorFlow-Lite file: {error}."
            ) from error
        file = self._plan.file
        self._input, self._outputs = file.input, file.outputs
        self.input_shape = file.shape(file.input)
        self._turn = threading.Condition()
        self._free, self._sets = [steps], 1

    def __call__(self, x: FloatArray) -> dict[str, FloatArray]:
        """Run the network.

        Args:
            x: Input of `input_shape`, float32.

        Returns:
            Every output by its name; the arrays belong to the caller.
        """
        if x.shape != self.input_shape:
            raise ValueError(f"Expected an input of shape {self.input_shape}, found {x.shape}.")
        with self._kernels() as steps:
            values: dict[int, FloatArray] = {self._input: x}
            for kernel, inputs, output in steps:
                values[output] = kernel(*[values[place] for place in inputs])
            return {name: values[place].copy() for name, place in self._outputs.items()}

    @contextlib.contextmanager
    def _kernels(self) -> Iterator[list[Step]]:
        """Lend kernels, which own their buffers, to one thread; a second set is made when asked."""
        with self._turn:
            while not self._free and self._sets == _MOST_SETS:
                self._turn.wait()
            if not self._free:
                self._free.append(self._plan.steps())
                self._sets += 1
            steps = self._free.pop()
        try:
            yield steps
        finally:
            with self._turn:
                self._free.append(steps)
                self._turn.notify()


Step = tuple[Kernel, tuple[int, ...], int]


class _Plan:
    """How the operations of one file are calculated."""

    def __init__(self, data: bytes, *, often: bool) -> None:
        self.file = ModelFile(data)
        self._often = often
        self._nodes: list[Node] | None = None
        self._parts: list[Subgraph] = []

    def steps(self) -> list[Step]:
        """Build the kernels in the file's order, in which they can run."""
        if self._nodes is None:
            self._nodes = self._known_nodes()
            outputs = self.file.outputs.values()
            parts = subgraphs_of(self._nodes, outputs) if self._often else []
            if can_calculate(parts, self._by_opencv, self._kernel, self.file.shape):
                self._parts = parts
        whole = {node.number: part for part in self._parts for node in part.nodes}
        steps: list[Step] = []
        for node in self._nodes:
            part = whole.get(node.number)
            if part is None:
                steps.append((self._kernel(node), node.inputs, node.output))
            elif node.output == part.result:  # the last one: everything it needs is there by now
                steps.append((self._by_opencv(part), (part.source,), part.result))
        return steps

    def _known_nodes(self) -> list[Node]:
        nodes = self.file.nodes()
        for node in nodes:
            if node.kind not in BUILDERS:
                raise ops.unknown(node.kind)
        return nodes

    def _by_opencv(self, part: Subgraph) -> Kernel:
        return by_opencv(self.file.part(part))

    def _kernel(self, node: Node) -> Kernel:
        return BUILDERS[node.kind](self.file.operation(node))
