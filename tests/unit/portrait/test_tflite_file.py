"""Our reading of a model's file, against that of the packages made for it where they are."""

import struct

import numpy as np
import pytest

from sadtalker_ext.portrait.tables import Table, root_of, settings_of
from sadtalker_ext.portrait.tflite_file import ModelFile
from sadtalker_ext.weights import manifest
from sadtalker_ext.weights.store import WeightStore

FILES = [manifest.MESH, manifest.HAND, manifest.PALMS]


@pytest.fixture(scope="module")
def read(request):
    """One file, as both readers see it."""
    tflite = pytest.importorskip("tflite")
    data = WeightStore.standard().require(request.param).read_bytes()
    model = tflite.Model.GetRootAsModel(data, 0)
    return ModelFile(data), model, model.Subgraphs(0)


each_file = pytest.mark.parametrize("read", FILES, indirect=True)


def kind_of(tflite, model, operator):
    code = model.OperatorCodes(operator.OpcodeIndex())
    if code.CustomCode():
        return code.CustomCode().decode()
    number = max(code.BuiltinCode(), code.DeprecatedBuiltinCode())
    return next(name for name, value in vars(tflite.BuiltinOperator).items() if value == number)


@each_file
def test_tensors_are_read_as_the_package_reads_them(read):
    ours, model, theirs = read
    assert ours.input == theirs.Inputs(0)
    assert ours.outputs == {
        theirs.Tensors(int(place)).Name().decode(): place for place in theirs.OutputsAsNumpy()
    }
    constants = 0
    for place in range(theirs.TensorsLength()):
        tensor = theirs.Tensors(place)
        assert ours.shape(place) == tuple(tensor.Shape(n) for n in range(tensor.ShapeLength()))
        buffer = model.Buffers(tensor.Buffer())
        if buffer.DataLength():
            constants += 1
            assert ours._constants[place].tobytes() == buffer.DataAsNumpy().tobytes()
    assert len(ours._constants) == constants


@each_file
def test_operations_are_read_as_the_package_reads_them(read):
    tflite = pytest.importorskip("tflite")
    ours, model, theirs = read
    nodes = {node.number: node for node in ours.nodes()}
    for number in range(theirs.OperatorsLength()):
        operator = theirs.Operators(number)
        kind = kind_of(tflite, model, operator)
        if number not in nodes:
            assert kind == "DEQUANTIZE"
            continue
        node = nodes[number]
        # those that only the detector of palms has, which OpenCV runs, keep their numbers
        assert node.kind in (kind, f"operation {getattr(tflite.BuiltinOperator, kind, None)}")
        assert node.output == operator.Outputs(0)
        inputs = operator.InputsAsNumpy().tolist()
        assert node.inputs == tuple(place for place in inputs if place not in ours._constants)
        assert ours.operation(node).settings == settings_by(tflite, kind, operator)


def settings_by(tflite, kind, operator):
    if kind == "Landmarks2TransformMatrix":
        flexbuffers = pytest.importorskip("flatbuffers.flexbuffers")
        return flexbuffers.Loads(bytes(operator.CustomOptionsAsNumpy()))
    table = {
        "CONV_2D": tflite.Conv2DOptions,
        "DEPTHWISE_CONV_2D": tflite.DepthwiseConv2DOptions,
        "MAX_POOL_2D": tflite.Pool2DOptions,
        "FULLY_CONNECTED": tflite.FullyConnectedOptions,
        "STRIDED_SLICE": tflite.StridedSliceOptions,
    }.get(kind)
    if table is None:
        return {}
    options, at = table(), operator.BuiltinOptions()
    options.Init(at.Bytes, at.Pos)
    names = {
        "padding": "Padding",
        "stride_w": "StrideW",
        "stride_h": "StrideH",
        "filter_w": "FilterWidth",
        "filter_h": "FilterHeight",
        "activation": "FusedActivationFunction",
        **{
            name: "".join(part.capitalize() for part in name.split("_")) + "Mask"
            for name in ("begin", "end", "ellipsis", "new_axis", "shrink_axis")
        },
    }
    found = {
        ours: getattr(options, theirs)()
        for ours, theirs in names.items()
        if hasattr(options, theirs)
    }
    if kind == "MAX_POOL_2D":
        del found["activation"]
    return found


def a_table(*fields):
    """A file of one table: numbers of four bytes, None where one is absent."""
    size = 4 + 2 * len(fields)
    places = [4 + 4 * n if value is not None else 0 for n, value in enumerate(fields)]
    vtable = struct.pack(f"<HH{len(fields)}H", size, 4 + 4 * len(fields), *places)
    start = 8 + len(vtable)
    values = struct.pack(f"<{len(fields)}i", *(value or 0 for value in fields))
    return struct.pack("<I4s", start, b"TEST") + vtable + struct.pack("<i", len(vtable)) + values


def test_an_absent_field_has_its_default():
    table = root_of(a_table(7, None), b"TEST")
    assert [table.number(field, "i", 5) for field in range(3)] == [7, 5, 5]
    assert table.tables(1) == [] and table.text(1) == "" and table.numbers(1).tolist() == []
    with pytest.raises(ValueError, match="table 1 is missing"):
        table.table(1)


def test_what_lies_behind_the_end_is_refused():
    data = a_table(1 << 20)
    table = root_of(data, b"TEST")
    for read in (table.numbers, table.tables, table.table, table.text):
        with pytest.raises((ValueError, struct.error)):
            read(0)
    with pytest.raises(struct.error):
        Table(data, len(data))
    with pytest.raises(ValueError, match="TFL3"):
        root_of(data, b"TFL3")


@pytest.mark.parametrize("value", [[1, 2], 3, {"a": "b"}, {"a": [0.5]}, {"a": {"b": 1}}])
def test_settings_of_an_unknown_kind_are_refused(value):
    flexbuffers = pytest.importorskip("flatbuffers.flexbuffers")
    with pytest.raises(ValueError, match=r"map|unknown kind"):
        settings_of(bytes(flexbuffers.Dumps(value)))


@pytest.mark.parametrize("large", [5, 300, 70_000, 1 << 40])
def test_settings_of_all_widths(large):
    flexbuffers = pytest.importorskip("flatbuffers.flexbuffers")
    builder = flexbuffers.Builder()
    with builder.Map():
        builder.Int("least", -large)
        builder.UInt("most", large)
        builder.Float("half", 0.5)
        builder.TypedVectorFromElements("many", [-large, 0, large])
    data = bytes(builder.Finish())
    assert settings_of(data) == flexbuffers.Loads(data)
    assert settings_of(data)["many"] == [-large, 0, large]
    assert np.isclose(settings_of(data)["half"], 0.5)
