"""Every call of cv2, PyAV and gradio that the project makes, read from its source.

The source is not run. Of code that asks for gradio's version only the branch of the installed
version is read.
"""

from __future__ import annotations

import ast
import functools
import inspect
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "sadtalker_ext"


@dataclass(frozen=True)
class Call:
    """One use of something foreign.

    Attributes:
        name: Dotted, without the name of the package: ``warpAffine``, ``dnn.readNetFromTFLite``.
        place: File and line.
        count: Positional arguments; None where it is named and not called, or they are spread.
        words: Names of the keyword arguments.
    """

    name: str
    place: str
    count: int | None = None
    words: frozenset[str] = field(default=frozenset())


def sources(*uses: str) -> Iterator[tuple[Path, ast.Module]]:
    """Yield the package's files in which one of some words stands, with their trees."""
    for path in sorted(PACKAGE.rglob("*.py")):
        text = path.read_text(encoding="utf-8")
        if any(one in text for one in uses):
            yield path, _parsed(text)


@functools.cache
def _parsed(text: str) -> ast.Module:
    return ast.parse(text)


def dotted(node: ast.expr) -> str:
    """Return ``a.b.c`` of an expression, "()" for a call in it, nothing for other expressions."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Call):
        inner = dotted(node.func)
        return f"{inner}()" if inner else ""
    if isinstance(node, ast.Attribute):
        inner = dotted(node.value)
        return f"{inner}.{node.attr}" if inner else ""
    return ""


def called(node: ast.Call, name: str, path: Path) -> Call:
    """Return a call as found."""
    spread = any(isinstance(one, ast.Starred) for one in node.args)
    return Call(
        name,
        f"{path.relative_to(ROOT)}:{node.lineno}",
        None if spread else len(node.args),
        frozenset(one.arg for one in node.keywords if one.arg),
    )


def module_uses(module: str) -> list[Call]:
    """Return what is used of a module: names, calls, and what is imported from it."""
    found = []
    for path, tree in sources(f"import {module}", f"from {module}"):
        calls = {id(one.func): one for one in ast.walk(tree) if isinstance(one, ast.Call)}
        for node in ast.walk(tree):
            if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == module:
                inside = (node.module or "").removeprefix(module).lstrip(".")
                found += [
                    Call(f"{inside}.{one.name}".lstrip("."), f"{path.name}:{node.lineno}")
                    for one in node.names
                ]
            if not isinstance(node, ast.Attribute):
                continue
            name = dotted(node)
            if name.startswith(f"{module}."):
                short = name.removeprefix(f"{module}.")
                call = calls.get(id(node))
                place = f"{path.relative_to(ROOT)}:{node.lineno}"
                found.append(Call(short, place) if call is None else called(call, short, path))
    return [one for one in found if "()" not in one.name]


def method_calls(module: str, names: frozenset[str]) -> list[Call]:
    """Return the calls of methods with some names, in files that import a module."""
    found = []
    for path, tree in sources(f"import {module}", f"from {module}"):
        imports = {
            (getattr(one, "module", "") or one.names[0].name).split(".")[0]
            for one in ast.walk(tree)
            if isinstance(one, (ast.Import, ast.ImportFrom))
        }
        if module not in imports:
            continue
        found += [
            called(node, node.func.attr, path)
            for node in ast.walk(tree)
            if isinstance(node, ast.Call)
            and isinstance(node.func, ast.Attribute)
            and node.func.attr in names
        ]
    return found


def gradio_uses(major: int) -> list[Call]:
    """Return what is used of gradio in its version `major`."""
    found = []
    for path, tree in sources("gradio()"):
        reader = _Reader(path, major)
        reader.visit(tree)
        found += reader.found
    return found


class _Reader(ast.NodeVisitor):
    """Reads a file as one version of gradio would run it."""

    def __init__(self, path: Path, major: int) -> None:
        self.found: list[Call] = []
        self._path, self._major = path, major

    def visit_FunctionDef(self, node: ast.FunctionDef) -> None:
        self._body(node.body)

    def visit_If(self, node: ast.If) -> None:
        self._body([node])

    def visit_IfExp(self, node: ast.IfExp) -> None:
        answer = self._answer(node.test)
        if answer is None:
            self.generic_visit(node)
        else:
            self.visit(node.body if answer else node.orelse)

    def visit_Call(self, node: ast.Call) -> None:
        name = dotted(node.func)
        for begin in ("gr.", "gradio().", "compat.gradio()."):
            if name.startswith(begin) and "(" not in name.removeprefix(begin):
                self.found.append(called(node, name.removeprefix(begin), self._path))
        self.generic_visit(node)

    def _body(self, lines: list[ast.stmt]) -> bool:
        """Read lines in order; tell whether they leave the function."""
        for line in lines:
            if isinstance(line, ast.If) and (answer := self._answer(line.test)) is not None:
                if self._body(line.body if answer else line.orelse):
                    return True
            elif isinstance(line, ast.If):
                self.visit(line.test)
                self._body(line.body)
                self._body(line.orelse)
            else:
                self.visit(line)
                if isinstance(line, ast.Return):
                    return True
        return False

    def _answer(self, test: ast.expr) -> bool | None:
        """Return what a question for the version says; None for any other question."""
        if not (isinstance(test, ast.Compare) and len(test.ops) == 1):
            return None
        bound = test.comparators[0]
        if not dotted(test.left).endswith("version()") or not isinstance(bound, ast.Constant):
            return None
        if isinstance(test.ops[0], ast.Lt):
            return self._major < bound.value
        return self._major >= bound.value if isinstance(test.ops[0], ast.GtE) else None


def parameters_of(thing: object) -> tuple[frozenset[str], int, bool] | None:
    """Return names of parameters, how many may be positional, and whether any other name is taken.

    Compiled functions say it in the first lines of their documentation, some in several forms;
    None where nothing says it.
    """
    try:
        found = inspect.signature(thing).parameters.values()  # type: ignore[arg-type]
        kinds = [one.kind for one in found]
        if not all(kind in (1, 2, 4) for kind in kinds[-2:]) or len(kinds) > 2:
            positional = sum(one.kind in (0, 1) for one in found)
            names = frozenset(one.name for one in found if one.kind in (1, 3))
            many = any(kind == 2 for kind in kinds)
            return names, 99 if many else positional, any(kind == 4 for kind in kinds)
    except (TypeError, ValueError):
        pass
    forms = re.findall(r"^\s*[\w.]*\w\((.*)\)", getattr(thing, "__doc__", "") or "", re.MULTILINE)
    forms = forms[:1] if "cv2" not in str(getattr(thing, "__module__", "cv2") or "cv2") else forms
    if not forms:
        return None
    names, most = set(), 0
    for form in forms:
        words = [one.split("=")[0].split(":")[0].strip(" []") for one in form.split(",")]
        words = [one for one in words if one and one != "self"]
        names |= {one.lstrip("*") for one in words if not one.startswith("*")}
        most = max(most, len([one for one in words if not one.startswith("*")]))
    return frozenset(names), most, any("**" in form for form in forms)
