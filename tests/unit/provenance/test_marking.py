"""Which marks a video gets, what the result says about them, and reading them again."""

import hashlib
import json
import zipfile

import numpy as np
import pytest

from sadtalker_ext.encoder.metadata import read_metadata
from sadtalker_ext.errors import InputError, InvalidOption, OutputUnwritable
from sadtalker_ext.options import GenerateOptions
from sadtalker_ext.provenance import credentials
from sadtalker_ext.provenance.consent import consent_file, write_consent
from sadtalker_ext.provenance.hashes import picture_hash
from sadtalker_ext.provenance.marking import Marking
from sadtalker_ext.provenance.verify import verify
from sadtalker_ext.shells.cli import main
from tests.support.media import read_frames
from tests.unit.provenance.pictures import textured
from tests.unit.provenance.videos import make, picture


@pytest.fixture
def without_c2pa(monkeypatch):
    monkeypatch.setattr(credentials, "available", lambda: False)
    monkeypatch.setattr("sadtalker_ext.provenance.verify.available", lambda: False)


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("mark,metadata", "metadata, mark"),
        (["c2pa"], "c2pa"),
        ("Metadata C2PA", "metadata, c2pa"),
        ("auto", "auto"),
        ([], "none"),
        (["none"], "none"),
    ],
)
def test_the_list_is_kept_in_one_spelling(given, kept):
    assert GenerateOptions(provenance=given).provenance == kept


@pytest.mark.parametrize("given", ["", "watermark", "auto, mark", "none,mark", 3, ["mark", None]])
def test_other_words_are_refused_by_name(given):
    with pytest.raises(InvalidOption, match="provenance should be auto, none, or some of"):
        GenerateOptions(provenance=given)


@pytest.mark.parametrize(
    ("options", "marks", "disclosed"),
    [
        ({}, ("metadata", "mark"), True),
        ({"mark": "label"}, ("metadata", "label", "mark"), True),
        ({"mark": "none"}, (), False),
        ({"mark": "none", "provenance": "mark"}, ("mark",), False),
        ({"provenance": "metadata"}, ("metadata",), True),
        ({"provenance": "mark"}, ("mark",), False),
        ({"provenance": "none"}, (), False),
    ],
)
def test_each_layer_is_switched_alone_and_reported(
    tmp_path, without_c2pa, options, marks, disclosed
):
    made = make(tmp_path / "made.mp4", **options)
    assert made.marks == marks
    assert made.as_dict()["marks"] == list(marks)
    assert made.as_dict()["credentials"] is None
    assert made.warnings == ()
    found = verify(made.path)
    assert found.mark.found == ("mark" in marks)
    assert found.metadata.found == disclosed
    assert bool(read_metadata(made.path).source_type) == disclosed


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({}, ""),
        ({"mark": "label"}, "AI-generated"),
        ({"mark": "label", "label_language": "de"}, "KI-generiert"),
        (
            {"mark": "label", "text": "Das ist nicht von mir und auch nicht von dir."},
            "KI-generiert",
        ),
        (
            {"mark": "label", "text": "This is a text of mine.", "label_language": "sv"},
            "AI-genererad",
        ),
        ({"mark": "label", "text": "שלום"}, "AI-generated"),
    ],
)
def test_the_words_of_the_label(options, words):
    chosen = GenerateOptions(provenance="none", **options)
    marking = Marking(chosen, None)
    assert (marking.label, marking.warnings) == (words, ())


@pytest.mark.parametrize(
    ("spoken", "words"),
    [
        ("Das ist nicht von mir.", "KI-generiert"),
        ("", "AI-generated"),
        ("Це моє місто.", "Створено ШІ"),
        ("我的爸爸明天要买一本新书。", "AI生成"),
    ],
)
def test_the_label_is_in_the_language_that_is_spoken(monkeypatch, spoken, words):
    monkeypatch.setattr("sadtalker_ext.provenance.marking.can_draw", lambda words: True)
    options = GenerateOptions(mark="label", text="The text of the options.", provenance="none")
    assert Marking(options, None, spoken=spoken).label == words


def test_without_a_font_the_label_is_english_and_that_is_said(monkeypatch):
    monkeypatch.setattr("sadtalker_ext.provenance.marking.can_draw", str.isascii)
    marking = Marking(GenerateOptions(mark="label", label_language="ja", provenance="none"), None)
    assert marking.label == "AI-generated"
    assert "No font" in marking.warnings[0]


