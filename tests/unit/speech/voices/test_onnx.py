import math

import numpy as np
import pytest

from sadtalker_ext.errors import WeightsCorrupt
from sadtalker_ext.speech.voices.onnx.graph import Graph
from sadtalker_ext.speech.voices.onnx.operators import OPERATORS
from sadtalker_ext.speech.voices.onnx.wire import read_model
from tests.support.onnx_file import model, node, tensor


def graph(tmp_path, nodes, constants=None, inputs=("x",), outputs=("y",), more=()):
    path = tmp_path / "small.onnx"
    path.write_bytes(model(nodes, constants or {}, inputs, outputs))
    return Graph(path, more)


def run(kind, *inputs, **settings):
    return OPERATORS[kind](settings, *inputs)


def test_a_linear_layer_runs_and_shows_what_lies_between(tmp_path):
    weights = np.array([[1.0, 2.0], [3.0, 4.0]], np.float32)
    net = graph(
        tmp_path,
        [node("MatMul", ["x", "w"], ["m"]), node("Add", ["m", "b"], ["y"])],
        {"w": weights, "b": np.array([0.5, -0.5], np.float32)},
        more=["m"],
    )
    x = np.array([[1.0, -1.0]], np.float32)
    out = net(x=x)
    assert net.inputs == ("x",)
    np.testing.assert_allclose(out["m"], x @ weights)
    np.testing.assert_allclose(out["y"], x @ weights + [0.5, -0.5])


def test_what_does_not_depend_on_the_input_is_computed_once(tmp_path):
    two = np.array(2.0, np.float32)
    net = graph(
        tmp_path,
        [
            node("Constant", [], ["two"], value=two),
            node("Mul", ["two", "two"], ["four"]),
            node("Mul", ["x", "four"], ["y"]),
        ],
    )
    assert [step.kind for step in net._steps] == ["Mul"]
    assert net(x=np.float32(3.0))["y"] == 12


def test_weights_of_eight_bits_give_what_whole_numbers_give(tmp_path):
    rng = np.random.default_rng(0)
    x = rng.standard_normal((5, 16)).astype(np.float32)
    weights = rng.integers(-127, 127, (16, 3)).astype(np.int8)
    net = graph(
        tmp_path,
        [
            node("DynamicQuantizeLinear", ["x"], ["q", "scale", "zero"]),
            node("MatMulInteger", ["q", "w", "zero", "wz"], ["n"]),
            node("Cast", ["n"], ["f"], to=1),
            node("Mul", ["f", "scale"], ["y"]),
        ],
        {"w": weights, "wz": np.array(3, np.int8)},
        more=["q", "zero"],
    )
    out = net(x=x)
    steps = (out["q"] - out["zero"]).astype(np.int64)
    assert out["q"].min() >= 0 and out["q"].max() <= 255
    low, high = min(0, x.min()), max(0, x.max())
    exact = steps @ (weights.astype(np.int64) - 3) * ((high - low) / 255)
    np.testing.assert_allclose(out["y"], exact, rtol=1e-5)
    assert np.abs(out["y"] - x @ (weights - 3.0)).max() < 0.5 * 16 * 130 * (high - low) / 255


