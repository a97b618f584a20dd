"""Compare the fake host with a real one: every name exists there, with the same parameters.

``python -m tests.support.compare_host WEBUI_DIR`` reads the host's source without running it,
prints one line per difference, and exits 1 if there is any.
"""

from __future__ import annotations

import ast
import sys
import warnings
from pathlib import Path

FAKE = Path(__file__).parent / "fake_host" / "modules"

INVENTED = {
    "__init__": {"*"},
    "devices": {"collected"},
    "fifo_lock": {"_stuck"},
    "script_callbacks": {"registered"},
    "shared_state.State": {"__init__", "history"},
    "ui_components.ToolButton": {"__new__"},
    "util": {"opened"},
}
"""What the fake has of its own, for tests to look at."""


def differences(host: Path) -> list[str]:
    """Return what the fake says and the host does not."""
    found = []
    for path in sorted(FAKE.glob("*.py")):
        if path.stem == "__init__":
            continue
        real = host / "modules" / path.name
        if not real.is_file():
            found.append(f"{path.stem}: the host has no such module")
            continue
        found += compare(path.stem, tree(path).body, tree(real).body)
    return found + unknown_settings(host)


def unknown_settings(host: Path) -> list[str]:
    """Return flags and options the fake sets that the host does not declare."""
    text = (FAKE / "shared.py").read_text(encoding="utf-8")
    flags = (host / "modules" / "cmd_args.py").read_text(encoding="utf-8")
    options = (host / "modules" / "shared_options.py").read_text(encoding="utf-8")
    words = {
        getattr(node.func, "attr", getattr(node.func, "id", "")): [
            one.arg or "" for one in node.keywords
        ]
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.Call)
    }
    found = [
        f"--{name.replace('_', '-')}: the host has no such flag"
        for name in words["SimpleNamespace"]
        if not name.startswith("sadtalker_") and f"--{name.replace('_', '-')}" not in flags
    ]
    return found + [
        f"{name}: the host has no such option"
        for name in words["update"]
        if f'"{name}"' not in options
    ]


def tree(path: Path) -> ast.Module:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a host's own escapes are not ours to judge
        return ast.parse(path.read_text(encoding="utf-8"))


def compare(place: str, fake: list[ast.stmt], real: list[ast.stmt]) -> list[str]:
    theirs, found = names(real), []
    for name, node in names(fake).items():
        where = f"{place}.{name}"
        if name in INVENTED.get(place, ()) or isinstance(node, (ast.Import, ast.ImportFrom)):
            continue
        other = theirs.get(name)
        if other is None:
            found.append(f"{where}: the host has no such name")
        elif isinstance(node, ast.ClassDef):
            found += compare(where, node.body, getattr(other, "body", []))
        elif isinstance(node, ast.FunctionDef):
            if not isinstance(other, ast.FunctionDef):
                found.append(f"{where}: the host's is no function")
            elif parameters(node) != parameters(other):
                found.append(f"{where}: {parameters(node)} here, {parameters(other)} there")
    return found


def names(body: list[ast.stmt]) -> dict[str, ast.AST]:
    """Everything a block defines, assigns or imports at its own level."""
    found: dict[str, ast.AST] = {}
    for node in body:
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
            found[node.name] = node
        elif isinstance(node, ast.Assign):
            for target in node.targets:
                found |= {leaf.id: node for leaf in ast.walk(target) if isinstance(leaf, ast.Name)}
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            found[node.target.id] = node
        elif isinstance(node, (ast.Import, ast.ImportFrom)):
            found |= {alias.asname or alias.name: node for alias in node.names}
    return found


def parameters(node: ast.FunctionDef) -> list[str]:
    listed = [one.arg for one in (*node.args.posonlyargs, *node.args.args)]
    listed += [f"*{node.args.vararg.arg}"] if node.args.vararg else []
    return listed + [f"{one.arg}=" for one in node.args.kwonlyargs]


if __name__ == "__main__":
    lines = differences(Path(sys.argv[1]))
    print("\n".join(lines) or "no differences")
    sys.exit(1 if lines else 0)
