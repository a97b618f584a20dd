"""The Colab notebook and the Space: what they do is run here, apart from installing."""

import importlib.util
import json
import os
import re
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import av
import pytest

from sadtalker_ext.weights.store import WeightStore
from tests.support.coroutines import run

ROOT = Path(__file__).resolve().parents[3]
NOTEBOOK = ROOT / "notebooks" / "sadtalker.ipynb"
SPACE = ROOT / "spaces"

RUNNER = """
import json, sys, types, urllib.request
shown, opened = [], []

# what Colab brings: a display, and a proxy that asks the page under a name of its own
display = types.ModuleType("IPython.display")
display.Video = lambda name, embed: (name, embed)
display.display = shown.append
output = types.ModuleType("google.colab.output")
def serve_kernel_port_as_window(port):
    asked = urllib.request.Request(f"http://127.0.0.1:{port}/", headers={"Host": "x.example"})
    with urllib.request.urlopen(asked, timeout=30) as answer:
        opened.append("SadTalker" in answer.read().decode())
output.serve_kernel_port_as_window = serve_kernel_port_as_window
colab = types.ModuleType("google.colab")
colab.output = output
for name, module in (("IPython", types.ModuleType("IPython")), ("IPython.display", display),
                     ("google", types.ModuleType("google")), ("google.colab", colab),
                     ("google.colab.output", output)):
    sys.modules[name] = module

cells = {}
try:
    for source in json.load(sys.stdin):
        exec(compile(source, "cell", "exec"), cells)
finally:
    if "server" in cells:
        cells["server"].terminate()
        cells["server"].wait(30)
print(json.dumps({"shown": shown, "opened": opened}))
"""


@pytest.fixture(scope="module")
def models():
    pytest.importorskip("gradio", reason="needs gradio: the page extra is not installed")
    if WeightStore.standard().missing(["face", "phones"]):
        pytest.skip("needs the built-in engine's models: run `sadtalker weights fetch puppet`")


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]


def cells():
    """Return tags and source of every cell with code, in order."""
    found = json.loads(NOTEBOOK.read_text(encoding="utf-8"))["cells"]
    return [
        (cell["metadata"]["tags"][0], "".join(cell["source"]))
        for cell in found
        if cell["cell_type"] == "code"
    ]


def test_the_notebook_runs_from_top_to_bottom(models, tmp_path):
    sources = dict(cells())
    assert list(sources) == ["install", "models", "video", "show", "page"]
    del sources["install"]  # what is installed here takes its place
    for cell, old, new in (
        ("video", "SECONDS = 0", "SECONDS = 0.6"),
        ("page", "OPEN_THE_PAGE = False", "OPEN_THE_PAGE = True"),
        ("page", "PORT = 7861", f"PORT = {free_port()}"),
    ):
        assert old in sources[cell]
        sources[cell] = sources[cell].replace(old, new)
    done = subprocess.run(
        [sys.executable, "-c", RUNNER], input=json.dumps([*sources.values()]), text=True,
        capture_output=True, cwd=tmp_path, timeout=300, check=False,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]
    told = json.loads(done.stdout.splitlines()[-1])
    assert told == {"shown": [["talking.mp4", True]], "opened": [True]}
    with av.open(str(tmp_path / "talking.mp4")) as video:
        assert 0.4 < video.duration / 1e6 < 1.0


def test_the_notebook_opens_nothing_by_itself_and_uses_no_other_service():
    text = NOTEBOOK.read_text(encoding="utf-8")
    assert "OPEN_THE_PAGE = False  # @param" in text.replace('\\"', '"')
    assert not re.search(r"share\s*=|ngrok|localtunnel|cloudflared|gradio\.live", text)
    for tag, source in cells():
        compile(source, tag, "exec")


def test_the_notebook_holds_no_results():
    found = json.loads(NOTEBOOK.read_text(encoding="utf-8"))
    assert found["nbformat"] == 4
    for cell in found["cells"]:
        if cell["cell_type"] == "code":
            assert cell["outputs"] == []
            assert cell["execution_count"] is None


def test_the_space_answers_with_the_page(models, tmp_path):
    port = free_port()
    away = ("SPACE_ID",)
    environment = {key: value for key, value in os.environ.items() if key not in away} | {
        "GRADIO_SERVER_PORT": str(port), "PYTHONPATH": str(ROOT),
        "GRADIO_TEMP_DIR": str(tmp_path / "gradio"),
    }  # fmt: skip
    with (tmp_path / "log.txt").open("w") as log:
        space = subprocess.Popen(
            [sys.executable, str(SPACE / "app.py")], cwd=tmp_path, env=environment,
            stdout=log, stderr=log,
        )  # fmt: skip
        try:
            answer = asked(f"http://127.0.0.1:{port}/", space)
            page = answer.read().decode()
            assert "SadTalker" in page
            assert "sadtalker_ext_generate" in page
            assert "sadtalker_visitor=" in answer.headers["set-cookie"]
        except AssertionError:
            print((tmp_path / "log.txt").read_text()[-3000:])
            raise
        finally:
            space.terminate()
            space.wait(30)


def asked(url, process):
    for _ in range(480):
        assert process.poll() is None, "the program ended"
        try:
            return urllib.request.urlopen(url, timeout=30)  # noqa: S310  our own loopback server
        except OSError:
            time.sleep(0.25)
    raise AssertionError("the Space does not answer")


def test_every_visitor_of_the_space_is_somebody_else(models):
    spec = importlib.util.spec_from_file_location("space_app", SPACE / "app.py")
    app = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(app)
    seen = []

    async def inner(scope, receive, send):
        seen.append(app.visitor_of(scope["headers"]))
        await send({"type": "http.response.start", "status": 200, "headers": []})

    async def visit(headers):
        answers = []

        async def send(message):
            answers.append(message)

        await app.Visitors(inner)({"type": "http", "headers": headers}, None, send)
        return dict(answers[0]["headers"]).get(b"set-cookie", b"").partition(b";")[0]

    first, second = run(visit([])), run(visit([]))
    again = run(visit([(b"cookie", first)]))
    assert len(set(seen[:2])) == 2, "two visitors share their videos"
    assert all(len(name) > 20 for name in seen)
    assert seen[2] == seen[0]
    assert first.endswith(seen[0].encode())
    assert again == b""
    assert second != first


def test_the_space_asks_for_what_the_project_does():
    pytest.importorskip("tomllib", reason="Python 3.11 reads it")
    import tomllib

    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = project["optional-dependencies"]
    wanted = {*project["dependencies"], *extras["page"], *extras["voice"]}
    assert {*(SPACE / "requirements.txt").read_text().split()} == wanted


def test_the_space_has_the_header_that_makes_it_one():
    header = (SPACE / "README.md").read_text(encoding="utf-8").split("---")[1]
    fields = dict(line.split(": ", 1) for line in header.strip().splitlines())
    assert fields["sdk"] == "gradio"
    assert (SPACE / fields["app_file"]).is_file()
    assert len(fields["short_description"]) <= 60
