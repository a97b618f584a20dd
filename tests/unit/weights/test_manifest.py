"""The declaration of all weight files."""

import re

import pytest

from sadtalker_ext.errors import WeightsMissing
from sadtalker_ext.weights.manifest import (
    DETECTOR,
    FEATURES,
    FILES,
    HAMA_WHEEL,
    HAND,
    MEDIAPIPE_WHEEL,
    MESH,
    PALMS,
    RECOGNISER,
    SEGMENTER,
    VOCABULARY,
    WheelMember,
    select,
)


def test_every_entry_is_complete():
    names = [file.name for file in FILES]
    assert len(set(names)) == len(names)
    assert len({file.sha256 for file in FILES}) == len(FILES)
    for file in FILES:
        assert re.fullmatch("[0-9a-f]{64}", file.sha256)
        assert file.licence
        assert file.sources
        assert file.needed_for
        assert set(file.needed_for) <= set(FEATURES)
        assert file.size is None or file.size > 0
        assert file.size is not None or "size" in file.note


def test_every_feature_has_files():
    for feature in FEATURES:
        assert select([feature])


def test_sources_are_https_only_and_end_in_the_files_name():
    for file in FILES:
        for source in file.sources:
            address = source.member if isinstance(source, WheelMember) else source
            # names that say nothing outside their wheel have a word in front
            assert file.name.endswith(address.rsplit("/", 1)[-1])
            if isinstance(source, str):
                assert address.rsplit("/", 1)[-1] == file.name
            assert isinstance(source, WheelMember) or source.startswith("https://")


def test_the_built_in_engine_takes_five_members_of_one_wheel_and_two_of_another():
    files = select(["face", "phones"])
    wheels = {}
    for file in files:
        wheels.setdefault(file.sources[0].wheel, set()).add(file.name)
    assert wheels == {
        MEDIAPIPE_WHEEL: {DETECTOR, MESH, SEGMENTER, PALMS, HAND},
        HAMA_WHEEL: {RECOGNISER, VOCABULARY},
    }


def test_the_published_checkpoint_has_the_size_of_its_listing():
    (file,) = select(["SadTalker_V0.0.2_256.safetensors"])
    assert file.exact_size == 725066984
    (larger,) = select(["SadTalker_V0.0.2_512.safetensors"])
    assert larger.exact_size is None  # its size is predicted, so only the hash counts


def test_non_commercial_weights_say_so():
    (file,) = select(["codeformer.pth"])
    assert "non-commercial" in file.licence


def test_selection_keeps_order_and_names_each_file_once():
    files = select([MESH, "face", DETECTOR, "phones"])
    faces, phones = [DETECTOR, MESH, SEGMENTER, PALMS, HAND], [RECOGNISER, VOCABULARY]
    assert [file.name for file in files] == faces + phones
    assert select(["all"]) == FILES


def test_an_unknown_word_lists_what_is_known():
    with pytest.raises(WeightsMissing, match=r"'fase'.*face.*an engine"):
        select(["fase"])
