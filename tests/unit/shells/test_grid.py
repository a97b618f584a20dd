"""A wall of videos: every combination in its place, in step, and the single files beside it."""

import json

import av
import numpy as np
import pytest

from sadtalker_ext.engines.registry import engine_specs
from sadtalker_ext.errors import InvalidOption
from sadtalker_ext.grid import MOST_CELLS, Axis, _file_names, cells_of, make_grid, parse_axis
from sadtalker_ext.options import GenerateOptions
from sadtalker_ext.progress import Progress
from sadtalker_ext.provenance.claim import wall_claim
from sadtalker_ext.provenance.credentials import read_credentials
from sadtalker_ext.provenance.hashes import file_hash
from sadtalker_ext.provenance.verify import verify
from sadtalker_ext.service import Request
from sadtalker_ext.shells.cli import main
from tests.support.fake_engine import FakeEngine
from tests.support.media import portrait_like, read_frames, read_sound, speech_like, write_sound
from tests.support.specs import register


@pytest.fixture
def inputs(tmp_path, monkeypatch):
    from PIL import Image

    register(monkeypatch, FakeEngine)
    Image.fromarray(portrait_like(96, 80)).save(tmp_path / "portrait.png")
    write_sound(tmp_path / "speech.wav", speech_like(0.6), 44100)
    return str(tmp_path / "portrait.png"), str(tmp_path / "speech.wav")


def test_options_without_effect_are_told_once(inputs, tmp_path, capsys):
    words = [
        "--vary",
        "head_motion=0,1",
        "--engine",
        "puppet",
        "--gaze",
        "fixed",
        "--device",
        "cuda",
    ]
    assert main(["grid", *inputs, "-o", str(tmp_path / "wall.mp4"), *words]) == 0
    told = capsys.readouterr().err
    assert told.count("--gaze has no effect in the") == 1
    assert "--device cuda has no effect" in told


def test_a_column_for_each_value_and_a_row_for_each_of_the_second(inputs, tmp_path, capsys):
    wall = tmp_path / "wall.mp4"
    words = ["--vary", "head_motion=0,1,2", "--vary", "still=yes,no", "--json"]
    assert main(["grid", *inputs, "-o", str(wall), "--engine", "puppet", *words]) == 0
    made = json.loads(capsys.readouterr().out)
    assert made["columns"] == 3 and len(made["videos"]) == 6
    assert len({video["seed"] for video in made["videos"]}) == 1
    names = [video["path"].rsplit("/", 1)[-1] for video in made["videos"]]
    assert names[0] == "still-True_head_motion-0.0.mp4"
    assert names[4] == "still-False_head_motion-1.0.mp4"
    frames, _ = read_frames(wall)
    assert len(frames) == made["wall"]["frames"] == made["videos"][0]["frames"]
    height, width = frames[0].shape[:2]
    assert width == 3 * 80 and height > 2 * 96
    strip = height // 2 - 96
    singles = [read_frames(video["path"])[0] for video in made["videos"]]
    for number, single in enumerate(singles):
        row, column = divmod(number, 3)
        top = row * (96 + strip) + strip
        shown = frames[5][top : top + 96, column * 80 : (column + 1) * 80]
        assert np.abs(shown.astype(int) - single[5]).mean() < 9
    heard = read_sound(wall)[0]
    assert np.abs(heard).max() > 0.01


def test_the_wall_says_that_it_is_synthetic_and_what_it_shows(inputs, tmp_path):
    wall = tmp_path / "wall.mp4"
    assert main(["grid", *inputs, "-o", str(wall), "--vary", "still=yes,no"]) == 0
    with av.open(str(wall)) as video:
        assert "ynthetic" in video.metadata["description"]
        assert json.loads(video.metadata["synopsis"])["grid"] == ["still yes", "still no"]


def test_the_wall_carries_the_marks_of_its_videos(inputs, tmp_path, capsys):
    wall = tmp_path / "wall.mp4"
    words = ["--vary", "still=yes,no", "--json", "--provenance"]
    assert main(["grid", *inputs, "-o", str(wall), *words, "metadata,mark"]) == 0
    assert json.loads(capsys.readouterr().out)["wall"]["marks"] == ["metadata", "mark"]
    assert verify(wall).marks == ("metadata", "mark")
    words += ["none", "--overwrite"]
    assert main(["grid", *inputs, "-o", str(wall), *words]) == 0
    assert json.loads(capsys.readouterr().out)["wall"]["marks"] == []
    assert verify(wall).marks == ()


