"""Further speakers that are kept: in the user's presets, and in the words of a finished video.

Both hold a list of mappings as `dubbing.request.DubRole.told` makes them, the first speaker first.
A preset keeps who speaks, not what is said.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sadtalker_ext.shells.ui import compat, roles
from sadtalker_ext.shells.ui.contract import Component
from sadtalker_ext.shells.ui.controls import OptionControls, voice_name
from sadtalker_ext.shells.ui.speakers import SpeakersParts, shown_updates

_DIGITS, _LATEST = 4, 1e6
"""More digits of a face, or seconds before somebody begins, are nobody's choice."""
_FIELDS = ("face", "at", "emotion", "kind", "voice", "text")


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """The section of further speakers, as something to be kept and set.

    Attributes:
        parts: The section.
        whose: The choices of whose face a click means.
    """

    parts: SpeakersParts
    whose: tuple[Component, ...]

    @property
    def inputs(self) -> dict[str, Component]:
        """Return what `cast_of` needs, by name."""
        return self.parts.inputs

    @property
    def outputs(self) -> list[Component]:
        """Return what `updates` changes, in its order."""
        groups = [one.group for one in self.parts.speakers]
        fields = [one.fields[name] for one in self.parts.speakers for name in _FIELDS]
        return [self.parts.opened, self.parts.note, self.parts.add, *groups, *self.whose, *fields]

    def unchanged(self) -> list[Any]:
        """Return the outputs that leave the speakers as they are."""
        return [compat.unchanged() for _ in self.outputs]

    def updates(
        self, found: Sequence[Mapping[str, Any]], options: OptionControls, *, words: bool = True
    ) -> list[Any]:
        """Return the outputs that show some speakers; what does not fit becomes as at first.

        Args:
            found: All speakers, the first one first, who is not changed here; empty takes all
                others out.
            options: Knows the voices.
            words: Whether what they say is set, too.
        """
        others = list(found[1 : 1 + len(roles.NUMBERS)])
        there = [number < len(others) for number in range(len(roles.NUMBERS))]
        fields: list[Any] = []
        for number, is_there in enumerate(there):
            kept = _values(others[number] if is_there else {}, options)
            if not words or not is_there:
                # what somebody has written already stays
                kept["text"] = compat.unchanged()
            fields += [kept[name] for name in _FIELDS]
        return [*shown_updates(there), *fields]

    def cast_of(self, values: Mapping[str, Any]) -> list[dict[str, Any]]:
        """Return who speaks, for a preset: faces, beginnings, emotions and voices, no words.

        Args:
            values: Values of `inputs` by name.
        """
        kept: list[dict[str, Any]] = [{}]
        opened = values.get("speakers_opened") or ()
        for number, is_there in zip(roles.NUMBERS, opened, strict=False):
            if is_there:
                given = {one: values.get(roles.field_name(number, one)) for one in _FIELDS}
                kept.append(_told(given))
        return kept if len(kept) > 1 else []


def _told(given: Mapping[str, Any]) -> dict[str, Any]:
    """Return the words of one speaker's fields, as `_values` reads them."""
    face, emotion, at = str(given["face"] or ""), str(given["emotion"] or ""), given["at"]
    told = {
        "face": str(int(face) - 1) if face in roles.FACES[1:] else "",
        "at": at if isinstance(at, (int, float)) and math.isfinite(at) else 0.0,
        "emotion": "" if emotion == roles.SAME_EMOTION else emotion,
        "kind": given["kind"] if given["kind"] == roles.TEXT else "",
        "voice": voice_name(str(given["voice"] or "")),
    }
    return {name: value for name, value in told.items() if value}


def _values(one: Mapping[str, Any], options: OptionControls) -> dict[str, Any]:
    """Return the values of one speaker's fields from its words."""
    from sadtalker_ext.service import is_number

    face: Any = one.get("face")
    at: Any = one.get("at")
    number = str(int(face) + 1) if is_number(face) and len(face) <= _DIGITS else ""
    voice = options.widget_value("voice", str(one.get("voice") or "")) if one.get("voice") else None
    usual = options.voices[0] if options.voices else None
    fits = isinstance(at, (int, float)) and not isinstance(at, bool) and 0 <= at < _LATEST
    spoken = bool(one.get("text")) or one.get("kind") == roles.TEXT
    return {
        "face": number if number in roles.FACES else roles.NEXT_FACE,
        "at": float(at) if fits else 0.0,
        "emotion": str(one.get("emotion") or roles.SAME_EMOTION),
        "kind": roles.TEXT if spoken else roles.SOUND,
        "voice": compat.update(value=voice or usual),
        "text": str(one.get("text") or ""),
    }
