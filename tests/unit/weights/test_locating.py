"""Which files make a set of checkpoints, and what is said when one is missing."""

import re
from pathlib import Path

import pytest

from sadtalker_ext.errors import WeightsMissing
from sadtalker_ext.weights.checkpoint import (
    LEGACY,
    MAPPING,
    PACKAGED,
    locate,
)
from sadtalker_ext.weights.manifest import select
from tests.golden.keyed_weights import PACKAGED as PACKAGED_256

MAPPING_70 = MAPPING[False]


def finder(*names):
    return lambda name: Path(name) if name in names else None


LEGACY_FILES = sorted({name for name, _ in LEGACY.values()})


def test_the_packaged_set_comes_first():
    found = locate(finder(PACKAGED_256, MAPPING_70, *LEGACY_FILES), 256, full=False)
    assert {found[name] for name in LEGACY} == {Path(PACKAGED_256)}
    assert found["mapping"] == Path(MAPPING_70)


def test_the_framing_chooses_the_mapping():
    find = finder(PACKAGED_256, *MAPPING.values())
    assert locate(find, 256, full=True)["mapping"].name == "mapping_00109-model.pth.tar"
    assert locate(find, 256, full=False)["mapping"].name == "mapping_00229-model.pth.tar"


def test_the_size_chooses_the_packaged_file():
    find = finder(PACKAGED_256, "SadTalker_V0.0.2_512.safetensors", *MAPPING.values())
    assert locate(find, 512, full=True)["generator"].name == "SadTalker_V0.0.2_512.safetensors"


def test_legacy_files_serve_when_nothing_is_packaged():
    converted = "facevid2vid_00189-model.safetensors"
    found = locate(finder(*LEGACY_FILES, converted, MAPPING_70), 256, full=False)
    assert found["generator"] == found["kp_extractor"] == Path(converted)
    assert found["face_3drecon"] == Path("epoch_20.pth")


@pytest.mark.parametrize(
    ("names", "words"),
    [
        ((), r"SadTalker_V0\.0\.2_256\.safetensors and mapping_00229-model\.pth\.tar"),
        ((PACKAGED_256,), r"needs mapping_00229-model\.pth\.tar;"),
        ((MAPPING_70, "epoch_20.pth"), r"needs SadTalker_V0\.0\.2_256\.safetensors;"),
    ],
)
def test_what_is_missing_is_named(names, words):
    with pytest.raises(WeightsMissing, match=words):
        locate(finder(*names), 256, full=False)


@pytest.mark.parametrize("size", [256, 512])
def test_the_command_named_fetches_what_is_missing(size):
    with pytest.raises(WeightsMissing) as caught:
        locate(finder(MAPPING_70), size, full=False)
    feature = re.search(r"weights fetch ([\w-]+)", caught.value.hint).group(1)
    assert PACKAGED.format(size=size) in {file.name for file in select([feature])}
