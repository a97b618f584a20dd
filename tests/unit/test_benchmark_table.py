"""The gate between two files of results, and the plan for a large batch."""

import copy
import json
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks import second, table, throughput

MACHINE = {
    "cores": 2,
    "processor": "one",
    "platform": "Linux",
    "python": "3.11",
    "packages": {"numpy": "2"},
    "commit": "abc",
    "date": "2026-01-01",
}
REPORT = {
    "machine": MACHINE,
    "results": {
        "speed": {
            "render_and_encode_fps": {"median": 60.0},
            "whole_job_seconds": {"median": 10.0},
            "runs": 5,
        }
    },
}


def changed(name, value):
    report = copy.deepcopy(REPORT)
    report["results"]["speed"][name] = {"median": value}
    return report


@pytest.mark.parametrize(
    ("name", "value", "is_worse"),
    [
        ("render_and_encode_fps", 50, True),
        ("render_and_encode_fps", 55, False),
        ("render_and_encode_fps", 90, False),
        ("whole_job_seconds", 12, True),
        ("whole_job_seconds", 11, False),
        ("whole_job_seconds", 5, False),
    ],
)
def test_only_what_got_worse_by_the_ratio_is_told(name, value, is_worse):
    assert bool(table.worse(REPORT, changed(name, value))) == is_worse


def test_the_gate_fails_and_refuses_to_compare_machines(tmp_path, monkeypatch, capsys):
    other = copy.deepcopy(REPORT)
    other["machine"]["processor"] = "another"
    slower = changed("whole_job_seconds", 20)
    codes = []
    for number, after in enumerate((REPORT, slower, other)):
        paths = [tmp_path / f"{number}-{side}.json" for side in ("before", "after")]
        for path, report in zip(paths, (REPORT, after), strict=True):
            path.write_text(json.dumps(report), encoding="utf-8")
        monkeypatch.setattr(sys, "argv", ["table", *map(str, paths)])
        codes.append(table.main())
    assert codes == [0, 1, 2]
    assert "2.00 x worse" in capsys.readouterr().out


def test_the_table_names_machine_versions_and_commit():
    text = table.table(REPORT)
    assert all(word in text for word in ("one, 2 cores", "numpy 2", "commit abc", "60"))


def test_the_plan_for_ten_thousand_jobs_is_arithmetic():
    hours = throughput.plan(2.0)["10000 jobs of 10 s"]
    assert hours["hours_on_1_cores"] == pytest.approx(10_000 * 10 * 2 / 3600, abs=0.05)
    assert hours["hours_on_16_cores"] == pytest.approx(hours["hours_on_1_cores"] / 16, abs=0.05)
    assert throughput.cost_per_hour_of_video(0.04, 2.0) == pytest.approx(0.08)


def test_a_second_job_is_compared_with_a_whole_one_of_the_original():
    found = {
        "kept_stages_s": 6.0,
        "look_up_s": 0.5,
        "puppet": {"first_s": 8.0, "second_s": 5.0},
    }
    whole = {"original_s": 300.0, "ours_s": 205.5, "ratio": 1.46}
    rows = second.rows(found, whole)
    assert rows["sadtalker"] == {"original_s": 300.0, "ours_s": 200.0, "ratio": 1.5}
    assert rows["puppet_first_to_second_ratio"] == 1.6
    assert rows["original_to_second_puppet_ratio"] == 60.0
    versus = {
        "stages": {},
        "whole_job": whole,
        "second_job": rows,
        "speech_frames": 125,
        "largest_difference": 1,
        "values_that_differ": 0.001,
    }
    text = table.versus_table({"machine": MACHINE, "results": {"versus": versus}})
    assert "| second job on the same picture | 300.0 | 200.0 | 1.50 | |" in text


def test_the_benchmarks_find_what_they_import():
    """A module that was renamed breaks all of them, and nobody runs them every day."""
    root = Path(table.__file__).parents[1]
    names = sorted(f"benchmarks.{one.stem}" for one in Path(table.__file__).parent.glob("*.py"))
    lines = "; ".join(f"import {one}" for one in names)
    found = subprocess.run(
        [sys.executable, "-c", lines], cwd=root, capture_output=True, text=True, check=False
    )
    assert found.returncode == 0, found.stderr
