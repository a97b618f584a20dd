import math

import pytest

from sadtalker_ext.engines.registry import engine_names, engines_for
from sadtalker_ext.errors import InvalidOption
from sadtalker_ext.options import GenerateOptions, option_spec, option_specs
from sadtalker_ext.shells.cli import main
from sadtalker_ext.shells.cli.arguments import build_parser, modernise, options_from


@pytest.mark.parametrize(
    ("name", "given", "expected", "advice"),
    [
        ("size", "512,512", "one of 256, 512 pixels", "It is one number, such as 512."),
        ("output_side", "720 x 1280", "a whole number from", "It is one number, such as 720."),
        ("seed", "12,345", "a whole number", "It is one number, without separators: 12345."),
        ("seed", "1,234,567", "a whole number", "It is one number, without separators: 1234567."),
        ("seed", "12,34", "a whole number", "It is one number, without separators."),
        ("pose_style", "1,234", "a whole number", "It is one number, without separators."),
        ("head_motion", "0,5", "a number from 0 to", "Numbers have a point: 0.5."),
        ("head_motion", "much", "a number from 0 to", ""),
    ],
)
def test_sizes_and_decimal_commas_have_a_next_step(name, given, expected, advice, capsys):
    with pytest.raises(InvalidOption) as caught:
        option_spec(name).typed_number(given)
    assert f"Option {name} should be {expected}" in caught.value.message
    assert caught.value.hint == advice
    with pytest.raises(InvalidOption) as caught:
        option_spec(name).check(given)
    assert caught.value.hint == advice
    with pytest.raises(SystemExit):
        main(["generate", "a.png", "a.wav", f"--{name.replace('_', '-')}", given])
    told = capsys.readouterr().err
    assert told.count("It is one number") == advice.count("It is one number")
    assert advice in told and told.splitlines()[0].endswith(advice or f"found {given!r}.")


def test_defaults_are_valid_and_unchanged():
    assert GenerateOptions().changed() == {}
    assert list(GenerateOptions().as_dict()) == [spec.name for spec in option_specs()]


@pytest.mark.parametrize("spec", option_specs(), ids=lambda spec: spec.name)
def test_every_option_is_described(spec):
    assert spec.help.endswith(".")
    assert spec.label
    assert set(engines_for(spec.name)) <= set(engine_names())
    assert spec.group in {"look", "acting", "head and eyes", "speech", "output", "engine"}
    if spec.kind in (int, float) and not spec.choices:
        assert spec.low is not None
        assert spec.low <= spec.default <= spec.high


def test_labels_are_unique_because_hosts_store_settings_under_them():
    labels = [spec.label for spec in option_specs()]
    assert len(set(labels)) == len(labels)


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("head_motion", 2.1, "0 to 2"),
        ("head_motion", math.nan, "0 to 2"),
        ("head_motion", "1", "a number"),
        ("head_motion", True, "a number"),
        ("pose_style", 46, "0 to 45"),
        ("pose_style", 1.5, "a whole number"),
        ("still", 1, "true or false"),
        ("engine", "sadtalk", "one of auto, sadtalker, puppet"),
        ("size", 300, "one of 256, 512"),
    ],
)
def test_a_wrong_value_names_option_range_and_what_was_given(name, value, words):
    with pytest.raises(InvalidOption) as caught:
        GenerateOptions(**{name: value})
    assert name in caught.value.message
    assert words in caught.value.message
    assert repr(value) in caught.value.message


def test_an_unknown_name_is_refused_with_a_suggestion():
    with pytest.raises(InvalidOption, match="head_moton") as caught:
        GenerateOptions.from_mapping({"head_moton": 1})
    assert caught.value.hint == "Did you mean head_motion?"


def test_an_end_before_the_start_is_refused():
    with pytest.raises(InvalidOption, match="audio_end"):
        GenerateOptions(audio_start=3, audio_end=2)


def test_whole_floats_become_integers():
    assert GenerateOptions(quality=20.0).quality == 20


def test_command_line_covers_every_option(tmp_path):
    parser = build_parser()
    for spec in option_specs():
        flag, value = "--" + spec.name.replace("_", "-"), other_value(spec)
        if spec.name == "transcript":  # named by its file
            path = tmp_path / "said.txt"
            path.write_text(value, encoding="utf-8")
            words = [f"{flag}={path}"]
        elif spec.kind is bool:
            words = [flag if value else flag.replace("--", "--no-", 1)]
        else:
            words = [f"{flag}={value}"]
        parsed = parser.parse_args(["generate", *words])
        assert options_from(parsed).changed() == {spec.name: value}
        assert options_from(parsed) == GenerateOptions(**{spec.name: value})


