import pytest

from sadtalker_ext.errors import InvalidOption
from sadtalker_ext.speech.transcript import MAX_BYTES, read_transcript, spoken_text

SRT = """1
00:00:01,000 --> 00:00:02,500
- Hello <i>there</i>,

2
00:00:02,500 --> 00:00:04,000
[music] 12 people &amp; a dog.
"""
VTT = """WEBVTT - made somewhere

STYLE
::cue { color: red }

NOTE nobody says this

intro
00:01.000 --> 00:02.500 align:start
<v Anna>Hello there,

00:02.500 --> 00:04.000
Hello there,
12 people &amp; a dog. (laughs)
"""


@pytest.mark.parametrize("content", [SRT, SRT.replace("\n", "\r\n"), VTT])
def test_captions_give_what_is_said(content):
    assert spoken_text(content).split() == ["Hello", "there,", "12", "people", "&", "a", "dog."]


def test_plain_text_stays():
    assert spoken_text("One line.\n\n  Another   one: 3 > 2. \n") == (
        "One line.\nAnother one: 3 > 2."
    )
    assert spoken_text("") == ""


@pytest.mark.parametrize("code", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_files_in_common_codes(tmp_path, code):
    path = tmp_path / "said.TXT"
    path.write_bytes("Ein schöner Tag".encode(code))
    assert read_transcript(path) == "Ein schöner Tag"


def test_other_files_are_refused(tmp_path):
    for name, data in (
        ("said.doc", b"x"),
        ("long.txt", b"x" * (MAX_BYTES + 1)),
        ("odd.srt", b"\x81\x8d"),
    ):
        (tmp_path / name).write_bytes(data)
        with pytest.raises(InvalidOption):
            read_transcript(tmp_path / name)
    with pytest.raises(InvalidOption):
        read_transcript(tmp_path / "missing.txt")
