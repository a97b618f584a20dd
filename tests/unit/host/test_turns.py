import threading

import pytest

from sadtalker_ext.host.turns import Turns


@pytest.fixture
def parts(webui):
    queue, shared, progress = (webui(name) for name in ("call_queue", "shared", "progress"))
    return Turns(queue.queue_lock, shared.state, progress), queue, shared.state, progress


def test_a_turn_holds_the_queue_and_ends_what_it_began(parts):
    turns, queue, state, progress = parts
    with turns.turn("sadtalker"):
        assert turns.held
        assert turns.active
        with pytest.raises(AssertionError, match="taken twice"):
            queue.queue_lock.acquire(blocking=False)
        task = progress.current_task
        assert task.startswith("task(sadtalker-")
        assert not progress.pending_tasks
    assert state.history == [("begin", task), ("end", task)]
    assert progress.finished_tasks == [task]
    assert progress.current_task is None
    assert not turns.held
    assert not turns.active


def test_a_failure_ends_the_turn_and_clears_the_stop(parts):
    turns, queue, state, progress = parts
    with pytest.raises(ValueError, match="broken"), turns.turn("sadtalker"):
        state.interrupted = state.skipped = state.stopping_generation = True
        raise ValueError("broken")
    assert [what for what, _ in state.history] == ["begin", "end"]
    assert not (state.interrupted or state.skipped or state.stopping_generation)
    with queue.queue_lock:
        pass
    assert not progress.pending_tasks


def test_work_inside_a_job_of_the_host_does_not_wait_for_itself(parts):
    turns, queue, state, _ = parts
    with queue.queue_lock, turns.joined(), turns.turn("sadtalker"):
        assert turns.held
    assert state.history == []  # the host begins and ends its own job


def test_other_threads_wait(parts):
    turns, queue, *_ = parts
    order = []

    def work():
        with turns.turn("sadtalker"):
            order.append("second")

    with queue.queue_lock, turns.joined():
        thread = threading.Thread(target=work)
        thread.start()
        thread.join(0.2)
        assert thread.is_alive()
        order.append("first")
    thread.join(5)
    assert order == ["first", "second"]
