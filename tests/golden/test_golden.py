"""The recorded outputs of the published model, replayed; and the check can fail."""

import dataclasses
import json
import re
import shutil
from pathlib import Path

import numpy as np
import pytest

from tests.golden.check import main, run_topic
from tests.golden.folder import GoldenFolder
from tests.golden.registry import (
    EXACT,
    FRAMES,
    PICTURE,
    Stage,
    Tolerance,
    Topic,
    compare,
    judge,
    topics,
)

DATA = Path(__file__).parent / "data"
FULL = Path(__file__).resolve().parents[3] / "shared" / "spec" / "golden"
TOPICS = {topic.name: topic for topic in topics()}
NOT_COPIED = {"e2e_pictures", "generator_points", "paste_cases", "paste_clone", "preprocess_shrunk"}
"""Topics whose recordings are too large to travel with the tests."""


def failures(topic: Topic, folder: GoldenFolder) -> tuple[int, list[str]]:
    verdicts = list(run_topic(topic, folder))
    broken = [f"{v.name}: max {v.max_abs:.3g} {v.note}" for v in verdicts if not v.passed]
    return len(verdicts), broken


@pytest.fixture(scope="module")
def part():
    return GoldenFolder(DATA)


@pytest.fixture(scope="module")
def whole():
    return GoldenFolder(FULL)


@pytest.mark.parametrize("name", sorted(TOPICS))
def test_the_copied_part_is_reproduced(part, name):
    if TOPICS[name].missing(part):
        assert name in NOT_COPIED
        return
    count, broken = failures(TOPICS[name], part)
    assert not broken
    assert count or name in NOT_COPIED


@pytest.mark.skipif(not FULL.exists(), reason="the whole recordings do not travel with the tests")
@pytest.mark.parametrize("name", sorted(TOPICS))
def test_the_whole_recordings_are_reproduced(whole, name):
    """All topics together take about 180 core seconds, most of it 17 frames at 256, one at 512."""
    count, broken = failures(TOPICS[name], whole)
    assert not broken
    assert count


def test_the_copied_part_stays_small():
    assert sum(path.stat().st_size for path in DATA.rglob("*")) < 6_000_000


@pytest.fixture
def cheap(tmp_path):
    """A folder with only the recordings of the 3-D recovery network."""
    for name in ("index.json", "recon.npz", "preprocess.npz"):
        shutil.copy(DATA / name, tmp_path / name)
    return tmp_path


def test_the_command_passes_and_prints_every_stage(cheap, capsys):
    assert main([str(cheap), "--only", "recon*"]) == 0
    text = capsys.readouterr().out
    assert re.search(r"pass +recon +recon\.npz:out +257 values +max abs \S+ +max rel \S+", text)
    assert "0 failed" in text


def test_one_wrong_number_fails_the_command(cheap, capsys):
    arrays = dict(np.load(cheap / "recon.npz"))
    arrays["out"][0, 5] += 0.001
    np.savez(cheap / "recon.npz", **arrays)
    assert main([str(cheap), "--only", "recon", "--json"]) == 1
    report = json.loads(capsys.readouterr().out)
    assert not report["passed"]
    failed = [stage for stage in report["stages"] if not stage["passed"]]
    assert [stage["name"] for stage in failed] == ["recon.npz:out"]
    assert failed[0]["max_abs"] == pytest.approx(0.001, rel=0.05)


