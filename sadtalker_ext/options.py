"""The one declaration of every option.

Command line, tab, REST schema and docs/options.md are made from these fields, so a name, a default
or a range is written once.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, cast

from sadtalker_ext.directions import read_blend
from sadtalker_ext.errors import InvalidOption
from sadtalker_ext.face_points import read_face_points
from sadtalker_ext.option_fields.engine import LAYERS, EngineOptions
from sadtalker_ext.option_fields.motion import MotionOptions
from sadtalker_ext.option_fields.output import OutputOptions
from sadtalker_ext.option_fields.speech import SpeechOptions
from sadtalker_ext.option_spec import NO_PART
from sadtalker_ext.option_spec import OptionSpec as OptionSpec
from sadtalker_ext.spelling import meant
from sadtalker_ext.timeline import read_timeline

SUFFIXES = {"mp4": ".mp4", "webm": ".webm", "mov": ".mov", "gif": ".gif", "png": ".zip"}
"""Extension of the file for every value of the option `format`."""


@dataclass(frozen=True, kw_only=True)
class GenerateOptions(EngineOptions, OutputOptions, SpeechOptions, MotionOptions):
    """How a video is made. Every field is described by its `OptionSpec`.

    Fields come in the order of the bases from the last to the first, which is the order in which
    shells show them.

    Raises:
        InvalidOption: A value has the wrong type or lies outside its range.
    """

    def __post_init__(self) -> None:
        """Check every value against its declaration."""
        for spec in option_specs():
            object.__setattr__(self, spec.name, spec.check(getattr(self, spec.name)))
        self._check_directions()
        if self.audio_end and self.audio_end <= self.audio_start:
            raise InvalidOption(
                "Option audio_end should be greater than audio_start, found "
                f"{self.audio_end:g} after {self.audio_start:g} seconds."
            )

    def _check_directions(self) -> None:
        """Refuse emotions that do not exist, and JSON that cannot be read."""
        if self.emotion.strip().lower() != "auto":
            read_blend(self.emotion)
        read_timeline(self.timeline)
        read_face_points(self.face_points)

    @classmethod
    def from_mapping(cls, values: Mapping[str, object]) -> GenerateOptions:
        """Build options from names and values, refusing unknown names."""
        known = [spec.name for spec in option_specs()]
        for name in values:
            if name not in known:
                hint = meant(name, known)
                raise InvalidOption(f"There is no option called {name!r}.", hint=hint)
        return cls(**cast("dict[str, Any]", dict(values)))

    @property
    def suffix(self) -> str:
        """Extension of the video's file, by its format."""
        return SUFFIXES[self.format]

    @property
    def layers(self) -> tuple[str, ...]:
        """Ways of marking that are asked for: metadata, c2pa, mark.

        "auto" means all of them, or none where `mark` says so.
        """
        if self.provenance == "auto":
            return () if self.mark == "none" else LAYERS
        return () if self.provenance == NO_PART else tuple(self.provenance.split(", "))

    @property
    def discloses(self) -> bool:
        """Whether the metadata say that the video is synthetic."""
        return self.mark != "none" and "metadata" in self.layers

    def as_dict(self) -> dict[str, Any]:
        """Return all options with their values, in declaration order."""
        return {spec.name: getattr(self, spec.name) for spec in option_specs()}

    def changed(self) -> dict[str, Any]:
        """Return only the options that differ from their defaults."""
        return {
            spec.name: getattr(self, spec.name)
            for spec in option_specs()
            if getattr(self, spec.name) != spec.default
        }


def option_specs() -> tuple[OptionSpec, ...]:
    """Return the declaration of every option, in the order shells show them."""
    return _SPECS


def option_spec(name: str) -> OptionSpec:
    """Return one declaration by name."""
    return next(spec for spec in _SPECS if spec.name == name)


_KINDS = {"bool": bool, "int": int, "float": float, "str": str}
_SPECS: tuple[OptionSpec, ...] = tuple(
    OptionSpec(
        name=entry.name,
        kind=_KINDS[cast("str", entry.type)],
        default=entry.default,
        **entry.metadata,
    )
    for entry in fields(GenerateOptions)
)
