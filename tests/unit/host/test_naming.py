from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sadtalker_ext.host import naming
from sadtalker_ext.host.naming import clean, dated_folder, next_path

TODAY = "today"
BASE = Path("outputs")


@pytest.fixture(autouse=True)
def one_day(monkeypatch):
    """A day that does not end while the tests run."""

    class Day(date):
        @classmethod
        def today(cls):
            return cls(2026, 2, 28)

        def isoformat(self):
            return TODAY

    monkeypatch.setattr(naming, "date", Day)


def same(pattern):
    return pattern


@pytest.mark.parametrize(
    ("filled", "expected"),
    [
        ("2026-11-20", ["2026-11-20"]),
        ("2026/512", ["2026", "512"]),
        ("a\\b", ["a", "b"]),
        ("x[unknown]", ["x"]),
        ("[unknown]", [TODAY]),
        ("", [TODAY]),
        ("../../etc", ["etc"]),
        ("/etc/passwd", ["etc", "passwd"]),
        ("C:\\x", ["C_", "x"]),
        (" . ", [TODAY]),
    ],
)
def test_the_folder_stays_below_the_base(filled, expected):
    assert dated_folder(BASE, "p", lambda _: filled) == BASE.joinpath(*expected)


def test_tokens_that_would_load_a_model_never_reach_the_host():
    seen = []
    dated_folder(BASE, "[model_name]/[user]-[date][model_hash]", lambda p: seen.append(p) or "d")
    assert seen == ["/-[date]"]


def test_a_pattern_that_fails_costs_no_result():
    def fail(_):
        raise AttributeError("no p")

    assert dated_folder(BASE, "[cfg]", fail) == BASE / TODAY


@given(st.text(max_size=80))
def test_any_filling_gives_a_folder_below_the_base(filled):
    folder = dated_folder(BASE, "p", lambda _: filled)
    assert folder.parts[0] == "outputs"
    assert len(folder.parts) > 1
    assert ".." not in folder.parts


@given(st.text(max_size=200))
def test_a_clean_name_has_no_separators_and_fits(text):
    name = clean(text)
    assert len(name) <= 60
    assert not set(name) & set('/\\<>:"|?*\x00\n')
    assert name == name.strip(" .")


def test_numbers_go_on_after_the_highest(tmp_path):
    assert next_path(tmp_path, "mona lisa.png").name == "00000-mona lisa.mp4"
    for name in ("00007-x.mp4", "00003.png", "notes.txt", "0012 b.mp4"):
        (tmp_path / name).touch()
    assert next_path(tmp_path, "").name == "00013-portrait.mp4"
    assert next_path(tmp_path / "absent", "a.b.png").name == "00000-a.b.mp4"
