"""Checkpoints: both published layouts with keyed weights, and everything that can be wrong."""

import json
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors import safe_open
from safetensors.numpy import save_file
from safetensors.torch import save_file as save_tensors
from torch import nn

from sadtalker_ext.errors import WeightsCorrupt, WeightsMismatch, WeightsMissing
from sadtalker_ext.weights.checkpoint import (
    LEGACY,
    MAPPING,
    PACKAGED,
    convert,
    load_network,
    read_component,
)
from tests.golden.keyed_weights import component, keyed_tensor, rows_of
from tests.golden.networks import BUILDERS, UNUSED

MAPPING_70 = MAPPING[False]
EXPRESSION_FILE = LEGACY["audio2exp"][0]


def write_packaged(path: Path, components: Iterable[str]) -> Path:
    """Write a file of the published layout, unused tensors included."""
    tensors = {
        f"{name}.{key}": value for name in components for key, value in component(name).items()
    }
    save_file(tensors, path)
    return path


def write_pickled(path: Path, **extra: object) -> Path:
    """Write a pickled file of the published nesting, with what training leaves in it."""
    entries: dict = {"epoch": 140, "optimizer": {"state": {0: {"exp_avg": torch.ones(3)}}}}
    for key, canonical, shape, entry in rows_of(path.name):
        value = torch.from_numpy(keyed_tensor(canonical, shape, "golden"))
        entries.setdefault(entry, {})[key] = value
    torch.save({**entries, **extra}, path)
    return path


def assert_loaded(network: nn.Module, name: str) -> None:
    wanted = component(name)
    state = network.state_dict()
    assert state
    for key, value in state.items():
        assert torch.equal(value, torch.from_numpy(wanted[key])), key
    used = {k for k in wanted if not k.endswith("num_batches_tracked")}
    assert {key for key in used if not key.startswith(UNUSED)} == set(state)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("checkpoints")


@pytest.fixture(scope="module")
def packaged(folder):
    return write_packaged(
        folder / PACKAGED.format(size=256), ["audio2exp", "audio2pose", "face_3drecon"]
    )


@pytest.fixture(scope="module")
def pickled(folder):
    return write_pickled(folder / EXPRESSION_FILE)


@pytest.mark.parametrize("name", ["audio2exp", "audio2pose", "face_3drecon"])
def test_the_published_layout_loads(packaged, name):
    network = load_network(BUILDERS[name], packaged, name)
    assert not network.training
    assert_loaded(network, name)


@pytest.mark.parametrize("numbers", [70, 73])
def test_published_mapping_files_load(tmp_path, numbers):
    full = numbers == 73
    path = write_pickled(tmp_path / MAPPING[full])
    name = "mapping_00109" if full else "mapping_00229"
    network = load_network(BUILDERS[name], path, "mapping")
    assert_loaded(network, name)
    windows = torch.zeros(1, numbers, 27)
    assert network(windows).expression.shape == (1, 45)


def test_the_legacy_layout_loads_beside_training_entries(pickled):
    assert_loaded(load_network(BUILDERS["audio2exp"], pickled, "audio2exp"), "audio2exp")


def test_the_whole_published_file_has_its_published_size_and_loads(tmp_path):
    """Writes 725 MB and removes them again."""
    path = write_packaged(tmp_path / PACKAGED.format(size=512), LEGACY)
    assert path.stat().st_size == 725_066_984
    with safe_open(path, framework="np") as stored:
        assert len(list(stored.keys())) == 1305
    for name in LEGACY:
        assert_loaded(load_network(BUILDERS[name], path, name), name)
    path.unlink()  # pytest would keep it for three sessions


@pytest.mark.slow
@pytest.mark.parametrize("name", ["generator", "kp_extractor", "face_3drecon", "audio2pose"])
def test_every_legacy_file_loads(tmp_path, name):
    path = write_pickled(tmp_path / LEGACY[name][0])
    assert_loaded(load_network(BUILDERS[name], path, name), name)
    converted = convert(path)
    assert_loaded(load_network(BUILDERS[name], converted, name), name)
    path.unlink()
    converted.unlink()


def test_training_halves_and_counters_stay_in_the_file(packaged):
    found = read_component(packaged, "audio2pose")
    assert found
    assert not [key for key in found if key.startswith(("netG.encoder.", "netD_motion."))]
    assert not [key for key in found if key.endswith("num_batches_tracked")]
    with safe_open(packaged, framework="np") as stored:
        assert "audio2pose.netD_motion.seq.3.bias" in list(stored.keys())


def test_prefixes_are_exact_not_substrings(tmp_path):
    path = tmp_path / "set.safetensors"
    one = np.ones(1, np.float32)
    save_file({"my_audio2exp.a": one, "audio2exp.generator.b": one, "audio2exp2.c": one}, path)
    assert set(read_component(path, "audio2exp")) == {"generator.b"}
    with pytest.raises(WeightsMismatch, match=r"no component generator; it holds audio2exp"):
        read_component(path, "generator")


class Small(nn.Module):
    def __init__(self):
        super().__init__()
        self.mapping1 = nn.Linear(3, 2)


def small(tmp_path, **changes):
    tensors = {"mapping1.weight": torch.ones(2, 3), "mapping1.bias": torch.ones(2)}
    tensors = {key: value for key, value in {**tensors, **changes}.items() if value is not None}
    path = tmp_path / "a.safetensors"
    save_tensors({f"audio2exp.{key}": value for key, value in tensors.items()}, path)
    return path


