"""The generated tables of docs/; run ``python -m tests.support.readme`` to write them anew."""

import ast
from pathlib import Path

from sadtalker_ext import errors
from sadtalker_ext.engines.registry import engine_names, engines_for
from sadtalker_ext.options import option_specs

ROOT = Path(__file__).resolve().parents[2]
README = ROOT / "README.md"
DOCS = ROOT / "docs"
PACKAGE = ROOT / "sadtalker_ext"


def options_table() -> str:
    rows = ["| option | default | values | engines | what it does |", "|---|---|---|---|---|"]
    for spec in option_specs():
        if spec.choices:
            values = ", ".join(f"`{choice}`" for choice in spec.menu or spec.choices)
            values += ", or some joined by `+`" if spec.menu else ""
        elif spec.low is not None:
            values = f"{_number(spec.low)} to {_number(spec.high)} {spec.unit}".strip()
            values = f"numbers from {values}" if spec.numbers else values
        elif spec.parts:
            some = ", ".join(f"`{part}`" for part in spec.parts)
            values = f"`{spec.default}`, `none`, or some of {some}"
        else:
            values = "yes, no" if spec.kind is bool else "text"
        names = engines_for(spec.name)
        engines = "both" if names == engine_names() else ", ".join(names)
        rows.append(
            f"| `{spec.name}` | {_default(spec.default)} | {values} | {engines} | {spec.help} |"
        )
    return "\n".join(rows)


def _number(value: float) -> str:
    return str(int(value)) if float(value).is_integer() else f"{value:g}"


def _default(value: object) -> str:
    """How a default is written; 0 and 1 are numbers, not no and yes."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:g}"
    return "none" if value in ("", None) else str(value)


def errors_table() -> str:
    rows = ["| code | exit | HTTP | when |", "|---|---|---|---|"]
    for one in vars(errors).values():
        if not (isinstance(one, type) and issubclass(one, errors.SadTalkerError)):
            continue
        if one.__subclasses__():
            continue
        words = one.__doc__.strip().splitlines()[0]
        rows.append(f"| `{one.code}` | {one.exit_code} | {one.http_status} | {words} |")
    return "\n".join(rows)


def rooms_table() -> str:
    """One row for each room: what its front door says, and the names of its modules."""
    rows = ["| room | what is in it | modules |", "|---|---|---|"]
    ground = sorted(path for path in PACKAGE.glob("*.py") if not path.name.startswith("__"))
    rows += [f"| `{path.stem}` | {_first_line(path)} | |" for path in ground]
    for front in sorted(PACKAGE.rglob("__init__.py")):
        folder = front.parent
        if folder != PACKAGE:
            modules = [f"`{path.stem}`" for path in sorted(folder.glob("*.py")) if path != front]
            name = folder.relative_to(PACKAGE).as_posix()
            rows.append(f"| `{name}/` | {_first_line(front)} | {' '.join(modules)} |")
    return "\n".join(rows)


def _first_line(path: Path) -> str:
    words = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""
    return words.splitlines()[0].rstrip(".").replace("|", "\\|")


def arrows_table() -> str:
    """What the import test allows, in words."""
    from tests.unit.test_imports import ALLOWED, GROUND

    rows = ["| room | may import |", "|---|---|"]
    rows.append(f"| *the ground floor* | is {_listed(GROUND)} |")
    for room, targets in ALLOWED.items():
        words = _listed(targets - GROUND if targets >= GROUND else targets)
        if targets >= GROUND:
            words = f"*the ground floor*, {words}" if words else "*the ground floor*"
        rows.append(f"| `{room}` | {words or 'nothing of this package'} |")
    return "\n".join(rows)


def _listed(names: set[str]) -> str:
    return ", ".join(f"`{name}`" for name in sorted(names))


TABLES = {
    "options": (DOCS / "options.md", options_table),
    "errors": (DOCS / "errors.md", errors_table),
    "rooms": (DOCS / "architecture.md", rooms_table),
    "arrows": (DOCS / "architecture.md", arrows_table),
}


def with_table(name: str, text: str) -> str:
    """Return the text of a page with one table as the code has it now."""
    opening, closing = f"<!-- {name} -->\n", f"<!-- end of {name} -->"
    before, rest = text.split(opening)
    _, after = rest.split(closing)
    return f"{before}{opening}{TABLES[name][1]()}\n{closing}{after}"


if __name__ == "__main__":
    for name, (page, _) in TABLES.items():
        page.write_text(with_table(name, page.read_text(encoding="utf-8")), encoding="utf-8")
