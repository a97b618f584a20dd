"""Placing the points of a face that is not found: what the page's script `face_editor.js` shows.

The script draws the points over the picture and hands them over as JSON by the click of a hidden
button; everything it says stands in the HTML made here, where it is translated.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import Any, Final

from sadtalker_ext.errors import InvalidOption, SadTalkerError
from sadtalker_ext.face_points import NAMES, Shares, read_face_points, write_face_points
from sadtalker_ext.placing import first_points
from sadtalker_ext.provenance.hashes import picture_hash
from sadtalker_ext.shells.ui import compat, words
from sadtalker_ext.shells.ui.contract import Component, element_id
from sadtalker_ext.shells.ui.controls import OptionControls
from sadtalker_ext.types import Face, Picture

log = logging.getLogger(__name__)

OPTION: Final = "face_points"
TITLE: Final = "Where are eyes, mouth and chin?"
ADVICE: Final = (
    "Move the whole face first, then its points: drag them, or choose one with Tab and move it "
    "with the arrow keys."
)
MOUTH: Final = "The mouth is open in the picture"
OPEN: Final = "Mark the face yourself"
CORRECT: Final = "Correct the points of the face"
KEPT: Final = "The points that you placed are used for this picture."
FORGOTTEN: Final = "The face is looked for again."
_POINTS: Final[Mapping[str, str]] = {
    "left_eye_outer": "Left eye, outer corner",
    "left_eye_top": "Left eye, upper lid",
    "left_eye_inner": "Left eye, inner corner",
    "left_eye_bottom": "Left eye, lower lid",
    "right_eye_inner": "Right eye, inner corner",
    "right_eye_top": "Right eye, upper lid",
    "right_eye_outer": "Right eye, outer corner",
    "right_eye_bottom": "Right eye, lower lid",
    "left_brow": "Left brow, highest point",
    "right_brow": "Right brow, highest point",
    "nose_tip": "Tip of the nose",
    "mouth_left": "Mouth, left corner",
    "upper_lip": "Upper edge of the upper lip",
    "mouth_right": "Mouth, right corner",
    "lower_lip": "Lower edge of the lower lip",
    "mouth_middle": "Where the lips meet",
    "mouth_bottom": "Inner edge of the lower lip",
    "left_cheek": "Left edge of the face",
    "chin": "Chin",
    "right_cheek": "Right edge of the face",
    "forehead": "Hairline",
    "move": "Move the whole face",
    "size": "Size and turn of the whole face",
}
_BUTTONS: Final = (
    ("use", "Use these points"),
    ("again", "Start again"),
    ("forget", "Forget them"),
    ("cancel", "Cancel"),
)


_PLACED: Final = (
    f"(...values) => {{ values[0] = window.{element_id('face_placed')} || ''; return values; }}"
)
"""The script keeps there what was placed."""


class PointBook:
    """Remembers the points that were placed, by a hash of the picture's pixels.

    Args:
        folder: Where they are kept, a file for each picture; it need not exist. None remembers
            nothing: where several people use one page, their pictures are nobody else's business.
    """

    def __init__(self, folder: Path | None) -> None:
        self._folder = None if folder is None else folder / "face-points"

    def find(self, picture: Picture) -> str:
        """Return the JSON of a picture's points, or nothing."""
        if self._folder is None:
            return ""
        try:
            text = self._path(picture).read_text(encoding="utf-8")
            read_face_points(text)
        except (OSError, ValueError, InvalidOption):
            return ""
        return text

    def keep(self, picture: Picture, text: str) -> None:
        """Remember points, or forget them where the text is empty."""
        if self._folder is None:
            return
        try:
            if not text:
                self._path(picture).unlink(missing_ok=True)
                return
            self._folder.mkdir(parents=True, exist_ok=True)
            self._path(picture).write_text(text, encoding="utf-8")
        except OSError as problem:
            log.warning("the points of the face cannot be remembered: %s", problem)

    def _path(self, picture: Picture) -> Path:
        return (self._folder or Path()) / f"{picture_hash(picture)}.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class EditorParts:
    """The components of the editor.

    Attributes:
        start: The button that opens the window, with the points it begins with.
        keep: Hidden button that the script clicks when points were placed.
    """

    start: Component
    keep: Component