def test_half_precision_files_are_widened(tmp_path):
    path = small(tmp_path, **{"mapping1.weight": torch.full((2, 3), 0.5, dtype=torch.float16)})
    network = load_network(Small, path, "audio2exp")
    assert network.mapping1.weight.dtype == torch.float32
    assert torch.equal(network.mapping1(torch.ones(1, 3)), torch.full((1, 2), 2.5))


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"mapping1.weight": None}, r"mapping1\.weight is missing"),
        ({"mapping2.weight": torch.ones(1)}, r"mapping2\.weight is unknown"),
        (
            {"mapping1.weight": torch.ones(2, 4)},
            r"mapping1\.weight has shape \(2, 4\) instead of \(2, 3\)",
        ),
    ],
)
def test_the_first_difference_is_named(tmp_path, changes, words):
    path = small(tmp_path, **changes)
    with pytest.raises(WeightsMismatch, match=words) as caught:
        load_network(Small, path, "audio2exp")
    assert str(path) in caught.value.message
    assert caught.value.hint


def test_many_differences_are_counted(tmp_path):
    path = small(tmp_path, **{f"extra{number}": torch.ones(1) for number in range(9)})
    with pytest.raises(WeightsMismatch, match="and 6 more"):
        load_network(Small, path, "audio2exp")


def test_the_other_mapping_network_is_refused_with_both_shapes(tmp_path):
    path = write_pickled(tmp_path / MAPPING_70)
    with pytest.raises(WeightsMismatch, match=r"\(1024, 70, 7\) instead of \(1024, 73, 7\)"):
        load_network(BUILDERS["mapping_00109"], path, "mapping")


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"<!DOCTYPE html><html><body>Not found</body></html>", "a web page"),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 9\n", "git-LFS pointer"),
        (b"", "empty"),
        (b"\x00" * 100, "not a readable checkpoint"),
        (b"PK\x03\x04 no more", "not a readable checkpoint"),
    ],
)
@pytest.mark.parametrize("name", ["x.safetensors", EXPRESSION_FILE])
def test_impostors_are_corrupt(tmp_path, content, words, name):
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(WeightsCorrupt, match=words) as caught:
        load_network(Small, path, "audio2exp")
    assert str(path) in caught.value.message
    assert caught.value.hint


def test_a_missing_file_is_missing(tmp_path):
    with pytest.raises(WeightsMissing):
        load_network(Small, tmp_path / "none.safetensors", "audio2exp")


@pytest.mark.parametrize("change", [-1, 4])
def test_a_wrong_length_gives_both_numbers(tmp_path, change):
    path = small(tmp_path)
    whole = path.read_bytes()
    path.write_bytes(whole[:change] if change < 0 else whole + b"\0" * change)
    numbers = f"expected {len(whole)} bytes, found {len(whole) + change}"
    with pytest.raises(WeightsCorrupt, match=numbers):
        load_network(Small, path, "audio2exp")


def test_a_truncated_pickled_file_is_corrupt(tmp_path, pickled):
    path = tmp_path / pickled.name
    path.write_bytes(pickled.read_bytes()[:-5000])
    with pytest.raises(WeightsCorrupt, match="truncated or damaged"):
        load_network(Small, path, "audio2exp")


class Trap:
    def __init__(self, mark):
        self.mark = mark

    def __reduce__(self):
        return (Path.touch, (self.mark,))


def test_code_in_a_pickled_file_is_not_run(tmp_path):
    mark = tmp_path / "it ran"
    path = tmp_path / EXPRESSION_FILE
    torch.save({"model": {}, "extra": Trap(mark)}, path)
    with pytest.raises(WeightsCorrupt, match="would run code"):
        load_network(Small, path, "audio2exp")
    assert not mark.exists()


@pytest.mark.parametrize(
    ("content", "error", "words"),
    [
        ({"net": {}}, WeightsMismatch, "no entry 'model'.*it has net"),
        ({"model": {"mapping1.weight": 3}}, WeightsMismatch, "should be a tensor"),
        ([1, 2], WeightsCorrupt, "holds a list"),
    ],
)
def test_other_nesting_is_refused(tmp_path, content, error, words):
    path = tmp_path / EXPRESSION_FILE
    torch.save(content, path)
    with pytest.raises(error, match=words):
        load_network(Small, path, "audio2exp")


def test_conversion_keeps_what_inference_uses(tmp_path, pickled):
    before = pickled.read_bytes()
    converted = convert(pickled, tmp_path)
    assert converted == tmp_path / "auido2exp_00300-model.safetensors"
    assert_loaded(load_network(BUILDERS["audio2exp"], converted, "audio2exp"), "audio2exp")
    with safe_open(converted, framework="np") as stored:
        keys = list(stored.keys())
        assert stored.metadata() == {"converted_from": pickled.name}
    assert all(key.startswith("audio2exp.") for key in keys)
    assert not [key for key in keys if key.endswith("num_batches_tracked")]
    assert pickled.read_bytes() == before
    assert [path.name for path in tmp_path.iterdir()] == [converted.name]


def test_only_known_files_are_converted(tmp_path):
    with pytest.raises(WeightsMismatch, match="not a pickled SadTalker checkpoint"):
        convert(tmp_path / "other.pth")


def test_a_failed_conversion_leaves_nothing(tmp_path):
    path = tmp_path / EXPRESSION_FILE
    torch.save({"epoch": 3}, path)
    with pytest.raises(WeightsMismatch):
        convert(path)
    assert list(tmp_path.iterdir()) == [path]


def test_the_header_of_the_published_layout_is_plain(packaged):
    """Other readers see the same keys: one flat JSON header without metadata."""
    with packaged.open("rb") as stream:
        header = json.loads(stream.read(int.from_bytes(stream.read(8), "little")))
    assert "__metadata__" not in header
    assert header["audio2exp.mapping1.weight"]["shape"] == [64, 577]