def test_absent_files_are_reported_and_an_empty_folder_fails(cheap, tmp_path_factory, capsys):
    assert main([str(cheap), "--only", "[rm]*", "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert {"topic": "mapping", "missing": ["mapping.npz"]} in report["absent"]
    assert main([str(tmp_path_factory.mktemp("empty"))]) == 1
    assert "Nothing was compared" in capsys.readouterr().out


def test_an_exception_is_a_failed_stage(part):
    def broken(folder):
        yield Stage("fine", [1], [1], EXACT)
        raise RuntimeError("no such thing")

    verdicts = list(run_topic(Topic("broken", (), broken), part))
    assert [verdict.passed for verdict in verdicts] == [True, False]
    assert "no such thing" in verdicts[1].note


@pytest.mark.parametrize(
    ("got", "wanted", "tolerance", "passed"),
    [
        ([1.0, 2.0], [1.0, 2.0], EXACT, True),
        ([1.0, np.nan], [1.0, 2.0], Tolerance(absolute=9, share=0.5), False),
        ([1.0], [1.0, 2.0], Tolerance(absolute=9), False),
        ([], [], EXACT, False),
        ([0.0] * 999 + [1e-3], [0.0] * 1000, PICTURE, True),
        ([0.0] * 998 + [1e-3] * 2, [0.0] * 1000, PICTURE, False),
        ([0.0] * 999 + [1e-2], [0.0] * 1000, PICTURE, False),
        ([2e-5] * 1000, [0.0] * 1000, PICTURE, False),
        ([9] * 1000, [10] * 1000, FRAMES, True),
        ([9] * 998 + [7] * 2, [9] * 1000, FRAMES, False),
    ],
)
def test_tolerances(got, wanted, tolerance, passed):
    assert judge("t", Stage("s", got, wanted, tolerance)).passed is passed


def test_a_wrong_shape_of_a_thinned_array_is_seen(part):
    with pytest.raises(ValueError, match="expected shape"):
        compare(part, "recon.npz", "layer1", np.zeros((1, 256, 56, 57)))


RENAMED = {
    r"\be2e_a\b": "e2e_morning",
    r"\be2e_b\b": "e2e_night",
    r"\be2e_freeview\b": "e2e_turning",
    r"\baudio_a\b": "audio_first",
    r"\baudio_b\b": "audio_second",
    r"\b(source|landmarks)_a\b": r"\1_anna",
    r"\b(source|landmarks)_b\b": r"\1_bert",
    r"\b(frame_)?a_(crop|extcrop|resize)_(\d+)": r"\1anna_\2_\3",
    r"\b(frame_)?b_(full|extfull)_(\d+)": r"\1bert_\2_\3",
}


def renamed(text: str) -> str:
    for pattern, new in RENAMED.items():
        text = re.sub(pattern, new, text)
    return text


@pytest.fixture(scope="module")
def other_names(tmp_path_factory):
    """The copied part under other names of cases, pictures and sounds."""
    folder = tmp_path_factory.mktemp("other names")
    (folder / "inputs").mkdir()
    for path in sorted([*DATA.glob("*.npz"), *DATA.glob("inputs/*")]):
        target = folder / path.relative_to(DATA).parent / renamed(path.name)
        if path.suffix == ".npz":
            np.savez(target, **{renamed(key): value for key, value in np.load(path).items()})
        else:
            shutil.copy(path, target)
    (folder / "index.json").write_text(renamed((DATA / "index.json").read_text()))
    return GoldenFolder(folder)


NAMED = ["e2e_points", "e2e_speech", "keypoints", "kp_detector", "pose_units", "recon", "case_rows"]


@pytest.mark.parametrize("name", NAMED)
def test_other_names_are_found(other_names, name):
    assert sorted(other_names.cases()) == ["e2e_morning", "e2e_night", "e2e_turning"]
    count, broken = failures(TOPICS[name], other_names)
    assert not broken
    assert count


@pytest.mark.parametrize("name", NAMED)
def test_without_notes_contents_decide(other_names, name):
    """An index whose descriptions say nothing: recordings are matched by equal contents."""
    silent = GoldenFolder(other_names.root)
    for entries in silent.index.values():
        for entry in entries.values() if isinstance(entries, dict) else ():
            if isinstance(entry, dict) and "doc" in entry:
                entry["doc"] = ""
    count, broken = failures(TOPICS[name], silent)
    if name == "keypoints":  # which degrees were replaced is said nowhere else
        broken = [line for line in broken if "transformed_yaw_roll" not in line]
    assert not broken
    assert count


def test_another_seed_gives_other_weights():
    from tests.golden.keyed_weights import keyed_tensor

    first, second = (
        keyed_tensor("audio2exp.mapping1.bias", (64,), seed) for seed in ("golden", "other")
    )
    assert not np.array_equal(first, second)


def test_verdicts_are_plain_data():
    verdict = judge("t", Stage("s", [1.5], [1.0], EXACT))
    assert json.loads(json.dumps(dataclasses.asdict(verdict)))["max_abs"] == 0.5
