"""The README's generated tables; run ``python -m tests.support.readme`` to write them anew."""

from pathlib import Path

from sadtalker_ext import errors
from sadtalker_ext.engines.registry import engine_names, engines_for
from sadtalker_ext.options import option_specs

README = Path(__file__).resolve().parents[2] / "README.md"


def options_table() -> str:
    rows = ["| option | default | values | engines | what it does |", "|---|---|---|---|---|"]
    for spec in option_specs():
        if spec.choices:
            values = ", ".join(f"`{choice}`" for choice in spec.choices)
        elif spec.low is not None:
            values = f"{_number(spec.low)} to {_number(spec.high)} {spec.unit}".strip()
            values = f"numbers from {values}" if spec.numbers else values
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


TABLES = {"options": options_table, "errors": errors_table}


def with_tables(text: str) -> str:
    for name, table in TABLES.items():
        opening, closing = f"<!-- {name} -->\n", f"\n<!-- end of {name} -->"
        before, rest = text.split(opening)
        _, after = rest.split(closing)
        text = before + opening + table() + closing + after
    return text


if __name__ == "__main__":
    README.write_text(with_tables(README.read_text(encoding="utf-8")), encoding="utf-8")
