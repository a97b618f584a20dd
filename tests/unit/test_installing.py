"""Every command that README, docs, a hint or an error names works where the user is."""

import ast
import importlib.util
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from sadtalker_ext import installing
from sadtalker_ext.installing import CORE, EXTRAS, Place, how_to_add, place, sadtalker
from sadtalker_ext.shells.cli.arguments import build_parser, modernise
from tests.support.readme import DOCS, README

ROOT = README.parent
PACKAGE = ROOT / "sadtalker_ext"
PROGRAM = re.compile(r"(?:^|/)(pip|python3?|sadtalker|curl|pytest|uv)$")


@pytest.fixture
def clone(tmp_path, monkeypatch):
    for name in ("quickstart.py", "pyproject.toml"):
        (tmp_path / name).write_text("")
    monkeypatch.setattr(installing, "ROOT", tmp_path)
    monkeypatch.delitem(sys.modules, "modules.shared", raising=False)
    return tmp_path


@pytest.fixture
def wheel(tmp_path, monkeypatch):
    monkeypatch.setattr(installing, "ROOT", tmp_path)
    monkeypatch.delitem(sys.modules, "modules.shared", raising=False)
    return tmp_path


@pytest.fixture
def webui(clone, monkeypatch):
    monkeypatch.setitem(sys.modules, "modules.shared", object())
    return clone


def command_in(hint):
    (command,) = re.findall(r"`([^`]+)`", hint)
    return shlex.split(command)


def test_a_clone_installs_itself_with_the_extra(clone, monkeypatch):
    monkeypatch.setattr(sys, "prefix", "/somewhere/.venv")
    assert place() is Place.CLONE
    words = command_in(how_to_add("page"))
    assert words == [sys.executable, "-m", "pip", "install", "-e", f"{clone}[page]"]


def test_a_clone_on_the_systems_python_is_led_to_an_environment(clone, monkeypatch):
    monkeypatch.setattr(sys, "base_prefix", sys.prefix)
    assert f"{sys.executable} quickstart.py` in {clone}" in how_to_add("page")


def test_a_wheel_gets_the_packages_by_name(wheel):
    assert place() is Place.WHEEL
    words = command_in(how_to_add("page", "face-alignment"))
    expected = [*EXTRAS["page"], "face-alignment"]
    assert words == [sys.executable, "-m", "pip", "install", *expected]


def test_a_webui_gets_packages_into_its_own_python_and_a_restart(webui):
    assert place() is Place.WEBUI
    hint = how_to_add("voice")
    assert command_in(hint) == [sys.executable, "-m", "pip", "install", *EXTRAS["voice"]]
    assert "restart the WebUI" in hint


def test_an_environment_without_pip_gets_uv(wheel, monkeypatch):
    monkeypatch.setattr(installing.importlib.util, "find_spec", lambda name: None)
    words = command_in(how_to_add("core"))
    assert words == ["uv", "pip", "install", "--python", sys.executable, *CORE]


def test_paths_with_spaces_are_quoted(wheel, monkeypatch):
    monkeypatch.setattr(sys, "executable", "/my programs/python")
    assert command_in(how_to_add("core"))[0] == "/my programs/python"


def test_people_elsewhere_are_not_told_where_things_lie(clone, monkeypatch):
    monkeypatch.setattr(sys, "prefix", "/somewhere/.venv")
    shown = installing.without_places(how_to_add("page"))
    assert str(clone) not in shown
    assert sys.executable not in shown
    assert "python -m pip install" in shown


@pytest.mark.parametrize("where", ["clone", "wheel", "webui"])
def test_our_own_command_is_one_that_runs(where, request, monkeypatch):
    request.getfixturevalue(where)
    if where != "wheel":
        monkeypatch.setattr(installing, "ROOT", ROOT)
    ended = subprocess.run(  # noqa: S602  the sentence is for a shell
        sadtalker("weights list --json"), shell=True, check=False, cwd=ROOT, capture_output=True
    )
    assert ended.returncode == 0, ended.stderr


@pytest.mark.parametrize(
    "wanted",
    [
        "core",
        "voice",
        *(pytest.param(name, marks=pytest.mark.extra) for name in ("page", "client", "sadtalker")),
    ],
)
def test_the_named_packages_are_there_to_be_installed(wheel, wanted):
    """The test environment has them all: pip looks at each and is content without an index."""
    if importlib.util.find_spec("pip") is None:
        pytest.skip("no pip in this environment")
    words = command_in(how_to_add(wanted))
    words += ["--dry-run", "--no-index", "--no-deps"]
    ended = subprocess.run(words, check=False, capture_output=True, text=True)
    assert ended.returncode == 0, ended.stdout + ended.stderr


def project():
    return pytest.importorskip("tomllib").loads((ROOT / "pyproject.toml").read_text())["project"]


def test_the_lists_are_those_of_the_project():
    listed = project()
    assert list(CORE) == listed["dependencies"]
    for extra, requirements in EXTRAS.items():
        assert list(requirements) == listed["optional-dependencies"][extra]


