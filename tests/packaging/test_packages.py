"""The wheel and the source archive hold everything and work far away from the clone.

These need a package index, for setuptools and the project's requirements:

    python3 quickstart.py matrix     or     python -m pytest --core -m index tests/packaging
"""

import os
import shutil
import subprocess
import sys
import tarfile
import venv
import zipfile
from pathlib import Path

import pytest

from tests.support import media

pytestmark = pytest.mark.index
ROOT = Path(__file__).resolve().parents[2]
DATA = {
    path.relative_to(ROOT).as_posix()
    for path in (ROOT / "sadtalker_ext").rglob("*")
    if path.suffix in {".npz", ".json", ".txt", ".css", ".js", ".typed"}
}


def make_environment(folder):
    venv.create(folder, with_pip=True)
    return folder / ("Scripts" if os.name == "nt" else "bin")


def run(*command, **more):
    # PYTHONPATH may lead to the clone, and pip would take it for an installation
    more["env"] = {name: text for name, text in os.environ.items() if name != "PYTHONPATH"}
    done = subprocess.run(
        [str(word) for word in command], check=False, capture_output=True, text=True, **more
    )
    assert done.returncode == 0, (done.stdout + done.stderr)[-3000:]
    return done.stdout


@pytest.fixture(scope="session")
def built(tmp_path_factory):
    """The folder with the source archive, and the wheel that was built from it."""
    folder = tmp_path_factory.mktemp("built")
    programs = make_environment(folder / "env")
    # of a copy: setuptools leaves folders beside what it builds
    copy = folder / "clone"
    files = run("git", "-C", ROOT, "ls-files", "-co", "--exclude-standard").splitlines()
    for name in files:
        if (ROOT / name).is_file():
            (copy / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(ROOT / name, copy / name)
    run(programs / "python", "-m", "pip", "install", "-q", "build")
    run(programs / "python", "-m", "build", "--outdir", folder / "dist", copy)
    return folder / "dist"


def test_both_hold_the_data_files(built):
    assert any(name.endswith(".npz") for name in DATA), "the list of data files is empty"
    (wheel,), (archive,) = built.glob("*.whl"), built.glob("*.tar.gz")
    inside = set(zipfile.ZipFile(wheel).namelist())
    assert inside >= DATA
    assert any(name.endswith("licenses/LICENSE") for name in inside)
    assert not any(name.startswith(("tests/", "quickstart", "benchmarks/")) for name in inside)
    with tarfile.open(archive) as packed:
        names = {name.partition("/")[2] for name in packed.getnames()}
    assert names >= DATA | {"pyproject.toml", "README.md", "LICENSE"}


def test_the_wheel_makes_a_video_outside_the_clone(built, tmp_path):
    (wheel,) = built.glob("*.whl")
    programs = make_environment(tmp_path / "env")
    tested = ROOT / "constraints" / f"py3{sys.version_info[1]}.txt"
    limits = ["--constraint", tested] if tested.exists() else []
    run(programs / "python", "-m", "pip", "install", "-q", *limits, wheel, cwd=tmp_path)
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    for name in ("portrait.png", "speech.flac"):
        shutil.copyfile(ROOT / "examples" / name, elsewhere / name)
    place = run(
        programs / "python", "-c", "import sadtalker_ext; print(sadtalker_ext.__file__)",
        cwd=elsewhere,
    )  # fmt: skip
    assert str(tmp_path / "env") in place
    run(programs / "sadtalker", "weights", "fetch", "puppet", cwd=elsewhere)
    run(
        *(programs / "sadtalker", "generate", "portrait.png", "speech.flac"),
        *("-o", "talking.mp4", "--seed", "7", "--audio-end", "2"),
        cwd=elsewhere,
    )  # fmt: skip
    frames, _ = media.read_frames(elsewhere / "talking.mp4")
    assert len(frames) == pytest.approx(50, abs=2)
