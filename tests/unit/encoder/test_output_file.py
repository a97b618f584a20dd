"""Places for the output, and what is said about them."""

import errno

import pytest

from sadtalker_ext.encoder.output_file import check_output, explain, hidden_name, partial_name
from sadtalker_ext.errors import DiskFull, EncodingError, OutputExists, OutputUnwritable


def test_a_good_place_is_left_as_it_was(tmp_path):
    check_output(tmp_path / "a.mp4")
    check_output(tmp_path / "A.MP4")
    assert list(tmp_path.iterdir()) == []


def test_a_dangling_link_counts_as_a_file(tmp_path):
    (tmp_path / "a.mp4").symlink_to(tmp_path / "gone")
    with pytest.raises(OutputExists):
        check_output(tmp_path / "a.mp4")


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
