"""The recogniser works in a child process, so that nothing else waits for it."""

import threading
import time

import numpy as np
import pytest

from sadtalker_ext.speech import sphinx_worker
from sadtalker_ext.speech.recognise import _as_pcm
from sadtalker_ext.speech.sphinx import Recogniser
from tests.support.espeak import say


@pytest.fixture
def recogniser():
    one = Recogniser()
    yield one
    one.close()
    one.close()


@pytest.fixture(scope="module")
def pcm():
    said = say("Papa brought my mama a big map of Panama.")
    times = np.arange(0, len(said.samples), said.rate_hz / 16000)
    heard = np.interp(times, np.arange(len(said.samples)), said.samples)
    return _as_pcm(heard.astype(np.float32))


def test_the_child_answers_like_the_library_here(recogniser, pcm):
    for request in (
        {"do": "phones"},
        {"do": "known", "words": ["panama", "xqzt"]},
        {"do": "align", "words": ["papa"], "spellings": {"papa": "P AA P AH"}},
    ):
        here = sphinx_worker.answer(request, pcm)
        there = recogniser.ask(request, pcm)
        assert [list(one) if isinstance(one, tuple) else one for one in here] == there


def test_words_of_one_job_are_not_known_in_the_next(recogniser, pcm):
    """Or the same text would be aligned the second time and recognised the first time."""
    ask = {"do": "known", "words": ["panama", "zorbelflax"]}
    assert recogniser.ask(ask) == [True, False]
    spellings = {"panama": "P AE N AH M AA", "zorbelflax": "Z AO R B AH L F L AE K S"}
    request = {"do": "align", "words": ["panama", "zorbelflax"], "spellings": spellings}
    first = recogniser.ask(request, pcm)
    assert recogniser.ask(ask) == [True, False]
    assert recogniser.ask(request, pcm) == first


def test_a_child_that_died_is_started_again(recogniser, pcm):
    first = recogniser.ask({"do": "phones"}, pcm)
    recogniser._process.kill()
    recogniser._process.wait()
    assert recogniser.ask({"do": "phones"}, pcm) == first


def test_without_a_child_the_work_is_done_here(recogniser, monkeypatch):
    def refuse(*words, **rest):
        raise OSError("no more processes")

    monkeypatch.setattr("subprocess.Popen", refuse)
    assert recogniser.ask({"do": "known", "words": ["papa"]}) == [True]


def test_without_a_child_jobs_still_take_turns(recogniser, monkeypatch):
    """Decoders of this process hear one job at a time."""
    inside, most = [], []

    def answer(request, pcm):
        inside.append(1)
        most.append(len(inside))
        time.sleep(0.05)
        inside.pop()
        return request["do"]

    def refuse(*words, **rest):
        raise OSError("no more processes")

    monkeypatch.setattr("subprocess.Popen", refuse)
    monkeypatch.setattr(sphinx_worker, "answer", answer)
    jobs = [threading.Thread(target=recogniser.ask, args=({"do": "phones"}, b"")) for _ in range(3)]
    for job in jobs:
        job.start()
    for job in jobs:
        job.join()
    assert most == [1, 1, 1]


def test_other_threads_go_on_meanwhile(recogniser, pcm):
    """In this process the same call stops every other thread from beginning to end."""
    recogniser.ask({"do": "known", "words": ["papa"]})
    ticks = []
    done = threading.Event()

    def tick():
        while not done.is_set():
            ticks.append(time.perf_counter())
            time.sleep(0.002)

    thread = threading.Thread(target=tick)
    thread.start()
    began = time.perf_counter()
    recogniser.ask({"do": "words"}, pcm)
    took = time.perf_counter() - began
    done.set()
    thread.join()
    assert np.diff(ticks).max() < took / 2
