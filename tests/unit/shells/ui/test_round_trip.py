"""The options of a video come back from its file."""

import numpy as np
import pytest
from PIL import Image

from sadtalker_ext.encoder.metadata import describe_video
from sadtalker_ext.encoder.video import VideoWriter
from sadtalker_ext.engines.registry import engine_specs
from sadtalker_ext.face_points import read_face_points, write_face_points
from sadtalker_ext.options import GenerateOptions
from sadtalker_ext.shells.ui import compat, face_editor, found_portrait
from sadtalker_ext.shells.ui.page import build_page
from sadtalker_ext.types import Picture


@pytest.fixture
def take(host):
    """Drop a file on "Take them from a video"; returns line, values by option name, remark."""
    blocks, parts = build_page(host)
    handler = next(fn.fn for fn in blocks.fns.values() if fn.name == "take_parameters")

    def run(path):
        line, *updates, remark, run.portrait = handler(str(path))
        names = parts.options.inputs()
        values = dict(zip(names, updates[: len(names)], strict=True))
        run.speakers = updates[len(names) :]
        return line, values, remark

    return run


def made(path, picture=None, speakers=(), **options):
    spec = next(one for one in engine_specs() if one.built_in)
    picture = picture or Picture(pixels=np.zeros((8, 8, 3), np.uint8), name="a.png")
    said = describe_video(
        GenerateOptions(**options), engine=spec, seed=9, picture=picture, speakers=speakers
    )
    with VideoWriter(path, fps=10.0, metadata=said) as writer:
        for _ in range(3):
            writer.write(np.zeros((48, 64, 3), np.uint8))
    return path


def test_taking_one_video_away_for_the_next_asks_the_server_nothing(host):
    blocks, _ = build_page(host)
    events = blocks.fns.values()
    reads = next(fn for fn in events if fn.name == "take_parameters")
    ((field, event),) = reads.targets
    assert event == "upload", "a change is also that nothing is there any more"
    (cleared,) = [fn for fn in events if (field, "clear") in fn.targets]
    assert cleared.fn is None and "change" not in [
        event for fn in events for where, event in fn.targets if where == field
    ]


def test_all_options_are_set_as_they_were(take, tmp_path):
    line, values, remark = take(made(tmp_path / "a.mp4", head_motion=0.5, emotion="happy"))
    assert "Seed: 9" in line
    found = {name: one["value"] for name, one in values.items() if "value" in one}
    assert (found["head_motion"], found["emotion"], found["seed"]) == (0.5, "happy", 9)
    assert found["mouth_scale"] == 1.0, "what was not chosen then is as it is by default"
    assert "Set:" in remark


def test_speakers_come_back_and_go_with_a_video_of_one(take, tmp_path):
    speakers = [{"face": "1", "text": "Hello."}, {"face": "0", "text": 'Hi, you: "two"', "at": 2}]
    _, _, remark = take(made(tmp_path / "a.mp4", speakers=speakers))
    assert ", Speakers." in remark
    assert take.speakers[0] == [True, False, False]
    face, at, _, kind, _, text = take.speakers[8:14]
    assert (face, at, kind, text) == ("1", 2.0, "Text", 'Hi, you: "two"')
    _, _, remark = take(made(tmp_path / "b.mp4"))
    assert "Speakers" not in remark and take.speakers[0] == [False] * 3


def test_what_is_no_video_is_a_sentence(take, tmp_path):
    (tmp_path / "b.mp4").write_bytes(b"nothing")
    _, values, remark = take(tmp_path / "b.mp4")
    assert "stx-error" in remark
    assert not any("value" in one for one in values.values())


def test_the_portrait_comes_back_from_the_folder_of_results(take, host, tmp_path):
    pixels = np.random.default_rng(2).integers(0, 255, (48, 36, 3), np.uint8)
    kept = host.output_dir / "day" / "me.png"
    kept.parent.mkdir(parents=True)
    Image.fromarray(pixels).save(kept)
    video = made(tmp_path / "a.mp4", picture=Picture(pixels=pixels, name="me.png"))
    _, _, remark = take(video)
    assert found_portrait.FOUND in remark
    given = take.portrait
    assert given == str(kept) if compat.version() >= 5 else given.size == (36, 48)
    kept.unlink()
    _, _, remark = take(video)
    assert found_portrait.LOST in remark


def test_points_of_the_face_come_back_with_the_portrait(take, host, tmp_path):
    pixels = np.random.default_rng(3).integers(0, 255, (48, 36, 3), np.uint8)
    host.output_dir.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels).save(host.output_dir / "cat.png")
    points = write_face_points({
        "left_eye_outer": (0.3, 0.4), "right_eye_outer": (0.7, 0.4),
        "mouth_left": (0.4, 0.7), "mouth_right": (0.6, 0.7),
    })  # fmt: skip
    picture = Picture(pixels=pixels, name="cat.png")
    _, values, _ = take(made(tmp_path / "a.mp4", picture=picture, face_points=points))
    assert read_face_points(values["face_points"]["value"]) == read_face_points(points)
    assert face_editor.PointBook(host.state_folder).find(picture)
