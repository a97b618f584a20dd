"""What happens to jobs in the table: their order, their owners, their ends."""

import threading

from sadtalker_ext.jobs.outbox import Outbox
from sadtalker_ext.jobs.records import JobState
from tests.unit.jobs.room import add, new


def test_a_job_goes_its_way(store, clock):
    job = add(store, owner="ann", webhook="http://x/")
    assert (job.state, job.attempts, job.order, job.created_at) == (
        JobState.CREATED,
        0,
        {"a": 1},
        1000.0,
    )
    assert store.claim("cpu").id == job.id
    clock.now = 1001.0
    assert store.start(job.id)
    clock.now = 1002.0
    assert store.finish(job.id, JobState.DONE, result={"frames": 3})
    done = store.get(job.id)
    assert (done.state, done.started_at, done.finished_at) == (JobState.DONE, 1001.0, 1002.0)
    assert (done.result, done.attempts) == ({"frames": 3}, 1)
    assert not store.finish(job.id, JobState.ERROR, error={})
    assert not store.start(job.id)
    assert not store.give_back(job.id)


def test_claims_are_in_order_and_per_lane(store):
    jobs = [add(store, lane=lane) for lane in ("cpu", "gpu", "cpu")]
    assert store.claim("cpu").id == jobs[0].id
    assert store.claim("cpu").id == jobs[2].id
    assert store.claim("cpu") is None
    assert store.claim("gpu").id == jobs[1].id
    assert store.ahead_of(jobs[2]) == 1


def test_many_threads_never_claim_the_same_job(store):
    ids = {add(store).id for _ in range(60)}
    claimed = []

    def work():
        while (job := store.claim("cpu")) is not None:
            claimed.append(job.id)

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(claimed) == sorted(ids)


def test_a_cancelled_job_does_not_start(store):
    job = add(store)
    store.claim("cpu")
    assert store.cancel(job.id, {"code": "cancelled"})
    assert not store.start(job.id)
    assert not store.cancel(job.id, {})
    other = add(store)
    assert store.cancel(other.id, {})
    assert store.claim("cpu") is None


def test_a_cancel_of_a_job_at_work_outlives_its_return_to_the_queue_and_its_process(store):
    dead, gone, other = (add(store, webhook="https://a.example") for _ in range(3))
    for _ in range(3):
        store.start(store.claim("cpu").id)
    for one in (dead, gone):
        assert not store.cancel(one.id, {"code": "cancelled"})
        assert store.get(one.id).state is JobState.STARTED
    assert not store.give_back(dead.id, tried=True)
    assert store.recover() == (1, 0)
    states = [store.get(one.id).state for one in (dead, gone, other)]
    assert states == [JobState.REJECTED, JobState.REJECTED, JobState.CREATED]
    assert store.get(dead.id).error == store.get(gone.id).error == {"code": "cancelled"}
    assert Outbox(store._db, lambda: 2000.0).waiting() == 2


def test_a_cancel_that_came_too_late_is_forgotten_with_the_end_of_the_job(store, database):
    job = add(store)
    store.claim("cpu")
    store.start(job.id)
    store.cancel(job.id, {"code": "cancelled"})
    assert store.finish(job.id, JobState.DONE, result={})
    assert store.recover() == (0, 0)
    assert store.get(job.id).state is JobState.DONE
    assert not database.ask("SELECT * FROM cancels")


def test_a_dead_process_costs_one_more_try_and_then_an_error(store):
    waiting, working, claimed = add(store), add(store, lane="gpu"), add(store, lane="x")
    assert store.claim("gpu").id == working.id
    assert store.claim("x").id == claimed.id
    store.start(working.id)
    assert store.recover() == (2, 0)
    states = [store.get(one.id).state for one in (waiting, working, claimed)]
    assert states == [JobState.CREATED] * 3
    assert store.get(waiting.id).attempts == 0
    assert store.claim("gpu").attempts == 2
    store.start(working.id)
    assert store.recover() == (0, 1)
    gone = store.get(working.id)
    assert (gone.state, gone.error["code"]) == (JobState.ERROR, "interrupted")


