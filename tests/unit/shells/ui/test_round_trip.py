"""The options of a video come back from its file."""

import numpy as np
import pytest

from sadtalker_ext.encoder.metadata import describe_video
from sadtalker_ext.encoder.video import VideoWriter
from sadtalker_ext.engines.registry import engine_specs
from sadtalker_ext.options import GenerateOptions
from sadtalker_ext.shells.ui.page import build_page
from sadtalker_ext.types import Picture


@pytest.fixture
def take(host):
    """Drop a file on "Take them from a video"; returns line, values by option name, remark."""
    blocks, parts = build_page(host)
    handler = next(fn.fn for fn in blocks.fns.values() if fn.name == "take_parameters")

    def run(path):
        line, *updates, remark = handler(str(path))
        values = dict(zip(parts.options.inputs(), updates, strict=True))
        return line, values, remark

    return run


def made(path, **options):
    spec = next(one for one in engine_specs() if one.built_in)
    picture = Picture(pixels=np.zeros((8, 8, 3), np.uint8), name="a.png", parameters="")
    said = describe_video(GenerateOptions(**options), engine=spec, seed=9, picture=picture)
    with VideoWriter(path, fps=10.0, metadata=said) as writer:
        for _ in range(3):
            writer.write(np.zeros((48, 64, 3), np.uint8))
    return path


def test_all_options_are_set_as_they_were(take, tmp_path):
    line, values, remark = take(made(tmp_path / "a.mp4", head_motion=0.5, emotion="happy"))
    assert "Seed: 9" in line
    found = {name: one["value"] for name, one in values.items() if "value" in one}
    assert (found["head_motion"], found["emotion"], found["seed"]) == (0.5, "happy", 9)
    assert found["mouth_scale"] == 1.0, "what was not chosen then is as it is by default"
    assert "Set:" in remark


def test_what_is_no_video_is_a_sentence(take, tmp_path):
    (tmp_path / "b.mp4").write_bytes(b"nothing")
    _, values, remark = take(tmp_path / "b.mp4")
    assert "stx-error" in remark
    assert not any("value" in one for one in values.values())
