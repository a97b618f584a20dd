"""A third engine needs its own folder and one line in the registry, nothing else."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SPEC = """
from sadtalker_ext.engines.spec import EngineSpec


def build(workshop):
    from sadtalker_ext.engines.toy.engine import ToyEngine

    return ToyEngine()


SPEC = EngineSpec(
    name="toy", title="Toy", gain="for children", modules=(), packages=("toybox",), build=build,
    weights=("face",), lacking=lambda store: (), uses_device=False, options=frozenset({"gaze"}),
)
"""
ENGINE = """
from sadtalker_ext.engines.toy.spec import SPEC
from tests.support.fake_engine import FakeEngine


class ToyEngine(FakeEngine):
    spec = SPEC
"""
SHELLS = """
import json
from fastapi import FastAPI
from fastapi.testclient import TestClient
from sadtalker_ext.host.standalone import StandaloneHost
from sadtalker_ext.service import Service
from sadtalker_ext.shells.api.app import build_app
from sadtalker_ext.shells.api.settings import ApiSettings
from sadtalker_ext.shells.ui.engines import EngineLine
from pathlib import Path
import sys
service = Service(StandaloneHost())
app = build_app(service, ApiSettings(folder=Path(sys.argv[1])))
with TestClient(app, base_url="http://127.0.0.1") as client:
    engines = client.get("/sadtalker/v1/engines").json()
    document = client.get("/sadtalker/v1/openapi.json").text
print(json.dumps({"engines": engines, "document": document, "tab": EngineLine(service).html()}))
"""


@pytest.fixture(scope="module")
def tree(tmp_path_factory):
    """A copy of the package with the toy engine's folder and its line in the registry."""
    tree = tmp_path_factory.mktemp("tree")
    shutil.copytree(
        ROOT / "sadtalker_ext", tree / "sadtalker_ext", ignore=shutil.ignore_patterns("__pycache__")
    )
    (tree / "tests").symlink_to(ROOT / "tests")
    toy = tree / "sadtalker_ext" / "engines" / "toy"
    toy.mkdir()
    (toy / "__init__.py").touch()
    (toy / "spec.py").write_text(SPEC)
    (toy / "engine.py").write_text(ENGINE)
    registry = toy.parent / "registry.py"
    before = registry.read_text()
    after = before.replace('    "puppet",\n', '    "puppet",\n    "toy",\n')
    assert after != before
    registry.write_text(after)
    return tree


def python(tree, *words):
    done = subprocess.run(
        [sys.executable, *map(str, words)],
        cwd=tree,
        env={**os.environ, "PYTHONPATH": str(tree)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1]) if words[0] == "-c" else done.stdout


def test_the_command_line_makes_a_video_with_it(tree, tmp_path):
    output = tmp_path / "toy.mp4"
    text = python(
        tree, "-m", "sadtalker_ext", "generate", ROOT / "examples/portrait.png", "-o", output,
        "--engine", "toy", "--idle-seconds", "0.2", "--json",
    )  # fmt: skip
    assert json.loads(text)["engine"] == "toy"
    assert output.exists()


def test_doctor_finds_it(tree):
    report = json.loads(python(tree, "-m", "sadtalker_ext", "doctor", "--json"))
    assert {"name": "toy", "ready": True, "reason": "", "hint": ""} in report["engines"]
    assert "toybox" in report["packages"]


@pytest.mark.extra
def test_rest_and_tab_find_it(tree, tmp_path):
    found = python(tree, "-c", SHELLS, tmp_path / "data")
    assert "toy" in [one["name"] for one in found["engines"]["engines"]]
    assert '"toy"' in found["document"]
    assert "<b>Toy</b> ready <span>for children</span>" in found["tab"]
