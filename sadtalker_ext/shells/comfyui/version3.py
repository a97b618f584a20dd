"""Our descriptions as nodes by schema (V3); imported only where the host has that interface."""

from __future__ import annotations

from typing import Any

from comfy_api.latest import ComfyExtension, io

from sadtalker_ext.shells.comfyui.describe import CATEGORY, Input, Node, Output
from sadtalker_ext.shells.comfyui.nodes import nodes

_TYPES = {
    "IMAGE": io.Image,
    "AUDIO": io.Audio,
    "VIDEO": io.Video,
    "STRING": io.String,
    "INT": io.Int,
    "FLOAT": io.Float,
    "BOOLEAN": io.Boolean,
    "COMBO": io.Combo,
}


class Pack(ComfyExtension):  # type: ignore[misc]  # the host has no types
    """All nodes of this project."""

    async def get_node_list(self) -> list[type]:
        """Return a class for every node."""
        return [version3(node) for node in nodes()]


async def comfy_entrypoint() -> Pack:
    """Return what the host asks a pack for."""
    return Pack()


def version3(node: Node) -> type:
    """Return the class of a node."""

    def define_schema(_: type) -> Any:
        return io.Schema(
            node_id=node.id,
            display_name=node.title,
            category=CATEGORY,
            description=node.help,
            inputs=[_input(one) for one in node.inputs],
            outputs=[_output(one) for one in node.outputs],
            is_output_node=node.ends,
        )

    def execute(_: type, /, **values: Any) -> Any:
        return io.NodeOutput(*node.run(values))

    methods = {"define_schema": classmethod(define_schema), "execute": classmethod(execute)}
    return type(node.id, (io.ComfyNode,), {"__doc__": node.help, **methods})


def _type(kind: str) -> Any:
    return _TYPES[kind] if kind in _TYPES else io.Custom(kind)


def _input(one: Input) -> Any:
    facts: dict[str, Any] = {"tooltip": one.help, "optional": one.optional}
    if not one.is_wire:
        facts["default"] = one.default
    if one.kind == "COMBO":
        facts["options"] = list(one.choices)
    for name, value in (("min", one.low), ("max", one.high), ("step", one.step)):
        if value is not None:
            facts[name] = int(value) if one.kind == "INT" else value
    if one.lines:
        facts["multiline"] = True
    if one.drawn:
        facts["control_after_generate"] = True
    return _type(one.kind).Input(one.name, **facts)


def _output(one: Output) -> Any:
    # names of outputs may equal those of inputs, ids may not
    return _type(one.kind).Output(f"{one.name}_out", display_name=one.name, tooltip=one.help)
