"""The network executor, against plain loops and against the real model's behaviour."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from sadtalker_ext.errors import WeightsCorrupt
from sadtalker_ext.portrait import attention_ops, graph, ops, plain_ops
from sadtalker_ext.portrait.graph import Graph
from sadtalker_ext.portrait.ops import SAME, VALID, Operation
from sadtalker_ext.weights.store import WeightStore

RNG_SEED = 5


def operation(kind, inputs, constants, out_shape, **settings):
    return Operation(
        kind=kind,
        shapes=[tuple(np.shape(value)) for value in inputs],
        constants=constants,
        out_shape=out_shape,
        settings=settings,
    )


def padded(x, size, stride, padding):
    """The input with the frame that "SAME" asks for, and the output's height and width."""
    height, width = x.shape[1:3]
    if padding == VALID:
        return x, ((height - size) // stride + 1, (width - size) // stride + 1)
    rows, columns = -(-height // stride), -(-width // stride)
    extra = [
        max((n - 1) * stride + size - length, 0) for n, length in ((rows, height), (columns, width))
    ]
    frame = [(0, 0)] + [(e // 2, e - e // 2) for e in extra] + [(0, 0)]
    return np.pad(x, frame), (rows, columns)


@pytest.mark.parametrize("padding", [SAME, VALID])
@pytest.mark.parametrize("stride", [1, 2])
@pytest.mark.parametrize(("size", "height", "width"), [(1, 5, 7), (3, 6, 9), (2, 2, 2), (3, 3, 3)])
@pytest.mark.parametrize("depthwise", [False, True])
def test_convolutions_equal_plain_loops(padding, stride, size, height, width, depthwise):
    rng = np.random.default_rng(RNG_SEED)
    channels, outputs = 3, 3 if depthwise else 4
    x = rng.normal(size=(1, height, width, channels)).astype(np.float32)
    weights = rng.normal(size=(outputs, size, size, channels)).astype(np.float32)
    bias = rng.normal(size=outputs).astype(np.float32)
    if depthwise:
        weights = weights[:1]
    framed, (rows, columns) = padded(x, size, stride, padding)
    expected = np.zeros((1, rows, columns, outputs))
    for row in range(rows):
        for column in range(columns):
            top, left = row * stride, column * stride
            window = framed[0, top : top + size, left : left + size]
            if depthwise:
                expected[0, row, column] = (window * weights[0]).sum((0, 1)) + bias
            else:
                expected[0, row, column] = np.tensordot(weights, window, 3) + bias
    op = operation(
        "CONV_2D", [x, weights, bias], [None, weights, bias], expected.shape,
        stride_h=stride, stride_w=stride, padding=padding, activation=ops.NO_ACTIVATION,
    )  # fmt: skip
    kernel = ops.depthwise_convolution(op) if depthwise else ops.convolution(op)
    for _ in range(2):  # a second run must not see what the first one left in the buffers
        np.testing.assert_allclose(kernel(x), expected, rtol=1e-5, atol=1e-5)


def test_large_products_are_cut_without_changing_them():
    rng = np.random.default_rng(RNG_SEED)
    x = rng.normal(size=(1, 48, 96, 16)).astype(np.float32)
    weights = rng.normal(size=(24, 1, 1, 16)).astype(np.float32)
    bias = np.zeros(24, np.float32)
    op = operation(
        "CONV_2D", [x, weights, bias], [None, weights, bias], (1, 48, 96, 24),
        stride_h=1, stride_w=1, padding=VALID, activation=ops.RELU,
    )  # fmt: skip
    expected = np.maximum(x @ weights.reshape(24, 16).T, 0)
    np.testing.assert_allclose(ops.convolution(op)(x), expected, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("steepest", [0.9, 1.7])
def test_prelu_for_slopes_on_both_sides_of_one(steepest):
    x = np.linspace(-2, 2, 24, dtype=np.float32).reshape(1, 2, 3, 4)
    slope = np.array([[[-0.5, 0.0, 0.25, steepest]]], np.float32)
    op = operation("PRELU", [x, slope], [None, slope], x.shape)
    np.testing.assert_allclose(ops.prelu(op)(x), np.where(x > 0, x, slope * x), rtol=1e-6)


def test_max_pool_and_channel_padding():
    x = np.arange(32, dtype=np.float32).reshape(1, 4, 4, 2)
    pool = operation(
        "MAX_POOL_2D", [x], [None], (1, 2, 2, 2),
        stride_h=2, stride_w=2, filter_h=2, filter_w=2, padding=VALID,
    )  # fmt: skip
    small = ops.max_pool(pool)(x)
    assert small[0, :, :, 0].tolist() == [[10, 14], [26, 30]]
    margins = np.array([[0, 0], [0, 0], [0, 0], [0, 3]], np.int32)
    wide = plain_ops.pad(operation("PAD", [small, margins], [None, margins], (1, 2, 2, 5)))(small)
    assert wide[0, 1, 1].tolist() == [30, 31, 0, 0, 0]


def test_an_upright_square_of_landmarks_maps_to_the_enlarged_cut():
    points = np.zeros((1, 4, 3), np.float32)
    points[0, :, :2] = [(10, 20), (30, 20), (10, 40), (30, 40)]
    op = operation(
        "Landmarks2TransformMatrix", [points], [None], (1, 4, 4),
        subset_idxs=[0, 1, 2, 3], left_rotation_idx=0, right_rotation_idx=1,
        output_width=16, output_height=16, scale_x=1.5, scale_y=1.5,
    )  # fmt: skip
    transform = attention_ops.landmarks_to_transform(op)(points)
    corners = np.array([[[0, 0], [16, 16]]], np.float32)
    move = attention_ops.transform_landmarks(
        operation("TransformLandmarks", [corners, transform], [None, None], corners.shape)
    )
    np.testing.assert_allclose(move(corners, transform)[0], [(5, 15), (35, 45)], atol=1e-4)


def test_a_turned_pair_of_points_turns_the_cut():
    points = np.zeros((1, 2, 3), np.float32)
    points[0, :, :2] = [(50, 40), (50, 60)]  # the line points down: a quarter turn clockwise
    op = operation(
        "Landmarks2TransformMatrix", [points], [None], (1, 4, 4),
        subset_idxs=[0, 1], left_rotation_idx=0, right_rotation_idx=1,
        output_width=16, output_height=16, scale_x=1.0, scale_y=1.0,
    )  # fmt: skip
    transform = attention_ops.landmarks_to_transform(op)(points)[0]
    start, end = ((transform[:2, :2] @ (x, 8)) + transform[:2, 3] for x in (0, 16))
    np.testing.assert_allclose([start, end], [(50, 40), (50, 60)], atol=1e-4)


def test_a_cut_samples_between_pixels_and_is_zero_outside():
    features = np.arange(16, dtype=np.float32).reshape(1, 4, 4, 1)
    transform = np.eye(4, dtype=np.float32)[None].copy()
    transform[0, 0, 3] = 0.5
    op = operation("TransformTensorBilinear", [features, transform], [None, None], (1, 2, 4, 1))
    cut = attention_ops.transform_tensor(op)(features, transform)[0, :, :, 0]
    np.testing.assert_allclose(cut, [[0.5, 1.5, 2.5, 0], [4.5, 5.5, 6.5, 0]])


@pytest.mark.parametrize("content", [b"", b"<html></html>" * 40, bytes(200), b"\x1c\0\0\0TFL3" * 9])
def test_a_file_that_is_no_network_is_named(tmp_path, content):
    path = tmp_path / "mesh.tflite"
    path.write_bytes(content)
    with pytest.raises(WeightsCorrupt, match=r"mesh\.tflite"):
        Graph(path)


POOL = {"stride_h": 2, "stride_w": 2, "filter_h": 2, "filter_w": 2}
IMAGE = np.zeros((1, 4, 4, 2), np.float32)
KERNEL = np.zeros((2, 1, 1, 2), np.float32)


@pytest.mark.parametrize(
    ("build", "op", "found"),
    [
        (
            ops.max_pool,
            operation("MAX_POOL_2D", [IMAGE], [None], (1, 2, 2, 2), padding=SAME, **POOL),
            "MAX_POOL_2D with padding",
        ),
        (
            ops.convolution,
            operation("CONV_2D", [IMAGE, IMAGE], [None, None], IMAGE.shape),
            "CONV_2D with a computed input 1",
        ),
        (
            ops.convolution,
            operation(
                "CONV_2D",
                [IMAGE, KERNEL, KERNEL[0, 0, 0]],
                [None, KERNEL, KERNEL[0, 0, 0]],
                IMAGE.shape,
                stride_h=1,
                stride_w=1,
                padding=SAME,
                activation=2,
            ),
            "CONV_2D with activation 2",
        ),
    ],
)
def test_operations_of_another_network_are_refused_with_a_sentence(build, op, found):
    with pytest.raises(WeightsCorrupt, match=found) as caught:
        build(op)
    assert caught.value.message.startswith("The model file should hold only operations")
    assert "weights fetch face" in caught.value.hint


def test_a_file_with_an_unknown_operation_is_named(models, monkeypatch):
    path = WeightStore.standard().find("face_landmark_with_attention.tflite")
    known = {kind: build for kind, build in graph.BUILDERS.items() if kind != "PRELU"}
    monkeypatch.setattr(graph, "BUILDERS", known)
    with pytest.raises(WeightsCorrupt, match="found PRELU") as caught:
        Graph(path)
    assert path.name in caught.value.message
    assert "weights fetch face" in caught.value.hint


def test_a_wrong_input_shape_is_refused(models):
    with pytest.raises(ValueError, match="192"):
        models.mesher.graph(np.zeros((1, 64, 64, 3), np.float32))


def test_answers_of_earlier_runs_are_not_overwritten(models):
    rng = np.random.default_rng(RNG_SEED)
    first = models.mesher.graph(rng.random((1, 192, 192, 3), dtype=np.float32))
    kept = {name: value.copy() for name, value in first.items()}
    models.mesher.graph(rng.random((1, 192, 192, 3), dtype=np.float32))
    for name, value in first.items():
        np.testing.assert_array_equal(value, kept[name])


def test_three_threads_get_what_one_gets(models):
    """Two of them run at once, each with buffers of its own; the third waits."""
    network = models.mesher.graph
    rng = np.random.default_rng(RNG_SEED)
    inputs = [rng.random(network.input_shape, np.float32) for _ in range(6)]
    alone = [network(one)["output_lips"] for one in inputs]
    with ThreadPoolExecutor(3) as pool:
        together = list(pool.map(lambda one: network(one)["output_lips"], inputs))
    np.testing.assert_array_equal(np.stack(together), np.stack(alone))
    assert not np.array_equal(alone[0], alone[1])
