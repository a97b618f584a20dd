"""A grid from the tab: one video for every value of one or two options, and a wall of all."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sadtalker_ext.errors import InvalidOption
from sadtalker_ext.options import GenerateOptions
from sadtalker_ext.progress import Progress
from sadtalker_ext.shells.ui import compat, words
from sadtalker_ext.shells.ui.contract import Component, element_id
from sadtalker_ext.types import VideoFile

if TYPE_CHECKING:
    from sadtalker_ext.grid import Axis  # and the encoder of its wall, only where one is made
    from sadtalker_ext.service import Request, Service

MOST_OF_STRANGERS = 9
"""Videos of one grid where others than the page's owner may ask for it."""
_EXPLAINED = (
    "One video for every value, and a wall that shows all of them in step: an option and its "
    "values, with commas between. Empty for a single video."
)


def make_grid_parts() -> tuple[Component, Component]:
    """Make the accordion at the current place of the page; return columns and rows."""
    gr = compat.gradio()
    with gr.Accordion("Grid of values", open=False, elem_id=element_id("group_grid")):
        compat.html(words.note_html(_EXPLAINED))
        with gr.Row():
            made = [
                compat.not_saved(
                    gr.Textbox(
                        label=label,
                        placeholder=example,
                        elem_id=element_id(name),
                        elem_classes=["stx-field"],
                    )
                )
                for name, label, example in (
                    ("grid_columns", "Columns", "head_motion=0,0.5,1"),
                    ("grid_rows", "Rows", "emotion=neutral,happy"),
                )
            ]
    for one in made:
        compat.explained(one, "The option's name as in the table of options, and its values.")
    return made[0], made[1]


def axes_of(values: Mapping[str, Any], *, strangers: bool) -> list[Axis]:
    """Return what varies; empty for a single video.

    Args:
        values: "grid_columns" and "grid_rows".
        strangers: Whether others than the page's owner may ask.

    Raises:
        InvalidOption: There is no such option, a value does not fit, or they are too many.
    """
    texts = [str(values.get(name) or "").strip() for name in ("grid_columns", "grid_rows")]
    if not any(texts):
        return []
    from sadtalker_ext.grid import parse_axis

    axes = [parse_axis(text) for text in texts if text]
    count = 1
    for axis in axes:
        count *= len(axis.values)
    if strangers and count > MOST_OF_STRANGERS:
        raise InvalidOption(
            f"A grid should have at most {MOST_OF_STRANGERS} videos here, found {count}.",
            hint="Take fewer values.",
        )
    return axes


def varied(options: GenerateOptions, axes: Sequence[Axis]) -> list[GenerateOptions]:
    """Return the options of every video that is asked for.

    Raises:
        InvalidOption: The axes do not make a grid.
    """
    if not axes:
        return [options]
    from sadtalker_ext.grid import cells_of

    asked = options.as_dict()
    return [GenerateOptions.from_mapping({**asked, **cell}) for cell in cells_of(axes)]


def refuse_beside_dubbing(axes: Sequence[Axis], motion: Path | None, blinks: Path | None) -> None:
    """Refuse what goes with neither a video nor a dialogue, rather than leave it out.

    Raises:
        InvalidOption: There is a grid, or a video that motion is borrowed from.
    """
    if axes:
        raise InvalidOption(
            "A video or a dialogue makes no grid.", hint="Empty the fields of the grid."
        )
    if motion is not None or blinks is not None:
        raise InvalidOption(
            "A video or a dialogue borrows no motion.", hint="Take the driving video out."
        )


def make_wall(
    service: Service, request: Request, axes: list[Axis], progress: Progress
) -> VideoFile:
    """Make all videos and return the wall; the single ones lie in a folder of its name."""
    from sadtalker_ext.grid import make_grid

    return make_grid(service.generate, request, axes, progress).wall
