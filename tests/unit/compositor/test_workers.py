"""Several threads on the frames of one video."""

import threading
import time

import pytest

from sadtalker_ext.compositor import workers
from sadtalker_ext.compositor.workers import in_order, thread_count


def slow_double(number):
    time.sleep(0.002 * (number % 3))
    return 2 * number


@pytest.mark.parametrize("threads", [1, 2, 5])
def test_results_keep_the_order(threads):
    assert list(in_order(slow_double, range(40), threads, 1)) == [2 * one for one in range(40)]


def test_several_threads_work_at_once():
    meeting = threading.Barrier(3, timeout=10)
    assert list(in_order(lambda _: meeting.wait() >= 0, range(3), 3, 1)) == [True] * 3


def test_items_are_taken_a_few_ahead_and_no_more():
    taken = []

    def items():
        for number in range(100):
            taken.append(number)
            yield number

    results = in_order(slow_double, items(), 2, 1)
    next(results)
    assert len(taken) <= 6
    results.close()
    assert len(taken) < 100


def test_large_frames_wait_in_smaller_numbers(monkeypatch):
    monkeypatch.setattr(workers, "_WAITING_BYTES", 10)
    taken = []
    results = in_order(slow_double, (taken.append(n) or n for n in range(50)), 2, 9)
    next(results)
    assert len(taken) <= 3


def test_what_goes_wrong_reaches_the_caller():
    def fail(number):
        if number == 3:
            raise ValueError("the fourth")
        return number

    results = in_order(fail, range(50), 4, 1)
    assert [next(results) for _ in range(3)] == [0, 1, 2]
    with pytest.raises(ValueError, match="the fourth"):
        list(results)


@pytest.mark.parametrize(("cores", "threads"), [(1, 1), (2, 2), (4, 4), (64, workers.MOST)])
def test_every_core_takes_part_up_to_a_few(monkeypatch, cores, threads):
    monkeypatch.setattr(workers, "usable_cores", lambda: cores)
    assert thread_count() == threads
