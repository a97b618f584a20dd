import json
from types import SimpleNamespace

import pytest
from PIL import Image

from sadtalker_ext.batch.lines import read_jobs
from sadtalker_ext.errors import InvalidOption
from sadtalker_ext.service import Service
from sadtalker_ext.shells.cli import batch, main
from tests.support.fake_engine import FakeEngine
from tests.support.media import portrait_like, speech_like, write_sound
from tests.support.specs import register


@pytest.fixture
def jobs(tmp_path, monkeypatch):
    register(monkeypatch, FakeEngine)
    Image.fromarray(portrait_like(96, 80)).save(tmp_path / "a.png")
    write_sound(tmp_path / "a.wav", speech_like(0.4), 44100)

    def write(*lines):
        path = tmp_path / "jobs.jsonl"
        path.write_text("\n".join(json.dumps(line) for line in lines), encoding="utf-8")
        return path

    return write


GOOD = {"portrait": "a.png", "speech": "a.wav", "output": "1.mp4", "engine": "puppet", "seed": 1}


def test_a_failing_line_does_not_stop_the_others(jobs, tmp_path, capsys):
    path = jobs(
        GOOD,
        {**GOOD, "portrait": "missing.png", "output": "2.mp4"},
        {**GOOD, "output": "3.mp4", "head_motion": 9},
        {"portrait": "a.png", "output": "4.mp4", "idle_seconds": 0.2, "engine": "puppet"},
    )
    assert main(["batch", str(path), "--json"]) == 2
    rows = json.loads(capsys.readouterr().out)["rows"]
    assert [sorted(row)[0] for row in rows] == ["line", "error", "error", "line"]
    assert rows[1]["error"]["code"] == "unreadable_image"
    assert rows[2]["error"]["code"] == "invalid_option"
    assert sorted(one.name for one in tmp_path.glob("*.mp4")) == ["1.mp4", "4.mp4"]


def test_names_that_are_too_long_do_not_stop_the_others(jobs, tmp_path, capsys):
    path = jobs(
        {**GOOD, "output": "n" * 300 + ".mp4"},
        {**GOOD, "portrait": "p" * 300 + ".png", "output": "2.mp4"},
        {**GOOD, "output": "n" * 245 + ".mp4"},
        GOOD,
    )
    assert main(["batch", str(path), "--json"]) == 2
    rows = json.loads(capsys.readouterr().out)["rows"]
    codes = [row.get("error", {}).get("code") for row in rows]
    assert codes == ["output_unwritable", "unreadable_image", None, None]
    assert sorted(one.name for one in tmp_path.glob("*.mp4")) == ["1.mp4", "n" * 245 + ".mp4"]


def test_a_bug_in_one_line_does_not_stop_the_others(jobs, tmp_path, capsys, monkeypatch):
    real = Service.generate

    def broken(service, request, progress):
        if request.output.name == "2.mp4":
            raise ZeroDivisionError
        return real(service, request, progress)

    monkeypatch.setattr(Service, "generate", broken)
    path = jobs({**GOOD, "output": "2.mp4"}, GOOD)
    assert main(["batch", str(path), "--json"]) == 2
    rows = json.loads(capsys.readouterr().out)["rows"]
    assert "bug" in rows[0]["error"]["message"]
    assert rows[1]["video"]["path"] == str(tmp_path / "1.mp4")


def test_a_list_that_windows_saved_is_read(jobs, requests):
    path = jobs()
    path.write_text(json.dumps(GOOD), encoding="utf-8-sig")
    assert main(["batch", str(path)]) == 2
    assert len(requests) == 1


def test_folders_of_outputs_are_made(jobs, tmp_path):
    assert main(["batch", str(jobs({**GOOD, "output": "new/dir/1.mp4"}))]) == 0
    assert (tmp_path / "new" / "dir" / "1.mp4").is_file()


def test_what_exists_is_skipped_so_that_a_batch_can_go_on(jobs, capsys):
    path = jobs(GOOD)
    assert main(["batch", str(path)]) == 0
    assert main(["batch", str(path)]) == 0
    assert "0 made, 1 skipped, 0 failed" in capsys.readouterr().out


