import re

import pytest

from sadtalker_ext.options import option_specs
from sadtalker_ext.shells.api.errors import InvalidRequest, UnsupportedField
from sadtalker_ext.shells.api.order import read_order
from sadtalker_ext.shells.api.schema import config_schema, options_schema, talk_request_schema
from sadtalker_ext.timeline import read_timeline

SPOKEN = {"type": "audio", "audio_url": "https://files.example/a.mp3"}


def order(config=None, script=SPOKEN, **rest):
    body = {"source_url": "https://files.example/p.png", "script": script, "config": config}
    return read_order({**body, **rest})


def test_a_request_of_d_id_is_understood():
    found = order(
        {"stitch": True, "result_format": ".webm", "fluent": False, "pad_audio": 0.5},
        user_data="x",
        driver_expressions={
            "expressions": [{"start_frame": 0, "expression": "neutral", "intensity": 1.0}],
            "transition_frames": 10,
        },
    )
    assert found.options.changed() == {"preprocess": "full", "pad_audio": 0.5, "format": "webm"}
    assert (found.source_url, found.user_data) == ("https://files.example/p.png", "x")


HAPPY = {"expressions": [{"start_frame": 5, "expression": "happy", "intensity": 0.8}]}


def test_expressions_of_d_id_are_a_timeline():
    (one,) = read_timeline(order(driver_expressions=HAPPY).options.timeline).directions
    assert (one.at.value, one.weights, one.intensity) == (5, (("happy", 1.0),), 0.8)
    entries = [{"at": 1, "emotion": "sad"}]
    (one,) = read_timeline(order({"timeline": entries}).options.timeline).directions
    assert one.weights == (("sad", 1.0),)


@pytest.mark.parametrize(
    ("config", "expressions", "words"),
    [
        ({"timeline": [{"at": 1, "emotion": "sad"}]}, HAPPY, "given once"),
        ({}, {"expressions": [{"start_frame": 0, "expression": "hapy"}]}, "did you mean happy"),
    ],
)
def test_expressions_that_mean_nothing_are_refused(config, expressions, words):
    with pytest.raises(InvalidRequest, match=words) as caught:
        order(config, driver_expressions=expressions)
    assert caught.value.field == "driver_expressions"


@pytest.mark.parametrize("stitch", [True, False])
def test_stitch_is_the_framing(stitch):
    assert order({"stitch": stitch}).options.preprocess == ("full" if stitch else "crop")


DRIVER = {"driver_url": "https://files.example/d.mp4"}


@pytest.mark.parametrize(
    ("more", "field"),
    [
        ({}, "script"),
        ({"script": {"type": "text", "input": "Hello."}}, "script"),
        ({"script": None, "config": {"text": "Hello."}}, "config.text"),
    ],
)
def test_a_video_that_lends_everything_brings_its_own_sound(more, field):
    config = {"reference_use": "all"} | more.get("config", {})
    with pytest.raises(InvalidRequest, match="takes the sound of the video") as caught:
        order(**{**DRIVER, **more, "config": config})
    assert caught.value.field == field
    assert order({"reference_use": "all"}, script=None, **DRIVER).driver_url


def test_contradictions_are_refused():
    with pytest.raises(InvalidRequest, match="stitch") as caught:
        order({"stitch": True, "preprocess": "crop"})
    assert caught.value.field == "config.stitch"


@pytest.mark.parametrize(
    ("rest", "field"),
    [
        ({"config": {"sharpen": True}}, "config.sharpen"),
        ({"config": {"logo": {"url": "x"}}}, "config.logo"),
        ({"config": {"motion_factor": 1}}, "config.motion_factor"),
        ({"script": {**SPOKEN, "subtitles": True}}, "script.subtitles"),
        ({"result_url": "s3://x"}, "result_url"),
        ({"persist": True}, "persist"),
    ],
)
def test_what_is_not_supported_is_refused_by_name_with_a_hint(rest, field):
    with pytest.raises(UnsupportedField) as caught:
        order(**rest)
    assert caught.value.field == field
    assert caught.value.hint


