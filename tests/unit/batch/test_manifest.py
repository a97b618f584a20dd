"""What a batch remembers of its jobs."""

import json

import pytest

from sadtalker_ext.batch.manifest import Manifest, job_key
from sadtalker_ext.errors import OutputUnwritable

JOB = {"portrait": "a.png", "output": "1.mp4"}
ELSEWHERE = {"portrait": "b.png", "output": "s3://bucket/2.mp4"}
FAILED = {"portrait": "c.png", "output": "3.mp4"}


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "jobs.manifest.jsonl"
    video = tmp_path / "1.mp4"
    video.touch()
    with Manifest(path) as manifest:
        manifest.add(1, JOB, {"video": {"path": str(video)}})
        manifest.add(2, ELSEWHERE, {"skipped": "s3://bucket/2.mp4"})
        manifest.add(3, FAILED, {"error": {"code": "no_face"}})
    return path


def test_what_was_made_is_known_again_and_what_failed_is_tried_again(path, tmp_path):
    with Manifest(path) as manifest:
        assert manifest.made(JOB) == str(tmp_path / "1.mp4")
        assert manifest.made(ELSEWHERE) == "s3://bucket/2.mp4"
        assert manifest.made(FAILED) == ""
        assert manifest.made({**JOB, "seed": 2}) == ""


def test_a_video_that_has_gone_is_made_again(path, tmp_path):
    (tmp_path / "1.mp4").unlink()
    with Manifest(path) as manifest:
        assert manifest.made(JOB) == ""


def test_a_row_that_a_crash_cut_off_costs_only_itself(path, tmp_path):
    whole = path.read_text(encoding="utf-8")
    path.write_text(whole + '{"line": 4, "job": "ab', encoding="utf-8")
    with Manifest(path) as manifest:
        assert manifest.made(JOB)
        manifest.add(4, FAILED, {"video": {"path": str(tmp_path / "1.mp4")}})
    rows = path.read_text(encoding="utf-8").splitlines()
    assert json.loads(rows[-1])["job"] == job_key(FAILED)
    with Manifest(path) as manifest:
        assert manifest.made(FAILED)


def test_a_fresh_start_forgets(path):
    with Manifest(path, afresh=True) as manifest:
        assert manifest.made(JOB) == ""
    assert path.read_text(encoding="utf-8") == ""


def test_a_manifest_that_cannot_be_written_is_said(tmp_path):
    with pytest.raises(OutputUnwritable, match="manifest"):
        Manifest(tmp_path / "no" / "manifest.jsonl")


@pytest.mark.parametrize("line", ["[1]", "3", '{"video": []}', '{"job": 1', "[" * 100_000])
def test_lines_of_others_are_left_out(path, line):
    with path.open("a", encoding="utf-8") as file:
        file.write(f"{line}\n")
    with Manifest(path) as manifest:
        assert manifest.made(JOB) and not manifest.made(FAILED)


def test_a_folder_is_no_manifest(tmp_path):
    with pytest.raises(OutputUnwritable, match="cannot be written"):
        Manifest(tmp_path)