def other_text(spec):
    if spec.name == "emotion":
        return "happy:0.6+sad:0.4"
    if spec.name == "face_points":
        eyes = '"left_eye_outer": [0.3, 0.4], "right_eye_outer": [0.7, 0.4]'
        return f'{{{eyes}, "mouth_left": [0.4, 0.7], "mouth_right": [0.6, 0.7]}}'
    if spec.structured:
        return '[{"at": 0.5, "emotion": "sad"}]'
    if spec.parts:
        return ", ".join(spec.parts[::2])
    return "0, 10, -10" if spec.numbers else "something else"


def other_value(spec):
    """A value that is allowed and not the default."""
    if spec.kind is bool:
        return not spec.default
    if spec.choices:
        return next(one for one in reversed(spec.choices) if one != spec.default)
    if spec.kind is str:
        return other_text(spec)
    middle = spec.kind((spec.low + spec.high) / 2)
    return middle if middle != spec.default else spec.kind(spec.high)


@pytest.mark.parametrize("given", ["RestoreFormer", "restoreformer", "RESTOREFORMER"])
def test_words_may_be_spelled_as_the_original_spells_them(given):
    assert GenerateOptions(enhancer=given).enhancer == "restoreformer"
    assert GenerateOptions.from_mapping({"enhancer": given}).changed() == {
        "enhancer": "restoreformer"
    }
    parsed = build_parser().parse_args(["generate", "--enhancer", given])
    assert options_from(parsed).enhancer == "restoreformer"


@pytest.mark.parametrize("given", ["RestoreFormer2", "restore former", ""])
def test_other_words_are_still_refused(given, capsys):
    with pytest.raises(InvalidOption, match="one of none, gfpgan"):
        GenerateOptions(enhancer=given)
    with pytest.raises(SystemExit):
        build_parser().parse_args(["generate", f"--enhancer={given}"])
    assert "restoreformer" in capsys.readouterr().err


def test_flags_of_the_original_are_understood_with_a_note():
    words, notes = modernise(["generate", "--driven_audio", "a.wav", "--pose_style=3"])
    assert words == ["generate", "--speech", "a.wav", "--pose-style=3"]
    assert len(notes) == 2
    parsed = build_parser().parse_args(words)
    assert str(parsed.speech_flag) == "a.wav"
    assert options_from(parsed).pose_style == 3


def test_option_spec_finds_by_name():
    assert option_spec("fps").unit == "per second"


@pytest.mark.parametrize(
    ("given", "kept"),
    [("", ""), ("5", "5"), ("0 30,-20", "0, 30, -20"), ([0, 30.5], "0, 30.5"), (" 1;2 ", "1, 2")],
)
def test_lists_of_degrees_are_kept_in_one_spelling(given, kept):
    options = GenerateOptions(yaw=given)
    assert options.yaw == kept
    assert GenerateOptions.from_mapping({"yaw": options.yaw}) == options


@pytest.mark.parametrize(
    "given", ["left", "1 2 x", "91", "0 -90.5", "nan", [None], [True], ["5"], 5, None, "1 " * 101]
)
def test_what_is_no_list_of_degrees_is_refused(given):
    with pytest.raises(InvalidOption, match="pitch"):
        GenerateOptions(pitch=given)


@pytest.mark.parametrize("name", ["reference_video", "blink_video", "speech", "output"])
def test_files_of_this_machine_are_no_options(name):
    """Requests from outside are made of options: none of them may name a file to read."""
    with pytest.raises(InvalidOption, match=name):
        GenerateOptions.from_mapping({name: "/etc/hostname"})


@pytest.mark.parametrize(
    ("given", "kept"),
    [("blink+pose", "pose+blink"), ("Gaze + brows", "brows+gaze"), ("mouth", "mouth")],
)
def test_parts_of_a_driving_video_may_come_in_any_order(given, kept):
    assert GenerateOptions(reference_use=given).reference_use == kept


def test_a_part_that_no_driving_video_has_is_refused():
    with pytest.raises(InvalidOption, match="reference_use"):
        GenerateOptions(reference_use="pose+hands")


def test_a_number_of_so_many_digits_is_refused():
    with pytest.raises(InvalidOption, match="idle_seconds should be"):
        GenerateOptions.from_mapping({"idle_seconds": 10**400})
