"""A thread reads ahead, and ends when nobody wants more."""

import threading

import pytest

from sadtalker_ext.inputs.prefetch import prefetched


def test_everything_comes_in_order():
    assert list(prefetched(iter(range(100)))) == list(range(100))


def test_what_goes_wrong_is_raised_in_its_place():
    def items():
        yield 1
        raise ValueError("broken")

    reading = prefetched(items())
    assert next(reading) == 1
    with pytest.raises(ValueError, match="broken"):
        next(reading)


def test_nobody_wants_more():
    closed = threading.Event()

    def items():
        try:
            yield from range(10**9)
        finally:
            closed.set()

    reading = prefetched(items())
    assert next(reading) == 0
    reading.close()
    assert closed.is_set()
    assert not any(one.name == "sadtalker-read-ahead" for one in threading.enumerate())


def test_whoever_takes_does_not_wait_for_one_that_cannot_be_closed():
    class Items:
        def __iter__(self):
            return self

        def __next__(self):
            raise StopIteration

        def close(self):
            raise RuntimeError("no")

    hook, threading.excepthook = threading.excepthook, lambda _: None
    try:
        assert [*prefetched(Items())] == []
    finally:
        threading.excepthook = hook
