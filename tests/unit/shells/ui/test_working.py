import threading
import time

import numpy as np

from sadtalker_ext.errors import Cancelled, ResourceError
from sadtalker_ext.progress import Stage
from sadtalker_ext.shells.ui.working import Run, RunBook, picture_url


def test_a_run_reports_and_returns():
    def work(progress):
        progress.enter(Stage.RENDERING, 3)
        progress.advance()
        progress.show(np.zeros((8, 8, 3), np.uint8))
        return "done"

    run = Run(work)
    list(run.watch(0.01))
    assert run.finished
    assert run.result == "done"
    assert run.event.done == 1
    assert run.preview.startswith("data:image/jpeg;base64,")


def test_a_run_can_be_watched_and_stopped_from_outside():
    began = threading.Event()

    def work(progress):
        progress.enter(Stage.RENDERING, 10)
        began.set()
        while True:
            progress.check()

    run = Run(work)
    assert began.wait(5)
    assert next(run.watch(0.01)).stage is Stage.RENDERING
    run.stop()
    list(run.watch(0.01))
    assert run.stopping
    assert isinstance(run.error, Cancelled)


def test_an_exception_is_kept_for_the_watcher():
    run = Run(lambda progress: 1 / 0)
    list(run.watch(0.01))
    assert isinstance(run.error, ZeroDivisionError)


def test_the_book_finds_runs_again_and_forgets_old_ones():
    book = RunBook()
    for number in range(60):
        run = book.start(f"task({number})", lambda progress: None)
        list(run.watch(0.01))
    assert book.find("task(59)") is run
    assert book.find("task(0)") is None
    assert book.find("never") is None


def test_previews_are_small():
    url = picture_url(np.zeros((2000, 3000, 3), np.uint8))
    assert len(url) < 20_000


def test_only_some_run_at_once_and_a_waiting_one_can_be_stopped():
    book, free = RunBook(side_by_side=2, most=4), threading.Event()
    began = []

    def work(progress):
        began.append(1)
        free.wait(10)
        return len(began)

    runs = [book.start(f"task({number})", work) for number in range(4)]
    crowded = book.start("task(9)", work)
    list(crowded.watch(0.01))
    assert isinstance(crowded.error, ResourceError)
    while runs[3].event is None:
        time.sleep(0.01)
    assert len(began) == 2
    assert runs[3].event.stage is Stage.WAITING
    # a key that is in use keeps its run
    assert book.start("task(0)", work) is runs[0]
    runs[3].stop()
    list(runs[3].watch(0.01))
    assert isinstance(runs[3].error, Cancelled)
    free.set()
    for run in runs[:3]:
        list(run.watch(0.01))
        assert run.result in (2, 3)