def make_editor(options: OptionControls) -> EditorParts:
    """Make the field of the points, the window to place them, and where it begins."""
    gr = compat.gradio()
    options.make(OPTION)
    with gr.Column(elem_classes=["stx-hidden"]):
        keep = gr.Button("", elem_id=element_id("face_keep"))
    compat.explained(keep, dict(_BUTTONS)["use"])
    compat.html(_window_html(), elem_id=element_id("face_window"))
    return EditorParts(start=compat.html("", elem_id=element_id("face_start")), keep=keep)


def connect_editor(
    options: OptionControls,
    book: PointBook,
    find: Callable[[Picture], Sequence[Face] | None],
    *,
    picture: Component,
    parts: EditorParts,
    note: Component,
) -> None:
    """Take over points when they were placed, and remember them.

    Args:
        options: Has the field of the points.
        book: Remembers them.
        find: Looks for faces again where the points are forgotten.
        picture: The portrait.
        parts: The editor.
        note: The remark about the picture.
    """

    def placed(text: str, value: Any) -> list[Any]:
        same = [compat.unchanged(), compat.unchanged()]
        if value is None:
            return [compat.unchanged(), *same]
        try:
            points = read_face_points(text or "")
            shown = compat.read_picture_value(value)
        except SadTalkerError as problem:
            return [words.error_html(problem), *same]
        written = write_face_points(points) if points else ""
        book.keep(shown, written)
        start = start_html(shown, () if points else find(shown) or (), points)
        return [words.note_html(KEPT if points else FORGOTTEN), start, written]

    field = options.components[OPTION]
    compat.listen(
        parts.keep.click, placed, [field, picture], [note, parts.start, field], js=_PLACED
    )


def start_html(picture: Picture, found: Sequence[Face], kept: Shares) -> str:
    """Return the button that opens the window, with the points it begins with.

    Args:
        picture: The picture.
        found: The faces that were found.
        kept: Points that were placed before.
    """
    if len(found) > 1:
        return ""  # which of them is meant is chosen by a click
    points = kept or first_points(picture, found)
    told = CORRECT if kept or found else OPEN
    data = escape(json.dumps({name: [round(x, 5), round(y, 5)] for name, (x, y) in points.items()}))
    return (
        f'<div class="stx-face-start" data-points="{data}" data-kept="{"yes" if kept else ""}">'
        f"{open_html(told)}</div>"
    )


def open_html(told: str = OPEN) -> str:
    """Return a button that opens the window."""
    return f'<button type="button" class="stx-face-open">{escape(told)}</button>'


def _window_html() -> str:
    """Return the window; the script adds picture, lines and points."""
    title = element_id("face_title")
    names = "".join(
        f'<li data-point="{name}">{escape(_POINTS[name])}</li>' for name in (*NAMES, "move", "size")
    )
    buttons = "".join(
        f'<button type="button" data-do="{name}">{escape(told)}</button>' for name, told in _BUTTONS
    )
    return (
        f'<dialog class="stx-face" aria-labelledby="{title}"><h3 id="{title}">{TITLE}</h3>'
        f'<p>{ADVICE}</p><div class="stx-face-view"><div class="stx-face-sheet"></div></div>'
        '<div class="stx-face-told" role="status"></div>'
        f'<label class="stx-face-open-mouth"><input type="checkbox"><span>{MOUTH}</span></label>'
        '<label class="stx-face-zoom"><span>Zoom</span>'
        '<input type="range" min="1" max="8" step="0.25" value="1"></label>'
        f'<div class="stx-face-buttons">{buttons}</div><ul hidden>{names}</ul></dialog>'
    )