def test_a_missing_package_is_told_only_where_c2pa_was_asked_for(tmp_path, without_c2pa):
    made = make(tmp_path / "made.mp4", provenance="c2pa, mark")
    assert made.marks == ("mark",)
    assert "c2pa-python" in made.warnings[0]
    assert make(tmp_path / "again.mp4").warnings == ()


def test_the_mark_changes_frames_by_what_nobody_sees(tmp_path, without_c2pa):
    one = read_frames(make(tmp_path / "1.mp4", mark="none", quality=1).path)[0].astype(float)
    two = read_frames(make(tmp_path / "2.mp4", quality=1).path)[0].astype(float)
    squared = np.mean((one - two) ** 2)
    assert squared > 0
    assert 10 * np.log10(255**2 / squared) > 43


def test_verify_on_the_command_line(tmp_path, without_c2pa, capsys):
    made = make(tmp_path / "made.gif", format="gif")
    assert main(["verify", str(made.path)]) == 0
    metadata, c2pa, mark, summary = capsys.readouterr().out.splitlines()
    assert "composed with synthetic parts" in metadata
    assert "not installed" in c2pa
    assert "found" in mark
    assert summary == "In sum: this was made by SadTalker."
    assert main(["verify", str(made.path), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["marks"] == ["metadata", "mark"]
    assert told["mark"]["false_alarm_probability"] < 1e-6


def test_files_of_others_have_no_mark(tmp_path, without_c2pa):
    import cv2

    cv2.imwrite(str(tmp_path / "plain.png"), textured(120, 150, seed=3))
    found = verify(tmp_path / "plain.png")
    assert found.marks == ()
    assert "does not prove" in found.sentences()[-1]
    foreign = b"<x Iptc4xmpExt:DigitalSourceType='http://cv.iptc.org/newscodes/digitalsourcetype/"
    with (tmp_path / "plain.png").open("ab") as file:
        file.write(foreign + b"trainedAlgorithmicMedia'>")
    found = verify(tmp_path / "plain.png")
    assert found.marks == ("metadata",)
    assert "trained algorithm" in found.sentences()[0]
    assert "nothing of SadTalker" in found.sentences()[-1]


@pytest.mark.parametrize("content", [b"", b"text", b"PK\x05\x06" + bytes(18)])
def test_what_is_no_picture_is_an_error_with_a_sentence(tmp_path, content):
    (tmp_path / "odd.mp4").write_bytes(content)
    with pytest.raises(InputError, match=r"odd\.mp4"):
        verify(tmp_path / "odd.mp4")


def test_a_zip_with_a_password_is_an_error_with_a_sentence(tmp_path):
    path = tmp_path / "odd.zip"
    with zipfile.ZipFile(path, "w") as packed:
        packed.writestr("a.png", b"picture")
    data = path.read_bytes()
    central = data.index(b"PK\x01\x02")
    path.write_bytes(data[:6] + b"\x01" + data[7 : central + 8] + b"\x01" + data[central + 9 :])
    with pytest.raises(InputError, match="password"):
        verify(path)


def test_consent_that_cannot_be_written_is_told(tmp_path):
    with pytest.raises(OutputUnwritable, match=r"consent\.json"):
        write_consent(tmp_path / "nowhere" / "made.mp4", picture(), "Ada Example")


def test_consent_is_recorded_beside_and_never_inside(tmp_path, without_c2pa):
    who = "Ada Example"
    made = make(tmp_path / "made.mp4", consent_by=who)
    assert who.encode() not in made.path.read_bytes()
    record = json.loads(write_consent(made.path, picture(), who).read_text(encoding="utf-8"))
    assert consent_file(made.path).name == "made.mp4.consent.json"
    assert record["consent_by"] == who
    assert record["picture"]["sha256_of_pixels"] == picture_hash(picture())
    assert record["recorded_at"].endswith("+00:00")
    other = json.loads(write_consent(tmp_path / "b.mp4", made.path, who).read_text("utf-8"))
    content = hashlib.sha256(made.path.read_bytes()).hexdigest()
    assert other["dubbed"] == {
        "sha256_of_file": content,
        "bytes": made.path.stat().st_size,
    }
