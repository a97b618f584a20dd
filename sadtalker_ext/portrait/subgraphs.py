"""Parts of a network that OpenCV calculates: the runs of convolutions between its odd operations.

OpenCV cannot read a network with operations of its own kind, but every run of plain ones between
them is a network that it can, and calculates three times as fast as numpy. A part has one input and
one output: versions from 5.0 on give no others.
"""

from __future__ import annotations

import logging
import struct
from collections import defaultdict
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np

from sadtalker_ext.portrait.ops import Kernel, Shape
from sadtalker_ext.types import FloatArray

log = logging.getLogger(__name__)

_PLAIN: Final = ("CONV_2D", "DEPTHWISE_CONV_2D", "PRELU", "ADD", "MAX_POOL_2D", "PAD")
_LEAST: Final = 4
"""Fewer operations are not worth the way to OpenCV and back."""
_SAME: Final = 1e-3
"""Largest difference, as a share of the largest value, of two ways to calculate the same; the
versions 4.8, 4.14, 5.0 and 5.1 of OpenCV reach 1e-6."""


@dataclass(frozen=True, slots=True)
class Node:
    """One operation.

    Attributes:
        number: Its place in the file.
        kind: The format's name.
        inputs: Tensors that are calculated; constants are left out.
        output: The tensor it calculates.
        before: Numbers of operations that only unpack its constants.
    """

    number: int
    kind: str
    inputs: tuple[int, ...]
    output: int
    before: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Subgraph:
    """Plain operations with one input and one output.

    Attributes:
        nodes: In the file's order.
        source: The tensor that goes in.
        result: The tensor that comes out, of the last operation.
    """

    nodes: tuple[Node, ...]
    source: int
    result: int


def subgraphs_of(nodes: Sequence[Node], outputs: Collection[int]) -> list[Subgraph]:
    """Return the runs of plain operations of a network, as large as they can be.

    Args:
        nodes: All operations, in an order in which they can run.
        outputs: Tensors that the network gives.
    """
    users: dict[int, list[Node]] = defaultdict(list)
    for node in nodes:
        for tensor in node.inputs:
            users[tensor].append(node)
    plain = {node.output: node for node in nodes if node.kind in _PLAIN}
    # for every tensor, where the run that it lies in ends; where runs part, one ends
    ends: dict[int, int] = {}
    for tensor in reversed(plain):
        seen = tensor in outputs or any(user.output not in plain for user in users[tensor])
        later = {ends[user.output] for user in users[tensor] if user.output in plain}
        ends[tensor] = later.pop() if len(later) == 1 and not seen else tensor
    found = []
    for end in sorted(set(ends.values())):
        members = tuple(plain[tensor] for tensor in plain if ends[tensor] == end)
        inside = {node.output for node in members}
        sources = {tensor for node in members for tensor in node.inputs} - inside
        if len(sources) == 1 and len(members) >= _LEAST:
            found.append(Subgraph(members, sources.pop(), end))
    return found


def file_of(data: bytes, lists: Sequence[int], part: Subgraph, operations: Sequence[int]) -> bytes:
    """Return a file of the format that holds only a part of a network.

    The lists of inputs, outputs and operations become shorter where they lie; what they point to
    stays in the file.

    Args:
        data: The whole file.
        lists: Where the first elements of these three lie.
        part: What is wanted.
        operations: Where the tables of its operations lie, which are behind the list.
    """
    cut = bytearray(data)
    inputs, outputs, operators = lists
    struct.pack_into("<Ii", cut, inputs - 4, 1, part.source)
    struct.pack_into("<Ii", cut, outputs - 4, 1, part.result)
    struct.pack_into("<I", cut, operators - 4, len(operations))
    for place, table in enumerate(operations):
        here = operators + 4 * place
        struct.pack_into("<I", cut, here, table - here)
    return bytes(cut)


def by_opencv(data: bytes) -> Kernel:
    """Build the kernel of a file that `file_of` gave, from (1, H, W, C) to (1, H, W, C) float32.

    Raises:
        cv2.error: This OpenCV cannot read it.
    """
    net = cv2.dnn.readNetFromTFLite(np.frombuffer(data, np.uint8))

    def run(x: FloatArray) -> FloatArray:
        net.setInput(np.ascontiguousarray(x.transpose(0, 3, 1, 2)))
        return np.asarray(net.forward(), np.float32).transpose(0, 2, 3, 1)

    return run


def can_calculate(
    parts: Sequence[Subgraph],
    by_opencv: Callable[[Subgraph], Kernel],
    kernel_of: Callable[[Node], Kernel],
    shape_of: Callable[[int], Shape],
) -> bool:
    """Tell whether OpenCV calculates the parts of a network as numpy does.

    One part that has most kinds of operations stands for all: to build them all twice would take
    longer than the network does.

    Args:
        parts: The parts.
        by_opencv: Lets OpenCV read a part.
        kernel_of: Builds an operation in numpy.
        shape_of: Gives the shape of a tensor.
    """
    if not parts:
        return False
    tried = max(parts, key=lambda one: (len({node.kind for node in one.nodes}), -len(one.nodes)))
    shape = shape_of(tried.source)
    x = np.random.default_rng(0).standard_normal(shape).astype(np.float32)
    known = {tried.source: x}
    for node in tried.nodes:
        known[node.output] = kernel_of(node)(*[known[place] for place in node.inputs])
    expected = known[tried.result]
    try:
        found = by_opencv(tried)(x)
    except cv2.error as problem:
        log.info("OpenCV %s cannot read a part of a network: %s", cv2.__version__, problem)
        return False
    if found.shape == expected.shape:
        apart = np.abs(found - expected).max() / max(float(np.abs(expected).max()), 1e-6)
        if apart <= _SAME:
            return True
    log.warning("OpenCV %s calculates a network wrongly; numpy does it", cv2.__version__)
    return False