def texts_of(path):
    """String constants of a file without its docstrings."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    told = {
        id(node.body[0].value)
        for node in ast.walk(tree)
        if isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef)) and node.body
        if isinstance(node.body[0], ast.Expr)
    }
    return [
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in told
    ]


def test_no_other_file_composes_such_a_command_by_itself():
    files = [path for path in PACKAGE.rglob("*.py") if path.name != "installing.py"]
    assert len(files) > 200
    for path in files:
        for text in texts_of(path):
            assert "pip install" not in text, path
            assert not re.search(r"`(sadtalker|python3?) [a-z-]", text), path
            assert "sadtalker-ext[" not in text, path


def readme_commands():
    """Every command line of README and docs: of their blocks, and between backticks."""
    pages = [README, *sorted(DOCS.glob("*.md"))]
    text = "\n".join(page.read_text(encoding="utf-8") for page in pages).replace("\\\n", " ")
    blocks = re.findall(r"^```(\w*)\n(.*?)^```", text, re.DOTALL | re.MULTILINE)
    lines = [line for language, block in blocks if not language for line in block.splitlines()]
    lines += re.findall(r"^ {4}(\S.*)$", text, re.MULTILINE)
    outside = re.sub(r"^```.*?^```", "", text, flags=re.DOTALL | re.MULTILINE)
    lines += re.findall(r"`([^`\n]+)`", outside)
    for comment in re.findall(r"# (\.venv\S* .*)$", text, re.MULTILINE):
        lines.append(comment)
    for line in lines:
        try:
            words = shlex.split(line.replace("\\S", "/S").replace("\\p", "/p"), comments=True)
        except ValueError:
            continue
        while words and re.match(r"[A-Z_]+=", words[0]):
            words.pop(0)
        if len(words) > 1 and PROGRAM.search(words[0]):
            yield words


COMMANDS = list(readme_commands())


def test_the_readme_names_the_commands_that_are_looked_at():
    kinds = {Path(words[0]).name for words in COMMANDS}
    assert {"pip", "python", "python3", "sadtalker", "curl"} <= kinds
    assert len(COMMANDS) > 25


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_each_command_of_the_readme_works_as_it_is_written(words):
    program = Path(words[0]).name
    if program == "sadtalker":
        # what is not on the path by itself is named where it lies, but in the middle of a sentence
        if len(words) > 2 or words[1] != "serve":
            assert words[0].startswith(".venv/"), words
        build_parser().parse_args(modernise(without_ellipsis(words[1:]))[0])
    elif program == "pip" or words[1:3] == ["-m", "pip"]:
        check_pip(words)
    elif words[1:2] == ["-m"]:
        assert words[0].startswith(".venv/"), words
        assert importlib.util.find_spec(words[2]) is not None
    elif program == "python3":
        check_quickstart(words)
    else:
        assert program == "curl", words


def without_ellipsis(words):
    return [word for word in words if word != "..."]


def check_pip(words):
    assert "venv" in Path(words[0]).parts[0], words
    (wanted,) = words[words.index("install") + 1 :][-1:]
    extra = re.fullmatch(r"\.\[(\w+)\]", wanted)
    if extra:
        assert "-e" in words
        assert extra[1] in EXTRAS
    else:
        packages = [one for listed in EXTRAS.values() for one in listed]
        assert wanted in {re.split("[<>=]", one)[0] for one in packages}, wanted


def check_quickstart(words):
    script = ROOT / words[1]
    done = subprocess.run(
        [sys.executable, script, "--help"], check=True, capture_output=True, text=True
    )
    known = re.search(r"\{([\w,]+)\}", done.stdout).group(1).split(",")
    assert set(words[2:]) <= set(known)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Put it in one of /srv/models, /home/ann/w/x.pth.",
         "Put it in one of a place on the server, a place on the server"),
        (r"Put it in C:\models\w.", "Put it in a place on the server"),
        ("'/srv/o'neil/R&D/w.pth' is damaged.", "'a place on the server' is damaged."),
        ("See /sadtalker/v1/docs.", "See /sadtalker/v1/docs."),
        ("https://a.example/x/y, image/png, 1/2/3", "https://a.example/x/y, image/png, 1/2/3"),
        (f"{Path.home()}/models/a.pth is damaged", "a place on the server is damaged"),
    ],
)  # fmt: skip
def test_people_elsewhere_learn_no_paths(text, shown):
    assert installing.without_places(text) == shown


@pytest.mark.parametrize(
    ("name", "version", "bound"),
    [
        ("av", "12.9", "13"),
        ("av", "13.0.0", ""),
        ("numpy", "1.9.3", "1.24"),
        ("opencv-python", "4.7.0.72", "4.8"),
        ("opencv-contrib-python", "5.1.0.95", ""),
        ("Pillow", "9.4.0", "9.5"),
        ("torch", "2.13.0+cpu", ""),
        ("kornia", "0.1", ""),
    ],
)
def test_versions_are_compared_with_what_is_needed(name, version, bound):
    assert installing.too_old(name, version) == bound
