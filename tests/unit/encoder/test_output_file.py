"""Places for the output, and what is said about them."""

import errno
import os
from pathlib import Path

import pytest

from sadtalker_ext.encoder.output_file import (
    check_output,
    explain,
    hidden_name,
    move_into_place,
    partial_name,
)
from sadtalker_ext.errors import DiskFull, EncodingError, OutputExists, OutputUnwritable

E_ACUTE = "\N{LATIN SMALL LETTER E WITH ACUTE}"


def test_a_good_place_is_left_as_it_was(tmp_path):
    check_output(tmp_path / "a.mp4")
    check_output(tmp_path / "A.MP4")
    assert list(tmp_path.iterdir()) == []


def test_a_dangling_link_counts_as_a_file(tmp_path):
    (tmp_path / "a.mp4").symlink_to(tmp_path / "gone")
    with pytest.raises(OutputExists):
        check_output(tmp_path / "a.mp4")


@pytest.mark.parametrize("name", [f"{'n' * 300}.mp4", f"{E_ACUTE * 140}.mp4"])
def test_a_name_that_no_file_can_have_is_a_sentence(tmp_path, name):
    with pytest.raises(OutputUnwritable, match="at most about 250 bytes") as caught:
        check_output(tmp_path / name)
    assert str(len(name.encode())) in caught.value.message
    assert "shorter" in caught.value.hint


def test_a_name_with_a_zero_byte_is_a_sentence(tmp_path):
    with pytest.raises(OutputUnwritable, match="character"):
        check_output(tmp_path / "a\0b.mp4")


@pytest.mark.parametrize("letter", ["n", E_ACUTE])
def test_the_longest_name_there_is_can_be_written(tmp_path, letter):
    path = tmp_path / (letter * (250 // len(letter.encode())) + ".mp4")
    check_output(path)
    part = hidden_name(path)
    part.write_bytes(b"new")
    move_into_place(part, path, overwrite=False)
    assert path.read_bytes() == b"new"
    partial_name(path, overwrite=False).write_bytes(b"")


def test_hidden_names_are_new_each_time(tmp_path):
    names = {hidden_name(tmp_path / "a.mp4").name for _ in range(20)}
    assert len(names) == 20
    assert all(name.startswith(".a.") and name.endswith(".part.mp4") for name in names)


def test_partial_names(tmp_path):
    assert partial_name(tmp_path / "a.mp4", overwrite=False).name == "a.partial.mp4"
    (tmp_path / "a.partial.mp4").touch()
    assert partial_name(tmp_path / "a.mp4", overwrite=False).name == "a.partial-2.mp4"
    assert partial_name(tmp_path / "a.mp4", overwrite=True).name == "a.partial.mp4"


@pytest.mark.parametrize(
    ("number", "expected"),
    [
        (errno.ENOSPC, DiskFull),
        (errno.EDQUOT, DiskFull),
        (errno.EACCES, OutputUnwritable),
        (errno.EROFS, OutputUnwritable),
        (errno.EFBIG, OutputUnwritable),
        (errno.EIO, OutputUnwritable),
    ],
)
def test_errors_of_the_system(tmp_path, number, expected):
    told = explain(OSError(number, "words of the system"), tmp_path / "a.mp4")
    assert type(told) is expected
    assert "a.mp4" in told.message


def test_errors_of_the_library(tmp_path):
    from av.error import InvalidDataError

    told = explain(InvalidDataError(1094995529, "Invalid data"), tmp_path / "a.mp4")
    assert type(told) is EncodingError
    assert "Invalid data" in told.message
    assert explain(told, tmp_path / "b.mp4") is told


def test_a_taken_name_is_passed_by_where_any_will_do(tmp_path):
    """Two programs that number their videos in one folder choose the same number."""
    path = tmp_path / "0001-a.mp4"
    for content in (b"one", b"two", b"three"):
        part = hidden_name(path)
        part.write_bytes(content)
        move_into_place(part, path, overwrite=False, beside=True)
    found = {one.name: one.read_bytes() for one in tmp_path.iterdir()}
    assert found == {"0001-a.mp4": b"one", "0001-a-2.mp4": b"two", "0001-a-3.mp4": b"three"}


@pytest.mark.parametrize("links", [True, False])
def test_a_part_that_has_gone_leaves_no_empty_file_under_the_name(tmp_path, monkeypatch, links):
    def refused(*_):
        raise PermissionError(errno.EPERM, "no hard links here")

    if not links:
        monkeypatch.setattr(os, "link", refused)
    with pytest.raises(OutputUnwritable):
        move_into_place(tmp_path / "gone", tmp_path / "a.mp4", overwrite=False)
    assert not [*tmp_path.iterdir()]


def test_a_move_that_fails_half_way_leaves_no_empty_file_under_the_name(tmp_path, monkeypatch):
    """On a disk that knows no hard links the name is taken first."""

    def refused(*_):
        raise OSError(errno.EIO, "the disk was pulled out")

    part = tmp_path / "part"
    part.write_bytes(b"video")
    monkeypatch.setattr(os, "link", refused)
    monkeypatch.setattr(Path, "replace", refused)
    with pytest.raises(OutputUnwritable):
        move_into_place(part, tmp_path / "a.mp4", overwrite=False)
    assert [*tmp_path.iterdir()] == [part]
