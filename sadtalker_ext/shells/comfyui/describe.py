"""What a node is, said once; `register` makes of it what a version of ComfyUI wants."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from sadtalker_ext.option_spec import OptionSpec

CATEGORY = "SadTalker"
OPTIONS = "SADTALKER_OPTIONS"
"""Type of the wire between the node of all options and those that take them."""

_KINDS = {bool: "BOOLEAN", int: "INT", float: "FLOAT", str: "STRING"}
_STEPS = {"FLOAT": 0.05, "INT": 1}


@dataclass(frozen=True, slots=True, kw_only=True)
class Input:
    """One input of a node: a wire, or a widget.

    Attributes:
        name: Its name, also as keyword of the node's function.
        kind: ComfyUI's type: IMAGE, AUDIO, VIDEO, STRING, INT, FLOAT, BOOLEAN, COMBO, or `OPTIONS`.
        help: One sentence.
        default: Value of a widget.
        low: Smallest number.
        high: Largest number.
        step: Step of a number.
        choices: The words of a COMBO.
        optional: Whether the node works without it.
        lines: Whether a text has several lines.
        drawn: Whether a number is drawn anew for every run, as ComfyUI does with seeds.
    """

    name: str
    kind: str
    help: str
    default: Any = None
    low: float | None = None
    high: float | None = None
    step: float | None = None
    choices: tuple[str, ...] = ()
    optional: bool = False
    lines: bool = False
    drawn: bool = False

    @property
    def is_wire(self) -> bool:
        """Whether the value comes from another node."""
        return self.kind in ("IMAGE", "AUDIO", "VIDEO", OPTIONS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Output:
    """One output of a node.

    Attributes:
        name: Its name.
        kind: ComfyUI's type.
        help: One sentence.
    """

    name: str
    kind: str
    help: str


Values = Mapping[str, Any]
"""The inputs of one execution by name; what is not connected is missing or None."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """A node by description.

    Attributes:
        id: Unique among all packs; workflows keep it.
        title: What people read.
        help: What it does, in a sentence or two.
        inputs: In the order they are shown.
        outputs: In the order of the results.
        run: Does the work; returns one value for each output.
        ends: Whether it is worth executing although nobody reads its outputs.
    """

    id: str
    title: str
    help: str
    inputs: tuple[Input, ...]
    outputs: tuple[Output, ...]
    run: Callable[[Values], tuple[Any, ...]]
    ends: bool = False


def from_option(spec: OptionSpec) -> Input:
    """Return the widget of an option, as its declaration says."""
    if spec.choices:
        words = tuple(str(one) for one in spec.menu or spec.choices)
        return Input(
            name=spec.name, kind="COMBO", help=spec.help, default=str(spec.default), choices=words
        )
    kind = _KINDS[spec.kind]
    return Input(
        name=spec.name,
        kind=kind,
        help=f"{spec.help} In {spec.unit}." if spec.unit and not spec.numbers else spec.help,
        default=spec.default,
        low=None if spec.numbers else spec.low,
        high=None if spec.numbers else spec.high,
        step=_STEPS.get(kind),
        lines=spec.name in ("text", "transcript", "timeline"),
    )


def to_option(spec: OptionSpec, value: Any) -> Any:
    """Return a widget's value as the option takes it: words of numbers become numbers."""
    if spec.choices:
        return next((one for one in spec.choices if str(one) == str(value)), value)
    return value
