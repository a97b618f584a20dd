"""Widgets made from the declarations of the options.

Nothing about an option is written here again: caption, range, choices and help come from its
`OptionSpec`, so a new option appears in the tab by itself, in the accordion of its group.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sadtalker_ext.directions import EMOTIONS
from sadtalker_ext.engines.registry import engines_for, special_options
from sadtalker_ext.option_spec import NO_PART
from sadtalker_ext.options import OptionSpec, option_spec, option_specs
from sadtalker_ext.shells.ui import compat
from sadtalker_ext.shells.ui.contract import Component, element_id

MAIN = ("preprocess", "head_motion", "expression_scale", "mouth_scale", "enhancer", "still")
"""The few options that matter, always in sight."""

SPEECH_TEXT = ("text", "voice", "speech_rate", "speech_pitch")
SPEECH_IDLE = ("idle_seconds",)
SPEECH_TRIM = ("audio_start", "audio_end", "pad_audio", "audio_track")
SPEECH_WORDS = ("transcript",)
FREE_VIEW = ("yaw", "pitch", "roll")
ELSEWHERE = (
    "engine",
    "face_index",
    "face_points",
    "reference_use",
    "timeline",
    *FREE_VIEW,
    *SPEECH_TEXT,
    *SPEECH_IDLE,
    *SPEECH_TRIM,
    *SPEECH_WORDS,
)
"""Options with a place of their own in the tab."""

NOT_SAVED = frozenset(
    {"face_index", "text", "transcript", "audio_start", "audio_end", "audio_track", "seed"}
    | {"consent_by", "face_points", "timeline"}
)
"""Belong to one picture or speech: a WebUI must not store them as the user's defaults."""

_SUGGESTED: Mapping[str, Sequence[str]] = {
    "emotion": (*EMOTIONS, "happy:0.6+surprised:0.4", "sad:0.6+angry:0.4", "auto")
}
"""Words to choose from for options that take any text."""

_EXAMPLES: Mapping[str, str] = {
    "timeline": '[{"at": 0.5, "emotion": "happy", "intensity": 0.8},\n'
    ' {"at": "50%", "gesture": "nod"},\n'
    ' {"at": 2, "until": 3, "gaze": "away"}]'
}
"""What an empty text shows, by option name."""

UNDER_A_TITLE = frozenset({"engine"})
"""The panel's title already says their caption."""

GROUP_TITLES: Mapping[str, str] = {
    "look": "More looks",
    "speech": "More about speech",
    "acting": "Emotion and acting",
    "head and eyes": "Head and eyes",
    "engine": "Face and speed",
    "output": "Output",
}
"""Titles of the accordions, in their order; other groups follow under their own names."""

_FEW = 3
_FINE_RANGE = 10.0
_VOICE_MARK = " · "
_ANY_VOICE = "Best for the text's language"


