import numpy as np
import pytest

from sadtalker_ext.shells.ui.consent import ConsentBook, fingerprint
from sadtalker_ext.types import Picture
from tests.support.footage import write_footage


def photo(seed=0, shape=(40, 60, 3), parameters=""):
    pixels = np.random.default_rng(seed).integers(0, 255, shape).astype(np.uint8)
    return Picture(pixels=pixels, name="a.png", parameters=parameters)


def test_the_tick_is_asked_once_per_picture(tmp_path):
    book = ConsentBook(tmp_path / "state")
    assert book.is_needed(photo())
    book.remember(photo())
    book.remember(photo())
    assert not book.is_needed(photo())
    assert book.is_needed(photo(seed=1))
    assert not ConsentBook(tmp_path / "state").is_needed(photo())
    assert len((tmp_path / "state" / "consent.txt").read_text().split()) == 1


def test_videos_that_begin_alike_are_not_one(tmp_path):
    book = ConsentBook(tmp_path / "state")
    paths = tmp_path / "a.mp4", tmp_path / "b.mp4"
    for path, level in zip(paths, (90, 160), strict=True):
        write_footage(path, [np.full((48, 64, 3), value, np.uint8) for value in (0, level)])
    book.remember(paths[0])
    assert not book.is_needed(paths[0])
    assert book.is_needed(paths[1])


def test_without_a_folder_each_time_is_the_first():
    """As where several people use one page."""
    book = ConsentBook(None)
    book.remember(photo())
    assert book.is_needed(photo())
    assert not book.is_needed(photo(parameters="a portrait, Steps: 20"))


def test_a_generated_picture_needs_none(tmp_path):
    assert not ConsentBook(tmp_path).is_needed(photo(parameters="a portrait, Steps: 20"))


def test_the_hash_knows_shape_and_pixels_but_not_the_name():
    flat = photo().pixels.reshape(60, 40, 3)
    assert fingerprint(photo()) != fingerprint(Picture(pixels=flat, name="a.png"))
    assert fingerprint(photo()) == fingerprint(Picture(pixels=photo().pixels, name="b.png"))


def test_a_folder_that_cannot_be_written_costs_only_the_memory(tmp_path):
    (tmp_path / "state").write_text("a file where a folder should be")
    book = ConsentBook(tmp_path / "state")
    book.remember(photo())
    assert not book.is_needed(photo())


@pytest.mark.parametrize("content", [b"\xff\xfe garbage", b""])
def test_a_damaged_list_asks_again(tmp_path, content):
    (tmp_path / "consent.txt").write_bytes(content)
    assert ConsentBook(tmp_path).is_needed(photo())
