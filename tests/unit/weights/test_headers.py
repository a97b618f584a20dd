"""Headers of weight files by somebody else: whatever is odd in them is named."""

import pytest

pytest.importorskip("safetensors", reason="reads weight files with safetensors")

from sadtalker_ext.errors import WeightsCorrupt
from sadtalker_ext.weights.checkpoint import read_component


@pytest.mark.parametrize(
    "header",
    [
        b"[" * 50_000,
        b'{"a":' * 50_000 + b"1" + b"}" * 50_000,
        b'{"a": {"dtype": "F32", "shape": [4], "data_offsets": ["0", "16"]}}',
        b'{"a": {"dtype": "F32", "shape": [4], "data_offsets": [0, 16.0]}}',
        b'{"a": null}',
        b"[1]",
    ],
    ids=["deep lists", "deep objects", "text", "fractions", "nothing", "a list"],
)
def test_odd_headers_are_named(tmp_path, header):
    path = tmp_path / "w.safetensors"
    path.write_bytes(len(header).to_bytes(8, "little") + header + bytes(16))
    with pytest.raises(WeightsCorrupt):
        read_component(path, "generator")
