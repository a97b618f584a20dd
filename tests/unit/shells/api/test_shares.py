"""No user takes more than half of what there is."""

import pytest

from sadtalker_ext.shells.api.auth import basic_auth
from sadtalker_ext.shells.api.errors import TooManyJobs
from sadtalker_ext.shells.api.events import send_events
from sadtalker_ext.shells.api.settings import Limits
from sadtalker_ext.shells.api.uploads import parse_json
from tests.support.api import TALKS, form
from tests.support.coroutines import run

USERS = {"ann": "a", "bob": "b"}


def refused(answer):
    assert answer.status_code == 429, answer.text
    return answer.json()["message"]


def test_the_queue_is_shared(serve, engine):
    settings = {"auth": basic_auth(USERS), "several_users": True, "limits": Limits(queued=5)}
    with serve(**settings) as client:
        engine.free.clear()

        def post(user):
            return client.post(TALKS, **form(), auth=(user, USERS[user]))

        for _ in range(3):
            assert post("ann").status_code == 201
        assert "Your half" in refused(post("ann"))
        for _ in range(2):
            assert post("bob").status_code == 201
        assert "The queue is full" in refused(post("bob"))
        engine.free.set()


def test_one_user_alone_has_all_of_it(serve, engine):
    settings = {"auth": basic_auth({"ann": "a"}), "limits": Limits(queued=5)}
    with serve(**settings) as client:
        engine.free.clear()
        answers = [client.post(TALKS, **form(), auth=("ann", "a")) for _ in range(6)]
        assert [one.status_code for one in answers] == [201] * 5 + [429]
        engine.free.set()


def test_event_streams_are_shared(serve):
    with serve(several_users=True, limits=Limits(streams=4)) as client:
        state = client.sadtalker

        async def opened(owner):
            stream = send_events(state, "none", owner, "").body_iterator
            await stream.__anext__()
            return stream

        async def all_of_it():
            mine = [await opened("ann") for _ in range(2)]
            with pytest.raises(TooManyJobs):
                await opened("ann")
            others = [await opened("bob") for _ in range(2)]
            with pytest.raises(TooManyJobs):
                await opened("cid")
            for stream in [*mine, *others]:
                await stream.aclose()
            assert not state.streams
            await (await opened("ann")).aclose()

        run(all_of_it())


def test_a_body_of_brackets_is_refused_before_it_is_read():
    from sadtalker_ext.shells.api.errors import MalformedRequest

    for body in (b"[" * 30_000, b"[[],[]" + b",[]" * 20_000 + b"]", b"[0" + b",0" * 500_000 + b"]"):
        with pytest.raises(MalformedRequest, match="far more lists"):
            parse_json(body)
    assert parse_json(b'{"timeline": [' + b'{"at": 1},' * 5000 + b'{"at": 2}]}')
