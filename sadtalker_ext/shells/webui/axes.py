"""Options of the always-on section as axes of the WebUI's X/Y/Z plot."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from sadtalker_ext.options import OptionSpec, option_specs

log = logging.getLogger(__name__)

MARK = "[SadTalker] "
FIELD = "sadtalker_ext_axes"
"""Attribute of the host's processing that holds what its plot chose, by option name."""
_LEFT_OUT = frozenset(
    {"engine", "format", "face_index", "audio_start", "audio_end", "audio_track", "idle_seconds"}
)
"""Belong to one picture or speech, or would change what kind of file comes out."""


def add_axes(loaded: Iterable[Any]) -> int:
    """Add an axis for every option with numbers, choices or yes and no.

    Args:
        loaded: The host's ``scripts_data``; the plot is found by what its module has.

    Returns:
        How many axes are there now; 0 where the host has no such plot.
    """
    for one in loaded:
        module = getattr(one, "module", None)
        axes, kind = getattr(module, "axis_options", None), getattr(module, "AxisOption", None)
        if isinstance(axes, list) and kind is not None:
            known = {getattr(axis, "label", "") for axis in axes}
            # "Reload UI" may keep the module, and its list
            wanted = [spec for spec in usable() if MARK + spec.label not in known]
            axes += [_axis(kind, spec) for spec in wanted]
            return sum(str(getattr(axis, "label", "")).startswith(MARK) for axis in axes)
    return 0


def usable() -> list[OptionSpec]:
    """Return the options that can be an axis."""
    return [spec for spec in option_specs() if spec.name not in _LEFT_OUT and _type(spec)]


def chosen_axes(processing: Any) -> Mapping[str, Any]:
    """Return what the plot chose for a generation, by option name."""
    found = getattr(processing, FIELD, None)
    return found if isinstance(found, Mapping) else {}


def _axis(kind: Callable[..., Any], spec: OptionSpec) -> Any:
    def apply(processing: Any, value: Any, _all: Any) -> None:
        if spec.kind is bool:
            value = str(value).strip().lower() in ("true", "yes", "1")
        # the host copies its processing without what it holds
        setattr(processing, FIELD, {**chosen_axes(processing), spec.name: value})

    choices: Callable[[], list[str]] | None = None
    if spec.kind is bool:

        def choices() -> list[str]:
            return ["True", "False"]

    elif spec.choices:

        def choices() -> list[str]:
            return [str(one) for one in spec.choices]

    return kind(MARK + spec.label, _type(spec), apply, choices=choices)


def _type(spec: OptionSpec) -> type | None:
    """Return the type the host reads an axis's values as; None for what is no axis."""
    if spec.kind in (int, float):
        return spec.kind
    return str if spec.kind is bool or spec.choices else None
