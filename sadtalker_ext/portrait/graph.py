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
from typing import Any, Final

import numpy as np

from sadtalker_ext.errors import PackageMissing, WeightsCorrupt
from sadtalker_ext.installing import how_to_add
from sadtalker_ext.portrait import attention_ops, ops, plain_ops
from sadtalker_ext.portrait.ops import Constant, Kernel, Operation
from sadtalker_ext.portrait.subgraphs import (
    Node,
    Subgraph,
    by_opencv,
    can_calculate,
    file_of,
    subgraphs_of,
)
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
_DTYPES: Final = {0: np.float32, 1: np.float16, 2: np.int32}  # the format's TensorType


class Graph:
    """A network read from a .tflite file, ready to run. Safe to call from several threads.

    Args:
        path: The file.
        often: Let OpenCV calculate what it can. To find out takes a fifth of a second, so it is for
            networks that run many times.

    Raises:
        PackageMissing: The reader of the format is not installed.
        WeightsCorrupt: The file cannot be read as a network of known operations.
    """

    def __init__(self, path: Path, *, often: bool = False) -> None:
        try:
            reader = _Reader(path.read_bytes(), often=often)
        except ImportError as error:
            raise PackageMissing(
                f"The packages tflite and flatbuffers are needed to read {path.name}: {error}.",
                hint=how_to_add("tflite", "flatbuffers"),
            ) from error
        except (OSError, ValueError, KeyError, IndexError, TypeError, struct.error) as error:
            raise WeightsCorrupt(
                f"{path} is not a readable TensorFlow-Lite file: {error}."
            ) from error
        try:
            steps = reader.steps()
        except WeightsCorrupt as error:
            raise WeightsCorrupt(f"{path}: {error.message}", hint=error.hint) from error
        except KeyError as error:
            raise WeightsCorrupt(f"{path} holds an unknown type or setting: {error}.") from error
        self._reader = reader
        self._input, self._outputs = reader.input, reader.outputs
        self.input_shape = reader.shape(self._input)
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
                self._free.append(self._reader.steps())
                self._sets += 1
            steps = self._free.pop()
        try:
            yield steps
        finally:
            with self._turn:
                self._free.append(steps)
                self._turn.notify()


Step = tuple[Kernel, tuple[int, ...], int]


