"""Whatever worked in the first version that people had works as before (DESIGN: fixed names)."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SCRIPT = ROOT / "tests" / "support" / "promises.py"
FROZEN = json.loads(SCRIPT.with_suffix(".json").read_text(encoding="utf-8"))
GROWING = re.compile(r"^routes$|^statuses\.|\.(choices|enum|tags)$")


@pytest.fixture(scope="module")
def today():
    """In a process of its own, as it was for the other version: building a page leaves traces."""
    pytest.importorskip("fastapi")
    pytest.importorskip("gradio")
    made = subprocess.run(
        [sys.executable, str(SCRIPT)], check=False, capture_output=True, text=True,
        env=os.environ | {"PYTHONPATH": str(ROOT), "PYTHONIOENCODING": "utf-8"}, encoding="utf-8",
    )  # fmt: skip
    assert made.returncode == 0, made.stderr
    return json.loads(made.stdout)


def broken(then, now, place=""):
    """Every promise that is not kept. Names may have been added, and ranges widened."""
    if isinstance(then, dict) and isinstance(now, dict):
        lost = [f"{place}.{name} is gone" for name in then if name not in now]
        both = [name for name in then if name in now]
        return sum((broken(then[name], now[name], f"{place}.{name}") for name in both), lost)
    if isinstance(then, list) and GROWING.search(place):
        return [f"{place}: {one!r} is gone" for one in then if one not in now]
    if place.endswith((".low", ".high")) and then is not None and now is not None:
        narrower = now > then if place.endswith(".low") else now < then
        return [f"{place} was {then}, is {now}"] if narrower else []
    return [] if then == now else [f"{place} was {then!r}, is {now!r}"]


@pytest.mark.parametrize("part", sorted(FROZEN))
def test_what_worked_works_as_before(today, part):
    assert FROZEN[part]
    assert broken(FROZEN[part], today[part], part) == []
