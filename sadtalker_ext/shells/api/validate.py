"""Checks JSON values against the schemas that the documentation shows.

Only the words of JSON Schema that `schema` uses are understood; one declaration serves as
documentation and as check, whatever version of pydantic the host brings.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from sadtalker_ext.shells.api.errors import InvalidRequest, UnsupportedField
from sadtalker_ext.spelling import meant

Schema = Mapping[str, Any]

_NAMES = {
    "object": "an object",
    "array": "a list",
    "string": "text",
    "boolean": "true or false",
    "number": "a number",
    "integer": "a whole number",
}
_SHOWN = 40


def check(value: object, schema: Schema, place: str = "") -> None:
    """Compare a value with a schema.

    Raises:
        InvalidRequest: It does not fit; the message says where, what was expected and found.
        UnsupportedField: It holds a field listed under "x-unsupported".
    """
    kind = schema.get("type")
    if kind is None:
        return
    kinds = [kind] if isinstance(kind, str) else kind
    if not any(_is(value, one) for one in kinds):
        raise _wrong(place, " or ".join(_NAMES[one] for one in kinds), value)
    if "enum" in schema and value not in schema["enum"]:
        raise _wrong(place, "one of " + ", ".join(map(str, schema["enum"])), value)
    if isinstance(value, dict):
        _check_object(value, schema, place)
    elif isinstance(value, list):
        if len(value) > schema.get("maxItems", math.inf):
            raise _wrong(place, f"at most {schema['maxItems']} entries", value)
        for index, entry in enumerate(value):
            check(entry, schema.get("items", {}), f"{place}[{index}]")
    elif isinstance(value, str):
        _check_length(value, schema, place)
    elif not isinstance(value, bool):
        _check_range(value, schema, place)


def _check_object(value: dict[str, Any], schema: Schema, place: str) -> None:
    known = schema.get("properties", {})
    prefix = f"{place}." if place else ""
    for name, entry in value.items():
        if name in known:
            if entry is not None:  # null means "not given", as D-ID's own clients send it
                check(entry, known[name], prefix + name)
            continue
        hint = schema.get("x-unsupported", {}).get(name)
        if hint is not None:
            raise UnsupportedField(
                f"The field {prefix}{name} is not supported here.", hint=hint, field=prefix + name
            )
        if schema.get("additionalProperties") is False:
            raise InvalidRequest(
                f"There is no field called {shown(prefix + name)}.",
                hint=meant(name[:_SHOWN], known),
                field=prefix + name[:_SHOWN],
            )
    for name in schema.get("required", ()):
        if value.get(name) is None:
            raise InvalidRequest(f"The field {prefix}{name} is needed.", field=prefix + name)


def _check_length(value: str, schema: Schema, place: str) -> None:
    if len(value) < schema.get("minLength", 0):
        raise _wrong(place, f"at least {schema['minLength']} characters", value)
    if len(value) > schema.get("maxLength", math.inf):
        raise InvalidRequest(
            f"{place} should have at most {schema['maxLength']} characters, found {len(value)}.",
            field=place,
        )


def _check_range(value: Any, schema: Schema, place: str) -> None:
    low, high = schema.get("minimum"), schema.get("maximum")
    # "not low <= value" so that NaN is refused, too
    if (low is not None and not low <= value) or (high is not None and not value <= high):
        raise _wrong(place, f"a number from {low:g} to {high:g}", value)


def _is(value: object, kind: str) -> bool:
    if kind == "object":
        return isinstance(value, dict)
    if kind == "array":
        return isinstance(value, list)
    if kind == "string":
        return isinstance(value, str)
    if kind == "boolean":
        return isinstance(value, bool)
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return False
    return kind == "number" or isinstance(value, int) or value.is_integer()


def _wrong(place: str, expected: str, value: object) -> InvalidRequest:
    where = place or "The request"
    return InvalidRequest(f"{where} should be {expected}, found {shown(value)}.", field=place)


def shown(value: object) -> str:
    """Return a value for a message: short, and never a whole upload."""
    if value is None:
        return "null"
    if isinstance(value, (dict, list)):
        return f"{'an object' if isinstance(value, dict) else 'a list'} with {len(value)} entries"
    text = repr(value)
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}... ({len(text)} characters)"
