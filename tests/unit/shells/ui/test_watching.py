"""What a page is told of a job, and how often."""

import itertools
import threading
import time
from types import SimpleNamespace

from sadtalker_ext.progress import Stage
from sadtalker_ext.shells.ui.watching import Watch


def watching(**more):
    parts = SimpleNamespace(progress="bar", outputs=["video", "status"], no_result=[None])
    return Watch(parts, side_by_side=2, **more)


def counting(steps, seconds):
    """Work that counts frames, one after each pause."""

    def work(progress):
        progress.enter(Stage.RENDERING, steps)
        for _ in range(steps):
            time.sleep(seconds)
            progress.advance()
        return ["made", "done"]

    return work


def test_a_page_that_draws_slowly_is_told_less_often_and_of_the_end_at_once():
    watch = watching(look_seconds=lambda: 60.0)
    began = time.monotonic()
    answers = list(watch.start("task(a)", counting(20, 0.01)))
    assert time.monotonic() - began < 30
    assert len(answers) == 2, "the bar at the start, then the result"
    assert answers[-1][1:] == ["made", "done"]


def test_a_bar_that_stands_still_is_told_once():
    free = threading.Event()

    def work(progress):
        progress.enter(Stage.RENDERING, 10)
        free.wait(20)
        return ["made", "done"]

    watch = watching(look_seconds=lambda: 0.02)
    told = watch.start("task(a)", work)
    bars = [next(told)[0]]
    threading.Timer(0.8, free.set).start()
    bars += [answer[0] for answer in told][:-1]
    assert all(one != other for one, other in itertools.pairwise(bars))
    assert len(bars) < 8, "forty looks at the same bar"
