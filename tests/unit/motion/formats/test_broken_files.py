"""Motion files that are broken: one sentence, and nothing else is ever raised."""

import numpy as np
import pytest

from sadtalker_ext.errors import UnreadableMotion
from sadtalker_ext.motion.formats.files import SUFFIXES, motion_bytes, read_motion
from tests.unit.motion.formats.test_formats import random_motion

CURVE = b'{"Meta": {"Duration": 1}, "Curves": [{"Target": "Parameter", "Id": "a", "Segments": '
BROKEN = {
    "a.csv": [
        b"", b"a,b\n1,2\n", b"JawOpen\n", b"JawOpen\nx\n", b"JawOpen\nnan\n", b"\xff\xfe\x00",
    ],
    "a.vrma": [b"", b"glTF" + bytes(30), b"glTF\x02\0\0\0\x10\0\0\0" + b"\x00" * 8],
    "a.arkit.json": [
        b"{}", b"[]", b"nothing", b"[" * 100_000,
        b'{"weightMat": [[1, 2]], "facsNames": ["jawOpen"]}',
        b'{"weightMat": [[1e999]], "facsNames": ["jawOpen"]}',
        b'{"weightMat": [["1"]], "facsNames": ["jawOpen"]}',
        b'{"weightMat": [[1]], "facsNames": ["odd"]}',
        b'{"weightMat": [[1]], "facsNames": ["jawOpen"], "exportFps": 0}',
        b'{"weightMat": [[1]], "facsNames": ["jawOpen"], "headDegrees": [[0, 0, 0], [0, 0, 0]]}',
        b'{"frames": [{"time": 0}, {"time": 1}]}',
        b'{"frames": [{"time": 0, "blendShapes": {}}, {"time": 0, "blendShapes": {}}]}',
    ],
    "a.motion3.json": [
        b'{"Meta": {}, "Curves": []}',
        b'{"Meta": {"Duration": 1e9}, "Curves": []}',
        CURVE + b"[0]}]}",
        CURVE + b"[0, 1, 9, 2, 3]}]}",
        CURVE + b"[0, 1, 1, 2, 3]}]}",
    ],
    "a.json": [
        b'{"format": "sadtalker motion"}',
        b'{"format": "sadtalker motion", "version": 1}',
        b'{"format": "sadtalker motion", "version": 1, "fps": 25, "head": [[0, 0, 0]], '
        b'"lids": [[0, 0], [0, 0]], "gaze": [[0, 0]], "controls": {"names": [], "rows": [[]]}}',
    ],
}  # fmt: skip


@pytest.mark.parametrize(
    ("name", "content"), [(name, one) for name, all_ in BROKEN.items() for one in all_]
)
def test_a_broken_file_is_one_sentence_that_names_it(tmp_path, name, content):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(UnreadableMotion) as caught:
        read_motion(tmp_path / name)
    assert caught.value.message.startswith(f"{name}: ")
    assert caught.value.hint


def test_damaged_files_never_raise_anything_else(tmp_path):
    """Every format with bytes cut out, changed and put in."""
    random = np.random.default_rng(0)
    motion = random_motion().rows(0, 6)
    for suffix in SUFFIXES:
        data = motion_bytes(tmp_path / f"a{suffix}", motion)
        for _ in range(60):
            broken = bytearray(data)
            for place in random.integers(0, len(data), 3):
                broken[place] = random.integers(0, 256)
            cut = random.integers(0, len(data))
            (tmp_path / f"a{suffix}").write_bytes(broken[: cut if random.random() < 0.3 else None])
            try:
                found = read_motion(tmp_path / f"a{suffix}")
            except UnreadableMotion:
                continue
            assert np.isfinite(found.controls).all()
