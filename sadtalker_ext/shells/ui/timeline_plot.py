"""The picture of a timeline: its curves over the waveform, and what stands under the playhead."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from html import escape
from typing import Final

from sadtalker_ext.errors import InvalidOption
from sadtalker_ext.options import GenerateOptions
from sadtalker_ext.shells.ui.timeline_curves import Curve, Sound, curves_of

PICTURE: Final = "Curves of the timeline over the sound of the speech"
ABOUT: Final = "The length of a text that is not spoken yet is estimated, and when its words come."
UNHEARD: Final = "The sound appears here when there is speech."
GESTURES: Final[Mapping[str, str]] = {
    "nod": "Nod",
    "shake": "Shake the head",
    "tilt": "Tilt the head",
    "wink_left": "Wink, left eye",
    "wink_right": "Wink, right eye",
    "eye_roll": "Roll the eyes",
    "raise_brows": "Raise the brows",
    "smile": "Smile briefly",
    "sigh": "Sigh",
}
GAZES: Final[Mapping[str, str]] = {
    "camera": "Look into the camera",
    "away": "Look away",
    "left": "Look to the left",
    "right": "Look to the right",
    "up": "Look up",
    "down": "Look down",
}
_NUMBERED: Final = re.compile(r"Entry (\d+) of the timeline")
_WIDE, _TALL = 1000, 100
_ROOM: Final = 4
_COLOURS: Final = 8


def plot_html(options: GenerateOptions | None, text: str, sound: Sound, why: str = "") -> str:
    """Return the picture, or why there is none.

    Args:
        options: `timeline`, `emotion` and `emotion_intensity` are used; None where the timeline
            was refused.
        text: The timeline.
        sound: What is known of the speech.
        why: The refusal.
    """
    curves: Sequence[Curve] = ()
    begins: Sequence[float] = ()
    seconds = sound.seconds
    if options is not None:
        try:
            curves, begins, seconds = curves_of(options, sound)
        except InvalidOption as problem:
            why = problem.message
    if not text.strip() and not sound.bars and not curves:
        return f'<div class="stx-note">{UNHEARD}</div>'
    entry = _NUMBERED.match(why)
    data = [
        {"name": _name(one), "values": [round(float(value), 3) for value in one.values]}
        for one in curves
    ]
    about = f'<div class="stx-note">{ABOUT}</div>' if sound.about and seconds else ""
    told = (
        f'<div class="stx-time-refused" role="status"><b>{escape(why)}</b></div>' if why else about
    )
    return (
        f'<div class="stx-time-data" data-seconds="{seconds:.3f}" '
        f'data-bad="{entry[1] if entry else ""}" '
        f'data-curves="{escape(json.dumps(data, separators=(",", ":")))}">'
        f"{_picture(curves, begins, sound, seconds)}{_legend(curves)}{told}</div>"
    )


def _picture(curves: Sequence[Curve], begins: Sequence[float], sound: Sound, seconds: float) -> str:
    if seconds <= 0:
        return ""
    lines = "".join(
        f'<path class="stx-time-line stx-time-c{number % _COLOURS}" d="{_line(one)}"/>'
        for number, one in enumerate(curves)
    )
    marks = "".join(
        f'<path class="stx-time-begin" d="M{at / seconds * _WIDE:.1f} 0V{_TALL}"/>' for at in begins
    )
    times = "".join(f"<span>{seconds * part:.3g} s</span>" for part in (0.0, 0.25, 0.5, 0.75, 1.0))
    return (
        f'<div class="stx-time-view"><svg viewBox="0 0 {_WIDE} {_TALL}" '
        f'preserveAspectRatio="none" role="img" aria-label="{PICTURE}">'
        f'<path class="stx-time-sound" d="{_wave(sound.bars)}"/>{marks}{lines}</svg>'
        f'<div class="stx-time-now" aria-hidden="true"></div></div>'
        f'<div class="stx-time-axis" aria-hidden="true">{times}</div>'
    )


def _line(curve: Curve) -> str:
    """Return a curve as a path; points on a straight line with their neighbours are left out."""
    values, last = curve.values, len(curve.values) - 1
    points = []
    for number, value in enumerate(values):
        inner = 0 < number < last
        if inner and abs(values[number - 1] - 2 * value + values[number + 1]) < 1e-4:
            continue
        high = _TALL - _ROOM - float(value) * (_TALL - 2 * _ROOM)
        points.append(f"{number / last * _WIDE:.1f} {high:.1f}")
    return f"M{'L'.join(points)}"


def _wave(bars: Sequence[float]) -> str:
    """Return the waveform as one closed path around the middle."""
    if not bars:
        return ""
    middle, reach, step = _TALL / 2, _TALL / 2 - _ROOM, _WIDE / len(bars)
    above = [f"{(k + 0.5) * step:.1f} {middle - bar * reach:.1f}" for k, bar in enumerate(bars)]
    below = [f"{(k + 0.5) * step:.1f} {middle + bar * reach:.1f}" for k, bar in enumerate(bars)]
    return f"M{'L'.join([*above, *reversed(below)])}Z"


def _legend(curves: Sequence[Curve]) -> str:
    items = "".join(
        f'<li><i class="stx-time-c{number % _COLOURS}"></i><span>{escape(_name(one))}</span> '
        f'<output data-curve="{number}"></output></li>'
        for number, one in enumerate(curves)
    )
    return f'<ul class="stx-time-legend">{items}</ul>' if items else ""


def _name(curve: Curve) -> str:
    if curve.kind == "gesture":
        return GESTURES.get(curve.name, curve.name)
    if curve.kind == "gaze" and curve.name in GAZES:
        return GAZES[curve.name]
    if curve.kind in ("gaze", "head"):
        return f"{'Eyes' if curve.kind == 'gaze' else 'Head'} {curve.name}"
    return curve.name
