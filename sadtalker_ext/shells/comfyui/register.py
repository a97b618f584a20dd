"""Our descriptions as the classes that a version of ComfyUI wants."""

from __future__ import annotations

import importlib.util
from collections.abc import Mapping
from typing import Any

from sadtalker_ext.shells.comfyui.describe import CATEGORY, Call, Input, Node
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
        hidden = {"prompt": "PROMPT", "unique_id": "UNIQUE_ID"}
        return {"required": needed, "optional": wished, "hidden": hidden}

    def execute(_: object, **values: Any) -> tuple[Any, ...]:
        linked = linked_outputs(values.pop("prompt", None), values.pop("unique_id", None), node)
        return node.run(Call(values=values, linked=linked))

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


def linked_outputs(
    prompt: Mapping[str, Any] | None, unique_id: str | None, node: Node
) -> frozenset[int]:
    """Return the numbers of the outputs that some node of the prompt reads.

    Args:
        prompt: The prompt as the client sent it; None where the host does not say.
        unique_id: The node's own id in it.
        node: The node.
    """
    every = frozenset(range(len(node.outputs)))
    if prompt is None or unique_id is None or str(unique_id) not in prompt:
        return every
    return frozenset(
        int(value[1])
        for other in prompt.values()
        for value in other.get("inputs", {}).values()
        if isinstance(value, list) and len(value) == 2 and str(value[0]) == str(unique_id)
    )
