import pytest

from sadtalker_ext.engines.registry import engine_names, engines_for
from sadtalker_ext.options import GenerateOptions, option_spec, option_specs
from sadtalker_ext.shells.ui import controls
from sadtalker_ext.shells.ui.page import build_page

VOICES = [("de", "German (espeak-ng)"), ("en-us", "English · America")]


@pytest.fixture(scope="module")
def options(gradio):
    made = controls.OptionControls(VOICES)
    with gradio.Blocks():
        made.make(*(spec.name for spec in option_specs()))
    return made


@pytest.mark.parametrize("spec", option_specs(), ids=lambda spec: spec.name)
def test_a_widget_is_what_the_registry_says(options, spec):
    widget = options.components[spec.name]
    assert widget.label.startswith(spec.label)
    assert widget.elem_id == f"sadtalker_ext_{spec.name}"
    assert widget.webui_tooltip == spec.help
    if spec.name != "voice":
        assert widget.value == spec.default
    if spec.choices:
        assert [value for _, value in widget.choices] == list(spec.menu or spec.choices)
    if controls.is_slider(spec):
        assert (widget.minimum, widget.maximum) == (spec.low, spec.high)
        assert widget.step <= (spec.high - spec.low) / 10


def test_the_hosts_words_can_be_chosen_for_free_text(gradio):
    made = controls.OptionControls(suggestions={"upscaler": ["R-ESRGAN 4x+", "none"]})
    with gradio.Blocks():
        made.make("upscaler")
    widget = made.components["upscaler"]
    assert [value for _, value in widget.choices] == ["none", "R-ESRGAN 4x+"]
    assert widget.value == "none"


def test_untouched_widgets_are_the_default_options(options):
    given = options.options({name: one.value for name, one in options.inputs().items()})
    assert given["voice"] == "", "the text's language chooses"
    assert GenerateOptions.from_mapping(given) == GenerateOptions()


def test_values_come_back_in_the_types_of_the_options(options):
    values = {name: widget.value for name, widget in options.inputs().items()}
    values |= {"seed": 12.0, "head_motion": 1, "fps": 30, "voice": "English · America · en-us"}
    values |= {"audio_end": None}
    given = options.options(dict(reversed(values.items())))
    assert (given["seed"], type(given["seed"])) == (12, int)
    assert (given["head_motion"], type(given["head_motion"])) == (1.0, float)
    assert given["voice"] == "en-us"
    assert given["audio_end"] == 0.0, "an emptied number is the default"
    GenerateOptions.from_mapping(given)


def test_updates_touch_only_what_is_named(options):
    updates = dict(zip(options.names, options.updates({"voice": "de", "seed": 3}), strict=True))
    assert updates["seed"]["value"] == 3
    assert updates["voice"]["value"] == "German (espeak-ng) · de"
    assert all("value" not in one for name, one in updates.items() if name not in {"voice", "seed"})


def test_options_without_effect_are_disabled_with_the_reason(options):
    for engine in ("puppet", "sadtalker"):
        for name, one in zip(options.names, options.engine_updates(engine), strict=True):
            works = engine in engines_for(name)
            assert one["interactive"] is works
            assert (one["info"] == "") is works
    options.fit_engine("puppet")
    assert options.components["pose_style"].interactive is False
    assert "puppet" in options.components["pose_style"].info
    # the style sheet hides what is disabled and has this class
    hidden = {name for name, one in options.components.items() if "stx-special" in one.elem_classes}
    assert hidden == {
        name for name in options.names if engines_for(name) != engine_names()
    } and "pose_style" in hidden  # fmt: skip


def test_the_tab_has_every_option_exactly_once(host):
    _, parts = build_page(host)
    assert parts.options.names == [spec.name for spec in option_specs()]


def test_an_option_of_a_new_group_gets_an_accordion(monkeypatch):
    new = type(option_spec("gaze"))(
        name="sparkle", kind=bool, default=False, label="Sparkle", help="Shine.", group="magic"
    )
    monkeypatch.setattr(controls, "option_specs", lambda: (*option_specs(), new))
    assert controls.accordion_groups()[-1] == "magic"
    assert controls.accordion_specs("magic") == [new]
