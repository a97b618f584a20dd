"""What a video says about itself survives in the file and can be turned back into options."""

import dataclasses
import json
import struct
import time
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sadtalker_ext.encoder.metadata import (
    VOCABULARY,
    VideoMetadata,
    describe_video,
    parse_line,
    read_metadata,
    source_term,
)
from sadtalker_ext.encoder.video import VideoWriter
from sadtalker_ext.encoder.xmp import append_xmp, boxes, read_xmp, xmp_packet
from sadtalker_ext.engines.registry import engine_specs
from sadtalker_ext.errors import EncodingError
from sadtalker_ext.options import GenerateOptions, option_specs
from sadtalker_ext.types import Picture, Speech
from tests.support import media

INFOTEXT = (
    'a woman, "smiling", <lora:x:1>\nNegative prompt: bad\nSteps: 20, Seed: 5, CFG: 7 & ü 日本'
)
PHOTO = Picture(pixels=media.portrait_like(), name="my photo, at home.png")
GENERATED = dataclasses.replace(PHOTO, parameters=INFOTEXT)
SPEECH = Speech(
    path=Path("/home/someone/private/hello.wav"),
    start=0.5,
    seconds=2.0,
    rate_hz=16000,
    channels=1,
    read=lambda rate: iter(()),
    text='She said: "hello".',
)
ENGINES = {spec.name: spec for spec in engine_specs()}
OPTIONS = GenerateOptions(still=True, quality=20, fps=29.97, audio_start=0.5)


def describe(options=OPTIONS, engine="puppet", picture=GENERATED, speech=SPEECH):
    return describe_video(options, engine=ENGINES[engine], seed=123, picture=picture, speech=speech)


def written(tmp_path, metadata):
    with VideoWriter(tmp_path / "a.mp4", metadata=metadata) as writer:
        for frame in media.moving_frames(5):
            writer.write(frame)
    return tmp_path / "a.mp4"


def test_the_readable_line():
    line = describe().line
    assert line.startswith("Talking head, Engine: puppet, Seed: 123, ")
    assert "Still: true" in line
    assert 'Picture: "my photo, at home.png"' in line
    assert "Speech: hello.wav" in line
    assert "\n" not in line


def test_the_line_turns_back_into_options():
    assert parse_line(describe().line) == OPTIONS.changed() | {"engine": "puppet", "seed": 123}
    with_names = "Engine: sadtalker, pose_style: 12, Still: maybe, Unknown: 1, Quality: 99"
    assert parse_line(with_names) == {"engine": "sadtalker", "pose_style": 12}
    assert parse_line("") == {}
    assert parse_line("no items at all") == {}


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_any_options_survive_the_line(data):
    values = {}
    for spec in option_specs():
        if spec.name in ("audio_start", "audio_end"):
            continue
        if spec.choices:
            values[spec.name] = data.draw(st.sampled_from(spec.choices))
        elif spec.kind is bool:
            values[spec.name] = data.draw(st.booleans())
        elif spec.kind is int:
            values[spec.name] = data.draw(st.integers(int(spec.low), int(spec.high)))
        elif spec.kind is float:
            values[spec.name] = data.draw(st.floats(spec.low, spec.high))
    options = GenerateOptions(**values)
    line = describe_video(options, engine=ENGINES["puppet"], seed=7, picture=PHOTO).line
    assert parse_line(line) == options.changed() | {"engine": "puppet", "seed": 7}


class Crafted(VideoMetadata):
    """What somebody else wrote."""

    def tags(self):
        return {"synopsis": "[" * 100_000}


def test_what_is_nested_too_deeply_is_left_out(tmp_path):
    deep = "[" * 100_000
    assert parse_line(f"Talking head, Seed: {deep}, Preprocess: crop") == {"preprocess": "crop"}
    assert read_metadata(written(tmp_path, Crafted(line=""))).data == {}


def test_captions_are_unique():
    """Two options of the same caption could not be told apart in the line."""
    captions = [spec.label.lower() for spec in option_specs()]
    assert len(set(captions)) == len(captions)


def test_everything_survives_in_the_file(tmp_path):
    made = describe()
    found = read_metadata(written(tmp_path, made))
    assert found == made
    assert found.data["options"]["still"] is True
    assert found.data["engine"] == "puppet"
    assert found.data["seed"] == 123
    assert found.data["picture"]["parameters"] == INFOTEXT
    assert found.data["speech"]["text"] == SPEECH.text
    assert GenerateOptions.from_mapping(found.data["options"]).still


def test_no_folders_leave_the_machine(tmp_path):
    named = dataclasses.replace(PHOTO, name="C:\\Users\\someone\\face.png")
    content = written(tmp_path, describe(picture=named)).read_bytes()
    assert b"someone" not in content
    assert b"face.png" in content


