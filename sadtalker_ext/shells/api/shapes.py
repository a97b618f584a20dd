"""Dataclasses as JSON and as JSON Schema: what is declared once can be answered and documented.

No pydantic: the same code runs beside its versions 1 and 2.
"""

from __future__ import annotations

import dataclasses
import enum
import types
import typing
from collections.abc import Mapping, Sequence
from typing import Any

Json = dict[str, Any]

_KINDS = {str: "string", bool: "boolean", int: "integer", float: "number"}


def told(description: str = "", *, optional: bool = False, **words: Any) -> Any:
    """Return a field of a dataclass with more words of JSON Schema.

    Args:
        description: What people read.
        optional: Whether an answer may come without it; None is left out then.
        **words: For example `minimum` or `format`.
    """
    words |= {"description": description} if description else {}
    metadata = {"words": words, "optional": optional}
    if optional:
        return dataclasses.field(default=None, metadata=metadata)
    return dataclasses.field(metadata=metadata)


def as_json(value: Any) -> Any:
    """Return a value as JSON has it; optional fields that are None are left out."""
    if dataclasses.is_dataclass(value):
        return {
            one.name: as_json(getattr(value, one.name))
            for one in dataclasses.fields(value)
            if not (one.metadata.get("optional") and getattr(value, one.name) is None)
        }
    if isinstance(value, (list, tuple)):
        return [as_json(one) for one in value]
    return value.value if isinstance(value, enum.Enum) else value


def schema_of(shape: type) -> Json:
    """Return a dataclass as JSON Schema; a class variable `closed` refuses unknown fields."""
    hints = typing.get_type_hints(shape)
    fields = dataclasses.fields(shape)
    schema: Json = {
        "title": shape.__name__,
        "type": "object",
        "properties": {
            one.name: _kind(hints[one.name]) | one.metadata.get("words", {}) for one in fields
        },
    }
    if required := [one.name for one in fields if not one.metadata.get("optional")]:
        schema["required"] = required
    if getattr(shape, "closed", False):
        schema["additionalProperties"] = False
    return schema


def _kind(hint: Any) -> Json:
    origin, inner = typing.get_origin(hint), typing.get_args(hint)
    if origin in (types.UnionType, typing.Union):
        (hint,) = (one for one in inner if one is not type(None))
        return _kind(hint)
    if origin in (Sequence, tuple, list):
        return {"type": "array", "items": _kind(inner[0])}
    if origin in (Mapping, dict):
        return {"type": "object"}
    if isinstance(hint, type) and dataclasses.is_dataclass(hint):
        return schema_of(hint)
    words = inner if origin is typing.Literal else _members(hint)
    return {"type": "string", "enum": list(words)} if words else {"type": _KINDS[hint]}


def _members(hint: type) -> list[Any]:
    return [one.value for one in hint] if issubclass(hint, enum.Enum) else []


def named(document: Json) -> Json:
    """Move schemas with a CamelCase title to the components of an OpenAPI document.

    Client generators make one class of each; inline schemas would give them dozens.
    """
    parts: Json = document.setdefault("components", {}).setdefault("schemas", {})

    def walk(value: Any) -> Any:
        if isinstance(value, list):
            return [walk(entry) for entry in value]
        if not isinstance(value, dict):
            return value
        moved = {name: walk(entry) for name, entry in value.items()}
        title = moved.get("title")
        if not isinstance(title, str) or not title.isalpha() or moved.get("type") != "object":
            return moved
        parts[title] = moved
        return {"$ref": f"#/components/schemas/{title}"}

    for path, methods in document.get("paths", {}).items():
        document["paths"][path] = walk(methods)
    return document
