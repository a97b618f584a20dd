import json

import pytest

from sadtalker_ext.errors import InvalidOption
from sadtalker_ext.options import GenerateOptions, option_spec
from sadtalker_ext.presets import BUILT_IN, PresetBook, preset_specs


@pytest.fixture
def book(tmp_path):
    return PresetBook(tmp_path / "not yet there")


def test_every_built_in_preset_is_valid_and_only_natural_is_the_default(book):
    for name, changes in BUILT_IN.items():
        options = GenerateOptions.from_mapping(book.values(name))
        assert set(changes) <= {spec.name for spec in preset_specs()}
        assert options.changed() == dict(changes)
    assert book.names() == list(BUILT_IN)


def test_a_preset_never_touches_what_a_video_is_made_of(book):
    assert not {"engine", "face_index", "seed", "text", "audio_end", "mark"} & set(
        book.values("Natural")
    )


def test_own_presets_come_back_and_can_be_deleted(book, tmp_path):
    name = book.save("  My   look ", {"head_motion": 0.5, "still": False, "seed": 7})
    again = PresetBook(tmp_path / "not yet there")
    assert name == "My look"
    assert again.names()[-1] == "My look"
    assert again.values("My look")["head_motion"] == 0.5
    assert again.values("My look")["blink"] == option_spec("blink").default
    assert "seed" not in again.values("My look")
    again.delete("My look")
    assert book.names() == list(BUILT_IN)


@pytest.mark.parametrize("name", ["", "   ", "x" * 41, "Natural"])
def test_names_that_cannot_be_kept_are_refused(book, name):
    with pytest.raises(InvalidOption):
        book.save(name, {})


def test_values_that_no_longer_fit_become_the_default(book, tmp_path):
    folder = tmp_path / "not yet there"
    folder.mkdir()
    stored = {"Old": {"head_motion": 99, "gone": 1, "still": True}}
    (folder / "presets.json").write_text(json.dumps(stored))
    assert book.values("Old")["head_motion"] == option_spec("head_motion").default
    assert book.values("Old")["still"] is True


@pytest.mark.parametrize("content", ["", "[]", "{", '{"a": 3}'])
def test_a_damaged_file_costs_only_the_own_presets(book, tmp_path, content):
    folder = tmp_path / "not yet there"
    folder.mkdir()
    (folder / "presets.json").write_text(content)
    assert book.names() == list(BUILT_IN)


def test_each_of_several_users_has_presets_of_their_own(book):
    book.of("ann").save("Mine", {"head_motion": 0.5})
    book.of("bob").save("Mine", {"head_motion": 1.5})
    assert book.of("ann").values("Mine")["head_motion"] == 0.5
    assert book.of("bob").values("Mine")["head_motion"] == 1.5
    book.of("bob").delete("Mine")
    assert book.of("ann").is_own("Mine")
    for other in ("bob", "", "../ann", "presets"):
        assert book.of(other).names() == list(BUILT_IN)


def test_a_users_name_never_becomes_a_path(book, tmp_path):
    for name in ("../../x", "a/b", "\0", "n" * 5000, "\ud800"):
        book.of(name).save("Look", {"head_motion": 0.5})
    assert {path.parent for path in tmp_path.rglob("*.json")} == {tmp_path / "not yet there"}
