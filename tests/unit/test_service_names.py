"""The names that `service` hands on without importing them before a job comes."""

import ast
from importlib import import_module
from pathlib import Path

import pytest

from sadtalker_ext import service

_TREE = ast.parse(Path(service.__file__).read_text("utf-8"))
_FOR_TYPES = next(
    node for node in _TREE.body if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node)
)
HANDED_ON = {
    name.name: str(node.module)
    for node in _FOR_TYPES.body
    if isinstance(node, ast.ImportFrom)
    for name in node.names
    if name.asname == name.name
}


def test_type_checkers_see_the_same_names():
    homes = {name: f"sadtalker_ext.{home}" for name, home in service._HOMES.items()}
    assert homes == HANDED_ON


@pytest.mark.parametrize("name", sorted(HANDED_ON))
def test_a_name_is_that_of_its_home(name):
    assert getattr(service, name) is getattr(import_module(HANDED_ON[name]), name)


def test_others_are_not_there():
    with pytest.raises(AttributeError, match="no attribute 'Nothing'"):
        service.Nothing  # noqa: B018
