"""Many clients at once, sudden death, an orderly end: every job is accounted for."""

import os
import statistics
import threading
import time
from collections import Counter

import pytest

from sadtalker_ext.client import ApiError
from tests.integration.api.conftest import kinds, make
from tests.support.api import png, wait_until, wav
from tests.support.sites import ROOT

CLIENTS, JOBS_EACH = 20, 10
SLOWEST_STATUS = 0.050


def run_clients(site, picture, speech, *, clients, jobs_each, seconds):
    """Queue jobs from many clients at once: the finished talks, and times of status calls."""
    talks, times, failures = {}, [], []

    def work(number):
        try:
            with site.client() as client:
                mine = [
                    client.create(picture, speech, config={"seed": number * 1000 + index})
                    for index in range(jobs_each)
                ]
                deadline = time.monotonic() + seconds
                while mine:
                    assert time.monotonic() < deadline, "not done in time"
                    for talk in list(mine):
                        began = time.perf_counter()
                        now = client.get(talk.id)
                        times.append(time.perf_counter() - began)
                        if now.final:
                            talks[talk.id] = now
                            mine.remove(talk)
                        time.sleep(0.2)
        except Exception as problem:  # noqa: BLE001 - told by the main thread
            failures.append(problem)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures, failures[0]
    return talks, times


def percentile(times, share):
    return statistics.quantiles(times, n=100)[round(share * 100) - 1]


def machine_load():
    """Programs that wanted to run in the last minute; not known on every system."""
    return os.getloadavg()[0] if hasattr(os, "getloadavg") else 0.0


def report(site, words, times):
    """Print the numbers: with `pytest -s`, or in the summary of a failure."""
    milliseconds = [1000 * percentile(times, share) for share in (0.5, 0.95)]
    print(
        f"\n{site.kind}: {words}; {len(times)} status calls, median {milliseconds[0]:.1f} ms, "
        f"p95 {milliseconds[1]:.1f} ms; load of the machine {machine_load():.1f}"
    )


def wait_started(client, talk_id):
    deadline = time.monotonic() + 60
    while client.get(talk_id).status != "started":
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_no_job_of_many_clients_is_lost_or_made_twice(site):
    before = Counter(site.control.seeds())
    talks, times = run_clients(
        site, png(), wav(), clients=CLIENTS, jobs_each=JOBS_EACH, seconds=300
    )
    assert len(talks) == CLIENTS * JOBS_EACH
    assert {talk.status for talk in talks.values()} == {"done"}
    made = Counter(site.control.seeds()) - before
    wanted = {number * 1000 + index for number in range(CLIENTS) for index in range(JOBS_EACH)}
    assert made == Counter(wanted)
    report(site, f"{len(talks)} jobs of {CLIENTS} clients, engine for tests", times)


def test_every_job_is_accounted_for_after_a_sudden_death(site, tmp_path):
    count, first_seed = 12, 500_000
    before = Counter(site.control.seeds())
    site.control.set("pause", 0.05)
    with site.client() as client:
        wanted = range(first_seed, first_seed + count)
        ids = [client.create(png(), wav(), config={"seed": seed}).id for seed in wanted]
        wait_started(client, ids[2])
        # "started" is said a moment before the engine begins, and the engine keeps the count
        wait_until(lambda: first_seed + 2 in site.control.seeds())
        site.kill()
    done_before = Counter(site.control.seeds()) - before
    assert 0 < len(done_before) < count
    site.control.clear()
    site.start()
    with site.client() as client:
        talks = [client.wait(talk_id, timeout=120) for talk_id in ids]
        for talk in talks:
            assert client.download(talk.id, tmp_path / "v.mp4").stat().st_size > 0
    assert [talk.raw["attempts"] for talk in talks].count(2) == 1
    made = Counter(site.control.seeds()) - before
    # only the job that was being made is made again
    assert set(made) == set(wanted)
    assert sorted(made.values()) == [1] * (count - 1) + [2]
    wait_until(lambda: not list(site.inputs.iterdir()))
    assert all((site.results / f"{talk_id}.mp4").exists() for talk_id in ids)


def test_a_job_that_kills_the_process_twice_is_an_error(site):
    site.control.set("pause", 5.0)
    with site.client() as client:
        talk_id = client.create(png(), wav()).id
        wait_started(client, talk_id)
    site.kill()
    site.start()
    with site.client() as client:
        wait_started(client, talk_id)
    site.kill()
    site.start()
    with site.client() as client:
        talk = client.get(talk_id)
    assert (talk.status, talk.error.code) == ("error", "interrupted")


def test_an_orderly_end_is_quick_and_costs_no_try(site):
    if not site.orderly:
        pytest.skip("Forge has no orderly end: a signal kills it, its own stop leaves it hanging")
    site.control.set("pause", 0.2)
    with site.client() as client:
        talk = client.create(png(), wav(4.0))
        wait_started(client, talk.id)
    began = time.monotonic()
    site.end()
    assert time.monotonic() - began < 20
    site.control.clear()
    site.start()
    with site.client() as client:
        assert client.wait(talk.id, timeout=60).raw["attempts"] == 1


BUILT_IN = [
    # the bar: the whole number of jobs, on a machine without other work
    pytest.param("alone", CLIENTS, JOBS_EACH, marks=pytest.mark.slow),
    # a WebUI's process is not ours to tune, so there are fewer jobs and the same bar
    *(pytest.param(*kind.values, 5, 4, marks=kind.marks) for kind in kinds("webui")),
]


@pytest.mark.parametrize(("name", "clients", "jobs_each"), BUILT_IN)
def test_many_clients_on_the_built_in_engine(tmp_path, name, clients, jobs_each):
    """The numbers of docs/measurements.md, which are from an idle machine.

    Where other programs share the processors, an answer waits for its turn as they do: the limit
    grows with how many there were before the test began, and stays a limit.
    """
    others = machine_load() / (os.cpu_count() or 1)
    limit = SLOWEST_STATUS * max(1.0, others)
    site = make(name, tmp_path, steered=False).start()
    try:
        talks, times = run_clients(
            site,
            ROOT / "examples" / "portrait.png",
            wav(0.6, 16000),
            clients=clients,
            jobs_each=jobs_each,
            seconds=3600,
        )
        counts = site.health()["jobs"]
        with site.client() as client, pytest.raises(ApiError):
            client.get("tlk_none")
    finally:
        site.kill()
    report(site, f"{len(talks)} jobs of {clients} clients, puppet engine", times)
    assert len(talks) == counts["done"] == clients * jobs_each
    assert {talk.raw["attempts"] for talk in talks.values()} == {1}
    assert len({talk.metadata["seed"] for talk in talks.values()}) == clients * jobs_each
    assert percentile(times, 0.95) < limit