@pytest.mark.extra
def test_the_wall_is_signed_and_names_its_videos(inputs, tmp_path):
    wall = tmp_path / "wall.webm"
    assert main(["grid", *inputs, "-o", str(wall), "--vary", "still=yes,no"]) == 0
    found = read_credentials(wall)
    assert found.valid and found.beside
    # nobody knows whether the engine of this test is trained
    assert found.source_type.endswith("/compositeWithTrainedAlgorithmicMedia")
    (_, first), (_, second) = found.ingredients
    singles = sorted((tmp_path / "wall").glob("*.webm"), reverse=True)
    for told, single in zip((first, second), singles, strict=True):
        digest, salt = told.removeprefix("video; salted SHA-256 ").split(", salt ")
        assert file_hash(single, bytes.fromhex(salt)) == digest


@pytest.mark.parametrize(
    ("engines", "generated", "term"),
    [
        (("puppet",), False, "compositeSynthetic"),
        (("puppet",), True, "compositeWithTrainedAlgorithmicMedia"),
        (("puppet", "sadtalker"), False, "compositeWithTrainedAlgorithmicMedia"),
        (("sadtalker",), True, "trainedAlgorithmicMedia"),
    ],
)
def test_the_source_of_a_wall(engines, generated, term):
    used = [spec for spec in engine_specs() if spec.name in engines]
    claim = wall_claim(GenerateOptions(), used, [], generated=generated)
    assert (claim.term, set(claim.engines)) == (term, set(engines))


def test_nothing_that_exists_is_replaced(inputs, tmp_path, capsys):
    wall = tmp_path / "wall.mp4"
    wall.write_bytes(b"precious")
    assert main(["grid", *inputs, "-o", str(wall), "--vary", "still=yes,no"]) == 2
    assert wall.read_bytes() == b"precious" and not (tmp_path / "wall").exists()


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ([], "needs an option that varies"),
        (["--vary", "head_motio=1,2"], "head_motio"),
        (["--vary", "head_motion=1,9"], "from 0 to 2"),
        (["--vary", "head_motion=1"], "2 to"),
        (["--vary", "fps=10,20", "--vary", "fps=10,20"], "different"),
        (["--vary", "format=mp4,webm"], "cannot vary format"),
        (["--vary", "still=yes,no", "-o", "wall.gif"], "wall.gif"),
    ],
)
def test_what_is_no_grid_is_a_sentence(inputs, tmp_path, capsys, monkeypatch, words, told):
    monkeypatch.chdir(tmp_path)
    assert main(["grid", *inputs, *words]) == 2
    assert told in capsys.readouterr().err
    assert not list(tmp_path.glob("*.mp4"))


def test_values_are_read_as_the_option_takes_them():
    assert parse_axis("--head-motion=0, 1") == Axis(name="head_motion", values=(0.0, 1.0))
    assert parse_axis("blink=off,natural,off").values == ("off", "natural")
    assert parse_axis("yaw=0 20|0 -20").values == ("0, 20", "0, -20")
    assert parse_axis("text=Hello, you|Bye").values == ("Hello, you", "Bye")
    with pytest.raises(InvalidOption):
        cells_of([Axis(name="seed", values=tuple(range(MOST_CELLS + 1)))])


def test_values_that_differ_only_in_signs_are_two_files():
    cells = cells_of([parse_axis("text=hallo!|hallo?|Hallo.|"), parse_axis("size=256,512")])
    names = _file_names(cells)
    assert len({name.casefold() for name in names}) == len(cells)
    assert names[:2] == ["size-256_text-hallo_", "size-256_text-hallo_-2"]


def test_two_grids_of_one_name_do_not_meet(tmp_path, monkeypatch):
    made = []
    monkeypatch.setattr("sadtalker_ext.grid._wall", lambda path, *_: path)
    output = tmp_path / "00001-a.mp4"
    request = Request(
        picture=None, speech=None, output=output, options=GenerateOptions(), beside=True
    )

    def make(single, progress):
        made.append(single.output)

    axes = [parse_axis("head_motion=0,1")]
    walls = [make_grid(make, request, axes, Progress()).wall for _ in range(2)]
    assert [one.name for one in walls] == ["00001-a.mp4", "00001-a-2.mp4"]
    assert [one.parent.name for one in made] == ["00001-a"] * 2 + ["00001-a-2"] * 2
