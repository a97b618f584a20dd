"""Parts of a network that OpenCV calculates: which they are, and what happens where it errs."""

import logging

import numpy as np
import pytest

from sadtalker_ext.portrait import graph, tflite_file
from sadtalker_ext.portrait.graph import Graph
from sadtalker_ext.portrait.subgraphs import Node, subgraphs_of
from sadtalker_ext.weights.store import WeightStore


def chain(first, source, kinds):
    """Nodes one after the other, from a tensor on; they calculate the tensors behind `first`."""
    inputs = [source, *range(first, first + len(kinds) - 1)]
    return [Node(first + n, kind, (inputs[n],), first + n) for n, kind in enumerate(kinds)]


PLAIN = ["CONV_2D", "PRELU", "DEPTHWISE_CONV_2D", "MAX_POOL_2D"]


def found(nodes, outputs):
    return [(part.source, part.result, len(part.nodes)) for part in subgraphs_of(nodes, {*outputs})]


def test_a_run_ends_where_another_operation_or_the_caller_looks():
    nodes = [
        *chain(1, 0, PLAIN),
        Node(5, "LOGISTIC", (4,), 5),
        *chain(6, 5, PLAIN),
        *chain(10, 4, PLAIN),
    ]
    assert found(nodes, {9, 13}) == [(0, 4, 4), (5, 9, 4), (4, 13, 4)]
    assert found(nodes, {2, 9, 13}) == [(5, 9, 4), (4, 13, 4)]  # two halves are too short


def test_a_run_ends_where_two_begin_and_goes_through_a_residual():
    nodes = [
        *chain(1, 0, PLAIN),
        Node(5, "ADD", (2, 4), 5),
        *chain(6, 5, PLAIN),
        *chain(10, 5, PLAIN),
    ]
    assert found(nodes, {9, 13}) == [(0, 5, 5), (5, 9, 4), (5, 13, 4)]


def test_a_sum_of_two_inputs_is_no_part():
    nodes = [
        Node(1, "LOGISTIC", (0,), 1),
        Node(2, "ADD", (0, 1), 2),
        *chain(3, 2, PLAIN),
    ]
    assert found(nodes, {6}) == []


@pytest.fixture(scope="module")
def path():
    return WeightStore.standard().require("face_landmark_with_attention.tflite")


@pytest.fixture(scope="module")
def in_numpy(path):
    """The mesh network without any part, a picture, and what the network makes of it."""
    network = Graph(path)
    rng = np.random.default_rng(0)
    coarse = rng.random((1, 12, 12, 3), np.float32)
    picture = np.ascontiguousarray(coarse.repeat(16, axis=1).repeat(16, axis=2))
    return picture, network(picture)


def test_both_ways_give_the_same_mesh(path, in_numpy, caplog):
    picture, expected = in_numpy
    with caplog.at_level(logging.INFO):
        network = Graph(path, often=True)
    assert not caplog.records
    # most of the 330 operations are OpenCV's
    assert len(network._free[0]) < 60
    for _ in range(2):
        for name, values in network(picture).items():
            np.testing.assert_allclose(values, expected[name], atol=1e-3)


def test_where_opencv_errs_numpy_calculates(path, in_numpy, caplog, monkeypatch):
    right = graph.by_opencv

    def wrong(data):
        kernel = right(data)
        return lambda x: kernel(x) + 0.1

    monkeypatch.setattr(graph, "by_opencv", wrong)
    picture, expected = in_numpy
    found = Graph(path, often=True)(picture)
    assert "calculates a network wrongly" in caplog.text
    for name, values in found.items():
        np.testing.assert_array_equal(values, expected[name])


def test_where_opencv_cannot_read_numpy_calculates(path, in_numpy, monkeypatch):
    monkeypatch.setattr(tflite_file, "file_of", lambda *_: b"nothing")
    picture, expected = in_numpy
    np.testing.assert_array_equal(
        Graph(path, often=True)(picture)["output_lips"], expected["output_lips"]
    )
