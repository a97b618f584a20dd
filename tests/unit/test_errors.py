import re
from pathlib import Path

import pytest

from sadtalker_ext import errors

CLASSES = [
    value
    for value in vars(errors).values()
    if isinstance(value, type) and issubclass(value, errors.SadTalkerError)
]
README = (Path(__file__).resolve().parents[2] / "README.md").read_text(encoding="utf-8")


def test_codes_are_unique():
    codes = [one.code for one in CLASSES]
    assert len(set(codes)) == len(codes)


@pytest.mark.parametrize("one", CLASSES, ids=lambda one: one.__name__)
def test_every_class_is_drawn_in_the_tree(one):
    assert re.search(rf"\b{one.__name__}\b", errors.__doc__)


@pytest.mark.parametrize(
    "one", [one for one in CLASSES if not one.__subclasses__()], ids=lambda one: one.code
)
def test_every_code_has_a_row_in_the_readme(one):
    assert f"`{one.code}`" in README


def test_exit_codes_follow_the_class():
    assert errors.NoFaceFound("x").exit_code == 2
    assert errors.WeightsMissing("x").exit_code == 3
    assert errors.DiskFull("x").exit_code == 4
    assert errors.EncodingError("x").exit_code == 5
    assert errors.Cancelled("x").exit_code == 130


def test_text_joins_message_and_hint():
    problem = errors.NoFaceFound("No face.", hint="Try another.")
    assert str(problem) == "No face. Try another."
    assert problem.as_dict() == {"code": "no_face", "message": "No face.", "hint": "Try another."}
