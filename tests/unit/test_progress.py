import pytest

from sadtalker_ext.errors import Cancelled
from sadtalker_ext.progress import Progress, ProgressEvent, Stage, overall_share
from sadtalker_ext.shells.cli.terminal import TerminalProgress, bar_line


def test_items_are_counted_as_they_are_taken():
    events = []
    progress = Progress(events.append)
    assert list(progress.track("ab", Stage.RENDERING, 2)) == ["a", "b"]
    assert [(event.done, event.total) for event in events] == [(0, 2), (1, 2), (2, 2)]
    assert events[-1].text == "Rendering 2 / 2"


def test_the_share_only_ever_grows_over_the_stages_of_a_job():
    order = [Stage.LOADING, Stage.FACE, Stage.PREPARING, Stage.LISTENING, Stage.RENDERING]
    shares = [overall_share(stage, done, 4) for stage in order for done in (0, 2, 4)]
    assert shares == sorted(shares)
    assert shares[0] == 0.0
    assert overall_share(Stage.WRITING, 1, 1) == 1.0
    assert {overall_share(stage, 0, None) for stage in Stage} == {0.0, 0.02, 0.05, 0.1, 0.2, 0.98}


def test_one_of_one_is_not_worth_counting():
    event = ProgressEvent(stage=Stage.LISTENING, done=0, total=1, seconds=0.0)
    assert event.text == "Listening"
    event = ProgressEvent(stage=Stage.LISTENING, done=16, total=60, seconds=0.0)
    assert event.text == "Listening 16 / 60 s"


def test_a_stop_ends_the_work_at_the_next_item():
    progress = Progress()
    items = progress.track(range(10), Stage.RENDERING, 10)
    next(items)
    progress.stop()
    with pytest.raises(Cancelled):
        next(items)


def test_the_hosts_stop_is_polled():
    pressed = []
    progress = Progress(should_stop=lambda: bool(pressed))
    progress.check()
    pressed.append(True)
    with pytest.raises(Cancelled):
        progress.check()


class Terminal:
    def __init__(self):
        self.text = ""

    def write(self, text):
        self.text += text

    def flush(self):
        pass

    def isatty(self):
        return True


def test_the_bar_shows_stage_count_and_time_left():
    event = ProgressEvent(stage=Stage.RENDERING, done=50, total=100, seconds=2.0)
    line = bar_line(event, 60)
    assert line.startswith("Rendering 50 / 100 [#")
    assert line.endswith("25/s, 2 s left")
    assert len(line) <= 60
    assert bar_line(event, 20) == "Rendering 50 / 100"


def test_a_terminal_gets_one_line_and_a_pipe_gets_words(capsys):
    terminal = Terminal()
    bar = TerminalProgress(terminal)
    for done in range(3):
        bar(ProgressEvent(stage=Stage.RENDERING, done=done, total=2, seconds=1.0))
    bar.close()
    assert terminal.text.count("\n") == 1
    TerminalProgress()(ProgressEvent(stage=Stage.FACE, done=0, total=None, seconds=0.0))
    assert capsys.readouterr().err == "Finding the face ...\n"


def test_a_log_hears_of_a_long_stage_now_and_then(capsys, monkeypatch):
    clock = iter((0.0, 4.0, 9.0, 10.5, 12.0, 21.0))
    monkeypatch.setattr("time.monotonic", lambda: next(clock))
    log = TerminalProgress()
    for done in range(6):
        log(ProgressEvent(stage=Stage.RENDERING, done=done, total=45, seconds=4.0 * done))
    assert capsys.readouterr().err.splitlines() == [
        "Rendering ...",
        "Rendering 3 / 45, 0.2/s, 168 s left",
        "Rendering 5 / 45, 0.2/s, 160 s left",
    ]


def test_downloads_are_told_in_megabytes():
    event = ProgressEvent(stage=Stage.DOWNLOADING, done=3_000_000, total=9_400_000, seconds=1.0)
    assert event.text == "Downloading 3 / 9 MB"
    assert "/s" not in bar_line(event, 60)
