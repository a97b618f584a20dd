"""Which engines there are, best first.

An engine is a folder beside this file with a module `spec` that holds its description as `SPEC`;
its name in `_FOLDERS` is all that the rest of the program needs.
"""

from __future__ import annotations

import functools
import importlib
from collections.abc import Iterable
from typing import TYPE_CHECKING

from sadtalker_ext.engines.spec import EngineSpec

if TYPE_CHECKING:
    from sadtalker_ext.engines.base import EyePainter

_FOLDERS = (
    "sadtalker",
    "puppet",
)


@functools.cache
def engine_specs() -> tuple[EngineSpec, ...]:
    """Return the description of every engine, best first; none of them is loaded by this."""
    found = [importlib.import_module(f"sadtalker_ext.engines.{name}.spec") for name in _FOLDERS]
    return tuple(module.SPEC for module in found)


def engine_names() -> tuple[str, ...]:
    """Return what the option `engine` takes beside ``auto``."""
    return tuple(spec.name for spec in engine_specs())


def eye_painter(specs: Iterable[EngineSpec]) -> EyePainter | None:
    """Return what paints the eyes of a picture, of the first engine that has it."""
    return next((spec.paint_eyes for spec in specs if spec.paint_eyes is not None), None)


def weights_of(words: Iterable[str]) -> tuple[str, ...]:
    """Return words for weight files with the features an engine needs in place of its name."""
    needed = {spec.name: spec.weights for spec in engine_specs()}
    return tuple(one for word in words for one in needed.get(word, (word,)))


@functools.cache
def special_options() -> frozenset[str]:
    """Return the options that not every engine honours."""
    return frozenset().union(*(spec.options for spec in engine_specs()))


def engines_for(option: str) -> tuple[str, ...]:
    """Return the names of the engines that honour an option: all, unless some claim it."""
    claimed = [spec.name for spec in engine_specs() if option in spec.options]
    return tuple(claimed) or engine_names()