def test_what_exists_under_the_extension_of_its_format_is_skipped(jobs, tmp_path, capsys):
    path = jobs({**GOOD, "format": "gif"})
    assert main(["batch", str(path)]) == 0
    assert (tmp_path / "1.gif").exists()
    assert main(["batch", str(path)]) == 0
    assert "0 made, 1 skipped, 0 failed" in capsys.readouterr().out


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_only_the_end_of_a_line_ends_a_job(jobs, tmp_path, requests, end):
    """A text pasted from a web page may hold Unicode's own separators, unescaped."""
    path = jobs()
    text = "One.\u2028Two.\x85Three."
    line = json.dumps({**GOOD, "text": text}, ensure_ascii=False)
    other = json.dumps({**GOOD, "output": "2.mp4"})
    path.write_text(f"{line}{end}{other}{end}", encoding="utf-8", newline="")
    assert main(["batch", str(path)]) == 2
    assert [request.options.text for request, _ in requests] == [text, ""]


def test_lines_that_cannot_be_read_are_failed_rows_and_the_rest_goes_on(jobs, tmp_path, requests):
    path = jobs()
    wrong = [
        '{"portrait": "a.png", "video": "a.mp4"}',
        "nonsense",
        "[1]",
        '{"output": "a.mp4"}',
        '{"portrait": "a.png", ',
        "# a comment",
    ]
    lines = [json.dumps({**GOOD, "output": f"{place}.mp4"}) for place in range(2)]
    path.write_text("\n".join([lines[0], *wrong, lines[1]]), encoding="utf-8")
    made, broken = read_jobs(path)
    assert [number for number, _ in made] == [1, 8]
    assert sorted(broken) == [2, 3, 4, 5, 6, 7]
    assert all(error.message and error.hint for error in broken.values())
    assert main(["batch", str(path)]) == 2
    assert [request.output.name for request, _ in requests] == ["0.mp4", "1.mp4"]


def test_rows_of_unreadable_lines_are_told_with_what_to_do(jobs, capsys, requests):
    path = jobs(GOOD)
    path.write_text('{"portrait": "a.png", \n{"portrait": "a.png", "speach": "a.wav"}\n')
    assert main(["batch", str(path)]) == 2
    told = capsys.readouterr().out
    assert "line 1: failed, The line is not JSON" in told and "one JSON object" in told
    assert "line 2: failed, There is no 'speach' in a line. Did you mean speech?" in told
    assert "0 made, 0 skipped, 2 failed" in told


def test_two_lines_with_one_output_are_not_taken_for_a_video_that_is_there(jobs, requests, capsys):
    path = jobs(
        GOOD,
        {**GOOD, "seed": 2, "output": "x/../1.mp4"},
        {**GOOD, "output": "2.gif"},
        {**GOOD, "output": "2.mp4", "format": "gif"},
        {**GOOD, "output": "3.mp4"},
    )
    assert main(["batch", str(path)]) == 2
    assert [request.output.name for request, _ in requests] == ["1.mp4", "2.gif", "3.mp4"]
    told = capsys.readouterr().out
    assert "line 2: failed, Line 1 writes" in told and "line 4: failed, Line 3 writes" in told


def test_a_presets_format_counts_where_two_lines_write_one_file(jobs, tmp_path, requests, capsys):
    (tmp_path / "small.json").write_text('{"format": "gif"}')
    path = jobs({**GOOD, "output": "2.gif", "format": "gif"}, {**GOOD, "preset": "small.json"})
    assert [number for number, _ in read_jobs(path)[0]] == [1, 2]
    path = jobs(
        {**GOOD, "output": "2.gif", "format": "gif"},
        {**GOOD, "output": "2.mp4", "preset": "small.json"},
    )
    assert main(["batch", str(path)]) == 2
    assert "line 2: failed, Line 1 writes 2.mp4, too." in capsys.readouterr().out
    assert len(requests) == 1