@pytest.mark.parametrize(("groups", "step"), [(1, 1), (1, 2), (4, 1), (4, 3)])
def test_a_convolution_over_time_is_the_sum_of_products(groups, step):
    rng = np.random.default_rng(1)
    x = rng.standard_normal((1, 4, 20)).astype(np.float32)
    outs = 4 if groups == 4 else 6
    weights = rng.standard_normal((outs, 4 // groups, 3)).astype(np.float32)
    bias = rng.standard_normal(outs).astype(np.float32)
    found = run("Conv", x, weights, bias, group=groups, dilations=[step], pads=[step, step])
    padded = np.pad(x[0], ((0, 0), (step, step)))
    for o in range(outs):
        for t in range(20):
            taps = padded[:, t : t + 2 * step + 1 : step]
            part = taps[o : o + 1] if groups == 4 else taps
            assert found[0, o, t] == pytest.approx((part * weights[o]).sum() + bias[o], abs=1e-4)


def test_an_unusual_convolution_is_refused_and_not_guessed():
    with pytest.raises(ValueError, match="should be over time, with stride 1"):
        run("Conv", np.zeros((1, 2, 9)), np.zeros((2, 2, 3)), strides=[2], pads=[1, 1])


def test_the_error_function_is_close_to_the_libraries():
    x = np.linspace(-5, 5, 401).astype(np.float32)
    np.testing.assert_allclose(run("Erf", x), [math.erf(one) for one in x], atol=5e-7)


def test_layer_normalisation_and_softmax():
    x = np.array([[1.0, 2.0, 4.0]], np.float32)
    normal = run("LayerNormalization", x, np.float32(2.0), np.float32(1.0), epsilon=0.0)
    np.testing.assert_allclose(normal, 2 * (x - x.mean()) / x.std() + 1, rtol=1e-6)
    np.testing.assert_allclose(run("Softmax", x), np.exp(x) / np.exp(x).sum(), rtol=1e-6)


@pytest.mark.parametrize(
    ("kind", "inputs", "settings", "expected"),
    [
        ("Slice", ([[0, 1, 2, 3]], [1], [9223372036854775807], [1]), {}, [[1, 2, 3]]),
        ("Slice", ([0, 1, 2, 3], [0], [4], [0], [2]), {}, [0, 2]),
        ("Gather", ([[1, 2], [3, 4]], [1, 0]), {"axis": 1}, [[2, 1], [4, 3]]),
        ("Reshape", ([[1, 2, 3, 4]], [0, 2, -1]), {}, [[[1, 2], [3, 4]]]),
        ("Unsqueeze", ([1, 2], [0]), {}, [[1, 2]]),
        ("ReduceSum", ([[1, 2], [3, 4]], [1]), {"keepdims": 0}, [3, 7]),
        ("CumSum", ([1, 2, 3], 0), {}, [1, 3, 6]),
        ("Div", ([7], [2]), {}, [3]),
        ("Tile", ([[1, 2]], [1, 2]), {}, [[1, 2, 1, 2]]),
        ("Clip", ([-3, 3], -1, None), {}, [-1, 3]),
        ("ArgMax", ([[1, 5, 2]],), {"axis": -1, "keepdims": 0}, [1]),
        ("Range", (0, 3, 1), {}, [0, 1, 2]),
        ("Transpose", ([[1, 2]],), {"perm": [1, 0]}, [[1], [2]]),
    ],
)
def test_the_plain_operations(kind, inputs, settings, expected):
    arrays = [None if one is None else np.array(one) for one in inputs]
    np.testing.assert_array_equal(run(kind, *arrays, **settings), expected)


@pytest.mark.parametrize("raw", [True, False])
@pytest.mark.parametrize("dtype", ["float32", "int64"])
def test_tensors_are_read_from_bytes_and_from_lists(raw, dtype):
    array = np.array([[1, -2], [3, 4]], dtype)
    wrapped = node("Constant", [], ["c"]) + _attribute(tensor(array, raw=raw))
    found = read_model(model([wrapped], {}, [], ["c"])).nodes[0].settings["value"]
    assert found.dtype == array.dtype
    np.testing.assert_array_equal(found, array)


def _attribute(body):
    from tests.support.onnx_file import _bytes

    return _bytes(5, _bytes(1, b"value") + _bytes(5, body))


@pytest.mark.parametrize("cut", [1, 7, 40, 90])
def test_a_cut_file_is_a_sentence(tmp_path, cut):
    whole = model([node("Relu", ["x"], ["y"])], {"w": np.ones(40, np.float32)}, ["x"], ["y"])
    path = tmp_path / "cut.onnx"
    path.write_bytes(whole[:-cut])
    with pytest.raises(WeightsCorrupt, match=r"cut\.onnx is not a readable ONNX file"):
        Graph(path)


def test_an_unknown_operation_is_named(tmp_path):
    with pytest.raises(WeightsCorrupt, match="LSTM"):
        graph(tmp_path, [node("LSTM", ["x"], ["y"])])


def test_a_wrong_input_is_named(tmp_path):
    net = graph(tmp_path, [node("Relu", ["x"], ["y"])])
    with pytest.raises(ValueError, match="x"):
        net(z=np.zeros(1))
