"""Axes of the WebUI's X/Y/Z plot: added once, applied to the copy that is generated, and used."""

import copy
from types import SimpleNamespace

import pytest

from sadtalker_ext.errors import InvalidOption
from sadtalker_ext.options import GenerateOptions


class AxisOption:
    """As the host's plot has it."""

    def __init__(self, label, type, apply, format_value=None, confirm=None, cost=0.0, choices=None):
        self.label, self.type, self.apply, self.choices = label, type, apply, choices


@pytest.fixture
def plot():
    module = SimpleNamespace(AxisOption=AxisOption, axis_options=[AxisOption("Seed", int, None)])
    return [SimpleNamespace(module=SimpleNamespace()), SimpleNamespace(module=module)]


@pytest.fixture
def axes(webui, plot):
    from sadtalker_ext.shells.webui.axes import add_axes

    add_axes(plot)
    return {one.label: one for one in plot[1].module.axis_options}


def test_axes_are_added_once(plot, axes):
    from sadtalker_ext.shells.webui.axes import add_axes

    count = len(axes)
    assert count > 10
    assert len(plot[1].module.axis_options) == count
    assert add_axes(plot) == count - 1, "the host's own is not counted"
    assert len(plot[1].module.axis_options) == count
    assert add_axes([SimpleNamespace(module=None)]) == 0, "a host without a plot"


def test_what_an_axis_chooses_goes_before_the_section(axes):
    from sadtalker_ext.shells.webui.animate import options_of
    from sadtalker_ext.shells.webui.axes import chosen_axes

    processing = SimpleNamespace()
    cell = copy.copy(processing)
    axes["[SadTalker] Head motion amount"].apply(cell, 0.5, [0.5, 1.0])
    axes["[SadTalker] Still"].apply(cell, "True", ["True", "False"])
    axes["[SadTalker] Framing"].apply(cell, "full", ["crop", "full"])
    assert chosen_axes(processing) == {}, "another cell has its own"
    made = options_of("crop", False, chosen_axes(cell))
    assert (made.head_motion, made.still, made.preprocess) == (0.5, True, "full")
    assert options_of({"preprocess": "crop"}, None, chosen_axes(cell)).preprocess == "full"


def test_every_axis_gives_values_that_its_option_takes(axes):
    from sadtalker_ext.shells.webui.axes import chosen_axes

    for label, axis in axes.items():
        if not label.startswith("[SadTalker]"):
            continue
        for value in axis.choices() if axis.choices else ():
            cell = SimpleNamespace()
            axis.apply(cell, axis.type(value), [])
            GenerateOptions.from_mapping(chosen_axes(cell))


def test_a_wrong_value_is_named(axes):
    from sadtalker_ext.shells.webui.animate import options_of
    from sadtalker_ext.shells.webui.axes import chosen_axes

    cell = SimpleNamespace()
    axes["[SadTalker] Head motion amount"].apply(cell, 7.0, [])
    with pytest.raises(InvalidOption, match="head_motion"):
        options_of("crop", False, chosen_axes(cell))
