"""The lines of a batch as they are read: what each writes, and what is wrong with them."""

import json

import pytest

from sadtalker_ext.batch import lines
from sadtalker_ext.batch.lines import read_jobs

GOOD = {"portrait": "a.png", "speech": "a.wav", "output": "1.mp4", "engine": "puppet", "seed": 1}


@pytest.fixture
def jobs(tmp_path):
    def write(*lines):
        path = tmp_path / "jobs.jsonl"
        path.write_text("\n".join(json.dumps(line) for line in lines), encoding="utf-8")
        return path

    return write


def test_a_mended_line_does_not_find_the_video_of_another(jobs):
    """Names that follow from the list are the same before and after a line was mended."""
    path = jobs()
    one, broken = (
        '{"portrait": "a.png", "idle_seconds": 1}',
        '{"portrait": "a.png", idle_seconds: 1}',
    )
    named = []
    for second in (broken, one):
        path.write_text(f"{one}\n{second}\n{one}\n", encoding="utf-8")
        named.append({number: values["output"] for number, values in read_jobs(path)[0]})
    assert named[0] == {1: "a_talking.mp4", 3: "a_talking_3.mp4"}
    assert named[1] == {**named[0], 2: "a_talking_2.mp4"}


@pytest.mark.parametrize("folds", [False, True])
def test_letter_case_tells_files_apart_where_the_folder_does(jobs, monkeypatch, folds):
    monkeypatch.setattr(lines, "_folds_case", lambda path: folds)
    made, broken = read_jobs(jobs({**GOOD, "output": "A.mp4"}, {**GOOD, "output": "a.mp4"}))
    assert len(made) == (1 if folds else 2)
    assert sorted(broken) == ([2] if folds else [])


@pytest.mark.parametrize("empty", [False, True])
def test_a_folder_says_itself_whether_it_tells_letter_case_apart(tmp_path, empty):
    folder = tmp_path / "out"
    folder.mkdir()
    asked = folder if empty else folder / "a.mp4"
    if not empty:
        (folder / "0001").touch()  # says nothing
        asked.touch()
    other = asked.with_name(asked.name.swapcase())
    really = other.exists()
    assert lines._folds_case(folder) == really
    if not really:
        other.symlink_to(asked)  # as a file system that folds case shows it
        assert lines._folds_case(folder)


def test_the_folders_of_the_outputs_are_asked_once_each(jobs, tmp_path, monkeypatch):
    (tmp_path / "out").mkdir()
    asked = []

    def folds(folder):
        asked.append(folder)
        return folder.name == "out"

    monkeypatch.setattr(lines, "_folds_case", folds)
    outputs = ("A.mp4", "a.mp4", "out/new/A.mp4", "out/new/a.mp4", "out/b.mp4")
    _, broken = read_jobs(jobs(*({**GOOD, "output": one} for one in outputs)))
    assert sorted(broken) == [4]
    assert asked == [tmp_path, tmp_path / "out"]


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "1e999", "1" + "0" * 400])
@pytest.mark.parametrize("name", ["channel", "track", "at"])
def test_numbers_that_are_none_are_refused_and_the_rest_goes_on(jobs, name, number):
    path = jobs(GOOD)
    role = f'[{{"face": "0", "text": "hi", "{name}": {number}}}]'
    wrong = f'{{"video": "a.mp4", "output": "o.mp4", "roles": {role}}}'
    path.write_text(f"{wrong}\n{json.dumps(GOOD)}\n", encoding="utf-8")
    made, broken = read_jobs(path)
    assert [number for number, _ in made] == [2]
    assert broken[1].code == "invalid_option"
    assert f"{name} should be a finite number, found " in broken[1].message


def test_a_bug_in_reading_a_line_is_the_lines_own(jobs, monkeypatch):
    real = lines.request_of

    def broken(values, folder, *, overwrite):
        if values["output"] == "2.mp4":
            raise ZeroDivisionError
        return real(values, folder, overwrite=overwrite)

    monkeypatch.setattr(lines, "request_of", broken)
    made, wrong = read_jobs(jobs(GOOD, {**GOOD, "output": "2.mp4"}, {**GOOD, "output": "3.mp4"}))
    assert [number for number, _ in made] == [1, 3]
    assert "bug" in wrong[2].message


@pytest.mark.parametrize("folds", [False, True])
def test_addresses_that_differ_in_spelling_are_different(jobs, monkeypatch, folds):
    monkeypatch.setattr(lines, "_folds_case", lambda folder: folds)
    outputs = ("s3://b/x/1.mp4", "s3://b/X/1.mp4", "s3://b/x/1.mp4")
    made, broken = read_jobs(jobs(*({**GOOD, "output": one} for one in outputs)))
    assert [values["output"] for _, values in made] == list(outputs[:2])
    assert sorted(broken) == [3]


@pytest.mark.parametrize("name", ["vivid", 7])
def test_a_preset_that_there_is_not_is_a_failed_row_with_all_choices(jobs, name):
    _, broken = read_jobs(jobs({**GOOD, "preset": name}))
    assert ".json file" in str(broken[1])
    if name == "vivid":
        assert broken[1].hint.startswith("Known: natural, ")
        assert broken[1].hint.endswith(", a .json file.")


def test_a_video_to_dub_may_have_a_preset(jobs, tmp_path):
    (tmp_path / "look.json").write_text('{"quality": 30}')
    line = {"video": "a.mp4", "speech": "a.wav", "output": "b.mp4", "preset": "look.json"}
    assert not read_jobs(jobs(line))[1]
    assert lines.request_of(line, tmp_path, overwrite=False).options.quality == 30
