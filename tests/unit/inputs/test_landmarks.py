import json

import numpy as np
import pytest

from sadtalker_ext.errors import InvalidOption
from sadtalker_ext.inputs.landmarks import read_landmarks

POINTS = np.round(np.random.default_rng(0).uniform(20, 180, (68, 2)), 3).astype(np.float32)
SIZE = (200, 190)


def save(path, text):
    path.write_text(text)
    return path


def lines(points, gap=" "):
    return "\n".join(f"{x}{gap}{y}" for x, y in points.tolist())


@pytest.mark.parametrize("gap", [" ", ", ", "\t", ";"])
def test_two_numbers_a_line(tmp_path, gap):
    found = read_landmarks(save(tmp_path / "a.txt", lines(POINTS, gap) + "\n\n"), SIZE)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, POINTS, atol=1e-3)


def test_the_originals_own_file(tmp_path):
    np.savetxt(tmp_path / "a_landmarks.txt", POINTS)
    np.testing.assert_allclose(read_landmarks(tmp_path / "a_landmarks.txt", SIZE), POINTS)


def test_pts_files_count_from_one(tmp_path):
    text = f"version: 1\nn_points: 68\n{{\n{lines(POINTS + 1)}\n}}\n"
    found = read_landmarks(save(tmp_path / "a.pts", text), SIZE)
    np.testing.assert_allclose(found, POINTS, atol=1e-4)


def test_json(tmp_path):
    found = read_landmarks(save(tmp_path / "a.json", json.dumps(POINTS.tolist())), SIZE)
    np.testing.assert_allclose(found, POINTS)


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("a.txt", lines(POINTS[:67]), "67 x 2"),
        ("a.txt", "", "68 rows"),
        ("a.txt", "1 2 3\n4 5", "cannot be read"),
        ("a.txt", lines(POINTS).replace("1", "nan", 1), "68 rows|cannot be read"),
        ("a.txt", "face at the left", "cannot be read"),
        ("a.pts", lines(POINTS), "braces"),
        ("a.json", "{}", "cannot be read"),
        ("a.json", "[[1, 2], [3]]", "cannot be read"),
        ("a.json", "[" * 100_000, "cannot be read"),
        ("a.txt", lines(POINTS + 500), "200 x 190"),
        ("a.txt", lines(POINTS * 0 + 5), "200 x 190"),
        ("a.txt", "1 2\n" * 300000, "longer than"),
    ],
)
def test_anything_else_is_told(tmp_path, name, text, words):
    with pytest.raises(InvalidOption, match=words) as caught:
        read_landmarks(save(tmp_path / name, text), SIZE)
    assert name in caught.value.message
    assert caught.value.hint


def test_a_missing_file_is_told(tmp_path):
    with pytest.raises(InvalidOption, match=r"gone\.txt"):
        read_landmarks(tmp_path / "gone.txt", SIZE)


def test_a_face_may_reach_over_the_border(tmp_path):
    moved = POINTS - (60, 0)
    assert (moved < 0).any()
    found = read_landmarks(save(tmp_path / "a.txt", lines(moved)), SIZE)
    assert found.shape == (68, 2)
