"""Help that fits a screen, and "did you mean"."""

import json
import re

import pytest

from sadtalker_ext.batch.lines import with_outputs
from sadtalker_ext.errors import OVERWRITE, InvalidOption
from sadtalker_ext.presets import BUILT_IN, preset_options
from sadtalker_ext.shells.cli import main
from sadtalker_ext.shells.cli.arguments import build_parser, options_from
from sadtalker_ext.shells.cli.helping import (
    OFTEN,
    hint_with_flags,
    overview,
    short_help,
    with_flags,
)


def refused(capsys, *words):
    with pytest.raises(SystemExit) as stop:
        main(list(words))
    assert stop.value.code == 2
    return capsys.readouterr().err


def test_alone_it_shows_what_there_is(capsys):
    assert main([]) == 0
    shown = capsys.readouterr().out
    assert "sadtalker generate" in shown and len(shown.splitlines()) <= 24
    parser = build_parser()
    for name in ("generate", "batch", "serve", "weights", "doctor"):
        assert f"sadtalker {name}" in shown
        assert parser.subparser(name) is not parser


def test_the_short_help_fits_a_screen_or_two_and_has_examples(capsys):
    with pytest.raises(SystemExit) as stop:
        main(["generate", "--help"])
    assert stop.value.code == 0
    shown = capsys.readouterr().out
    assert "examples:" in shown and len(shown.splitlines()) < 60
    flags = build_parser().subparser("generate")._option_string_actions
    assert all(flag in flags and flag in shown for flag in OFTEN)
    assert "--pose-style" not in shown


def test_all_of_it_is_one_flag_away(capsys):
    with pytest.raises(SystemExit):
        main(["generate", "--help-all"])
    shown = capsys.readouterr().out
    assert "--pose-style" in shown
    assert len(shown) > 2 * len(short_help(build_parser().subparser("generate")))


@pytest.mark.parametrize(
    ("words", "meant"),
    [
        (("generate", "a.png", "--hed-motion", "1"), "--head-motion"),
        (("generate", "a.png", "--overwritte"), "--overwrite"),
        (("generate", "a.png", "--blink", "natrual"), "natural"),
        (("generat", "a.png"), "generate"),
        (("weights", "fecth", "face"), "fetch"),
    ],
)
def test_what_was_meant_is_named(capsys, words, meant):
    told = refused(capsys, *words)
    assert f"Did you mean {meant}?" in told
    assert "usage:" not in told and len(told.splitlines()) == 2


def test_a_file_whose_name_begins_with_a_dash_is_no_flag(capsys):
    assert "./-dash.png" in refused(capsys, "generate", "-dash.png", "speech.wav")


@pytest.mark.parametrize(
    "words", [[], ["grid"], ["dub"], ["batch"], ["motion"], ["weights"], ["weights", "fetch"]]
)
def test_every_command_knows_help_all(capsys, words):
    shown = []
    for flag in ("--help", "--help-all"):
        with pytest.raises(SystemExit) as stop:
            main([*words, flag])
        assert stop.value.code == 0
        shown.append(capsys.readouterr().out)
    assert shown[0] == shown[1] and "usage:" in shown[0]


def test_long_helps_have_each_heading_once_and_no_empty_default(capsys):
    for command in ("grid", "motion"):
        with pytest.raises(SystemExit):
            main([command, "--help"])
        shown = capsys.readouterr().out
        assert shown.count("\nhead and eyes:") == 1
        assert "(default: )" not in shown and "e+09" not in shown
        assert ("--quality" in shown) == (command == "grid")
    assert chosen("--quality", "20") == {"quality": 20}


def test_no_command_is_listed_twice():
    names = re.findall(r"^  sadtalker (\w+) ", overview().partition("examples:")[0], re.MULTILINE)
    assert len(names) == len(set(names)) > 8


def test_what_is_like_nothing_gets_no_guess(capsys):
    told = refused(capsys, "generate", "a.png", "--zzz")
    assert "--zzz" in told and "Did you mean" not in told


def test_options_are_named_as_flags():
    told = with_flags("Option head_motion should be a number; or give idle_seconds for a video.")
    assert told == "--head-motion should be a number; or give --idle-seconds for a video."
    assert with_flags("a text, or --idle-seconds, in my_idle_seconds") == (
        "a text, or --idle-seconds, in my_idle_seconds"
    )
    typed = "Such as head_motion=0,1, found 'head_motion'; don't idle_seconds, it's \"face_index\"."
    assert with_flags(typed) == typed.replace("idle_seconds", "--idle-seconds")
    told = hint_with_flags("Give idle_seconds, or ask for overwriting.", OVERWRITE)
    assert told == "Give --idle-seconds, or ask for overwriting (--overwrite)."
    assert hint_with_flags("Or do something else.", "") == "Or do something else."


def chosen(*words):
    return options_from(build_parser().parse_all(["generate", "a.png", *words])).changed()


def test_a_preset_gives_options_and_flags_win(tmp_path):
    assert chosen("--preset", "still-portrait") == dict(BUILT_IN["Still portrait"])
    assert chosen("--preset", "Still Portrait", "--head-motion", "0.5")["head_motion"] == 0.5
    file = tmp_path / "mine.json"
    file.write_text(json.dumps({"fps": 30.0}))
    assert chosen("--preset", str(file)) == {"fps": 30.0}


@pytest.mark.parametrize(
    ("content", "words"),
    [("[1]", "one object"), ("{", "cannot be read"), (None, "cannot be read")],
)
def test_a_broken_preset_is_a_sentence(tmp_path, content, words):
    file = tmp_path / "mine.json"
    if content is not None:
        file.write_text(content)
    with pytest.raises(InvalidOption, match=words):
        preset_options(str(file))


def test_lines_without_an_output_get_one_of_their_own():
    lines = [
        (1, {"portrait": "a/anna.png"}),
        (2, {"portrait": "b/anna.jpg"}),
        (3, {"portrait": "x.png", "output": "anna_talking_3.mp4"}),
        (4, {"portrait": "anna.png"}),
        (5, {"portrait": "Anna.png"}),
    ]
    named = [values["output"] for _, values in with_outputs(lines)]
    assert named == [
        "anna_talking.mp4",
        "anna_talking_2.mp4",
        "anna_talking_3.mp4",
        "anna_talking_4.mp4",
        "Anna_talking_5.mp4",
    ]


@pytest.mark.parametrize(
    ("hint", "flags"),
    [
        ("keep_audio should be 0 to 1.", "--keep-audio should"),
        ("Or set audio_end to 2.", "set --audio-end to 2"),
    ],
)
def test_hints_name_the_flag_that_does_it(hint, flags):
    assert flags in with_flags(hint)


def test_what_is_lacking_is_named_by_the_command(capsys):
    told = refused(capsys, "weights", "convert", "a.pth")
    assert "weights convert needs more: target." in told
