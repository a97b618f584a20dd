"""The portrait of a video is found again by its pixels, wherever it lies."""

import os

import numpy as np
import pytest
from PIL import Image

from sadtalker_ext.inputs.image import read_picture
from sadtalker_ext.portraits import find_portrait
from sadtalker_ext.provenance.hashes import picture_hash


@pytest.fixture
def pixels():
    return np.random.default_rng(1).integers(0, 255, (48, 36, 3), np.uint8)


def save(pixels, path, age=0):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels).save(path)
    os.utime(path, (1e9 - age, 1e9 - age))
    return path


def said_of(path, name="gone.png"):
    picture = read_picture(path)
    return {
        "picture": {
            "name": name, "size": list(picture.size),
            "hash": f"7:{picture_hash(picture, b'7')}",
        }
    }  # fmt: skip


def test_it_is_found_under_any_name(pixels, tmp_path):
    mine = save(pixels, tmp_path / "outputs" / "txt2img" / "day" / "00012.png", age=500)
    for number in range(5):
        save(pixels[::-1] // (number + 2), tmp_path / "outputs" / f"{number}.png")
    (tmp_path / "outputs" / "broken.png").write_bytes(b"no picture")
    assert find_portrait(said_of(mine), [tmp_path / "missing", tmp_path / "outputs"]) == mine


def test_the_same_name_is_looked_at_first(pixels, tmp_path):
    old = save(pixels, tmp_path / "a" / "me.png", age=900)
    new = save(pixels, tmp_path / "b" / "copy.png")
    assert find_portrait(said_of(old, "me.png"), [tmp_path]) == old
    assert find_portrait(said_of(old, "other.png"), [tmp_path]) == new


def test_a_changed_picture_is_another_one(pixels, tmp_path):
    said = said_of(save(pixels, tmp_path / "me.png"), "me.png")
    pixels[0, 0, 0] ^= 1
    save(pixels, tmp_path / "me.png")
    assert find_portrait(said, [tmp_path]) is None


@pytest.mark.parametrize(
    "said",
    [{}, {"picture": "x"}, {"picture": {"hash": "7:", "size": [36, 48]}},
     {"picture": {"hash": "7:ab", "size": 3}}],
)  # fmt: skip
def test_older_videos_tell_nothing(said, pixels, tmp_path):
    save(pixels, tmp_path / "me.png")
    assert find_portrait(said, [tmp_path]) is None


def test_a_long_search_is_given_up(pixels, tmp_path):
    mine = save(pixels, tmp_path / "me.png")
    assert find_portrait(said_of(mine), [tmp_path], seconds=-1.0) is None