def test_a_job_whose_video_is_whole_is_made_again_rather_than_given_up(store):
    """The process died between the last rename and the note in the table, and that twice."""
    job = add(store)
    for tries, given_up in ((1, 0), (2, 0), (3, 0), (4, 1)):
        assert store.claim("cpu").attempts == tries
        store.start(job.id)
        assert store.recover({job.id}) == (1 - given_up, given_up)
    assert store.get(job.id).state is JobState.ERROR


def test_an_orderly_end_costs_no_try(store):
    job = add(store)
    for _ in range(5):
        assert store.claim("cpu").attempts == 1
        store.start(job.id)
        assert store.give_back(job.id)
    assert store.recover() == (0, 0)


def test_keys_belong_to_their_owner(store):
    first, made = store.add(new(owner="ann", key="k"))
    again, made_again = store.add(new(owner="ann", key="k"))
    other, made_other = store.add(new(owner="bob", key="k"))
    assert (made, made_again, made_other) == (True, False, True)
    assert first.id == again.id != other.id
    assert store.by_key("ann", "k").id == first.id
    assert store.add(new(owner="ann"))[1]
    assert store.add(new(owner="ann"))[1]


def test_owners_see_their_own(store):
    job = add(store, owner="ann")
    assert store.get(job.id, "ann").id == job.id
    assert store.get(job.id, "bob") is None
    assert store.get(job.id, "") is None
    assert store.get("nothing") is None


def test_pages_and_counts(store):
    jobs = [add(store, owner="ann") for _ in range(5)]
    assert [one.id for one in store.page("ann", 2)] == [jobs[4].id, jobs[3].id]
    assert [one.id for one in store.page("ann", 9, jobs[3].seq)] == [one.id for one in jobs[2::-1]]
    assert store.page("bob", 9) == []
    assert store.counts()["created"] == store.open_count() == 5


def test_only_final_jobs_are_removed(store, clock):
    job, kept = add(store), add(store)
    assert not store.remove(job.id)
    store.finish(job.id, JobState.DONE, result={})
    clock.now = 2000.0
    store.finish(kept.id, JobState.DONE, result={})
    assert store.finished_before(1500.0) == [job.id]
    assert store.remove(job.id)
    assert not store.remove(job.id)
    assert set(store.known()) == {kept.id}


def test_webhooks_wait_for_their_time_and_go_with_their_job(store, database, clock):
    outbox = Outbox(database, clock)
    job = add(store, webhook="http://x/")
    quiet = add(store)
    store.finish(quiet.id, JobState.DONE, result={})
    assert outbox.due() == []
    store.finish(job.id, JobState.DONE, result={})
    (call,) = outbox.due()
    assert (call.job.id, call.attempts) == (job.id, 0)
    outbox.postpone(call, 10.0)
    assert outbox.due() == []
    clock.now += 11
    (call,) = outbox.due()
    assert call.attempts == 1
    store.remove(job.id)
    assert outbox.waiting() == 0


def test_owners_take_turns(store):
    """One owner's many jobs do not keep another's only one waiting."""
    many = [add(store, owner="ann") for _ in range(4)]
    first, second = add(store, owner="bob"), add(store, owner="cid")
    assert store.ahead_of(many[0]) == 0
    assert store.ahead_of(first) == 1
    assert store.ahead_of(many[3]) == 3 + 2
    order = [store.claim("cpu").id for _ in range(6)]
    assert order == [job.id for job in (many[0], first, second, *many[1:])]
    # somebody who was served lately waits for those who were not
    again, new_one = add(store, owner="cid"), add(store, owner="dan")
    assert [store.claim("cpu").id for _ in range(2)] == [new_one.id, again.id]
    assert store.open_count() == 8
    assert store.open_count("ann") == 4
    assert store.open_count("nobody") == 0
