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
import httpx
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


@pytest.fixture(scope="module")
def space(models, tmp_path_factory):
    """The Space as a program of its own: its address, its process, and its temporary folder."""
    folder, port = tmp_path_factory.mktemp("space"), free_port()
    environment = {key: value for key, value in os.environ.items() if key != "SPACE_ID"} | {
        "GRADIO_SERVER_PORT": str(port), "PYTHONPATH": str(ROOT), "TMPDIR": str(folder),
        "GRADIO_TEMP_DIR": str(folder / "gradio"),
    }  # fmt: skip
    with (folder / "log.txt").open("w") as log:
        process = subprocess.Popen(
            [sys.executable, str(SPACE / "app.py")], cwd=folder, env=environment,
            stdout=log, stderr=log,
        )  # fmt: skip
        try:
            yield f"http://127.0.0.1:{port}", process, folder
        except AssertionError:
            print((folder / "log.txt").read_text()[-3000:])
            raise
        finally:
            process.terminate()
            process.wait(30)


def test_the_space_answers_with_the_page(space):
    answer = asked(f"{space[0]}/", space[1])
    page = answer.read().decode()
    assert "SadTalker" in page
    assert "sadtalker_ext_generate" in page
    assert "sadtalker_visitor=" in answer.headers["set-cookie"]


def test_visitors_of_the_space_read_no_files_of_others(space):
    address, process, folder = space
    asked(f"{address}/", process)
    ann, bob = ({"Cookie": f"x={{a:1}}; a@b=1; sadtalker_visitor={c * 22}"} for c in "ab")
    with httpx.Client(base_url=address, timeout=30) as browser:
        sent = {"files": ("me.txt", b"only mine")}
        (path,) = browser.post("/gradio_api/upload", files=sent, headers=ann).json()
        mine = browser.get(f"/gradio_api/file={path}", headers=ann)
        assert mine.content == b"only mine"
        assert "set-cookie" not in mine.headers
        assert browser.get(f"/gradio_api/file={path}", headers=bob).status_code == 404
        (own,) = folder.glob("space-*")
        made = own / "results" / "2026-01-01" / "0001-ann.mp4"
        made.parent.mkdir(parents=True)
        made.write_bytes(b"a video")
        for headers in (ann, bob):
            assert browser.get(f"/gradio_api/file={made}", headers=headers).status_code == 404
        large = {"files": ("large.bin", bytes(51_000_000))}
        assert browser.post("/gradio_api/upload", files=large, headers=ann).status_code == 413


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
    assert all(len(name) == 22 for name in seen)
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
