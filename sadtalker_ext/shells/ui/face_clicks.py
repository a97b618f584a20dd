"""Whose face a click chooses: the first speaker's, or that of one who was added."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sadtalker_ext.errors import SadTalkerError
from sadtalker_ext.shells.ui import compat, faces, roles
from sadtalker_ext.shells.ui.contract import Component, element_id
from sadtalker_ext.shells.ui.dub_job import still_of
from sadtalker_ext.types import Box, Picture

FIRST = "Speaker 1"
NAMES = (FIRST, *(f"Speaker {number}" for number in roles.NUMBERS))
"""The speakers as the tab calls them, in their order."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Still:
    """A picture with numbered faces that can be clicked.

    Attributes:
        source: The picture or the video that it shows.
        shown: The picture with the boxes.
        boxes: State: where the faces are, as `drawn` takes them.
        first: The first speaker's face, counted from 0.
        who: Whose face a click chooses.
        read: Gives the picture of a value of `source`.
        drawn: Gives the boxes as they are shown.
        in_video: Whether it shows a moment of a video; see `speaking`.
    """

    source: Component
    shown: Component
    boxes: Component
    first: Component
    who: Component
    read: Callable[[Any], Picture]
    drawn: Callable[[Picture, Sequence[Box]], Sequence[Box]]
    in_video: bool


def make_who(name: str) -> Component:
    """Make the choice at the current place of the page; hidden while there is one speaker."""
    who = compat.gradio().Radio(
        # shown are those who are there; a gradio that knows no other choices takes all of them
        choices=list(NAMES),
        value=FIRST,
        visible=False,
        label="A click chooses the face of",
        elem_id=element_id(name),
        elem_classes=["stx-field", "stx-who"],
    )
    return compat.explained(
        compat.not_saved(who), "Choose a speaker, then click the face in the picture."
    )


def who_updates(opened: Sequence[bool], latest: str = FIRST) -> Any:
    """Return the output for a choice of `make_who`.

    Args:
        opened: Which of the further speakers are there.
        latest: Whose face is asked for next.
    """
    there = [FIRST, *(name for name, is_open in zip(NAMES[1:], opened, strict=True) if is_open)]
    return compat.update(
        choices=there, value=latest if latest in there else FIRST, visible=len(there) > 1
    )


def choose(
    face: int, who: str, first: int, opened: Sequence[bool], chosen: Sequence[str], count: int
) -> tuple[int, list[str]]:
    """Return the first speaker's face and those of the others after a click.

    Whoever had the face before takes another one.

    Args:
        face: The one that was clicked, counted from 0.
        who: The name of the speaker it is for.
        first: The first speaker's face until now.
        opened: Which of the further speakers are there.
        chosen: Their faces, of `roles.FACES`.
        count: How many faces there are.
    """
    number = str(face + 1)
    if number not in roles.FACES:
        return (face, list(chosen)) if who == FIRST else (first, list(chosen))
    kept = [
        roles.NEXT_FACE if one == number else one
        for one in (chosen if who == FIRST else _with(chosen, NAMES.index(who) - 1, ""))
    ]
    if who == FIRST:
        return face, kept
    kept = _with(kept, NAMES.index(who) - 1, number)
    if first == face:
        taken = {one for one, there in zip(kept, opened, strict=True) if there}
        free = (other for other in range(count) if str(other + 1) not in taken)
        first = next(free, first)
    return first, kept


def _with(values: Sequence[str], place: int, value: str) -> list[str]:
    return [value if number == place else one for number, one in enumerate(values)]


def speaking(
    first: int, opened: Sequence[bool], chosen: Sequence[str], *, in_video: bool = False
) -> dict[str, int]:
    """Return the face of each speaker by name.

    Args:
        first: The first speaker's face.
        opened: Which of the further speakers are there.
        chosen: Their faces, of `roles.FACES`.
        in_video: Whether the next by size is that of a whole video, whom a still need not show:
            speakers who name no face are left out then.
    """
    named = {
        name: roles.named_face(one)
        for name, there, one in zip(NAMES[1:], opened, chosen, strict=True)
        if there
    }
    if in_video:
        named = {name: face for name, face in named.items() if face is not None}
    numbers = roles.with_next_faces(first, [*named.values()])
    return dict(zip([FIRST, *named], numbers, strict=True))


def connect_still(
    still: Still,
    opened: Component,
    chosen: Sequence[Component],
    events: Sequence[Any],
    renewed: Sequence[Any],
) -> None:
    """Let clicks choose faces, and show who speaks.

    Args:
        still: The picture.
        opened: State: which of the further speakers are there.
        chosen: Their lists of faces.
        events: Events after which somebody else may speak.
        renewed: Events after which another picture is there; the first speaker is shown already.
    """
    given = [still.source, still.boxes, still.who, still.first, opened, *chosen]

    def drawn(value: Any, boxes: Sequence[Box], who: str, first: Any, *rest: Any) -> Any:
        there, faces_of = _split(rest)
        try:
            picture = still.read(value) if value is not None and boxes else None
        except (SadTalkerError, TypeError):
            picture = None
        if picture is None:
            return compat.unchanged()
        named = speaking(int(first or 0), there, faces_of, in_video=still.in_video)
        shown = still.drawn(picture, [(one[0], one[1], one[2], one[3]) for one in boxes])
        return faces.draw_boxes(picture, shown, named.get(who, -1), others=tuple(named.values()))

    def drawn_again(*values: Any) -> Any:
        return drawn(*values) if any(values[4] or ()) else compat.unchanged()

    def clicked(
        point: tuple[int, int], value: Any, boxes: Sequence[Box], who: str, first: Any, *rest: Any
    ) -> list[Any]:
        there, faces_of = _split(rest)
        now, kept = int(first or 0), faces_of
        try:
            found = faces.face_at(still.drawn(still.read(value), boxes), point)
        except (SadTalkerError, TypeError):
            found = None
        if found is not None:
            now, kept = choose(found, who, now, there, faces_of, len(boxes))
        others = [
            compat.unchanged() if one == before else one
            for one, before in zip(kept, faces_of, strict=True)
        ]
        return [now, *others, drawn(value, boxes, who, now, there, *kept)]

    compat.on_select(still.shown, clicked, given, [still.first, *chosen, still.shown])
    for event in (still.who.change, *(one.change for one in chosen), *events):
        compat.listen(event, drawn, given, [still.shown])
    for event in renewed:
        compat.listen(event, drawn_again, given, [still.shown])


def _split(rest: Sequence[Any]) -> tuple[list[bool], list[str]]:
    """Return which of the further speakers are there, and the faces they name."""
    opened, *chosen = rest
    return list(opened or [False] * len(chosen)), [str(one or "") for one in chosen]


def picture_still(**components: Component) -> Still:
    """Return a portrait of several faces; its boxes are those that are shown."""
    return Still(
        read=compat.read_picture_value,
        drawn=lambda _picture, boxes: boxes,
        in_video=False,
        **components,
    )


def video_still(**components: Component) -> Still:
    """Return the still of a video; its boxes leave room for a head that moves."""
    return Still(
        read=lambda value: still_of(Path(value)),
        drawn=faces.drawn_boxes,
        in_video=True,
        **components,
    )