@pytest.fixture
def requests(monkeypatch):
    """What the service was asked for, and on which device; nothing is made."""
    asked = []

    def generate(self, request, progress):
        asked.append((request, self._host.device()))
        raise InvalidOption("not today")

    monkeypatch.setattr(Service, "generate", generate)
    return asked


def test_every_line_may_borrow_from_its_own_video(jobs, tmp_path, requests):
    files = {
        "reference_video": "head.mp4",
        "blink_video": "eyes.mp4",
        "landmarks_file": "face.txt",
        "motion_plot": "plot.png",
    }
    moved = {"motion_in": "face.csv", "motion_out": "face.json"}
    path = jobs(
        {**GOOD, **files, **moved},
        {**GOOD, "output": "2.mp4"},
        {**GOOD, "reference_video": "other.mp4", "output": "3.mp4"},
    )
    assert main(["batch", str(path)]) == 2
    first, second, third = (request for request, _ in requests)
    for name, value in files.items():
        assert getattr(first, name) == tmp_path / value
        assert getattr(second, name) is None
    assert first.motion_file == tmp_path / "face.csv"
    assert first.motion_files == (tmp_path / "face.json",)
    assert second.motion_file is None
    assert third.reference_video == tmp_path / "other.mp4"
    assert third.blink_video is None
    assert first.options.engine == "puppet"


@pytest.mark.parametrize("words", [["--device", "cpu"], ["--cpu"]])
def test_the_device_counts_for_the_whole_list(jobs, requests, words):
    assert main(["batch", str(jobs(GOOD)), *words]) == 2
    assert [device for _, device in requests] == ["cpu"]


@pytest.mark.parametrize("name", ["reference_video", "speech", "output"])
def test_a_path_that_is_none_is_a_failed_row(jobs, requests, capsys, name):
    assert main(["batch", str(jobs(GOOD, {**GOOD, name: ["a.mp4"]}))]) == 2
    assert f"line 2: failed, {name} should be a path" in capsys.readouterr().out
    assert len(requests) == 1


def test_options_without_effect_are_told_by_line(jobs, capsys):
    path = jobs(GOOD, {**GOOD, "output": "2.mp4", "gaze": "fixed"})
    assert main(["batch", str(path)]) == 0
    told = capsys.readouterr()
    assert "note: Line 2: Option gaze has no effect in the" in told.err
    assert "Line 1:" not in told.err and "note:" not in told.out


def test_what_may_help_a_failed_line_is_told_in_the_words_of_a_line(jobs, tmp_path, capsys):
    (tmp_path / "film").write_bytes(b"\0\0\0\x18ftypisom" + bytes(40))
    assert main(["batch", str(jobs({**GOOD, "portrait": "film"}))]) == 2
    told = capsys.readouterr().out
    assert "other words, dub it (`video` in place of `portrait`)." in told


@pytest.mark.parametrize("remedy", ["", "weights fetch"])
def test_a_failure_without_a_way_of_a_line_ends_with_its_hint(remedy):
    error = InvalidOption("No.", hint="Try something.", remedy=remedy)
    assert batch._words({"error": error.as_dict()}) == "failed, No. Try something."


def test_lines_that_nobody_tries_say_nothing_about_the_pace(monkeypatch, capsys):
    passed = iter([0.0, 1.0, 1.0, 1.0, 60.0])
    monkeypatch.setattr(batch.time, "monotonic", lambda: next(passed))
    wrong = {"error": InvalidOption("No.").as_dict()}
    rows = [(1, wrong), (2, wrong), (3, {"skipped": "a.mp4"})]
    rows.append((4, {"video": {"path": "b.mp4", "engine": "puppet"}}))
    batch._told(iter(rows), 6, {1, 2}, SimpleNamespace(json=False, ray="local"))
    told = capsys.readouterr().out.splitlines()
    assert told[1].endswith("[2/6]") and told[3].endswith("[4/6, 2 min left]")


def test_an_empty_list_is_told(jobs, capsys, requests):
    assert main(["batch", str(jobs())]) == 0
    assert "holds no lines" in capsys.readouterr().err
