import errno
import os
import sys
from pathlib import Path

import pytest

from sadtalker_ext.errors import DiskFull, OutputUnwritable, SetupError
from sadtalker_ext.folders import make_folder
from sadtalker_ext.presets import PresetBook


def test_folders_are_made_with_those_above_and_stay_as_they_are(tmp_path):
    folder = tmp_path / "a" / "b"
    assert make_folder(folder)
    (folder / "video.mp4").touch()
    assert not make_folder(folder)
    assert (folder / "video.mp4").exists()


@pytest.mark.skipif(sys.platform == "win32", reason="rights of the owner alone are of POSIX")
def test_a_private_folder_is_its_owners_alone(tmp_path):
    make_folder(tmp_path / "a" / "b", private=True)
    assert (tmp_path / "a" / "b").stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("below", ["", "further"])
def test_a_file_in_the_way_is_told(tmp_path, below):
    (tmp_path / "a").touch()
    with pytest.raises(OutputUnwritable, match="cannot be made: there is a file in its place"):
        make_folder(tmp_path / "a" / below)


@pytest.mark.parametrize("name", ["n" * 300, "a\0b"])
def test_names_that_no_folder_has_are_refused(tmp_path, name):
    with pytest.raises(SetupError, match="cannot be made") as no:
        make_folder(tmp_path / name, hint="Do this.", refusal=SetupError)
    assert no.value.hint == "Do this."


def test_a_full_disk_is_called_that(tmp_path, monkeypatch):
    def full(path, mode=0o777, *, parents=False, exist_ok=False):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(Path, "mkdir", full)
    with pytest.raises(DiskFull):
        make_folder(tmp_path / "a")


def test_presets_that_cannot_be_kept_are_no_bug_of_ours(tmp_path):
    (tmp_path / "state").touch()
    with pytest.raises(OutputUnwritable, match="cannot be made"):
        PresetBook(tmp_path / "state" / "page").save("Mine", {})
    (tmp_path / "presets.part").mkdir()
    with pytest.raises(OutputUnwritable, match=r"presets\.json, which cannot be written"):
        PresetBook(tmp_path).save("Mine", {})