def test_a_file_without_metadata_reads_as_empty(tmp_path):
    found = read_metadata(written(tmp_path, None))
    assert (found.line, found.data, found.disclosure, found.source_type, found.xmp) == (
        "", {}, "", "", ""
    )  # fmt: skip
    other = tmp_path / "text.mp4"
    other.write_text("no video")
    with pytest.raises(EncodingError, match=r"text\.mp4"):
        read_metadata(other)


def test_the_mark_can_be_left_out(tmp_path):
    made = describe(GenerateOptions(mark="none"))
    content = written(tmp_path, made).read_bytes()
    assert b"digitalsourcetype" not in content
    assert b"Synthetic" not in content
    assert read_metadata(tmp_path / "a.mp4").data["seed"] == 123


@pytest.mark.parametrize(
    ("engine", "generated", "term"),
    [
        ("sadtalker", True, "trainedAlgorithmicMedia"),
        ("sadtalker", False, "compositeWithTrainedAlgorithmicMedia"),
        ("puppet", True, "compositeWithTrainedAlgorithmicMedia"),
        ("puppet", False, "compositeSynthetic"),
    ],
)
def test_the_digital_source_type(engine, generated, term):
    assert source_term(ENGINES[engine], generated=generated) == term
    made = describe(engine=engine, picture=GENERATED if generated else PHOTO)
    assert made.source_type == made.data["digital_source_type"] == VOCABULARY + term
    motion = "trainedAlgorithmicMedia" if engine == "sadtalker" else "algorithmicMedia"
    assert made.data["digital_source_types"]["motion"] == VOCABULARY + motion
    assert engine in made.disclosure


def test_the_xmp_packet_is_what_readers_expect():
    """Parsed as XML by namespace, the way any XMP reader does."""
    made = describe()
    root = ElementTree.fromstring(made.xmp)  # noqa: S314 - our own text
    about = root.find(".//{http://www.w3.org/1999/02/22-rdf-syntax-ns#}Description")
    key = "{http://iptc.org/std/Iptc4xmpExt/2008-02-29/}DigitalSourceType"
    assert about.get(key) == made.source_type
    text = about.find(".//{http://www.w3.org/1999/02/22-rdf-syntax-ns#}li").text
    assert made.line in text


def test_the_xmp_packet_escapes():
    packet = xmp_packet(source_type="x", tool='a"b', description="1 < 2 & \x00\x0b\ud800 ü")
    root = ElementTree.fromstring(packet)  # noqa: S314 - our own text
    assert root.find(".//{*}li").text == "1 < 2 &  ü"


def test_the_xmp_box_moves_nothing(tmp_path):
    plain = written(tmp_path, None)
    before = plain.read_bytes()
    append_xmp(plain, "<x/>")
    after = plain.read_bytes()
    assert after.startswith(before)
    assert after[len(before) + 4 : len(before) + 8] == b"uuid"
    assert after[len(before) + 8 : len(before) + 24].hex() == "be7acfcb97a942e89c71999491e3afac"
    assert struct.unpack(">I", after[len(before) : len(before) + 4])[0] == len(after) - len(before)
    assert read_xmp(plain) == "<x/>"
    np.testing.assert_equal(media.read_frames(plain)[0].shape[0], 5)


def test_boxes_of_all_sizes(tmp_path):
    path = tmp_path / "boxes"
    path.write_bytes(
        struct.pack(">I4s", 12, b"aaaa") + b"1234"
        + struct.pack(">I4sQ", 1, b"bbbb", 18) + b"56"
        + struct.pack(">I4s", 0, b"cccc") + b"789"
    )  # fmt: skip
    with path.open("rb") as file:
        assert list(boxes(file)) == [(b"aaaa", 8, 4), (b"bbbb", 28, 2), (b"cccc", 38, 3)]


@given(st.binary(max_size=80))
def test_senseless_boxes_do_not_hang(content):
    import io

    for _, begin, size in boxes(io.BytesIO(content)):
        assert 8 <= begin <= begin + size <= len(content)


def test_tags_are_the_ones_players_show():
    tags = describe().tags()
    assert sorted(tags) == ["comment", "description", "synopsis"]
    assert json.loads(tags["synopsis"])["version"]


@pytest.mark.parametrize("text", [" ", "a", 'a:"', "a: ,", "\n"])
def test_no_line_takes_long_to_read(text):
    """Anybody may have written it; 800 spaces took two seconds, twice as many 16."""
    began = time.process_time()
    parse_line(text * 20_000)
    assert time.process_time() - began < 2
