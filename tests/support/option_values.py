"""The typed keywords of the Python interface; `python -m tests.support.option_values` writes them.

They are a file of their own because type checkers do not run code.
"""

from pathlib import Path

from sadtalker_ext.options import option_specs

FILE = Path(__file__).resolve().parents[2] / "sadtalker_ext" / "option_values.py"
HEAD = '''"""The options as keyword arguments, for type checkers and editors."""

from __future__ import annotations

from typing import TypedDict


class OptionValues(TypedDict, total=False):
    """Every option by name; `python -m tests.support.option_values` writes this file anew."""

'''


def source() -> str:
    """What the file should hold."""
    lines = [f"    {spec.name}: {spec.kind.__name__}\n" for spec in option_specs()]
    return HEAD + "".join(lines)


if __name__ == "__main__":
    FILE.write_text(source(), encoding="utf-8")
