"""constraints/ and the commands that make and compare sets of packages."""

import io
import re
import sys
import zipfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from quickstart_tools import compare_frames, interpreters, lock, matrix
from quickstart_tools.environment import Environment
from quickstart_tools.terms import CONSTRAINTS, ROOT, TORCH

PROJECT = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
FILES = sorted(CONSTRAINTS.glob("py3*.txt"))


def bounds(table):
    """Name and lower bound of each requirement of a list in pyproject.toml."""
    block = re.search(rf"^{table} = \[(.*?)\]", PROJECT, re.DOTALL | re.MULTILINE)[1]
    found = dict(re.findall(r'"([\w-]+)>=([\d.]+)"', block))
    return {name.lower(): numbers(bound) for name, bound in found.items()}


def numbers(version):
    return tuple(int(part) for part in re.match(r"\d+(\.\d+)*", version)[0].split("."))


def pins(path):
    lines = [line for line in path.read_text().splitlines() if not line.startswith("#")]
    return dict(line.split("==") for line in lines)


@pytest.mark.parametrize("path", [*FILES, CONSTRAINTS / "oldest.txt"], ids=lambda path: path.stem)
def test_only_names_and_versions(path):
    for line in path.read_text(encoding="utf-8").splitlines():
        assert line.startswith("#") or re.fullmatch(r"[a-z0-9-]+==[\w.]+", line), line


def test_every_python_has_its_file():
    assert [path.stem for path in FILES] == ["py310", "py311", "py312", "py313"]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_every_requirement_is_there_and_new_enough(path):
    found = pins(path)
    for name, bound in (bounds("dependencies") | bounds("test")).items():
        assert numbers(found[name]) >= bound, name
    for exact in TORCH:
        assert exact in path.read_text(encoding="utf-8").splitlines()


def test_the_oldest_are_the_lower_bounds():
    found = pins(CONSTRAINTS / "oldest.txt")
    wanted = bounds("dependencies")
    assert found.keys() == wanted.keys()
    for name, bound in wanted.items():
        assert numbers(found[name])[: len(bound)] == bound, name


def test_the_resolvers_report_becomes_lines():
    def entry(name, version):
        return {"metadata": {"name": name, "version": version}}

    report = {
        "install": [
            entry("torch", "2.13.0+cpu"),
            entry("Typing_Extensions", "4.1"),
            entry("nvidia-cublas-cu12", "12"),
            entry("sadtalker-ext", "0.1"),
        ]
    }
    assert lock.lines_of(report) == ["torch==2.13.0", "typing-extensions==4.1"]


def test_this_python_is_found_and_a_stand_in_is_not_believed(tmp_path, monkeypatch):
    assert interpreters.find_python(sys.version_info[:2]) == sys.executable
    versions = tmp_path / "versions" / "3.99.1" / "bin"
    versions.mkdir(parents=True)
    stand_in = versions / "python3.99"
    stand_in.write_text("#!/bin/sh\necho not found >&2; exit 127\n")
    stand_in.chmod(0o755)
    monkeypatch.setenv("PYENV_ROOT", str(tmp_path))
    assert interpreters.find_python((3, 99)) == ""
    stand_in.write_text("#!/bin/sh\necho 3 99\n")
    assert interpreters.find_python((3, 99)) == str(stand_in)


@pytest.fixture
def renderings(tmp_path):
    """Makes NAME.zip of one-coloured frames and pretends that its video is a bit darker."""
    decoded = {}

    def make(name, level, dark=1):
        with zipfile.ZipFile(tmp_path / f"{name}.zip", "w") as packed:
            for number in range(3):
                data = io.BytesIO()
                shade = np.full((20, 30, 3), level + number, np.uint8)
                Image.fromarray(shade).save(data, "png")
                packed.writestr(f"{number}.png", data.getvalue())
        decoded[f"{name}.mp4"] = [
            np.full((20, 30, 3), level + n - dark, np.int16) for n in range(3)
        ]

    make.folder, make.decoded = tmp_path, decoded
    return make


def test_frames_and_videos_are_compared(renderings, monkeypatch):
    renderings("tested", 100)
    renderings("other", 103, dark=2)
    monkeypatch.setattr(compare_frames, "decoded", lambda path: iter(renderings.decoded[path.name]))
    found = compare_frames.main(renderings.folder, "tested", "other")
    assert found["frames"] == found["video_frames"] == 3
    assert found["worst_frame_levels"] == 3
    assert (found["tested_video_loss"], found["video_loss"]) == (1.0, 2.0)
    assert found["videos_apart"] == 2.0


@pytest.mark.parametrize(
    ("numbers", "words"),
    [
        ({}, []),
        ({"worst_frame_levels": 3}, ["differ by 3 levels"]),
        ({"video_loss": 1.3}, ["1.30 levels from its frames"]),
        ({"video_frames": 2}, ["2 of 3 frames"]),
    ],
)
def test_what_is_wrong_becomes_a_sentence(tmp_path, monkeypatch, numbers, words):
    good = {
        "frames": 3, "worst_frame_levels": 2, "video_frames": 3, "video_loss": 1.1,
        "tested_video_loss": 1.0, "videos_apart": 0.5,
    }  # fmt: skip

    def run(environment, *arguments):
        Path(arguments[-1]).write_text(__import__("json").dumps(good | numbers))
        return 0

    (tmp_path / "frames").mkdir()
    monkeypatch.setattr(matrix, "WORK", tmp_path)
    monkeypatch.setattr(Environment, "run", run)
    found = matrix._compare(matrix.Row("other", Environment(tmp_path)))
    assert len(found) == len(words)
    for line, part in zip(found, words, strict=True):
        assert part in line
