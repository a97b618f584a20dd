import pytest

from sadtalker_ext.errors import InvalidOption
from sadtalker_ext.spelling import meant, nearest
from sadtalker_ext.text_files import read_utf8


@pytest.mark.parametrize("code", ["utf-8", "utf-8-sig"])
def test_the_mark_and_the_line_ends_of_windows_are_no_part_of_a_text(tmp_path, code):
    path = tmp_path / "roles.json"
    path.write_bytes("eins\r\nzwei ü".encode(code))
    assert read_utf8(path, "The roles") == "eins\nzwei ü"


def test_a_text_may_have_as_many_characters_as_are_allowed(tmp_path):
    (tmp_path / "a").write_bytes(b"1234567890")
    assert len(read_utf8(tmp_path / "a", "The list", most=10)) == 10


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (None, "there is no such file"),
        ("ü".encode("cp1252"), "no text in UTF-8"),
        ("four".encode("utf-16"), "no text in UTF-8"),
        (b"12345678901", "longer than 10 characters"),
    ],
)
def test_what_cannot_be_read_is_named_with_the_reason_and_what_to_do(tmp_path, content, told):
    path = tmp_path / "list.jsonl"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(InvalidOption, match=f"^The list list.jsonl cannot be read: .*{told}") as no:
        read_utf8(path, "The list", most=10)
    assert no.value.hint


@pytest.mark.parametrize("name", ["", "n" * 300, "a\0b"])
def test_names_that_no_file_has_are_refused(tmp_path, name):
    with pytest.raises(InvalidOption, match="cannot be read"):
        read_utf8(tmp_path / name, "The list")


def test_the_nearest_name_is_meant_or_all_are_told():
    known = ["head_motion", "blink"]
    assert meant("head_moton", known) == "Did you mean head_motion?"
    assert meant("zzz", known) == "Known: head_motion, blink."
    assert nearest("bl", known, 0.9) == "" != nearest("blik", iter(known))