class _Reader:
    """The tables of one file."""

    def __init__(self, data: bytes, *, often: bool) -> None:
        import tflite

        self._names = {
            value: name
            for name, value in vars(tflite.BuiltinOperator).items()
            if type(value) is int
        }
        if not tflite.Model.ModelBufferHasIdentifier(data, 0):
            raise ValueError("the mark TFL3 is missing")
        self._data, self._often = data, often
        self._model = tflite.Model.GetRootAsModel(data, 0)
        self._graph = self._model.Subgraphs(0)
        self.input = int(self._graph.Inputs(0))
        self.outputs = {
            self._graph.Tensors(int(place)).Name().decode(): int(place)
            for place in self._graph.OutputsAsNumpy()
        }
        self._constants = self._read_constants()
        self._nodes: list[Node] | None = None
        self._parts: list[Subgraph] = []

    def shape(self, tensor: int) -> tuple[int, ...]:
        table = self._graph.Tensors(tensor)
        return tuple(int(table.Shape(axis)) for axis in range(table.ShapeLength()))

    def steps(self) -> list[Step]:
        """Build the kernels in the file's order, in which they can run."""
        if self._nodes is None:
            self._nodes = self._read_nodes()
            outputs = self.outputs.values()
            parts = subgraphs_of(self._nodes, outputs) if self._often else []
            if can_calculate(parts, self._by_opencv, self._kernel, self.shape):
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

    def _by_opencv(self, part: Subgraph) -> Kernel:
        return by_opencv(file_of(self._data, self._graph, part))

    def _kernel(self, node: Node) -> Kernel:
        operator = self._graph.Operators(node.number)
        inputs = [int(place) for place in operator.InputsAsNumpy()]
        operation = Operation(
            kind=node.kind,
            shapes=[self.shape(place) for place in inputs],
            constants=[self._constants.get(place) for place in inputs],
            out_shape=self.shape(node.output),
            settings=_settings(node.kind, operator),
        )
        return BUILDERS[node.kind](operation)

    def _read_nodes(self) -> list[Node]:
        """Read all operations, and unpack constants that are stored with half the bits."""
        nodes: list[Node] = []
        unpacked: dict[int, int] = {}
        for number in range(self._graph.OperatorsLength()):
            operator = self._graph.Operators(number)
            kind = self._kind(operator)
            inputs = [int(place) for place in operator.InputsAsNumpy()]
            output = int(operator.Outputs(0))
            if kind == "DEQUANTIZE" and inputs[0] in self._constants:
                self._constants[output] = self._constants[inputs[0]].astype(np.float32)
                unpacked[output] = number
                continue
            if kind not in BUILDERS:
                raise ops.unknown(kind)
            computed = tuple(place for place in inputs if place not in self._constants)
            before = tuple(unpacked[place] for place in inputs if place in unpacked)
            nodes.append(Node(number, kind, computed, output, before))
        return nodes

    def _kind(self, node: Any) -> str:
        code = self._model.OperatorCodes(node.OpcodeIndex())
        if custom := code.CustomCode():
            name: str = custom.decode()
            return name
        # files from before the format had more than 127 operations fill only the old field
        return str(self._names[max(code.BuiltinCode(), code.DeprecatedBuiltinCode())])

    def _read_constants(self) -> dict[int, Constant]:
        constants: dict[int, Constant] = {}
        for place in range(self._graph.TensorsLength()):
            table = self._graph.Tensors(place)
            buffer = self._model.Buffers(table.Buffer())
            if buffer.DataLength():
                raw = buffer.DataAsNumpy().view(_DTYPES[table.Type()])
                constants[place] = raw.reshape(self.shape(place))
        return constants


def _settings(kind: str, node: Any) -> Mapping[str, Any]:
    """Return a node's options by name."""
    import tflite
    from flatbuffers import flexbuffers

    if kind == "Landmarks2TransformMatrix":
        loaded: Mapping[str, Any] = flexbuffers.Loads(bytes(node.CustomOptionsAsNumpy()))
        return loaded
    if kind in ("CONV_2D", "DEPTHWISE_CONV_2D"):
        table = tflite.Conv2DOptions() if kind == "CONV_2D" else tflite.DepthwiseConv2DOptions()
        _attach(table, node)
        if (table.DilationHFactor(), table.DilationWFactor()) != (1, 1):
            raise ops.unknown(f"{kind} with dilation")
        return {**_window(table), "activation": table.FusedActivationFunction()}
    if kind == "FULLY_CONNECTED":
        table = _attach(tflite.FullyConnectedOptions(), node)
        return {"activation": table.FusedActivationFunction()}
    if kind == "MAX_POOL_2D":
        table = _attach(tflite.Pool2DOptions(), node)
        return {
            **_window(table),
            "filter_h": table.FilterHeight(),
            "filter_w": table.FilterWidth(),
        }
    if kind == "STRIDED_SLICE":
        table = _attach(tflite.StridedSliceOptions(), node)
        return {
            "begin": table.BeginMask(),
            "end": table.EndMask(),
            "ellipsis": table.EllipsisMask(),
            "new_axis": table.NewAxisMask(),
            "shrink_axis": table.ShrinkAxisMask(),
        }
    return {}


def _attach(table: Any, node: Any) -> Any:
    options = node.BuiltinOptions()
    table.Init(options.Bytes, options.Pos)
    return table


def _window(table: Any) -> dict[str, int]:
    return {
        "stride_h": table.StrideH(),
        "stride_w": table.StrideW(),
        "padding": table.Padding(),
    }