class OptionControls:
    """The widgets of all options, and the way between widget values and option values.

    Args:
        voices: Language tag or name, and words, of each voice that can speak a text.
        suggestions: Words to choose from for options that take any text, by option name.
    """

    def __init__(
        self,
        voices: Iterable[tuple[str, str]] = (),
        suggestions: Mapping[str, Sequence[str]] | None = None,
    ) -> None:
        self._suggestions = {**_SUGGESTED, **(suggestions or {})}
        self._voices = _voice_choices(voices)
        self.components: dict[str, Component] = {}

    @property
    def voices(self) -> list[str]:
        """Return what a list of voices offers, the usual choice first."""
        return list(self._voices)

    @property
    def names(self) -> list[str]:
        """Return the names of the options made so far, in declaration order."""
        return [spec.name for spec in option_specs() if spec.name in self.components]

    def make(self, *names: str) -> None:
        """Make the widgets of some options at the current place of the page."""
        for name in names:
            self._make(option_spec(name))

    def make_group(self, group: str) -> None:
        """Make the widgets of a group that have no other place."""
        self.make(*(spec.name for spec in accordion_specs(group)))

    def inputs(self) -> dict[str, Component]:
        """Return the widgets by name, in the order of `names`."""
        return {name: self.components[name] for name in self.names}

    def options(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """Return option values from widget values, both by name."""
        return {name: self._from_widget(option_spec(name), values[name]) for name in self.names}

    def widget_value(self, name: str, value: Any) -> Any:
        """Return what the widget of an option shows for a value."""
        if name == "voice":
            return next((one for one in self._voices if voice_name(one) == value), None)
        return value

    def voice_update(self, voices: Iterable[tuple[str, str]]) -> Any:
        """Return the output that offers other voices."""
        self._voices = _voice_choices(voices)
        return compat.update(choices=self._voices, value=self._voices[0] if self._voices else None)

    def updates(self, values: Mapping[str, Any]) -> list[Any]:
        """Return one output per widget: the given values, everything else unchanged."""
        return [
            compat.update(value=self.widget_value(name, values[name]))
            if name in values
            else compat.unchanged()
            for name in self.names
        ]

    def engine_updates(self, engine: str) -> list[Any]:
        """Return one output per widget: options without effect in an engine are disabled."""
        return [_for_engine(option_spec(name), engine) for name in self.names]

    def fit_engine(self, engine: str) -> None:
        """Disable the options without effect in an engine, while the page is being built."""
        for name, component in self.components.items():
            if engine not in engines_for(name):
                component.interactive = False
                component.info = _no_effect(engine)

    def _make(self, spec: OptionSpec) -> None:
        special = special_options()
        common: dict[str, Any] = {
            "label": caption(spec),
            "elem_id": element_id(spec.name),
            # not shown while it is disabled; a WebUI would store `visible` as the user's own wish
            "elem_classes": ["stx-field", *(["stx-special"] if spec.name in special else [])],
        }
        if spec.name in UNDER_A_TITLE:
            common["show_label"] = False
        component = self._widget(spec, common)
        if spec.name in NOT_SAVED:
            compat.not_saved(component)
        self.components[spec.name] = compat.explained(component, spec.help)

    def _widget(self, spec: OptionSpec, common: dict[str, Any]) -> Component:
        gr = compat.gradio()
        if spec.kind is bool:
            return gr.Checkbox(value=spec.default, min_width=160, **common)
        if spec.choices or spec.parts or spec.name in ("voice", *self._suggestions):
            return self._choice(spec, common)
        if spec.name == "face_points":
            # placed over the picture, in a window of its own
            return gr.Textbox(value=spec.default, visible=False, **common)
        if spec.kind is str:
            lines = 4 if spec.name in ("text", "transcript", "timeline") else 1
            shown = _EXAMPLES.get(spec.name, "")
            return gr.Textbox(value=spec.default, lines=lines, placeholder=shown, **common)
        if is_slider(spec):
            limits = {"minimum": spec.low, "maximum": spec.high, "step": step_of(spec)}
            return gr.Slider(value=spec.default, **limits, **common)
        if spec.name == "face_index":
            # chosen by clicking a box: people count from one, the option from zero
            common["visible"] = False
        return gr.Number(value=spec.default, precision=0 if spec.kind is int else None, **common)

    def _choice(self, spec: OptionSpec, common: dict[str, Any]) -> Component:
        gr = compat.gradio()
        if spec.name == "voice":
            first = self._voices[0] if self._voices else None
            return gr.Dropdown(choices=self._voices, value=first, **common)
        if spec.choices:
            kind = gr.Radio if len(spec.choices) <= _FEW else gr.Dropdown
            typed = {"allow_custom_value": True} if spec.menu else {}
            shown = list(spec.menu or spec.choices)
            return kind(choices=shown, value=spec.default, **typed, **common)
        known = _some_lists(spec) if spec.parts else self._suggestions[spec.name]
        words = dict.fromkeys([spec.default, *known])
        return gr.Dropdown(
            choices=list(words), value=spec.default, allow_custom_value=True, **common
        )

    @staticmethod
    def _from_widget(spec: OptionSpec, value: Any) -> Any:
        if value is None:
            # an emptied number, or a list with nothing to choose from
            return spec.default
        if spec.name == "voice":
            return voice_name(value)
        if spec.kind is int and isinstance(value, float) and value.is_integer():
            return int(value)
        return float(value) if spec.kind is float and isinstance(value, int) else value


def accordion_groups() -> list[str]:
    """Return the groups that have an accordion, in the order of the tab."""
    groups = dict.fromkeys([*GROUP_TITLES, *(spec.group for spec in option_specs())])
    return [group for group in groups if accordion_specs(group)]


def accordion_specs(group: str) -> list[OptionSpec]:
    """Return the options of a group that have no other place."""
    return [
        spec
        for spec in option_specs()
        if spec.group == group and spec.name not in MAIN and spec.name not in ELSEWHERE
    ]


def caption(spec: OptionSpec) -> str:
    """Return the caption of an option: its label, with the unit where one is needed."""
    return f"{spec.label} ({spec.unit})" if spec.unit in {"seconds", "degrees"} else spec.label


def is_slider(spec: OptionSpec) -> bool:
    """Tell whether a number has a range that a slider can show."""
    if spec.kind is str or spec.low is None or spec.high is None:
        return False
    return spec.high - spec.low <= 1000 and spec.name not in ("face_index", *SPEECH_TRIM)


def step_of(spec: OptionSpec) -> float:
    """Return the step of a slider."""
    if spec.kind is int:
        return 1
    low, high = spec.low or 0.0, spec.high or 0.0
    return 0.05 if high - low < _FINE_RANGE else 0.5


def _some_lists(spec: OptionSpec) -> list[str]:
    """Return what people choose of an option that lists words: all, one, none."""
    return [", ".join(spec.parts), *spec.parts, NO_PART]


def _voice_choices(voices: Iterable[tuple[str, str]]) -> list[str]:
    """Return the words of all voices; first that the text's language chooses one."""
    named = [f"{words}{_VOICE_MARK}{name}" for name, words in voices]
    return [_ANY_VOICE, *named] if named else []


def voice_name(widget_value: str) -> str:
    """Return the name of a voice from what a list of voices shows; empty where any will do."""
    return widget_value.rpartition(_VOICE_MARK)[2] if _VOICE_MARK in widget_value else ""


def _for_engine(spec: OptionSpec, engine: str) -> Any:
    works = engine in engines_for(spec.name)
    return compat.update(interactive=works, info="" if works else _no_effect(engine))


def _no_effect(engine: str) -> str:
    return f"Has no effect in the {engine} engine."
