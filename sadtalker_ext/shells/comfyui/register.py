"""Our descriptions as the classes that a version of ComfyUI wants."""

from __future__ import annotations

import importlib.util
from typing import Any

from sadtalker_ext.shells.comfyui.describe import CATEGORY, Input, Node
from sadtalker_ext.shells.comfyui.nodes import nodes


def names() -> dict[str, Any]:
    """Return the names that the host looks for in a pack, for the interface it has."""
    if knows_v3():
        from sadtalker_ext.shells.comfyui.version3 import comfy_entrypoint

        return {"comfy_entrypoint": comfy_entrypoint}
    return {
        "NODE_CLASS_MAPPINGS": {node.id: version1(node) for node in nodes()},
        "NODE_DISPLAY_NAME_MAPPINGS": {node.id: node.title for node in nodes()},
    }


def knows_v3() -> bool:
    """Tell whether the host has the interface of nodes by schema."""
    try:
        if importlib.util.find_spec("comfy_api.latest") is None:
            return False
        from comfy_api import latest
    except ImportError:
        return False
    return hasattr(latest, "ComfyExtension") and hasattr(latest, "io")


def version1(node: Node) -> type:
    """Return the class of a node in the older interface."""

    def input_types(_: type) -> dict[str, Any]:
        needed = {one.name: _widget(one) for one in node.inputs if not one.optional}
        wished = {one.name: _widget(one) for one in node.inputs if one.optional}
        return {"required": needed, "optional": wished}

    def execute(_: object, **values: Any) -> tuple[Any, ...]:
        return node.run(values)

    return type(
        node.id,
        (),
        {
            "__doc__": node.help,
            "INPUT_TYPES": classmethod(input_types),
            "RETURN_TYPES": tuple(one.kind for one in node.outputs),
            "RETURN_NAMES": tuple(one.name for one in node.outputs),
            "OUTPUT_TOOLTIPS": tuple(one.help for one in node.outputs),
            "FUNCTION": "execute",
            "CATEGORY": CATEGORY,
            "DESCRIPTION": node.help,
            "OUTPUT_NODE": node.ends,
            "execute": execute,
        },
    )


def _widget(one: Input) -> tuple[Any, dict[str, Any]]:
    facts: dict[str, Any] = {"tooltip": one.help}
    if one.is_wire:
        return one.kind, facts
    facts["default"] = one.default
    for name, value in (("min", one.low), ("max", one.high), ("step", one.step)):
        if value is not None:
            facts[name] = int(value) if one.kind == "INT" else value
    if one.lines:
        facts["multiline"] = True
    if one.drawn:
        facts["control_after_generate"] = True
    return (list(one.choices) if one.kind == "COMBO" else one.kind), facts
