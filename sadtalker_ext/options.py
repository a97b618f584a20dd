"""The one declaration of every option.

Command line, tab, REST schema and README table are made from these fields, so a name, a default
or a range is written once.
"""

from __future__ import annotations

import dataclasses
import difflib
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, cast

from sadtalker_ext.errors import InvalidOption
from sadtalker_ext.option_spec import BOTH as BOTH
from sadtalker_ext.option_spec import OptionSpec as OptionSpec

SUFFIXES = {"mp4": ".mp4", "webm": ".webm", "gif": ".gif", "png": ".zip"}
"""Extension of the file for every value of the option `format`."""


def _option(default: Any, label: str, text: str, group: str, **rest: Any) -> Any:
    return dataclasses.field(
        default=default, metadata={"label": label, "help": text, "group": group, **rest}
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class GenerateOptions:
    """How a video is made. Every field is described by its `OptionSpec`.

    Raises:
        InvalidOption: A value has the wrong type or lies outside its range.
    """

    engine: str = _option(
        "auto",
        "Engine",
        "Which engine moves the face; auto takes the best one that is installed.",
        "look",
        choices=("auto", "sadtalker", "puppet"),
    )
    preprocess: str = _option(
        "auto",
        "Framing",
        "How much of the picture the video shows: crop is the head, full the whole picture; auto "
        "takes full when the face fills less than about half of the picture's height.",
        "look",
        choices=("auto", "crop", "extcrop", "resize", "full", "extfull"),
    )
    size: int = _option(
        256,
        "Face resolution",
        "Side of the rendered face: 256 or 512.",
        "engine",
        unit="pixels",
        choices=(256, 512),
        engines=("sadtalker",),
    )
    face_index: int = _option(
        0, "Face", "Which face, counted from the largest.", "look", low=0, high=99
    )
    pose_style: int = _option(
        0,
        "Head motion style",
        "One of the 46 styles of head motion the model learned.",
        "head and eyes",
        low=0,
        high=45,
        engines=("sadtalker",),
    )
    head_motion: float = _option(
        1.0, "Head motion amount", "How much the head moves.", "look", low=0.0, high=2.0
    )
    still: bool = _option(False, "Still", "Keep the head still; the face stays alive.", "look")
    expression_scale: float = _option(
        1.0,
        "Expression",
        "Strength of the facial expression.",
        "look",
        low=0.0,
        high=3.0,
    )
    mouth_scale: float = _option(
        1.0, "Mouth opening", "Strength of the mouth's movement.", "look", low=0.0, high=2.0
    )
    blink: str = _option(
        "natural",
        "Blinking",
        "natural varies like people do; original repeats the reference model's rhythm.",
        "head and eyes",
        choices=("off", "natural", "original"),
    )
    blink_rate: float = _option(
        20.0,
        "Blink rate",
        "Blinks per minute when blinking is natural.",
        "head and eyes",
        unit="per minute",
        low=0.0,
        high=40.0,
    )
    gaze: str = _option(
        "natural",
        "Gaze",
        "Small movements of the eyes, or eyes fixed as in the picture.",
        "head and eyes",
        choices=("fixed", "natural"),
        engines=("puppet",),
    )
    head_yaw: float = _option(
        1.0, "Turning", "How much the head turns sideways.", "head and eyes", low=0.0, high=2.0
    )
    head_pitch: float = _option(
        1.0, "Nodding", "How much the head nods.", "head and eyes", low=0.0, high=2.0
    )
    head_roll: float = _option(
        1.0, "Tilting", "How much the head tilts.", "head and eyes", low=0.0, high=2.0
    )
    yaw: str = _option(
        "",
        "Yaw path",
        "Free view: the head turns through these angles at constant speed, such as 0, 20, -20.",
        "head and eyes",
        unit="degrees",
        low=-90.0,
        high=90.0,
        numbers=True,
        aliases=("input_yaw",),
    )
    pitch: str = _option(
        "",
        "Pitch path",
        "Free view: the head nods through these angles at constant speed.",
        "head and eyes",
        unit="degrees",
        low=-90.0,
        high=90.0,
        numbers=True,
        aliases=("input_pitch",),
    )
    roll: str = _option(
        "",
        "Roll path",
        "Free view: the head tilts through these angles at constant speed.",
        "head and eyes",
        unit="degrees",
        low=-90.0,
        high=90.0,
        numbers=True,
        aliases=("input_roll",),
    )
    reference_use: str = _option(
        "pose+blink",
        "Borrow from the reference video",
        "What a reference video lends: its head movement, its blinks, both, or all: its whole "
        "motion and its sound.",
        "head and eyes",
        choices=("pose", "blink", "pose+blink", "all"),
        engines=("sadtalker",),
    )
    text: str = _option(
        "",
        "Text",
        "Speak this text instead of a sound file.",
        "speech",
    )
    voice: str = _option(
        "",
        "Voice",
        "Which of this machine's voices speaks the text; empty takes the first.",
        "speech",
    )
    speech_rate: float = _option(
        1.0, "Speech rate", "Speed of the voice.", "speech", unit="times", low=0.5, high=2.0
    )
    speech_pitch: float = _option(
        0.0, "Speech pitch", "Pitch of the voice, lower or higher.", "speech", low=-50.0, high=50.0
    )
    idle_seconds: float = _option(
        0.0,
        "Idle",
        "Without speech: breathe, blink and look around for this long.",
        "speech",
        unit="seconds",
        low=0.0,
        high=600.0,
    )
    audio_start: float = _option(
        0.0,
        "Start",
        "Where the speech begins in the file.",
        "speech",
        unit="seconds",
        low=0.0,
        high=86400.0,
    )
    audio_end: float = _option(
        0.0,
        "End",
        "Where the speech ends in the file; 0 means its end.",
        "speech",
        unit="seconds",
        low=0.0,
        high=86400.0,
    )
    pad_audio: float = _option(
        0.0,
        "Silence at the end",
        "Silence added after the speech.",
        "speech",
        unit="seconds",
        low=0.0,
        high=60.0,
    )
    enhancer: str = _option(
        "none",
        "Face restoration",
        "Restore the face in every frame by a network of its own; takes long without a graphics "
        "card.",
        "look",
        choices=("none", "gfpgan", "codeformer", "restoreformer"),
    )
    enhancer_strength: float = _option(
        0.8,
        "Restoration strength",
        "How much of the restoration is used.",
        "output",
        low=0.0,
        high=1.0,
    )
    upscaler: str = _option(
        "none",
        "Upscaler",
        "Enlarge every frame by one of the WebUI's upscalers, or by a model file in a weight "
        "folder; doubles the size unless one is asked for.",
        "output",
    )
    output_side: int = _option(
        0,
        "Size of the video",
        "Longer side of the video; 0 keeps the picture's own.",
        "output",
        unit="pixels",
        low=0,
        high=4096,
    )
    blend: str = _option(
        "soft",
        "Blend",
        "How the face goes back into the whole picture: soft keeps the picture's own pixels around "
        "the face; poisson is the original's way.",
        "output",
        choices=("soft", "poisson"),
        engines=("sadtalker",),
    )
    fps: float = _option(
        25.0,
        "Frames per second",
        "Frame rate of the video.",
        "output",
        unit="per second",
        low=10.0,
        high=60.0,
    )
    format: str = _option(
        "mp4",
        "Format",
        "mp4 (H.264 and AAC), webm (VP9 and Opus), gif (no sound), or png: a zip of frames with "
        "the speech as WAV.",
        "output",
        choices=("mp4", "webm", "gif", "png"),
    )
    quality: int = _option(
        18,
        "Quality",
        "Quality of mp4 and webm (CRF): lower is better and larger.",
        "output",
        low=0,
        high=51,
    )
    batch_size: int = _option(
        0,
        "Batch size",
        "Frames rendered at once; 0 chooses from the free memory.",
        "engine",
        low=0,
        high=64,
        engines=("sadtalker",),
    )
    precision: str = _option(
        "auto",
        "Precision",
        "Number format of the renderer.",
        "engine",
        choices=("auto", "float32", "float16", "bfloat16"),
        engines=("sadtalker",),
    )
    landmarks: str = _option(
        "auto",
        "Landmarks",
        "Who places the crop: the built-in face mesh or face-alignment; auto takes face-alignment "
        "when its files are there.",
        "engine",
        choices=("auto", "mesh", "face-alignment"),
        engines=("sadtalker",),
    )
    original_crop: bool = _option(
        False,
        "Original's crop",
        "Cut the head as the original did: tall pictures lose the chin, and the wider crops "
        "(extcrop, extfull) are stretched.",
        "engine",
        engines=("sadtalker",),
    )
    debug_overlay: bool = _option(
        False, "Show the mesh", "Draw the face's mesh and key points over the frames.", "output"
    )
    seed: int = _option(
        -1,
        "Seed",
        "The same seed repeats the video; -1 draws one and writes it down.",
        "output",
        low=-1,
        high=2**32 - 1,
    )
    mark: str = _option(
        "metadata",
        "Mark as synthetic",
        "How the video says that it is synthetic: in its metadata, or also by a visible label.",
        "output",
        choices=("none", "metadata", "label"),
    )
    keep_partial: bool = _option(
        False, "Keep a partial video", "On cancel keep what is done, as NAME.partial.mp4.", "output"
    )

    def __post_init__(self) -> None:
        """Check every value against its declaration."""
        for spec in option_specs():
            object.__setattr__(self, spec.name, spec.check(getattr(self, spec.name)))
        if self.audio_end and self.audio_end <= self.audio_start:
            raise InvalidOption(
                "Option audio_end should be greater than audio_start, found "
                f"{self.audio_end:g} after {self.audio_start:g} seconds."
            )

    @classmethod
    def from_mapping(cls, values: Mapping[str, object]) -> GenerateOptions:
        """Build options from names and values, refusing unknown names."""
        known = [spec.name for spec in option_specs()]
        for name in values:
            if name not in known:
                near = difflib.get_close_matches(name, known, n=1)
                hint = f"Did you mean {near[0]}?" if near else "Known: " + ", ".join(known) + "."
                raise InvalidOption(f"There is no option called {name!r}.", hint=hint)
        return cls(**cast("dict[str, Any]", dict(values)))

    @property
    def suffix(self) -> str:
        """Extension of the video's file, by its format."""
        return SUFFIXES[self.format]

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
