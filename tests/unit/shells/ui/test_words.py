from pathlib import Path

import pytest

from sadtalker_ext.errors import Cancelled, NoFaceFound
from sadtalker_ext.progress import ProgressEvent, Stage
from sadtalker_ext.shells.ui import words
from sadtalker_ext.shells.ui.working import seconds_left
from sadtalker_ext.types import VideoFile

NASTY = "<script>alert('x')</script>\"&"


def event(stage, done=0, total=None, seconds=0.0):
    return ProgressEvent(stage=stage, done=done, total=total, seconds=seconds)


def video(**changes):
    given = {
        "path": Path("results/a b.mp4"), "width": 512, "height": 768, "fps": 25.0, "frames": 50,
        "seconds": 2.0, "engine": "puppet", "seed": 7, "timings": {"render": 3.2},
    }  # fmt: skip
    return VideoFile(**(given | changes))


def test_an_error_says_what_and_what_to_do_in_at_most_three_lines():
    html = words.error_html(NoFaceFound("No face found in a.png.", hint="Try another."))
    assert html.index("No face found") < html.index("Try another")
    assert 'data-code="no_face"' in html
    assert html.count("<div") <= 3
    assert "<details" not in html


def test_people_elsewhere_learn_no_places_whatever_they_are_called():
    error = NoFaceFound("Not in /srv/o'neil/R&D/x.png.", hint="Look at /srv/o'neil/R&D/y.")
    html = words.error_html(error, "/srv/o'neil/R&D/z", places=False)
    assert html.count("a place on the server") == 3
    assert "neil" not in html and "D/" not in html
    assert "/srv/o&#x27;neil/R&amp;D/x.png" in words.error_html(error)


def test_a_bug_folds_its_details():
    html = words.error_html(ZeroDivisionError("division by zero"), "Traceback: line 1")
    assert "<details><summary>" in html
    assert "Traceback: line 1" in html
    assert "report" in html


def test_a_stop_is_no_error():
    assert "stx-error" not in words.error_html(Cancelled("Stopped."))


@pytest.mark.parametrize(
    "html",
    [
        words.error_html(NoFaceFound(NASTY, hint=NASTY), NASTY),
        words.note_html(NASTY),
        words.summary_html(video(path=Path(NASTY), engine=NASTY, warnings=(NASTY,))),
        words.progress_html(event(Stage.FACE), preview=NASTY),
    ],
)
def test_nothing_from_outside_becomes_markup(html):
    assert "<script" not in html
    assert "&lt;script&gt;" in html or 'src="&lt;script' in html


def test_the_bar_says_stage_count_and_time_left():
    html = words.progress_html(event(Stage.RENDERING, done=45, total=180, seconds=9.0))
    assert "Rendering 45 / 180" in html
    assert "about 27 s left" in html
    assert f'aria-valuenow="{round(20 + 78 / 4)}"' in html
    assert "Stopping" in words.progress_html(event(Stage.RENDERING, 1, 9), stopping=True)
    assert "Waiting" in words.progress_html(None)


def test_no_time_is_promised_from_nothing():
    assert seconds_left(None) is None
    assert seconds_left(event(Stage.RENDERING, 0, 100, 5.0)) is None
    assert seconds_left(event(Stage.RENDERING, 1, 100, 0.1)) is None
    assert seconds_left(event(Stage.LOADING, 3, None, 3.0)) is None
    assert seconds_left(event(Stage.LISTENING, 3, 6, 3.0)) is None, "rendering is still to come"


def test_the_summary_names_facts_and_path():
    html = words.summary_html(video(partial=True))
    for fact in ("2.0 s", "512x768", "puppet", "seed 7", "made in 3 s", "stopped early", "a b.mp4"):
        assert fact in html


@pytest.mark.parametrize(
    ("seconds", "said"), [(0.2, "1 s"), (45, "45 s"), (200, "3 min"), (7200, "2.0 h")]
)
def test_durations(seconds, said):
    assert words.duration(seconds) == said


@pytest.mark.parametrize(
    ("count", "said"), [(10, "1 MB"), (35_622_638, "36 MB"), (1_036_367_398, "1.0 GB")]
)
def test_sizes(count, said):
    assert words.size(count) == said


def test_the_bar_is_not_read_aloud_each_time_it_is_made_anew():
    html = words.progress_html(event(Stage.RENDERING, 1, 2))
    assert 'role="progressbar"' in html
    assert 'role="status"' not in html and "aria-live" not in html
