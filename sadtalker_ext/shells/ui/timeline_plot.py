"""The picture of a timeline: its curves over the waveform, and what stands under the playhead."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from html import escape
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from sadtalker_ext.errors import InvalidOption
from sadtalker_ext.options import GenerateOptions
from sadtalker_ext.shells.ui import words
from sadtalker_ext.shells.ui.contract import element_id

if TYPE_CHECKING:
    from sadtalker_ext.shells.ui.timeline_curves import Curve, Sound, Span

PICTURE: Final = "Curves of the timeline over the sound of the speech"
ABOUT: Final = "The length of a text that is not spoken yet is estimated, and when its words come."
HELP: Final = (
    "Drag the points of an entry: sideways for the time, up and down for the strength. The arrow "
    "keys do the same, Delete removes the entry."
)
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
HELP_ID: Final = element_id("timeline_help")
_NUMBERED: Final = re.compile(r"Entry (\d+) of the timeline")
_WIDE, _TALL = 1000, 100
_ROOM: Final = 4
_COLOURS: Final = 8
MOST_CURVES: Final = 16
MOST_VALUES: Final = 12_000
_DENSE: Final[Mapping[str, Any]] = {"separators": (",", ":")}


def unheard_html() -> str:
    """Return what stands in place of the picture while there is neither sound nor timeline."""
    return f'<div class="stx-note">{UNHEARD}</div>'


def plot_html(options: GenerateOptions | None, text: str, sound: Sound, why: str = "") -> str:
    """Return the picture, or why there is none.

    Args:
        options: `timeline`, `emotion` and `emotion_intensity` are used; None where the timeline
            was refused.
        text: The timeline.
        sound: What is known of the speech.
        why: The refusal.
    """
    from sadtalker_ext.shells.ui.timeline_curves import curves_of, length_of

    curves: Sequence[Curve] = ()
    spans: Sequence[Span] = ()
    seconds = sound.seconds
    if options is not None:
        try:
            # a timeline that is refused is still shown where it can be dragged back
            seconds = length_of(options, sound)
            drawn = curves_of(options, sound)
            curves, spans, seconds = drawn.curves, drawn.spans, drawn.seconds
        except InvalidOption as problem:
            why = problem.message
    if not text.strip() and not sound.bars and not curves:
        return unheard_html()
    shown = strongest(curves)
    data = json.dumps([{"name": _name(one), "values": _numbers(one)} for one in shown], **_DENSE)
    entry = _NUMBERED.match(why)
    return (
        f'<div class="stx-time-data" data-seconds="{seconds:.3f}" '
        f'data-fps="{25.0 if options is None else options.fps:g}" '
        f'data-bad="{entry[1] if entry else ""}" data-spans="{_placed(spans, shown)}" '
        f'data-curves="{escape(data)}">{_picture(shown, spans, sound, seconds)}{_legend(shown)}'
        f"{_help(spans)}"
        f"{_told(len(curves) - len(shown), why, estimated=sound.about and seconds > 0)}</div>"
    )


def strongest(curves: Sequence[Curve]) -> list[Curve]:
    """Return the curves that are drawn, at most `MOST_CURVES` with `MOST_VALUES` values in all.

    Where there are more, those stay under which there is most; of several neighbouring values the
    largest stays.
    """
    order = sorted(range(len(curves)), key=lambda k: -float(curves[k].values.mean()))
    kept = [curves[k] for k in sorted(order[:MOST_CURVES])]
    most = MOST_VALUES // max(1, len(kept))
    return [one if len(one.values) <= most else _shorter(one, most) for one in kept]


def _shorter(curve: Curve, most: int) -> Curve:
    begins = np.linspace(0, len(curve.values), most, endpoint=False).astype(int)
    return replace(curve, values=np.maximum.reduceat(curve.values, begins))


def _numbers(curve: Curve) -> list[float]:
    return [round(float(value), 3) for value in curve.values]


def _placed(spans: Sequence[Span], curves: Sequence[Curve]) -> str:
    """Return start and end of each entry, whether it says its end, and the number of its curve."""
    names = {(one.kind, one.name): number for number, one in enumerate(curves)}
    found = [
        [round(one.start, 3), round(one.end, 3), int(one.told), names.get(one.curve, -1)]
        for one in spans
    ]
    return json.dumps(found, **_DENSE)


def _help(spans: Sequence[Span]) -> str:
    return f'<p class="stx-note stx-time-help" id="{HELP_ID}">{HELP}</p>' if spans else ""


def _told(hidden: int, why: str, *, estimated: bool) -> str:
    """Return the refusal, or what has to be known of the picture."""
    if why:
        return f'<div class="stx-time-refused" role="status"><b>{escape(why)}</b></div>'
    notes = [words.note_html(ABOUT)] if estimated else []
    if hidden > 0:
        notes.append(words.note_html(f"{hidden} weaker curves are not drawn."))
    return "".join(notes)


def _picture(curves: Sequence[Curve], spans: Sequence[Span], sound: Sound, seconds: float) -> str:
    if seconds <= 0:
        return ""
    lines = "".join(
        f'<path class="stx-time-line stx-time-c{number % _COLOURS}" d="{_line(one)}"/>'
        for number, one in enumerate(curves)
    )
    begins = sorted({round(one.start / seconds * _WIDE) for one in spans})
    marks = "".join(f"M{at} 0V{_TALL}" for at in begins)
    times = "".join(f"<span>{seconds * part:.3g} s</span>" for part in (0.0, 0.25, 0.5, 0.75, 1.0))
    return (
        f'<div class="stx-time-view"><svg viewBox="0 0 {_WIDE} {_TALL}" '
        f'preserveAspectRatio="none" role="img" aria-label="{PICTURE}">'
        f'<path class="stx-time-sound" d="{_wave(sound.bars)}"/>'
        f'<path class="stx-time-begin" d="{marks}"/>{lines}</svg>'
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