@pytest.mark.parametrize(
    ("rest", "field"),
    [
        ({"sourceurl": "x"}, "sourceurl"),
        ({"config": {"head_moton": 1}}, "config.head_moton"),
        ({"config": {"head_motion": 3}}, "config.head_motion"),
        ({"config": {"head_motion": float("nan")}}, "config.head_motion"),
        ({"config": {"head_motion": "1"}}, "config.head_motion"),
        ({"config": {"still": 1}}, "config.still"),
        ({"config": {"size": 300}}, "config.size"),
        ({"config": {"yaw": [0, 200]}}, "config.yaw[1]"),
        ({"config": {"yaw": [0, "1"]}}, "config.yaw[1]"),
        ({"config": {"yaw": 5}}, "config.yaw"),
        ({"config": {"yaw": "left"}}, "config"),
        ({"config": {"result_format": "avi"}}, "config.result_format"),
        ({"config": {"result_format": "gif", "format": "mp4"}}, "config.result_format"),
        ({"config": {"fluent": True}}, "config.fluent"),
        ({"config": {"audio_start": 5, "audio_end": 4}}, "config"),
        ({"config": []}, "config"),
        ({"script": {"type": "video"}}, "script.type"),
        ({"script": {"audio_url": "https://files.example/a"}}, "script.type"),
        ({"script": {"type": "audio"}}, "script.audio_url"),
        ({"script": {"type": "text"}}, "script.input"),
        ({"script": {"type": "text", "input": "a", "audio_url": "b"}}, "script.audio_url"),
        ({"script": {**SPOKEN, "input": "a"}}, "script.input"),
        ({"script": {**SPOKEN, "audio_base64": "AA"}}, "script"),
        ({"script": SPOKEN, "config": {"text": "hello"}}, "script"),
        ({"script": None}, "script"),
        ({"source_image": "AA"}, "source_url"),
        ({"source_url": None}, "source_image"),
        ({"source_url": 5}, "source_url"),
        ({"source_url": "x" * 3000}, "source_url"),
        ({"user_data": {"a": 1}}, "user_data"),
        ({"user_data": "x" * 2001}, "user_data"),
        ({"driver_expressions": {}}, "driver_expressions.expressions"),
        (
            {"driver_expressions": {"expressions": [{"start_frame": -1, "expression": "happy"}]}},
            "driver_expressions.expressions[0].start_frame",
        ),
    ],
)
def test_wrong_fields_are_named(rest, field):
    with pytest.raises(InvalidRequest) as caught:
        order(**rest)
    assert caught.value.field == field
    assert len(caught.value.message) < 300


@pytest.mark.parametrize("path", [[0, 20, -20.5], "0, 20 -20.5"])
def test_lists_of_degrees(path):
    assert order({"yaw": path}).options.yaw == "0, 20, -20.5"


def test_text_becomes_an_option():
    script = {"type": "text", "input": "Hello", "provider": {"type": "x", "voice_id": "en-us"}}
    found = order({"speech_rate": 1.5}, script)
    changed = found.options.changed()
    assert changed == {"text": "Hello", "voice": "en-us", "speech_rate": 1.5}


def test_every_option_of_the_registry_is_in_the_schema_with_its_range():
    schema = options_schema()["properties"]
    assert list(schema) == [spec.name for spec in option_specs()]
    for spec in option_specs():
        entry = schema[spec.name]
        assert entry["default"] == spec.default
        bounds = entry["items"] if spec.numbers else entry
        assert bounds.get("minimum") == spec.low
        assert bounds.get("maximum") == spec.high
        assert tuple(entry.get("enum", ())) == spec.choices


def refused(schema):
    """Every name of D-ID's that is refused anywhere in a schema, with its hint."""
    found = dict(schema.get("x-unsupported", {}))
    for part in schema.get("properties", {}).values():
        found |= refused(part)
    return found


def test_hints_about_d_ids_names_are_true():
    """They name only what is there, and deny nothing that is."""
    talk = talk_request_schema()
    parts = (talk, *(talk["properties"][name] for name in ("script", "config")))
    known = {name for part in parts for name in part["properties"]} | {"voice_id", "result_url"}
    assert {"driver_url", "reference_use"} <= known
    for name, hint in refused(talk).items():
        assert set(re.findall(r"\b[a-z]+_[a-z0-9_]+\b", hint)) <= known, name
        assert not re.search(r"no (driver|voice|text|webhook|video)", hint), name


def test_d_ids_names_do_not_hide_options():
    names = {spec.name for spec in option_specs()}
    assert not names & {"stitch", "result_format", "fluent"}
    assert not names & set(config_schema()["x-unsupported"])
