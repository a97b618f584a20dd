"""What a TensorFlow-Lite file says: tensors, constants and operations.

Format: tensorflow/compiler/mlir/lite/schema/schema.fbs; the numbers of fields are their places in
its tables.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final

import numpy as np

from sadtalker_ext.portrait import ops
from sadtalker_ext.portrait.ops import Constant, Operation
from sadtalker_ext.portrait.subgraphs import Node, Subgraph, file_of
from sadtalker_ext.portrait.tables import Table, root_of, settings_of

_MARK: Final = b"TFL3"
_CODES, _GRAPHS, _BUFFERS = 1, 2, 4  # fields of a Model
_OLD_CODE, _CUSTOM_CODE, _CODE = 0, 1, 3  # of an OperatorCode
_TENSORS, _INPUTS, _OUTPUTS, _OPERATORS = 0, 1, 2, 3  # of a SubGraph
_SHAPE, _TYPE, _BUFFER, _NAME = 0, 1, 2, 3  # of a Tensor
_OPCODE, _TAKES, _GIVES, _OPTIONS, _CUSTOM_OPTIONS = 0, 1, 2, 4, 5  # of an Operator
_BYTES = 0  # of a Buffer

_DTYPES: Final = {0: "<f4", 1: "<f2", 2: "<i4"}  # of TensorType
_KINDS: Final = MappingProxyType(
    {
        0: "ADD",
        3: "CONV_2D",
        4: "DEPTHWISE_CONV_2D",
        6: "DEQUANTIZE",
        9: "FULLY_CONNECTED",
        14: "LOGISTIC",
        17: "MAX_POOL_2D",
        18: "MUL",
        22: "RESHAPE",
        34: "PAD",
        40: "MEAN",
        45: "STRIDED_SLICE",
        54: "PRELU",
    }
)
"""Names of those of BuiltinOperator that our networks have."""

_Field = tuple[int, str, int]
"""Number, format and default of one of the options of an operation."""
_WINDOW: Final[Mapping[str, _Field]] = MappingProxyType(
    {"padding": (0, "b", 0), "stride_w": (1, "i", 0), "stride_h": (2, "i", 0)}
)
_SETTINGS: Final[Mapping[str, Mapping[str, _Field]]] = MappingProxyType(
    {
        "CONV_2D": {
            **_WINDOW,
            "activation": (3, "b", 0),
            "dilation_w": (4, "i", 1),
            "dilation_h": (5, "i", 1),
        },
        "DEPTHWISE_CONV_2D": {
            **_WINDOW,
            "activation": (4, "b", 0),
            "dilation_w": (5, "i", 1),
            "dilation_h": (6, "i", 1),
        },
        "MAX_POOL_2D": {**_WINDOW, "filter_w": (3, "i", 0), "filter_h": (4, "i", 0)},
        "FULLY_CONNECTED": {"activation": (0, "b", 0)},
        "STRIDED_SLICE": {
            "begin": (0, "i", 0),
            "end": (1, "i", 0),
            "ellipsis": (2, "i", 0),
            "new_axis": (3, "i", 0),
            "shrink_axis": (4, "i", 0),
        },
    }
)


class ModelFile:
    """A network as its file describes it.

    Args:
        data: The whole file.

    Attributes:
        input: The tensor that goes in.
        outputs: The tensors that come out, by name.

    Raises:
        ValueError, IndexError, KeyError, struct.error: Here and from all methods: it is another
            file, damaged, or of an unknown type of numbers.
    """

    def __init__(self, data: bytes) -> None:
        self._data = data
        model = root_of(data, _MARK)
        self._graph = model.tables(_GRAPHS)[0]
        self._tensors = self._graph.tables(_TENSORS)
        self._operators = self._graph.tables(_OPERATORS)
        self._kinds = [_kind(code) for code in model.tables(_CODES)]
        self._shapes = [tuple(table.numbers(_SHAPE).tolist()) for table in self._tensors]
        self._constants = self._read_constants(model.tables(_BUFFERS))
        self.input = int(self._graph.numbers(_INPUTS)[0])
        self.outputs = {
            self._tensors[place].text(_NAME): place
            for place in self._graph.numbers(_OUTPUTS).tolist()
        }

    def shape(self, tensor: int) -> tuple[int, ...]:
        """Return the shape of a tensor."""
        return self._shapes[tensor]

    def nodes(self) -> list[Node]:
        """Return all operations in the file's order, in which they can run.

        Constants that are stored with half the bits are unpacked once and for all.
        """
        nodes: list[Node] = []
        unpacked: dict[int, int] = {}
        for number, operator in enumerate(self._operators):
            kind = self._kinds[operator.number(_OPCODE, "I")]
            inputs = operator.numbers(_TAKES).tolist()
            output = int(operator.numbers(_GIVES)[0])
            if kind == "DEQUANTIZE" and inputs[0] in self._constants:
                self._constants[output] = self._constants[inputs[0]].astype(np.float32)
                unpacked[output] = number
                continue
            computed = tuple(place for place in inputs if place not in self._constants)
            before = tuple(unpacked[place] for place in inputs if place in unpacked)
            nodes.append(Node(number, kind, computed, output, before))
        return nodes

    def operation(self, node: Node) -> Operation:
        """Return everything that a node is built from.

        Raises:
            WeightsCorrupt: Its options are none of our networks'.
        """
        operator = self._operators[node.number]
        inputs = operator.numbers(_TAKES).tolist()
        return Operation(
            kind=node.kind,
            shapes=[self.shape(place) for place in inputs],
            constants=[self._constants.get(place) for place in inputs],
            out_shape=self.shape(node.output),
            settings=_settings(node.kind, operator),
        )

    def part(self, part: Subgraph) -> bytes:
        """Return a file that holds only a part of the network."""
        lists = [self._graph.list_at(field)[0] for field in (_INPUTS, _OUTPUTS, _OPERATORS)]
        numbers = sorted({one for node in part.nodes for one in (*node.before, node.number)})
        places = [self._operators[number].at for number in numbers]
        return file_of(self._data, lists, part, places)

    def _read_constants(self, buffers: list[Table]) -> dict[int, Constant]:
        constants: dict[int, Constant] = {}
        for place, table in enumerate(self._tensors):
            buffer = buffers[table.number(_BUFFER, "I")]
            first, count = buffer.list_at(_BYTES)
            if count:
                dtype = np.dtype(_DTYPES[table.number(_TYPE, "b")])
                values = np.frombuffer(self._data, dtype, count // dtype.itemsize, first)
                constants[place] = values.reshape(self.shape(place))
        return constants


def _kind(code: Table) -> str:
    if name := code.text(_CUSTOM_CODE):
        return name
    # files from before the format had more than 127 operations fill only the old field
    number = max(code.number(_CODE), code.number(_OLD_CODE, "b"))
    return _KINDS.get(number, f"operation {number}")


def _settings(kind: str, operator: Table) -> Mapping[str, Any]:
    """Return an operation's options by name."""
    if kind == "Landmarks2TransformMatrix":
        return settings_of(operator.numbers(_CUSTOM_OPTIONS, "u1").tobytes())
    if kind not in _SETTINGS:
        return {}
    table = operator.table(_OPTIONS)
    found = {name: table.number(*field) for name, field in _SETTINGS[kind].items()}
    if (found.pop("dilation_h", 1), found.pop("dilation_w", 1)) != (1, 1):
        raise ops.unknown(f"{kind} with dilation")
    return found
